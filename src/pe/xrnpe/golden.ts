import { finite, type ScalarFormat } from '../../formats/index.ts'
import { formatOfMode, type Mode, type ModeName, modes, wordBits } from './modes.ts'

/** The exact sum of a group, or of one lane of it. */
export interface ExactSum {
  /** In units of the quire's last place, the square of the format's smallest number. */
  readonly units: bigint
  /** An operand was NaR. */
  readonly nar: boolean
}

/** The number of every code of a mode in units of its smallest one, of which all are whole multiples; undefined for NaR. */
const codeUnits = (mode: Mode): readonly (bigint | undefined)[] => {
  const { decode } = formatOfMode(mode)
  return Array.from({ length: 2 ** mode.bits }, (_, code) => {
    const value = decode(BigInt(code))
    if (value.kind !== 'finite') return undefined
    const places = BigInt(value.exponent + mode.fractionBits / 2)
    return places >= 0n ? value.significand << places : value.significand >> -places
  })
}

const tables = new Map<Mode, readonly (bigint | undefined)[]>()
const unitsTable = (mode: Mode): readonly (bigint | undefined)[] => {
  const table = tables.get(mode) ?? codeUnits(mode)
  tables.set(mode, table)
  return table
}

/** The exact sums of every lane of a group of operand words, the lowest lane first. */
export const laneSums = (mode: Mode, activations: readonly number[], weights: readonly number[]): readonly ExactSum[] =>
  Array.from({ length: mode.lanes }, (_, lane) => {
    const units = unitsTable(mode)
    const numberOf = (word: number) => units[(word >>> (lane * mode.bits)) & (2 ** mode.bits - 1)]
    let sum = 0n
    let nar = false
    activations.forEach((word, k) => {
      const [a, b] = [numberOf(word), numberOf(weights[k]!)]
      if (a === undefined || b === undefined) nar = true
      else sum += a * b
    })
    return { units: sum, nar }
  })

/** The sum of several. */
export const summed = (parts: readonly ExactSum[]): ExactSum => ({
  units: parts.reduce((total, { units }) => total + units, 0n),
  nar: parts.some(({ nar }) => nar),
})

/** Beyond the bits of the mode's quire. */
export const overflows = ({ quireBits }: Mode, { units }: ExactSum): boolean =>
  BigInt.asIntN(quireBits, units) !== units

/**
 * The code of a result: the sum rounded once, ties to even. FP4 has no NaR, for which the code of -6 stands, and its -0 is
 * given as 0 (ours).
 */
export const codeOf = (mode: Mode, format: ScalarFormat, { units, nar }: ExactSum): bigint => {
  const sign = 1n << BigInt(format.bits - 1)
  const sum = finite(units, -mode.fractionBits)
  if (format.kind === 'posit') return nar ? sign : format.encode(sum)
  if (nar) return 2n * sign - 1n
  const code = format.encode(sum, 'nearest-even', 'saturate')
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
    const bits = result === 'quire' ? sum.units : codeOf(mode, format, sum)
    word |= BigInt.asUintN(share, bits) << BigInt(k * share)
  })
  if (sums.some(({ nar }) => nar)) word |= 1n << BigInt(flagsAt)
  if (sums.some((sum) => overflows(mode, sum))) word |= 2n << BigInt(flagsAt)
  return word
}
