import { scaleChooser, zerosCode } from './block-codec-scale.ts'
import type { BlockFormat } from './block-format.ts'
import { outerScaleOf, outerValue } from './block-scale.ts'
import { encodeBlocks } from './blocks.ts'
import { type Codes, codecOf, mostCodecBits } from './codec.ts'
import { fromNumber, toNumber } from './double.ts'
import { floorLog2 } from './exact.ts'
import type { FloatFormat, IntegerFormat } from './format.ts'
import { infinityBits } from './ladder.ts'
import { oddBits } from './odd-bits.ts'

/** Blocks as typed arrays; the codes are those of `Blocks`. */
export interface CodedBlocks {
  /** One code an element. */
  readonly codes: Codes
  /** One code a block, `ceil(codes.length / block)` of them. */
  readonly scales: Codes | Uint32Array
  /** One code a block, or undefined where the format has no zero point. */
  readonly zeros: Codes | undefined
  /** The code of the second-level scale, or undefined where the format has none. */
  readonly outer: number | undefined
}

/** A block format over float32 numbers, bit for bit what `encodeBlocks` and `decodeBlocks` give. */
export interface BlockCodec {
  readonly format: BlockFormat
  /** `outer` is the code of the second-level scale, that of `outerScaleOf` unless given. Rounding is to nearest. */
  readonly encode: (numbers: Float32Array, outer?: number) => CodedBlocks
  /** The numbers, rounded to float32. */
  readonly decode: (blocks: CodedBlocks) => Float32Array
}

const codesFor = (bits: number, length: number): Codes => (bits <= 8 ? new Uint8Array(length) : new Uint16Array(length))

/**
 * Tables and loops of a block format. Doubles are exact where it matters: a threshold of an element times the scales has at most 53
 * bits, so that a rounded quotient lies on the same side of it as the exact one. A RangeError for parts of which that is not so.
 */
export const blockCodecOf = (format: BlockFormat): BlockCodec => {
  checkExact(format)
  const { id, block, element, scale, unit } = format
  const chooser = scaleChooser(format)
  const scaleOfZeros = zerosCode(format)
  const scaleOf = scaleReader(scale)
  const values = Float64Array.from({ length: 2 ** element.bits }, (_, code) => toNumber(element.decode(BigInt(code))))
  const outerOf = (code: number | undefined): number => toNumber(outerValue(format, bigintOf(code)))
  const encodeElements = element.kind === 'float' ? floatElements(format) : integerElements(format)

  const encode = (numbers: Float32Array, given?: number): CodedBlocks => {
    const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length)
    const outer = given ?? (format.outer && tensorScale(format, words))
    const outerScale = outerOf(outer)
    const choose = chooser(outerScale)
    const count = Math.ceil(numbers.length / block)
    const codes = codesFor(element.bits, numbers.length)
    const scales = scale.bits > 16 ? new Uint32Array(count) : codesFor(scale.bits, count)
    const zeros = format.zero ? codesFor(format.zero.bits, count) : undefined
    for (let index = 0; index < count; index++) {
      const from = index * block
      const to = Math.min(from + block, numbers.length)
      let largest = 0
      let low = 0
      let high = 0
      for (let k = from; k < to; k++) {
        const x = numbers[k]!
        largest = Math.max(largest, words[k]! & 0x7fff_ffff)
        low = Math.min(low, x)
        high = Math.max(high, x)
      }
      if (largest >= infinityBits) {
        // The exact path says what becomes of NaN and infinities.
        const wrong = encodeBlocks(format, [...numbers.subarray(from, to)].map(fromNumber), { outer: bigintOf(outer) })
        scales[index] = Number(wrong.blocks[0]!.scale)
        continue
      }
      const code = largest === 0 ? scaleOfZeros : choose(largest, low, high, numbers.subarray(from, to))
      scales[index] = code
      const step = scaleOf(code) * outerScale * 2 ** unit
      const zero = encodeElements(numbers, from, to, step, scaleOf(code), low, codes)
      if (zeros) zeros[index] = zero
    }
    return { codes, scales, zeros, outer }
  }

  const decode = ({ codes, scales, zeros, outer }: CodedBlocks): Float32Array => {
    const count = Math.ceil(codes.length / block)
    if (scales.length !== count)
      throw new RangeError(`${id}: ${codes.length} codes have ${count} scales, got ${scales.length}`)
    if ((zeros?.length ?? 0) !== (format.zero ? count : 0))
      throw new RangeError(`${id}: there are ${format.zero ? count : 0} zero points, got ${zeros?.length ?? 0}`)
    const numbers = new Float32Array(codes.length)
    const mask = values.length - 1
    const outerScale = outerOf(outer)
    for (let index = 0; index < scales.length; index++) {
      const step = scaleOf(scales[index]!) * outerScale * 2 ** unit
      const zero = zeros ? values[zeros[index]! & mask]! : 0
      const to = Math.min((index + 1) * block, codes.length)
      // Taking off +0 keeps the sign of zero.
      for (let k = index * block; k < to; k++) numbers[k] = step * (values[codes[k]! & mask]! - zero)
    }
    return numbers
  }
  return { format, encode, decode }
}

