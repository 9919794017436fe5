import type { FloatFormat, FormatSummary, IntegerFormat } from './format.ts'

/**
 * How the scale of a block follows from its values; `largest` is the largest magnitude, `top` the largest value of the element
 * format, `2^emax` its largest power of two and m its mantissa bits (integers: all bits below the leading one).
 *
 * - `floor`: 2^(floor(log2(largest)) - emax); values above `top` saturate.
 * - `ceil`: 2^(ceil(log2(largest)) - emax).
 * - `rceil`: the smallest power of two with `largest / scale <= top`, so that nothing saturates.
 * - `even`: `floor` of `largest` rounded half up to m + 1 significant bits.
 * - `absmax`: `largest / top`, rounded into the scale format.
 * - `range`: (largest - smallest value, both widened to include 0) / (2^bits - 1), for elements with a zero point.
 */
export type ScaleRule = (typeof powerRules)[number] | 'absmax' | 'range'

/** The rules of scales that are powers of two. */
export const powerRules = ['floor', 'ceil', 'rceil', 'even'] as const

/**
 * Numbers in blocks that share a scale. The value of an element is `outer * scale * 2^unit * (element - zero)`, where
 * `outer` is one scale of a whole tensor or channel, and `outer` and `zero` are there only where the format has them.
 */
export interface BlockFormat extends FormatSummary {
  readonly kind: 'block'
  /** Elements that share a scale; the last block of a vector may be shorter. */
  readonly block: number
  /** Format of one element, of at most 16 bits. */
  readonly element: IntegerFormat | FloatFormat
  /** The power of two that 1 of an element stands for: -6 in MXINT8, else 0. */
  readonly unit: number
  /** Format of the scale of a block. */
  readonly scale: IntegerFormat | FloatFormat
  /** Format of the zero point of a block, as wide and as signed as an element. */
  readonly zero: IntegerFormat | undefined
  /** Format of the second-level scale: one for all the blocks of a tensor or channel, kept beside them. */
  readonly outer: FloatFormat | undefined
  /** The integer format that `scale * (element - zero)` must fit, or undefined. */
  readonly product: IntegerFormat | undefined
  readonly rule: ScaleRule
}

/** Bits an element costs in a full block, its share of scale and zero point included, a second-level scale not. */
export const bitsPerElement = ({ block, element, scale, zero }: BlockFormat): number =>
  element.bits + (scale.bits + (zero?.bits ?? 0)) / block

/** Most elements that can share a scale. */
export const mostInBlock = 65_536

/** The largest power of two of an element as an exponent, in real units: 2 for E2M1, 0 for MXINT8. */
export const topPower = ({ element, unit }: Pick<BlockFormat, 'element' | 'unit'>): number =>
  element.max.significand.toString(2).length - 1 + element.max.exponent + unit

/** Bits below the leading one of the largest element: the mantissa of a float, bits - 2 of a signed integer. */
export const topMantissaBits = (element: IntegerFormat | FloatFormat): number =>
  element.kind === 'float' ? element.mantissaBits : element.bits - (element.signed ? 2 : 1)

/** Throws a RangeError unless the parts go together. */
export const blockFormat = (format: BlockFormat): BlockFormat => {
  const { id, block, element, scale, zero, rule } = format
  if (!Number.isInteger(block) || block < 1 || block > mostInBlock)
    throw new RangeError(`${id}: a block has 1 to ${mostInBlock} elements, got ${block}`)
  if (element.bits > 16) throw new RangeError(`${id}: an element has at most 16 bits, got ${element.id}`)
  if (zero && (element.kind !== 'integer' || zero.bits !== element.bits || zero.signed !== element.signed))
    throw new RangeError(`${id}: the zero point of ${element.id} is ${element.id} as well, got ${zero.id}`)
  if ((zero !== undefined) !== (rule === 'range'))
    throw new RangeError(`${id}: the scale rule 'range' and a zero point go together`)
  if (zero === undefined && !element.signed)
    throw new RangeError(`${id}: ${element.id} needs a zero point, zero=${element.id}`)
  if (powerRules.some((power) => power === rule) && (scale.kind !== 'float' || scale.mantissaBits > 0))
    throw new RangeError(`${id}: the scale rule '${rule}' needs a scale that is a power of two, got ${scale.id}`)
  return format
}
