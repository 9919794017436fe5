/**
 * From one node to another, after Stillmaker and Baas (Integration 58, 2017), with the polynomials as Accelergy has them. Against real
 * libraries areas were off by up to 45 % and energies by 1.5 to 2.8 times (an INT8 MAC at 7, 45 and 130 nm), so this serves to
 * stand beside claims that were published at 28 nm and for nothing else.
 */
import { UserError } from '../base/user-error.ts'

/** Area over that at 45 nm. */
const areas: readonly (readonly [node_nm: number, factor: number])[] = [
  [130, 6.4],
  [90, 2.8],
  [65, 1.5],
  [45, 1],
  [32, 0.46],
  [20, 0.21],
  [16, 0.19],
  [14, 0.17],
  [10, 0.1],
  [7, 0.059],
]

/** Energy is in proportion to `a V^2 + b V + c`. */
const energies: readonly (readonly [node_nm: number, a: number, b: number, c: number])[] = [
  [130, 7.171, -6.709, 2.904],
  [90, 4.762, -4.781, 2.092],
  [65, 3.755, -4.398, 1.975],
  [45, 1.103, -0.362, 0.2767],
  [32, 0.9559, -0.7823, 0.471],
  [20, 0.373, -0.1582, 0.04104],
  [16, 0.2958, -0.1241, 0.03024],
  [14, 0.2363, -0.09675, 0.02239],
  [10, 0.2068, -0.09311, 0.02375],
  [7, 0.1776, -0.09097, 0.02447],
]

/** Straight between the nodes around. */
const atNode = (table: readonly (readonly [node_nm: number, value: number])[], node_nm: number): number => {
  const [largest, smallest] = [table[0]![0], table.at(-1)![0]]
  if (!(node_nm <= largest && node_nm >= smallest))
    throw new UserError('E-NODE', `${node_nm} nm cannot be scaled; give a node from ${smallest} to ${largest} nm`)
  const k = Math.max(
    1,
    table.findIndex(([node]) => node <= node_nm),
  )
  const [[above, high], [below, low]] = [table[k - 1]!, table[k]!]
  return high + ((low - high) * (above - node_nm)) / (above - below)
}

/** Area at `to` over that at `from`, in nm. */
export const areaScale = (from_nm: number, to_nm: number): number => atNode(areas, to_nm) / atNode(areas, from_nm)

interface NodeAt {
  readonly node_nm: number
  readonly voltage_V: number
}

/** Energy at `to` over that at `from`. */
export const energyScale = (from: NodeAt, to: NodeAt): number => {
  const of = ({ node_nm, voltage_V: v }: NodeAt): number =>
    atNode(
      energies.map(([node, a, b, c]) => [node, a * v * v + b * v + c]),
      node_nm,
    )
  return of(to) / of(from)
}

/** How far off areas were, of one and as a factor energies. */
export const scalingError = { area: 0.45, energyFactor: 2.8 } as const

export interface Scaled {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Supply at which 28 nm is taken, `ours`: that of most published designs. */
const voltage28_V = 0.9

/** An area as it would be at 28 nm, and how sure that is; in the unit that it came in. */
export const areaAt28 = (area: number, { node_nm }: NodeAt): Scaled => {
  const value = area * areaScale(node_nm, 28)
  return { value, low: value * (1 - scalingError.area), high: value * (1 + scalingError.area) }
}

/** An energy as it would be at 28 nm and 0.9 V, and how sure that is. */
export const energyAt28 = (energy: number, from: NodeAt): Scaled => {
  const value = energy * energyScale(from, { node_nm: 28, voltage_V: voltage28_V })
  return { value, low: value / scalingError.energyFactor, high: value * scalingError.energyFactor }
}
