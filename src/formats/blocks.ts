import { product } from './arithmetic.ts'
import type { BlockFormat } from './block-format.ts'
import { outerScaleOf, outerValue, scaleCodeOf, stepOf, zeroPointOf } from './block-scale.ts'
import { addExact, type Finite, finite, magnitudeOf, type Value, zero } from './exact.ts'
import { quotient } from './quotient.ts'
import { cannotHold } from './refusals.ts'
import { type Rounding, roundedShift } from './rounding.ts'

/** One block as codes. */
export interface Block {
  /** One code an element, at most the format's `block` of them. */
  readonly codes: readonly bigint[]
  readonly scale: bigint
  /** The code of the zero point, or undefined where the format has none. */
  readonly zero: bigint | undefined
}

/** A vector as blocks, the last one shorter where the length is no multiple of the block. */
export interface Blocks {
  readonly blocks: readonly Block[]
  /** The code of the second-level scale, or undefined where the format has none. */
  readonly outer: bigint | undefined
}

export interface BlockOptions {
  /** The code of the second-level scale; `outerScaleOf` the values unless given. */
  readonly outer?: bigint | undefined
  /** Rounding of the elements, `nearest-even` unless given; scales are always rounded by their rule. */
  readonly rounding?: Rounding
}

/**
 * The values as blocks. Each element is the exact quotient of value and scale, rounded once and saturated; signed integers without
 * a zero point stay symmetric, so that their lowest code is not given (ours; MX permits it). A NaN or an infinity makes the scale of
 * its block NaN and the codes 0 (ours: MX leaves it to the implementation); a scale format without NaN refuses it with a RangeError.
 */
export const encodeBlocks = (format: BlockFormat, values: readonly Value[], options: BlockOptions = {}): Blocks => {
  const outer = options.outer ?? (format.outer && outerScaleOf(format, values))
  const scale = outerValue(format, outer)
  const blocks: Block[] = []
  for (let from = 0; from < values.length; from += format.block)
    blocks.push(encodeBlock(format, values.slice(from, from + format.block), scale, options.rounding))
  return { blocks, outer }
}

/** The exact values of the blocks, one after the other. A NaN scale makes all of its block NaN. */
export const decodeBlocks = (format: BlockFormat, { blocks, outer }: Blocks): readonly Value[] => {
  const scale = outerValue(format, outer)
  return blocks.flatMap((block) => decodeBlock(format, block, scale))
}

const encodeBlock = (
  format: BlockFormat,
  values: readonly Value[],
  outer: Finite,
  rounding: Rounding = 'nearest-even',
): Block => {
  const { element, scale } = format
  const finites = values.filter((value) => value.kind === 'finite')
  if (finites.length < values.length) {
    const wrong = values.find((value) => value.kind !== 'finite')!
    if (scale.kind !== 'float' || scale.nan === undefined) throw cannotHold(format.id, wrong)
    return { codes: values.map(() => 0n), scale: scale.nan, zero: format.zero ? 0n : undefined }
  }
  const code = scaleCodeOf(format, finites, outer)
  const step = stepOf(format, code, outer)
  if (step.kind !== 'finite') throw new RangeError(`${format.id}: the scale of a block is no number`)
  if (element.kind === 'float') {
    const codes = finites.map((value) => {
      const scaled = value.significand === 0n ? zero(value.negative) : quotient(value, step)
      return element.encode(scaled, rounding, 'saturate')
    })
    return { codes, scale: code, zero: undefined }
  }
  const zeroPoint = format.zero ? zeroPointOf(format, finites, step) : 0n
  const { least, most } = limitsOf(format, zeroPoint, scale.decode(code))
  const codes = finites.map((value) => {
    const { significand, exponent } = quotient(value, step)
    const magnitude = roundedShift(magnitudeOf(significand), -exponent, rounding)
    const integer = significand < 0n ? -magnitude : magnitude
    return element.encode(finite((integer < least ? least : integer > most ? most : integer) + zeroPoint))
  })
  return { codes, scale: code, zero: format.zero?.encode(finite(zeroPoint)) }
}

/** The least and most that an integer element minus the zero point can be, so that also the product with the scale fits. */
const limitsOf = ({ element, zero, product: limit }: BlockFormat, zeroPoint: bigint, scale: Value) => {
  const [min, max] = [element.min.significand, element.max.significand]
  const [least, most] = zero ? [min - zeroPoint, max - zeroPoint] : [-max, max]
  if (!limit || scale.kind !== 'finite') return { least, most }
  const factor = scale.significand << BigInt(scale.exponent)
  const [low, high] = [limit.min.significand / factor, limit.max.significand / factor]
  return { least: low > least ? low : least, most: high < most ? high : most }
}

const decodeBlock = (format: BlockFormat, block: Block, outer: Finite): readonly Value[] => {
  const { element } = format
  const step = stepOf(format, block.scale, outer)
  if (format.zero && block.zero === undefined) throw new RangeError(`${format.id}: a block has a zero point`)
  const zeroPoint = format.zero && block.zero !== undefined ? format.zero.decode(block.zero) : undefined
  return block.codes.map((code) => {
    const value = element.decode(code)
    if (zeroPoint?.kind !== 'finite' || value.kind !== 'finite') return product(step, value)
    return product(step, addExact(value, finite(-zeroPoint.significand, zeroPoint.exponent)))
  })
}
