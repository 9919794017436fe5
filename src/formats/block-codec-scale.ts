import { type BlockFormat, powerRules, topMantissaBits, topPower } from './block-format.ts'
import { one, scaleCodeOf } from './block-scale.ts'
import { codecOf } from './codec.ts'
import { fromNumber, toNumber } from './double.ts'
import { type Finite, finite, floorLog2 } from './exact.ts'
import { oddBits } from './odd-bits.ts'

/**
 * Chooses the code of a block's scale; `largest` is the float32 bits of the largest magnitude (not 0), `low` and `high` the extremes
 * widened to include 0, `values` the block for the rare case that doubles are not exact.
 */
export type ScaleChooser = (largest: number, low: number, high: number, values: Float32Array) => number

/** The scale rule of a format on doubles, for one second-level scale; gives what `scaleCodeOf` gives. */
export const scaleChooser = (format: BlockFormat): ((outer: number) => ScaleChooser) => {
  if (powerRules.some((rule) => rule === format.rule)) {
    const choose = powerChooser(format)
    return () => choose
  }
  const { element, scale, rule } = format
  const nearest = nearestCode(scale)
  const top = toNumber(element.max)
  const levels = 2 ** element.bits - 1
  if (rule === 'absmax') return (outer) => (_, low, high) => nearest(Math.max(-low, high) / (top * outer))
  return (outer) => (_, low, high, values) => {
    const range = high - low
    // The difference of two floats is exact unless one is far smaller.
    if (high - range === low && range + low === high) return nearest(range / (levels * outer))
    return Number(scaleCodeOf(format, [...values].map(finiteOf), finiteOf(outer)))
  }
}

const powerChooser = (format: BlockFormat): ScaleChooser => {
  const { element, scale, rule } = format
  const top = topPower(format)
  const [least, most] = [floorLog2(scale.smallest), floorLog2(scale.max)]
  const codes = Int32Array.from({ length: most - least + 1 }, (_, k) => Number(scale.encode(finite(1n, least + k))))
  const topMantissa = (toNumber(element.max) / 2 ** (top - format.unit) - 1) * 2 ** 23
  const halfStep = 2 ** (22 - topMantissaBits(element))
  return (largest) => {
    const leading = largest < 0x80_0000 ? 31 - Math.clz32(largest) : 23
    const power = leading < 23 ? leading - 149 : (largest >>> 23) - 127
    const mantissa = (largest << (23 - leading)) & 0x7f_ffff
    const up =
      rule === 'floor'
        ? false
        : rule === 'ceil'
          ? mantissa > 0
          : rule === 'rceil'
            ? mantissa > topMantissa
            : mantissa + halfStep >= 0x80_0000
    return codes[Math.min(most, Math.max(least, power - top + (up ? 1 : 0))) - least]!
  }
}

/** The code of a scale above zero: rounded to nearest, saturated, never that of zero. */
const nearestCode = (scale: BlockFormat['scale']): ((x: number) => number) => {
  const smallest = Number(scale.encode(scale.smallest))
  if (scale.bits > 16) {
    // FP32, the only scale without tables: rounding to float32 is the machine's.
    const [most, number] = [toNumber(scale.max), new Float32Array(1)]
    const word = new Uint32Array(number.buffer)
    return (x) => {
      number[0] = Math.min(most, x)
      return word[0] === 0 ? smallest : word[0]!
    }
  }
  const { codeOfBits } = codecOf(scale, 'saturate')
  const zero = scale.decode(0n)
  const hasZero = zero.kind === 'finite' && zero.significand === 0n
  return (x) => {
    const code = codeOfBits(oddBits(x))
    return hasZero && code === 0 ? smallest : code
  }
}

/** The scale code of a block of zeros. */
export const zerosCode = (format: BlockFormat): number => Number(scaleCodeOf(format, [], one))

const finiteOf = (x: number): Finite => {
  const value = fromNumber(x)
  if (value.kind !== 'finite') throw new RangeError(`a scale needs finite numbers, got ${x}`)
  return value
}
