import {
  finite,
  floorLog2,
  type OutlierVictimFormat,
  outlierVictimFormat,
  type ScalarFormat,
  toNumber,
} from '../../formats/index.ts'
import { fp16 } from '../../pe/arith/float/usual.ts'
import type { ProcessingElement } from '../../pe/family.ts'
import { formatOfMode, type ModeName, modes } from '../../pe/xrnpe/modes.ts'
import { roundHalfEven } from '../../quant/float16.ts'
import { levelsOf } from '../../quant/levels.ts'

/** How codes become integers. */
export interface ExactOperand {
  /** Largest magnitude of an integer. */
  readonly largest: number
  /**
   * Writes the integers of numbers `from` to before `to` of the row of codes that begins at `base`, which are one group, to the places of these
   * numbers. Gives the power of two that they count, or NaN where one of the codes stands for no number.
   */
  readonly integers: (
    codes: ArrayLike<number>,
    base: number,
    [from, to]: readonly [number, number],
    integers: Float64Array,
  ) => number
}

/** How a group's sums become its result. */
export type ReadOut =
  /** The integer itself. */
  | { readonly kind: 'integer' }
  /** A code of at most 32 bits: of `value`, the sum's value, cut to a double and rounded to odd; `fits` false beyond the quire. */
  | { readonly kind: 'code'; readonly quireBits: number; readonly codeOf: (value: number, fits: boolean) => number }
  /** A word of several sums or of more bits, from the sums in units. */
  | { readonly kind: 'word'; readonly wordOf: (sums: readonly bigint[]) => bigint }

/** Arithmetic in which a group's sum is exact, and rounded at the end if at all. */
export interface ExactArithmetic {
  readonly kind: 'exact'
  readonly activation: ExactOperand
  readonly weight: ExactOperand
  /** Sums of a group that do not mix. */
  readonly parts: number
  readonly readOut: ReadOut
}

/** The exact arithmetic of a PE; undefined where it has none. */
export const exactArithmeticOf = (pe: ProcessingElement): ExactArithmetic | undefined => {
  const { family, parameters, operands } = pe
  const text = (key: string): string => String(parameters[key])
  const usual = { kind: 'exact', parts: 1 } as const
  const integer: ReadOut = { kind: 'integer' }
  switch (family) {
    case 'mac':
      return {
        ...usual,
        activation: integers(Number(-operands.activation.min)),
        weight: integers(Number(-operands.weight.min)),
        readOut: integer,
      }
    case 'bitfusion': {
      const { activation, weight } = operands.lanes!
      return { ...usual, activation: integers(mostOf(activation)), weight: integers(mostOf(weight)), readOut: integer }
    }
    case 'ant': {
      const { activation, weight } = operands.codes!
      return { ...usual, activation: coded(activation, 0), weight: coded(weight!, 0), readOut: integer }
    }
    case 'olive':
      return { ...usual, activation: paired(text('a')), weight: paired(text('w')), readOut: integer }
    case 'figna':
      return aligned(pe, Number(parameters.bits))
    case 'mixpe':
      if (text('a') === 'int8')
        return {
          ...usual,
          activation: integers(mostOf(operands.activation)),
          // With its zero point taken off.
          weight: integers(mostOf(operands.weight)),
          readOut: integer,
        }
      if (text('acc') === 'aligned') return aligned(pe, Number(parameters.bits))
      if (text('acc') !== 'exact') return undefined
      return {
        ...usual,
        activation: coded(fp16, fp16.bias - 1 + fp16.mantissaBits),
        weight: integers(mostOf(operands.weight)),
        readOut: floatReadOut,
      }
    case 'posit': {
      const format = operands.codes!.activation
      const places = placesOf(format)
      const { codeOf } = levelsOf(format)
      return {
        ...usual,
        activation: coded(format, places),
        weight: coded(format, places),
        readOut: { kind: 'code', quireBits: unlimited, codeOf },
      }
    }
    case 'xrnpe':
      return quireArithmetic(pe)
    default:
      return undefined
  }
}

const unlimited = 1024

const mostOf = ({ min, max }: { readonly min: bigint; readonly max: bigint }): number =>
  Math.max(Number(-min), Number(max))

/** Codes that are integers themselves. */
const integers = (largest: number): ExactOperand => ({
  largest,
  integers: (codes, base, [from, to], result) => {
    for (let k = from; k < to; k++) result[k] = codes[base + k]!
    return 0
  },
})

/** Codes of a format by a table, in units of 2^-places. */
const coded = (format: ScalarFormat, places: number): ExactOperand => {
  const table = levelsOf(format).values.map((value) => (Number.isFinite(value) ? value * 2 ** places : Number.NaN))
  const largest = table.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0)
  const mask = 2 ** format.bits - 1
  return {
    largest,
    integers: (codes, base, [from, to], result) => {
      // A NaN stays in a sum that multiplies it with 0.
      let numbers = 0
      for (let k = from; k < to; k++) {
        const integer = table[codes[base + k]! & mask]!
        result[k] = integer
        numbers += 0 * integer
      }
      return numbers === 0 ? -places : Number.NaN
    },
  }
}

