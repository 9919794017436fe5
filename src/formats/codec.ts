import { fromNumber, toNumber } from './double.ts'
import type { ScalarFormat } from './format.ts'
import { holdsNaN, infinityBits, ladderOf, type Step } from './ladder.ts'

/** Codes of a format: bytes up to 8 bits, 16-bit words above. */
export type Codes = Uint8Array | Uint16Array

/** A format of at most 16 bits by tables: float32 numbers to codes and back, bit for bit what `encode` and `decode` give. */
export interface Codec {
  readonly format: ScalarFormat
  /**
   * The codes of float32 numbers, rounded to nearest. A NaN that the format cannot hold is a RangeError. `codes`, where given, takes
   * the result and is as long as `numbers`.
   */
  readonly encode: (numbers: Float32Array, codes?: Codes) => Codes
  /** The numbers of codes, rounded to float32 where they are wider; NaN for NaR. Bits of a code above the format's are ignored. */
  readonly decode: (codes: Codes, numbers?: Float32Array) => Float32Array
  /** The code of one float32 number given by its 32 bits; 0 for a NaN that the format cannot hold. */
  readonly codeOfBits: (bits: number) => number
}

/** Most bits of a format with tables. */
export const mostCodecBits = 16

/**
 * Tables of a format of at most 16 bits. Overflow is the format's own unless given; `error` and `wrap` are for the exact `encode`.
 *
 * The sign and exponent of a number choose a row of the table, and as many leading mantissa bits an entry of it as part the
 * thresholds of that row, so that at most one lies inside an entry and one comparison tells the code.
 */
export const codecOf = (format: ScalarFormat, overflow: 'saturate' | 'special' = usualOverflow(format)): Codec => {
  const { id, bits } = format
  if (bits > mostCodecBits) throw new RangeError(`tables are for formats of at most ${mostCodecBits} bits, got ${id}`)
  const ladders = [ladderOf(format, overflow, false), ladderOf(format, overflow, true)]
  const { rows, thresholds, pairs } = tablesOf(id, ladders)
  const values = Float32Array.from({ length: 2 ** bits }, (_, code) => toNumber(format.decode(BigInt(code))))
  const mask = 2 ** bits - 1
  const refusesNaN = !holdsNaN(format)

  const codeOfBits = (word: number): number => {
    const row = rows[word >>> 23]!
    // A shift takes its low five bits as the distance.
    const entry = (row >>> 5) + ((word & 0x7f_ffff) >>> row)
    return (pairs[entry]! >>> ((word & 0x7fff_ffff) >= thresholds[entry]! ? 16 : 0)) & 0xffff
  }

  return {
    format,
    codeOfBits,
    encode: (numbers, codes = bits <= 8 ? new Uint8Array(numbers.length) : new Uint16Array(numbers.length)) => {
      sameLength(numbers, codes)
      const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length)
      let negativeAfterNaN = 0
      for (let k = 0; k < words.length; k++) {
        const word = words[k]!
        negativeAfterNaN |= infinityBits - (word & 0x7fff_ffff)
        codes[k] = codeOfBits(word)
      }
      // The exact path says what is wrong.
      if (refusesNaN && negativeAfterNaN < 0) format.encode(fromNumber(Number.NaN), 'nearest-even', overflow)
      return codes
    },
    decode: (codes, numbers = new Float32Array(codes.length)) => {
      sameLength(codes, numbers)
      for (let k = 0; k < codes.length; k++) numbers[k] = values[codes[k]! & mask]!
      return numbers
    },
  }
}

const usualOverflow = ({ overflow }: ScalarFormat) => (overflow === 'special' ? 'special' : 'saturate')

const sameLength = (from: ArrayLike<number>, to: ArrayLike<number>): void => {
  if (from.length !== to.length) throw new RangeError(`${from.length} numbers do not fit in an array of ${to.length}`)
}

interface Tables {
  /** By sign and exponent: 32 times the first entry of the row, plus the mantissa bits that an entry leaves out. */
  readonly rows: Int32Array
  /** The 31-bit magnitude inside an entry from which the second code holds. */
  readonly thresholds: Int32Array
  /** The first code of an entry, and 2^16 times the second. */
  readonly pairs: Int32Array
}

const mantissaBits = 23
/** Finest division of a row; only values that lie closer together than 2^-16 of themselves need more. */
const mostLeadingBits = 16

const tablesOf = (id: string, ladders: readonly (readonly Step[])[]): Tables => {
  const rows = new Int32Array(512)
  const thresholds: number[] = []
  const pairs: number[] = []
  for (const [sign, ladder] of ladders.entries()) {
    let step = 0
    for (let exponent = 0; exponent < 256; exponent++) {
      const start = exponent * 2 ** mantissaBits
      const inside: number[] = []
      for (let k = step + 1; k < ladder.length && ladder[k]!.from < start + 2 ** mantissaBits; k++)
        inside.push(ladder[k]!.from - start)
      const left = mantissaBits - leadingBits(id, inside)
      rows[256 * sign + exponent] = 32 * pairs.length + left
      for (let from = start; from < start + 2 ** mantissaBits; from += 2 ** left) {
        while (step + 1 < ladder.length && ladder[step + 1]!.from <= from) step++
        const next = ladder[step + 1]
        const second = next && next.from < from + 2 ** left ? next : { from, code: ladder[step]!.code }
        thresholds.push(second.from)
        pairs.push(ladder[step]!.code | (second.code << 16))
      }
    }
  }
  return { rows, thresholds: Int32Array.from(thresholds), pairs: Int32Array.from(pairs) }
}

/** The fewest leading mantissa bits that part the thresholds of a row, so that inside an entry there is one at most. */
const leadingBits = (id: string, inside: readonly number[]): number => {
  for (let leading = 0; leading <= mostLeadingBits; leading++) {
    const left = mantissaBits - leading
    const entries = inside.filter((at) => at % 2 ** left !== 0).map((at) => at >>> left)
    if (entries.every((entry, k) => k === 0 || entry !== entries[k - 1])) return leading
  }
  throw new RangeError(`${id} has values too close together for tables; use encode`)
}