const significantBits = (format: IntegerFormat | FloatFormat | undefined): number =>
  format === undefined ? 0 : format.kind === 'float' ? format.mantissaBits + 1 : format.bits

const checkExact = ({ id, element, scale, outer }: BlockFormat): void => {
  const bits = significantBits(element) + 1 + significantBits(scale) + significantBits(outer)
  const small = [element.max, element.smallest].every((value) => Math.abs(floorLog2(value)) < 120)
  if (bits > 53 || !small || (scale.bits > mostCodecBits && scale.id !== 'fp32'))
    throw new RangeError(`${id} has parts too long for tables; use encodeBlocks`)
}

const bigintOf = (code: number | undefined): bigint | undefined => (code === undefined ? undefined : BigInt(code))

/** The code of the second-level scale for all finite numbers. */
const tensorScale = (format: BlockFormat, words: Uint32Array): number => {
  const number = new Float32Array(1)
  const largest = new Uint32Array(number.buffer)
  for (const word of words) {
    const magnitude = word & 0x7fff_ffff
    if (magnitude < infinityBits && magnitude > largest[0]!) largest[0] = magnitude
  }
  return Number(outerScaleOf(format, [fromNumber(number[0]!)]))
}

/** Writes the codes of numbers `from` to `to` for a step; gives the code of the zero point. */
type ElementEncoder = (
  numbers: Float32Array,
  from: number,
  to: number,
  step: number,
  scale: number,
  low: number,
  codes: Codes,
) => number

const floatElements = ({ element }: BlockFormat): ElementEncoder => {
  const { codeOfBits } = codecOf(element, 'saturate')
  return (numbers, from, to, step, _scale, _low, codes) => {
    for (let k = from; k < to; k++) codes[k] = codeOfBits(oddBits(numbers[k]! / step))
    return 0
  }
}

/** Adding and taking off 1.5 * 2^52 rounds a double below 2^51 to an integer, ties to even; larger ones stay large. */
const rounder = 1.5 * 2 ** 52

const integerElements = ({ element, zero: zeroFormat, product }: BlockFormat): ElementEncoder => {
  const [min, max] = [toNumber(element.min), toNumber(element.max)]
  const limit = product && { min: toNumber(product.min), max: toNumber(product.max) }
  const mask = 2 ** element.bits - 1
  return (numbers, from, to, step, scale, low, codes) => {
    const zero = zeroFormat ? clamp(min - (low / step + rounder - rounder), min, max) : 0
    let [least, most] = zeroFormat ? [min - zero, max - zero] : [-max, max]
    if (limit) {
      least = Math.max(least, Math.trunc(limit.min / scale))
      most = Math.min(most, Math.trunc(limit.max / scale))
    }
    for (let k = from; k < to; k++)
      codes[k] = (clamp(numbers[k]! / step, least, most) + rounder - rounder + zero) & mask
    return zero & mask
  }
}

const clamp = (x: number, least: number, most: number): number => Math.min(most, Math.max(least, x))

/** The value of a scale code as a double, exactly. */
const scaleReader = (scale: BlockFormat['scale']): ((code: number) => number) => {
  if (scale.bits > 16) {
    // FP32, the only scale without tables.
    const word = new Uint32Array(1)
    const number = new Float32Array(word.buffer)
    return (code) => {
      word[0] = code
      return number[0]!
    }
  }
  const values = Float64Array.from({ length: 2 ** scale.bits }, (_, code) => toNumber(scale.decode(BigInt(code))))
  return (code) => values[code]!
}