/** Places behind the point of the smallest number of a format, of which all are multiples. */
const placesOf = ({ smallest }: ScalarFormat): number => -floorLog2(smallest)

/** OliVe's pairs. */
const paired = (text: string): ExactOperand => {
  const format: OutlierVictimFormat = outlierVictimFormat(text === 'olive(int4)' ? 'int4' : 'flint4')
  const tables = [0, 1].map((which) =>
    Float64Array.from({ length: 256 }, (_, pair) =>
      toNumber(format.decodePair(BigInt(pair >> 4), BigInt(pair & 15))[which]!),
    ),
  )
  const largest = Math.max(...tables.flatMap((table) => Array.from(table, Math.abs)))
  return {
    largest,
    integers: (codes, base, [from, to], result) => {
      for (let k = from; k < to; k += 2) {
        const pair = ((codes[base + k]! & 15) << 4) | (k + 1 < to ? codes[base + k + 1]! & 15 : 0)
        result[k] = tables[0]![pair]!
        if (k + 1 < to) result[k + 1] = tables[1]![pair]!
      }
      return 0
    },
  }
}

const float = new Float32Array(1)
const floatWord = new Int32Array(float.buffer)
/** The FP32 code of a double, read as signed. */
const float32Word = (value: number): number => {
  float[0] = value
  return floatWord[0]!
}

/** The sum rounded once to FP32. */
const floatReadOut: ReadOut = { kind: 'code', quireBits: unlimited, codeOf: float32Word }

/** FP16 activations in units that the group's largest exponent sets (`alignedSum` in `src/pe/arith/float`). */
const aligned = ({ operands }: ProcessingElement, bits: number): ExactArithmetic => {
  const most = 2 ** (bits - 1) - 1
  const values = coded(fp16, fp16.bias - 1 + fp16.mantissaBits)
  return {
    kind: 'exact',
    parts: 1,
    activation: {
      largest: most,
      integers: (codes, base, [from, to], result) => {
        const unit = values.integers(codes, base, [from, to], result)
        if (Number.isNaN(unit)) return unit
        let field = 1
        for (let k = from; k < to; k++) field = Math.max(field, (codes[base + k]! >> fp16.mantissaBits) & 31)
        const exponent = field - fp16.bias - bits + 2
        const factor = 2 ** (unit - exponent)
        for (let k = from; k < to; k++) result[k] = Math.max(-most, Math.min(most, roundHalfEven(result[k]! * factor)))
        return exponent
      },
    },
    weight: integers(mostOf(operands.weight)),
    readOut: floatReadOut,
  }
}

/** XR-NPE's: one quire or one a lane, and a result with flags above it (`src/pe/xrnpe/golden.ts`). */
const quireArithmetic = ({ parameters, operands }: ProcessingElement): ExactArithmetic => {
  const mode = modes[parameters.mode as ModeName]
  const separate = parameters.lanes === 'separate'
  const result = String(parameters.result)
  const parts = separate ? operands.lanes!.count : 1
  const operand = coded(formatOfMode(mode), mode.fractionBits / 2)
  const usual = { kind: 'exact', activation: operand, weight: operand, parts } as const
  if (result === 'quire' || separate) return { ...usual, readOut: { kind: 'word', wordOf: wordOf(mode, result) } }
  const format = result === 'same' ? formatOfMode(mode) : formatOfMode(modes[result as ModeName])
  const levels = levelsOf(format)
  const sign = 2 ** (format.bits - 1)
  return {
    ...usual,
    readOut: {
      kind: 'code',
      quireBits: mode.quireBits,
      codeOf: (value, fits) => {
        const code = levels.codeOf(value)
        return (format.kind === 'float' && code === sign ? 0 : code) | (fits ? 0 : 2 << 16)
      },
    },
  }
}

const rawBits = 128
const flagsAt = 16

/** The low bits of each quire in its share of 128, or a code a lane; above them the flag of an overflow. */
const wordOf =
  (mode: (typeof modes)[ModeName], result: string) =>
  (sums: readonly bigint[]): bigint => {
    const raw = result === 'quire'
    const format = formatOfMode(mode)
    const share = raw ? rawBits / sums.length : format.bits
    const code = (units: bigint): bigint => {
      if (raw) return units
      const found = format.encode(finite(units, -mode.fractionBits), 'nearest-even', 'saturate')
      return format.kind === 'float' && found === 1n << BigInt(format.bits - 1) ? 0n : found
    }
    let word = 0n
    sums.forEach((units, k) => {
      word |= BigInt.asUintN(share, code(units)) << BigInt(k * share)
    })
    const overflows = sums.some((units) => BigInt.asIntN(mode.quireBits, units) !== units)
    return overflows ? word | (2n << BigInt(raw ? rawBits : flagsAt)) : word
  }
