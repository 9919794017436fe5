import { addExact, type Dyadic, type Finite, finite, multiplyExact, type ScalarFormat } from '../../formats/index.ts'
import { formatOfMode, type Mode, type ModeName, modes, wordBits } from './modes.ts'

/** The exact sum of a group, or of one lane of it. */
export interface ExactSum {
  readonly sum: Dyadic
  /** An operand was NaR. */
  readonly nar: boolean
}

/** The exact sums of every lane of a group of operand words, the lowest lane first. */
export const laneSums = (
  mode: Mode,
  activations: readonly number[],
  weights: readonly number[],
): readonly ExactSum[] => {
  const { decode } = formatOfMode(mode)
  return Array.from({ length: mode.lanes }, (_, lane) => {
    const numberOf = (word: number) => decode(BigInt((word >>> (lane * mode.bits)) & (2 ** mode.bits - 1)))
    let sum: Finite = finite(0n)
    let nar = false
    activations.forEach((word, k) => {
      const [a, b] = [numberOf(word), numberOf(weights[k]!)]
      if (a.kind === 'finite' && b.kind === 'finite') sum = addExact(sum, multiplyExact(a, b))
      else nar = true
    })
    return { sum, nar }
  })
}

/** The sum of several. */
export const summed = (parts: readonly ExactSum[]): ExactSum => ({
  sum: parts.reduce<Finite>((total, { sum }) => addExact(total, sum), finite(0n)),
  nar: parts.some(({ nar }) => nar),
})

/** The sum in units of the quire's last place, always a whole number. */
export const unitsOf = ({ fractionBits }: Mode, { significand, exponent }: Dyadic): bigint => {
  const places = exponent + fractionBits
  return places >= 0 ? significand << BigInt(places) : significand >> BigInt(-places)
}

/** Beyond the bits of the mode's quire. */
export const overflows = (mode: Mode, { sum }: ExactSum): boolean => {
  const units = unitsOf(mode, sum)
  return BigInt.asIntN(mode.quireBits, units) !== units
}

/**
 * The code of a result: the sum rounded once, ties to even. FP4 has no NaR, for which the code of -6 stands, and its -0 is
 * given as 0 (ours).
 */
export const codeOf = (format: ScalarFormat, { sum, nar }: ExactSum): bigint => {
  if (format.kind === 'posit')
    return nar ? 1n << BigInt(format.bits - 1) : format.encode(finite(sum.significand, sum.exponent))
  const sign = 1n << BigInt(format.bits - 1)
  if (nar) return 2n * sign - 1n
  const code = format.encode(finite(sum.significand, sum.exponent), 'nearest-even', 'saturate')
  return code === sign ? 0n : code
}

export interface ResultOptions {
  readonly lanes: 'summed' | 'separate'
  /** Format of results, the mode's own, or the quire as it is. */
  readonly result: ModeName | 'same' | 'quire'
}

/** Bits of a quire that is not rounded. */
const rawBits = 128

/**
 * The word that a group gives while its mode stays: the codes of its sums, the lowest lane's lowest, or the low bits of the
 * quire, each lane's in its share of 128; above them a bit for NaR and one for an overflow.
 */
export const resultWord = (
  mode: Mode,
  { lanes, result }: ResultOptions,
  activations: readonly number[],
  weights: readonly number[],
): bigint => {
  const parts = laneSums(mode, activations, weights)
  const sums = lanes === 'summed' ? [summed(parts)] : parts
  const format = result === 'same' || result === 'quire' ? formatOfMode(mode) : formatOfMode(modes[result])
  const share = result === 'quire' ? rawBits / sums.length : format.bits
  const flagsAt = result === 'quire' ? rawBits : wordBits
  let word = 0n
  sums.forEach((sum, k) => {
    const bits = result === 'quire' ? unitsOf(mode, sum.sum) : codeOf(format, sum)
    word |= BigInt.asUintN(share, bits) << BigInt(k * share)
  })
  if (sums.some(({ nar }) => nar)) word |= 1n << BigInt(flagsAt)
  if (sums.some((sum) => overflows(mode, sum))) word |= 2n << BigInt(flagsAt)
  return word
}
