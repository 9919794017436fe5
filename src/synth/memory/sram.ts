/**
 * Energy, leakage and area of static memories. Of what CACTI 7 gives for 64-bit words (RAM, one read-write port) the model has the points
 * and a power law between and beyond two of them; of the macros of a real process a power law over words and bits, fitted to all.
 */
import { unknownName } from '../../base/suggestion.ts'
import { UserError } from '../../base/user-error.ts'

/** One size of 64-bit words. */
export interface SramPoint {
  readonly kilobytes: number
  readonly read_pj: number
  readonly write_pj: number
  readonly leakage_mw?: number
  readonly area_mm2?: number
}

/** A macro as its Liberty file has it. */
export interface SramMacro {
  readonly words: number
  readonly bits: number
  readonly area_um2: number
  readonly read_pj: number
  readonly write_pj: number
  readonly leakage_uw: number
}

interface SramBase {
  readonly id: string
  readonly summary: string
  readonly node_nm: number
  readonly source: string
}
export type SramTechnology = SramBase &
  ({ readonly points: readonly SramPoint[] } | { readonly macros: readonly SramMacro[] })

const cacti = (id: string, node_nm: number, devices: string, points: readonly SramPoint[]): SramTechnology => ({
  id,
  summary: `${node_nm} nm, ${devices}, ${points[0]!.kilobytes} to ${points.at(-1)!.kilobytes} KB measured`,
  node_nm,
  source: 'CACTI 7, built and run: RAM, one read-write port, 64-bit words',
  points,
})

const point = (
  kilobytes: number,
  read_pj: number,
  write_pj: number,
  leakage_mw?: number,
  area_mm2?: number,
): SramPoint => ({
  kilobytes,
  read_pj,
  write_pj,
  ...(leakage_mw === undefined ? {} : { leakage_mw }),
  ...(area_mm2 === undefined ? {} : { area_mm2 }),
})

const macro = (
  words: number,
  bits: number,
  area_um2: number,
  read_pj: number,
  write_pj: number,
  leakage_uw: number,
): SramMacro => ({ words, bits, area_um2, read_pj, write_pj, leakage_uw })

export const sramTechnologies: readonly SramTechnology[] = [
  cacti('cacti45-hp', 45, 'high-performance devices', [
    point(2, 2.35, 3.52, 2.4, 0.0075),
    point(8, 5.29, 6.5, 8.75, 0.0263),
    point(32, 14.9, 12.7, 32.9, 0.095),
    point(128, 33, 21.2, 119, 0.387),
    point(512, 52, 40.2, 477, 1.58),
    point(1024, 67.7, 55.9, 955, 3.17),
  ]),
  cacti('cacti45-lop', 45, 'low-operating-power devices at 0.7 V', [
    point(8, 3.16, 3.24),
    point(32, 7.23, 5.62),
    point(128, 15.5, 10.5),
    point(512, 27.7, 21.4),
    point(1024, 41.8, 29.7),
  ]),
  cacti('cacti45-lstp', 45, 'low-standby-power devices', [
    point(8, 6.14, 7.88),
    point(32, 17, 15.4),
    point(128, 32.3, 26.1),
    point(512, 68.3, 51.3),
    point(1024, 93.5, 76.2),
  ]),
  cacti('cacti32-hp', 32, 'high-performance devices', [
    point(2, 1.24, 1.84),
    point(8, 2.91, 3.43),
    point(32, 8.51, 6.72),
    point(128, 14.4, 10.6),
    point(512, 25.7, 21.8),
    point(1024, 38.4, 30.8),
  ]),
  cacti('cacti22-hp', 22, 'high-performance devices', [
    point(2, 0.6, 0.9),
    point(8, 1.5, 1.69),
    point(32, 3.5, 2.82),
    point(128, 7.49, 5.1),
    point(512, 13.4, 11),
    point(1024, 18.4, 15.9),
  ]),
  {
    id: 'ihp130',
    summary: '130 nm, fitted to six macros of 0.5 to 16 KB',
    node_nm: 130,
    source: 'Liberty files of the SRAM macros of the IHP open PDK (Apache-2.0)',
    macros: [
      macro(64, 64, 50_489, 39.1, 50.5, 0.05),
      macro(256, 64, 93_181, 49.6, 63.4, 0.198),
      macro(1024, 64, 263_946, 91.8, 110.9, 0.792),
      macro(2048, 64, 491_634, 122.4, 155.4, 1.58),
      macro(1024, 8, 49_419, 15.6, 19.9, 0.099),
      macro(4096, 16, 257_609, 58.6, 72.5, 0.792),
    ],
  },
]

/**
 * How energy grows with the bits of a word at the same size, from the one other width that CACTI was asked for: 41.7 pJ a read and 51.9 pJ
 * a write of 256 bits from 64 KB at 45 nm, where 64 bits take 22.2 and 16.4 pJ between 32 and 128 KB.
 */
const widthExponent = {
  read: Math.log(41.7 / Math.sqrt(14.9 * 33)) / Math.log(4),
  write: Math.log(51.9 / Math.sqrt(12.7 * 21.2)) / Math.log(4),
} as const

export interface SramRequest {
  readonly technology: string
  readonly kilobytes: number
  /** Bits of a word, 64 unless given. */
  readonly wordBits?: number
}

