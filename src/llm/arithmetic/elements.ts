import type { Assembly, Value } from '../cpu/assembly.ts'

/** Bits of a floating-point number of a vector. */
export type ElementWidth = 32 | 64

/** Vectors of floats, four of 32 bits or two of 64, whose bits are integers too: powers of two multiply and divide as sums of those. */
export interface Elements {
  readonly width: ElementWidth
  readonly bytes: number
  /** Of a vector. */
  readonly count: number
  readonly splat: (address: Value, offset?: number) => Value
  readonly all: (value: number) => Value
  /** The bits of a float, in each. */
  readonly bits: (bits: bigint) => Value
  readonly add: (a: Value, b: Value) => Value
  readonly sub: (a: Value, b: Value) => Value
  readonly mul: (a: Value, b: Value) => Value
  /** The larger; the first where it is NaN. */
  readonly larger: (a: Value, b: Value) => Value
  readonly floor: (a: Value) => Value
  readonly truncate: (a: Value) => Value
  readonly isUnequal: (a: Value, b: Value) => Value
  readonly addBits: (a: Value, b: Value) => Value
  readonly subBits: (a: Value, b: Value) => Value
  /** Bits of the mantissa, the hidden one left out. */
  readonly mantissaBits: number
  /** What an exponent field has more than the exponent. */
  readonly bias: number
}

export const elementsOf = ({ v }: Assembly, width: ElementWidth): Elements =>
  width === 32
    ? {
        width,
        bytes: 4,
        count: 4,
        splat: (address, offset = 0) => v.load('splat', address, offset),
        all: v.four,
        bits: (bits) => v.words(...four(Number(BigInt.asUintN(32, bits)))),
        add: v.add,
        sub: v.sub,
        mul: v.mul,
        larger: v.larger,
        floor: v.floor,
        truncate: v.truncate,
        isUnequal: v.isUnequal,
        addBits: v.addIntegers,
        subBits: v.subIntegers,
        mantissaBits: 23,
        bias: 127,
      }
    : {
        width,
        bytes: 8,
        count: 2,
        splat: (address, offset = 0) => v.load('splatDouble', address, offset),
        all: v.twoDoubles,
        bits: (bits) => v.twoLongs(BigInt.asIntN(64, bits)),
        add: v.addDoubles,
        sub: v.subDoubles,
        mul: v.mulDoubles,
        larger: v.largerDoubles,
        floor: v.floorDoubles,
        truncate: v.truncateDoubles,
        isUnequal: v.isUnequalDouble,
        addBits: v.addLongs,
        subBits: v.subLongs,
        mantissaBits: 52,
        bias: 1023,
      }

const four = (word: number): readonly [number, number, number, number] => [word, word, word, word]
