import type { Claim } from '../pe/family.ts'
import type { Library } from '../synth/library/library.ts'
import { areaAt28, type Scaled, scalingError } from '../synth/scaling.ts'

/** A published area at 28 nm, and ours scaled to it. */
export interface BesideClaim {
  readonly what: string
  readonly published_um2: number
  readonly source: string
  readonly scaled_um2: Scaled
  /** Ours over the published one. */
  readonly ratio: number
  readonly provenance: string
}

const rounded = ({ value, low, high }: Scaled): Scaled => ({
  value: Math.round(value),
  low: Math.round(low),
  high: Math.round(high),
})

/**
 * The published areas at 28 nm with that of our netlist scaled to stand beside each; none where there is no such claim, or where the library
 * is not of 45 nm, from which the step is shortest.
 */
export const besideClaims = (
  claims: readonly Claim[],
  area_um2: number,
  { name, node_nm, voltage_V }: Library,
): readonly BesideClaim[] => {
  if (node_nm !== 45) return []
  const scaled = areaAt28(area_um2, { node_nm, voltage_V })
  return claims.flatMap(({ what, source, area28_um2 }) =>
    area28_um2 === undefined
      ? []
      : [
          {
            what,
            published_um2: area28_um2,
            source,
            scaled_um2: rounded(scaled),
            ratio: Math.round((1000 * scaled.value) / area28_um2) / 1000,
            provenance: `area on ${name} scaled to 28 nm after Stillmaker and Baas (Integration 58, 2017), within ${100 * scalingError.area} %`,
          },
        ],
  )
}
