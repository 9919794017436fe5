import { checkCode } from './code.ts'
import { finite, magnitudeOf, type Value } from './exact.ts'
import type { IntegerFormat, Overflow } from './format.ts'
import { cannotHold, overflowError } from './refusals.ts'
import { type Rounding, roundedShift } from './rounding.ts'

/** Widths of integers in bits; signed ones have at least 2, so that there is a value above zero. */
export const integerWidths = { least: 1, leastSigned: 2, most: 1024 }

/** How names of integer formats begin: `int4`, `uint4`, `sm4`. */
export const integerPrefixes = { 'twos-complement': 'int', unsigned: 'uint', 'sign-magnitude': 'sm' } as const

/**
 * The integer format of that many bits, 1 (signed: 2) to 1024. Sign and magnitude: the code with
 * only the sign set is a second zero, which encoding never gives (ours).
 */
export const integerFormat = (
  bits: number,
  representation: IntegerFormat['representation'] = 'twos-complement',
): IntegerFormat => {
  const least = representation === 'unsigned' ? integerWidths.least : integerWidths.leastSigned
  if (!Number.isInteger(bits) || bits < least || bits > integerWidths.most)
    throw new RangeError(`a ${words[representation]} integer has ${least} to ${integerWidths.most} bits, got ${bits}`)
  const id = `${integerPrefixes[representation]}${bits}`
  const codes = 1n << BigInt(bits)
  const half = codes / 2n
  const max = representation === 'unsigned' ? codes - 1n : half - 1n
  const min = representation === 'unsigned' ? 0n : representation === 'twos-complement' ? -half : -max

  const integerOf = (value: Value, rounding: Rounding, overflow: Overflow): bigint => {
    if (value.kind === 'nan' || value.kind === 'nar') throw cannotHold(id, value)
    if (value.kind === 'infinite') {
      if (overflow === 'error' || overflow === 'wrap') throw cannotHold(id, value)
      return value.negative ? min : max
    }
    const magnitude = roundedShift(magnitudeOf(value.significand), -value.exponent, rounding)
    const integer = value.negative ? -magnitude : magnitude
    if (integer >= min && integer <= max) return integer
    if (overflow === 'error') throw overflowError(id, { min: finite(min), max: finite(max) }, finite(integer))
    if (overflow === 'wrap') return min + modulo(integer - min, max - min + 1n)
    return integer < min ? min : max
  }

  return {
    kind: 'integer',
    id,
    bits,
    representation,
    signed: representation !== 'unsigned',
    min: finite(min),
    max: finite(max),
    smallest: finite(1n),
    ties: 'even',
    overflow: 'saturate',
    summary: `${bits}-bit ${words[representation]} integer, ${min} to ${max}`,
    source:
      representation === 'sign-magnitude'
        ? 'Parhami, Computer Arithmetic, 2nd ed., section 2.1 (signed-magnitude); one zero: ours'
        : 'IEEE Std 1800-2017, 6.11 (integer types and two-state vectors); saturation: ours',
    decode: (code) => {
      checkCode(id, bits, code)
      if (representation === 'unsigned') return finite(code)
      if (representation === 'twos-complement') return finite(BigInt.asIntN(bits, code))
      return finite(code < half ? code : half - code)
    },
    encode: (value, rounding = 'nearest-even', overflow = 'saturate') => {
      const integer = integerOf(value, rounding, overflow)
      if (representation === 'sign-magnitude' && integer < 0n) return half - integer
      return BigInt.asUintN(bits, integer)
    },
  }
}

const words = { 'twos-complement': "two's-complement", unsigned: 'unsigned', 'sign-magnitude': 'sign-magnitude' }

const modulo = (x: bigint, m: bigint): bigint => ((x % m) + m) % m