export interface SramFigures {
  readonly read_pj: number
  readonly write_pj: number
  readonly read_pj_per_bit: number
  /** Undefined where the source says nothing. */
  readonly leakage_mw?: number
  readonly area_mm2?: number
  /** Beyond the sizes that were measured. */
  readonly extrapolated: boolean
  readonly provenance: {
    readonly technology: string
    readonly node_nm: number
    readonly source: string
    readonly model: string
  }
}

/** The power law through the two points around `x`, or the last two on its side. */
const between = (points: readonly (readonly [x: number, y: number])[], x: number): number => {
  const next = points.findIndex(([at]) => at >= x)
  const k = next < 0 ? points.length - 1 : Math.max(1, next)
  const [[x0, y0], [x1, y1]] = [points[k - 1]!, points[k]!]
  return y0 * (x / x0) ** (Math.log(y1 / y0) / Math.log(x1 / x0))
}

/** `scale * words^depth * bits^width`, by least squares of logarithms. */
export interface PowerLaw {
  readonly scale: number
  readonly depth: number
  readonly width: number
}

export const fitPowerLaw = (macros: readonly SramMacro[], of: (macro: SramMacro) => number): PowerLaw => {
  const rows = macros.map((each) => ({ d: Math.log(each.words), w: Math.log(each.bits), y: Math.log(of(each)) }))
  const mean = (pick: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((sum, row) => sum + pick(row), 0) / rows.length
  const [d, w, y] = [mean((row) => row.d), mean((row) => row.w), mean((row) => row.y)]
  const covariance = (a: (row: (typeof rows)[number]) => number, b: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((sum, row) => sum + a(row) * b(row), 0)
  const [dc, wc, yc] = [
    (row: (typeof rows)[number]) => row.d - d,
    (row: (typeof rows)[number]) => row.w - w,
    (row: (typeof rows)[number]) => row.y - y,
  ]
  const [dd, dw, ww, dy, wy] = [
    covariance(dc, dc),
    covariance(dc, wc),
    covariance(wc, wc),
    covariance(dc, yc),
    covariance(wc, yc),
  ]
  const determinant = dd * ww - dw * dw
  const depth = (dy * ww - wy * dw) / determinant
  const width = (wy * dd - dy * dw) / determinant
  return { scale: Math.exp(y - depth * d - width * w), depth, width }
}

const ofLaw = ({ scale, depth, width }: PowerLaw, words: number, bits: number): number =>
  scale * words ** depth * bits ** width

/** The technology of that name; an unknown one is a `UserError` that lists what there is. */
export const sramTechnology = (id: string): SramTechnology => {
  const found = sramTechnologies.find((each) => each.id === id)
  if (found) return found
  throw unknownName(
    'E-SRAM',
    'memory technology',
    id,
    sramTechnologies.map((each) => each.id),
  )
}

/** Energy of an access, leakage and area of a memory. Sizes are 0.25 to 4096 KB, words 8 to 1024 bits, else a `UserError`. */
export const sramFigures = ({ technology, kilobytes, wordBits = 64 }: SramRequest): SramFigures => {
  const of = sramTechnology(technology)
  if (!(kilobytes >= 0.25 && kilobytes <= 4096))
    throw new UserError('E-SRAM', `a memory of ${kilobytes} KB is outside the model; give 0.25 to 4096 KB`)
  if (!(Number.isInteger(wordBits) && wordBits >= 8 && wordBits <= 1024))
    throw new UserError('E-SRAM', `words of ${wordBits} bits are outside the model; give a whole number from 8 to 1024`)
  const { node_nm, source } = of
  const made = (read_pj: number, write_pj: number, extrapolated: boolean, model: string) => ({
    read_pj,
    write_pj,
    read_pj_per_bit: read_pj / wordBits,
    extrapolated,
    provenance: { technology: of.id, node_nm, source, model },
  })
  if ('macros' in of) {
    const words = (kilobytes * 8192) / wordBits
    const law = (pick: (each: SramMacro) => number): number => ofLaw(fitPowerLaw(of.macros, pick), words, wordBits)
    const sizes = of.macros.map((each) => each.words)
    return {
      ...made(
        law((each) => each.read_pj),
        law((each) => each.write_pj),
        words < Math.min(...sizes) || words > Math.max(...sizes) || wordBits > 64,
        'power law over words and bits, fitted to all macros',
      ),
      leakage_mw: law((each) => each.leakage_uw) / 1000,
      area_mm2: law((each) => each.area_um2) / 1e6,
    }
  }
  const { points } = of
  const at = (pick: (each: SramPoint) => number | undefined): number | undefined => {
    const known = points.flatMap((each) => {
      const value = pick(each)
      return value === undefined ? [] : [[each.kilobytes, value] as const]
    })
    return known.length < 2 ? undefined : between(known, kilobytes)
  }
  const wider = wordBits / 64
  const [leakage_mw, area_mm2] = [at((each) => each.leakage_mw), at((each) => each.area_mm2)]
  return {
    ...made(
      at((each) => each.read_pj)! * wider ** widthExponent.read,
      at((each) => each.write_pj)! * wider ** widthExponent.write,
      kilobytes < points[0]!.kilobytes || kilobytes > points.at(-1)!.kilobytes,
      'power law between measured sizes; words by the energy of 64 and 256 bits at 45 nm',
    ),
    ...(leakage_mw === undefined ? {} : { leakage_mw }),
    ...(area_mm2 === undefined ? {} : { area_mm2 }),
  }
}
