import type { Local } from '../../sim/wasm/writer.ts'
import { type Assembly, many, type Value } from './assembly.ts'

/** Below it e^x is less than the smallest normal float32, above it more than the largest. */
const [least, most] = [-87.33, 88.72]
/** ln 2 in two parts: the first has few bits, so that its multiples by the exponents of float32 are exact. */
const ln2High = 0.693359375
const ln2Low = Math.LN2 - ln2High
/** Added to a float below 2^22, it leaves the nearest integer in the lowest bits: 1.5 x 2^23. */
const toInteger = 12_582_912
/** 1/2!, 1/3!, ... 1/7! of the series, whose error for |r| <= ln 2 / 2 is then below 2^-27. */
const [second, third, fourth, fifth, sixth, seventh] = [1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040]

/**
 * e^x of four floats, within two units of the last place: x = n ln 2 + r, the series of e^r, and n added to the exponent. Values beyond
 * what float32 holds give the ends of its range.
 */
export const exponential = ({ v, set, locals }: Assembly): ((x: Value) => Local) => {
  const [x, n, r, bits, square] = locals(many(5, 'v128'))
  return (value) => {
    set(x, v.smaller(v.larger(value, v.four(least)), v.four(most)))
    set(bits, v.add(v.mul(x, v.four(Math.LOG2E)), v.four(toInteger)))
    set(n, v.sub(bits, v.four(toInteger)))
    set(r, v.sub(v.sub(x, v.mul(n, v.four(ln2High))), v.mul(n, v.four(ln2Low))))
    // Pairs of terms do not wait for each other, as terms of Horner's scheme do; the largest are added last.
    const pair = (even: number, odd: number): Value => v.add(v.four(even), v.mul(v.four(odd), r))
    set(square, v.mul(r, r))
    set(x, v.add(pair(second, third), v.mul(pair(fourth, fifth), square)))
    set(x, v.add(x, v.mul(pair(sixth, seventh), v.mul(square, square))))
    set(x, v.add(v.four(1), v.add(r, v.mul(square, x))))
    // A half and a half of the exponent would be needed at its very ends, which `least` and `most` leave out.
    set(x, v.addIntegers(x, v.shiftLeft(bits, 23)))
    return x
  }
}
