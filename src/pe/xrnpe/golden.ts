import { finite, type ScalarFormat } from '../../formats/index.ts'
import { formatOfMode, lanesOf, type Mode, type ModeName, modes, type PackingName, widestCode } from './modes.ts'

/** The exact sum of a group, or of one lane of it. */
interface ExactSum {
  /** In units of the quire's last place, the square of the format's smallest number. */
  readonly units: bigint
  /** An operand was NaR. */
  readonly nar: boolean
}

/** The number of a code in units of the mode's smallest one, of which all are whole multiples; NaR. */
type CodeUnits = (code: number) => bigint | 'nar'

/** A code is decoded once. */
const codeUnits = (mode: Mode): CodeUnits => {
  const { decode } = formatOfMode(mode)
  const known: (bigint | 'nar')[] = []
  return (code) => {
    const found = known[code]
    if (found !== undefined) return found
    const value = decode(BigInt(code))
    const places = value.kind === 'finite' ? BigInt(value.exponent + mode.fractionBits / 2) : 0n
    const units =
      value.kind !== 'finite' ? 'nar' : places >= 0n ? value.significand << places : value.significand >> -places
    known[code] = units
    return units
  }
}

/** The exact sums of every lane of a group, the lowest lane first. */
const laneSums = (
  lanes: number,
  unitsOf: CodeUnits,
  activations: readonly number[],
  weights: readonly number[],
): readonly ExactSum[] => {
  const sums = Array.from({ length: lanes }, () => ({ units: 0n, nar: false }))
  activations.forEach((activation, k) => {
    const sum = sums[k % lanes]!
    const [a, b] = [unitsOf(activation), unitsOf(weights[k]!)]
    if (a === 'nar' || b === 'nar') sum.nar = true
    else sum.units += a * b
  })
  return sums
}

/** The sum of several. */
const summed = (parts: readonly ExactSum[]): ExactSum => ({
  units: parts.reduce((total, { units }) => total + units, 0n),
  nar: parts.some(({ nar }) => nar),
})

/** Beyond the bits of the mode's quire. */
const overflows = ({ quireBits }: Mode, { units }: ExactSum): boolean => BigInt.asIntN(quireBits, units) !== units

/**
 * The code of a result: the sum rounded once, ties to even. FP4 has no NaR, for which the code of -6 stands, and its -0 is
 * given as 0 (ours).
 */
const codeOf = (mode: Mode, format: ScalarFormat, { units, nar }: ExactSum): bigint => {
  const sign = 1n << BigInt(format.bits - 1)
  const sum = finite(units, -mode.fractionBits)
  if (format.kind === 'posit') return nar ? sign : format.encode(sum)
  if (nar) return 2n * sign - 1n
  const code = format.encode(sum, 'nearest-even', 'saturate')
  return code === sign ? 0n : code
}

export interface ResultOptions {
  readonly lanes: 'summed' | 'separate'
  readonly packing: PackingName
  /** Format of results, the mode's own, or the quire as it is. */
  readonly result: ModeName | 'same' | 'quire'
}

/** Bits of a quire that is not rounded. */
const rawBits = 128

/**
 * The word that a group gives while its mode stays: the codes of its sums, the lowest lane's lowest, or the low bits of the
 * quire, each lane's in its share of 128; above them a bit for NaR and one for an overflow.
 */
export const resultWord = (mode: Mode, { lanes, packing, result }: ResultOptions) => {
  const unitsOf = codeUnits(mode)
  const format = result === 'same' || result === 'quire' ? formatOfMode(mode) : formatOfMode(modes[result])
  const flagsAt = result === 'quire' ? rawBits : widestCode
  return (activations: readonly number[], weights: readonly number[]): bigint => {
    const parts = laneSums(lanesOf(mode, packing), unitsOf, activations, weights)
    const sums = lanes === 'summed' ? [summed(parts)] : parts
    const share = result === 'quire' ? rawBits / sums.length : format.bits
    let word = 0n
    sums.forEach((sum, k) => {
      const bits = result === 'quire' ? sum.units : codeOf(mode, format, sum)
      word |= BigInt.asUintN(share, bits) << BigInt(k * share)
    })
    if (sums.some(({ nar }) => nar)) word |= 1n << BigInt(flagsAt)
    if (sums.some((sum) => overflows(mode, sum))) word |= 2n << BigInt(flagsAt)
    return word
  }
}
