import { codebookFormat } from './codebook.ts'
import type { Dyadic } from './exact.ts'
import type { CodebookFormat, FormatSummary } from './format.ts'
import { floatOf, layoutOf, usualRules } from './known-floats.ts'

/** A group of weights in 3 or 4 bits, one of four special values a group, and one scale a group. */
export interface BitmodFormat extends FormatSummary {
  readonly kind: 'bitmod'
  /** Bits of one weight. */
  readonly bits: 3 | 4
  /** Weights that share a scale and a special value. */
  readonly group: number
  /** Bits a group of the selector of its special value. */
  readonly selectorBits: 2
  /** Bits a group of its scale, an unsigned integer times the scale of the channel. */
  readonly scaleBits: 8
  /** The value grids by selector: extra resolution +, -, extra asymmetry +, -. */
  readonly grids: readonly CodebookFormat[]
}

const layouts = { 3: 'e2m0', 4: 'e2m1' } as const
const specials = { 3: [3, -3, 6, -6], 4: [5, -5, 8, -8] } as const

/**
 * FP3 or FP4 whose code of -0 stands for one more value: 3 (FP3) or 5 (FP4) is the paper's extra resolution, 6 or 8 its
 * extra asymmetry, each with either sign. A tie goes to the lower value.
 */
export const specialValueFormat = (bits: 3 | 4, special: number): CodebookFormat => {
  const fields = layoutOf(layouts[bits])!
  const plain = floatOf({ ...fields, ...usualRules(fields) })
  const minusZero = 2 ** (bits - 1)
  const values = Array.from({ length: 2 ** bits }, (_, code): Dyadic => {
    if (code === minusZero) return { significand: BigInt(special), exponent: 0 }
    const value = plain.decode(BigInt(code))
    if (value.kind !== 'finite') throw new Error(`${plain.id} has a code that is no number`)
    return value
  })
  const known = (specials[bits] as readonly number[]).indexOf(special)
  const kind = known < 0 ? '' : known < 2 ? ', extra resolution' : ', extra asymmetry'
  return codebookFormat(values, {
    id: `fp${bits}(sv=${special})`,
    summary: `FP${bits} with ${special} in place of -0${kind}`,
    source: `BitMoD, HPCA 2025, Table IV${known < 0 ? '; this special value: ours' : ''}`,
    ties: 'lower',
  })
}

/** BitMoD's format of a group of weights, 128 in the paper. */
export const bitmodFormat = (bits: 3 | 4, group: number): BitmodFormat => {
  if (!Number.isInteger(group) || group < 1 || group > 65_536)
    throw new RangeError(`a BitMoD group has 1 to 65536 weights, got ${group}`)
  return {
    kind: 'bitmod',
    id: `bitmod${bits}(g=${group})`,
    summary: `groups of ${group} weights in FP${bits}, each with one of the special values ${specials[bits].join(', ')}`,
    source: 'BitMoD, HPCA 2025, section III (scale of 8 bits: III-C)',
    bits,
    group,
    selectorBits: 2,
    scaleBits: 8,
    grids: specials[bits].map((special) => specialValueFormat(bits, special)),
  }
}
