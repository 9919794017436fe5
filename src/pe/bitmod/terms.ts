import { bitmodFormat } from '../../formats/index.ts'

/** A part of a weight that is a power of two, `(-1)^negative * 2^exponent`, or 0 where it is not `present`; times 2^significance. */
export interface Term {
  readonly negative: boolean
  /** 0 to 3. */
  readonly exponent: number
  readonly present: boolean
}

/** How weights of one format become terms. */
export interface WeightType {
  readonly name: WeightName
  readonly kind: 'integer' | 'float'
  /** Bits of a code. */
  readonly bits: number
  /** Terms of a weight, one a cycle; term k has significance `k * significanceStep`. */
  readonly cycles: number
  readonly significanceStep: 1 | 2
  /** Bits behind the point: terms add up to the weight times 2^fractionBits. */
  readonly fractionBits: 0 | 1
}

export const weightNames = ['int8', 'int6', 'int5', 'int4', 'int3', 'fp4', 'fp3'] as const
export type WeightName = (typeof weightNames)[number]

const integer = (name: WeightName, bits: number): WeightType => ({
  name,
  kind: 'integer',
  bits,
  cycles: Math.ceil(bits / 2),
  significanceStep: 2,
  fractionBits: 0,
})
const float = (name: WeightName, bits: number): WeightType => ({
  name,
  kind: 'float',
  bits,
  cycles: 2,
  significanceStep: 1,
  fractionBits: 1,
})

/** The weight formats of BitMoD (HPCA 2025, III-A and IV-A; INT5 by sign extension, V-C). */
export const weightTypes: Readonly<Record<WeightName, WeightType>> = {
  int8: integer('int8', 8),
  int6: integer('int6', 6),
  int5: integer('int5', 5),
  int4: integer('int4', 4),
  int3: integer('int3', 3),
  fp4: float('fp4', 4),
  fp3: float('fp3', 3),
}

/** Special values that a group's selector chooses from. */
export const specialValueCount = 4

/** Bits of a special value's magnitude, in halves: at most 15.5. */
export const specialMagnitudeBits = 5

/**
 * The special values of BitMoD's Table IV in halves, in the order of the selector: extra resolution +, -, asymmetry +, -. None for
 * integers.
 */
export const paperSpecialValues = ({ kind, bits }: WeightType): readonly number[] => {
  if (kind === 'integer') return []
  return bitmodFormat(bits === 3 ? 3 : 4, 1).grids.map((grid) => {
    const { significand, exponent } = grid.values[2 ** (bits - 1)]!
    return Number(significand) * 2 ** (exponent + 1)
  })
}

/**
 * The terms of a weight, term k counting 2^(k * significanceStep). `special` is the group's special value in halves, what the
 * code of -0 stands for; integers have none. A special value that needs more than two terms is a RangeError.
 */
export const termsOf = (type: WeightType, code: number, special = 0): readonly Term[] =>
  type.kind === 'integer' ? boothDigits(type, code).map(termOfDigit) : floatTerms(halvesOf(type, code, special))

/** The weight in units of 2^-fractionBits, by the definition of its format. */
export const integerOf = (type: WeightType, code: number, special = 0): number => {
  if (type.kind === 'float') return halvesOf(type, code, special)
  const half = 2 ** (type.bits - 1)
  return code >= half ? code - 2 * half : code
}

/** Radix-4 Booth: digit k is -2 b(2k+1) + b(2k) + b(2k-1) of the sign-extended two's complement, with b(-1) = 0 (Fig. 4a). */
const boothDigits = (type: WeightType, code: number): readonly number[] => {
  const value = integerOf(type, code)
  const bit = (at: number): number => (at < 0 ? 0 : (value >> at) & 1)
  return Array.from({ length: type.cycles }, (_, k) => -2 * bit(2 * k + 1) + bit(2 * k) + bit(2 * k - 1))
}

const termOfDigit = (digit: number): Term => ({
  negative: digit < 0,
  exponent: Math.abs(digit) === 2 ? 1 : 0,
  present: digit !== 0,
})

/** Sign, exponent and mantissa, FP3 with a mantissa bit of 0 appended; -0 is the special value (Table IV). */
const halvesOf = (type: WeightType, code: number, special: number): number => {
  const fp4 = type.bits === 3 ? 2 * code : code
  if (fp4 === 8) return special
  const [field, mantissa] = [(fp4 >> 1) & 3, fp4 & 1]
  const magnitude = field === 0 ? mantissa : (2 + mantissa) * 2 ** (field - 1)
  return fp4 & 8 ? -magnitude : magnitude
}

/**
 * Two leading ones (Fig. 4b): of the bits above the lowest, which gives the term of significance 1, and then of what is left in
 * the four lowest bits, of significance 0. That the first one is taken out before the second search is ours: the paper's
 * windows overlap, and without it a weight such as 1 would count twice.
 */
const floatTerms = (halves: number): readonly Term[] => {
  const magnitude = Math.abs(halves)
  const high = magnitude >> 1
  const upper = high === 0 ? undefined : 31 - Math.clz32(high)
  const rest = upper === undefined ? magnitude : magnitude - 2 ** (upper + 1)
  const lower = rest === 0 ? undefined : 31 - Math.clz32(rest)
  if ((upper ?? 0) > 3 || (lower !== undefined && rest !== 2 ** lower))
    throw new RangeError(
      `the special value ${halves / 2} is no sum of two powers of two up to 8; give one with two ones`,
    )
  const term = (exponent: number | undefined): Term => ({
    negative: exponent !== undefined && halves < 0,
    exponent: exponent ?? 0,
    present: exponent !== undefined,
  })
  return [term(lower), term(upper)]
}
