import type { Bool, Int } from '../../dsl/index.ts'
import { arrivals, bitAt, negative, type Terms, together, type WeightedBit } from './weighted-bits.ts'

/**
 * `a * b` as an array: a copy of `a` for each bit of `b`, shifted and kept where that bit is 1. Products with exactly one
 * sign bit count negative and are turned round, the constants gathered (Baugh and Wooley, IEEE Trans. Computers C-22, 1973,
 * in the form without extra rows). This is also MixPE's shift-add: its gated copies are these rows.
 */
export const arrayProduct = (a: Int, b: Int): Terms => {
  const rows: Terms[] = []
  for (let j = 0; j < b.shape.width; j++)
    for (let i = 0; i < a.shape.width; i++) {
      const bit = a.bit(i).and(b.bit(j))
      const [aSign, bSign] = [isSign(a, i), isSign(b, j)]
      rows.push(
        aSign === bSign
          ? { bits: [{ bit, weight: i + j, arrival: arrivals.gated }], constant: 0n }
          : negative(bit, i + j, arrivals.gated),
      )
    }
  return together(...rows)
}

const isSign = (value: Int, index: number): boolean => value.shape.min < 0n && index === value.shape.width - 1

/** A radix-4 Booth digit of -2 to 2: its magnitude as `one` or `two`, neither for 0, and whether it is taken off. */
export interface BoothDigit {
  readonly one: Bool
  readonly two: Bool
  readonly minus: Bool
}

/**
 * The digits of `value` in radix 4, lowest first: value = sum of digit * 4^k (Booth; radix 4 after MacSorley, Proc. IRE
 * 49, 1961). A digit of 0 may have `minus` set.
 */
export const boothDigits = (value: Int): readonly BoothDigit[] => {
  const { width, min } = value.shape
  // An unsigned value needs a 0 above its top bit.
  const count = Math.ceil((width + (min < 0n ? 0 : 1)) / 2)
  const no = value.bit(0).and(false)
  const at = (index: number): Bool => (index < 0 ? no : (bitAt(value, index) ?? no))
  return Array.from({ length: count }, (_, k) => {
    const [high, middle, low] = [at(2 * k + 1), at(2 * k), at(2 * k - 1)]
    return {
      one: middle.xor(low),
      two: high.xor(middle).and(middle.xor(low).not()),
      minus: high,
    }
  })
}

/** `a * b` with half the rows of an array: a row for each radix-4 Booth digit of `b`, which is 0, `a` or `2a`, or its opposite. */
export const boothProduct = (a: Int, b: Int): Terms => {
  // 2a and its sign: one bit more than a, and one again where a has no sign.
  const width = a.shape.width + (a.shape.min < 0n ? 1 : 2)
  const no = a.bit(0).and(false)
  const at = (index: number): Bool => (index < 0 ? no : (bitAt(a, index) ?? no))
  const arrival = arrivals.recoded
  const rows = boothDigits(b).map(({ one, two, minus }, k): Terms => {
    const bits = Array.from({ length: width }, (_, i): WeightedBit => {
      const magnitude = one.and(at(i)).or(two.and(at(i - 1)))
      return { bit: magnitude.xor(minus), weight: 2 * k + i, arrival }
    })
    const sign = bits.pop()!
    // The opposite is every bit turned round, plus 1.
    bits.push({ bit: minus, weight: 2 * k, arrival: arrivals.register })
    return together({ bits, constant: 0n }, negative(sign.bit, sign.weight, arrival))
  })
  return together(...rows)
}
