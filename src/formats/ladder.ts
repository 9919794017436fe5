import {
  addExact,
  bitLength,
  compareExact,
  type Dyadic,
  type Finite,
  finite,
  floorLog2,
  infinite,
  NAN,
  type Value,
} from './exact.ts'
import type { CodebookFormat, FloatFormat, IntegerFormat, Overflow, ScalarFormat } from './format.ts'
import { positFormat } from './posit.ts'

/**
 * One step of rounding float32 numbers of one sign to nearest: from the magnitude `from` on (its 31 bits read as an integer), up
 * to the next step, they have this code.
 */
export interface Step {
  readonly from: number
  readonly code: number
}

/** The 31 bits of an infinity; larger ones are NaN. */
export const infinityBits = 0x7f80_0000

/**
 * All the steps of one sign, ascending, from magnitude 0 to NaN. They follow from the decoded values and the rule for ties alone,
 * those of posits from the values of the posit with one more bit; only the codes of overflow, infinity and NaN are `encode`'s.
 */
export const ladderOf = (format: ScalarFormat, overflow: Overflow, negative: boolean): readonly Step[] => {
  const encode = (value: Value): number => Number(format.encode(value, 'nearest-even', overflow))
  const steps: Step[] = []
  for (const { code, at, included } of rungsOf(format, negative, encode(finite(negative ? -1n : 1n, 5000)))) {
    const from = at === undefined ? 0 : firstPattern(at, included)
    if (from >= infinityBits) break
    // A step that holds no float32 number is none.
    while (steps.at(-1)?.from === from) steps.pop()
    if (steps.at(-1)?.code !== code) steps.push({ from, code })
  }
  steps.push({ from: infinityBits, code: encode(infinite(negative)) })
  steps.push({ from: infinityBits + 1, code: holdsNaN(format) ? encode(NAN) : 0 })
  return steps
}

/** Whether the format has a code for NaN; else it refuses one, and the step of NaN has code 0. */
export const holdsNaN = (format: ScalarFormat): boolean =>
  format.kind === 'posit' || (format.kind === 'float' && format.nan !== undefined)

const number = new Float32Array(1)
const word = new Uint32Array(number.buffer)

/** The smallest float32 magnitude at or (where `included` is false) above a number of at most 53 bits, none below zero. */
const firstPattern = ({ significand, exponent }: Dyadic, included: boolean): number => {
  if (bitLength(significand) > 53) throw new RangeError('a value of more than 52 bits has no place in tables')
  const power = floorLog2({ significand, exponent })
  if (significand === 0n) return included ? 0 : 1
  if (power < -150) return 1
  if (power > 127) return infinityBits
  const at = Number(significand) * 2 ** exponent
  number[0] = at
  const above = number[0] < at || (number[0] === at && !included)
  return word[0]! + (above ? 1 : 0)
}

/** A code and the magnitude from which it holds, undefined for the first; `included` says whether that one itself has it. */
interface Rung {
  readonly code: number
  readonly at: Dyadic | undefined
  readonly included: boolean
}

/** The codes of one sign by ascending magnitude; `beyond` is the code of what overflows. */
const rungsOf = (format: ScalarFormat, negative: boolean, beyond: number): readonly Rung[] => {
  if (format.kind === 'posit') return positRungs(format.bits, format.es, negative)
  if (format.kind === 'float') return floatRungs(format, negative, beyond)
  return levelRungs(format, negative)
}

const positRungs = (bits: number, es: number, negative: boolean): readonly Rung[] => {
  const finer = positFormat(bits + 1, es)
  const rungs: Rung[] = [{ code: 0, at: undefined, included: true }]
  for (let code = 1; code < 2 ** (bits - 1); code++) {
    // Ties are on the bit string, at the posit with one more bit, a one; but nothing above zero rounds to zero.
    const at = code === 1 ? finite(0n) : finiteOf(finer.decode(BigInt(2 * code - 1)))
    rungs.push({ code: negative ? 2 ** bits - code : code, at, included: code > 1 && code % 2 === 0 })
  }
  return rungs
}

const floatRungs = (format: FloatFormat, negative: boolean, beyond: number): readonly Rung[] => {
  const { signed, mantissaBits, lowest, special, bits } = format
  const sign = negative && signed ? 2 ** (bits - 1) : 0
  const hidden = 2 ** mantissaBits
  const numbers: { readonly code: number; readonly value: Finite }[] = []
  for (let code = 0; code < 2 ** (signed ? bits - 1 : bits); code++) {
    const value = format.decode(BigInt(code))
    if (value.kind !== 'finite') break
    if (lowest !== 'flush' || code === 0 || code >= hidden) numbers.push({ code, value })
  }
  const rungs: Rung[] = numbers.map(({ code, value }, k) => {
    const below = numbers[k - 1]
    if (!below) return { code: special === 'fnuz' ? 0 : sign + code, at: undefined, included: true }
    // Zero and the first number after a flush may both be even; zero has the tie.
    return { code: sign + code, at: middle(below.value, value), included: code % 2 === 0 && below.code % 2 === 1 }
  })
  const last = numbers.at(-1)!
  const half = finite(1n, floorLog2(last.value) - mantissaBits - 1)
  rungs.push({ code: beyond, at: addExact(last.value, half), included: last.code % 2 === 1 })
  if (!negative || signed) return rungs
  // Unsigned: of the negative numbers those that round to zero are zero, all others lie outside the limits.
  const first = lowest === 'normal' ? { at: finite(0n), included: false } : rungs[1]!
  return [rungs[0]!, { ...first, code: beyond }]
}

/** Integers and codebooks: levels on the whole line, from the one that 0 has away from it; the outermost ones saturate. */
const levelRungs = (format: IntegerFormat | CodebookFormat, negative: boolean): readonly Rung[] => {
  const levels = levelsOf(format)
  const tieAbove = (k: number): Dyadic => middle(levels[k]!.value, levels[k + 1]!.value)
  const tieGoesUp = (k: number): boolean =>
    format.ties === 'even' ? levels[k]!.value.significand % 2n !== 0n : format.ties === 'upper'
  const start = levels.findIndex((_, k) => {
    if (k === levels.length - 1) return true
    const tie = compareExact(tieAbove(k), finite(0n))
    return tie > 0 || (tie === 0 && !tieGoesUp(k))
  })
  const rungs: Rung[] = [{ code: levels[start]!.code, at: undefined, included: true }]
  if (negative)
    for (let k = start - 1; k >= 0; k--) {
      const { significand, exponent } = tieAbove(k)
      rungs.push({ code: levels[k]!.code, at: { significand: -significand, exponent }, included: !tieGoesUp(k) })
    }
  else
    for (let k = start; k < levels.length - 1; k++)
      rungs.push({ code: levels[k + 1]!.code, at: tieAbove(k), included: tieGoesUp(k) })
  return rungs
}

/** The distinct values in ascending order, each with its first code. */
const levelsOf = (format: ScalarFormat): readonly { readonly code: number; readonly value: Finite }[] =>
  Array.from({ length: 2 ** format.bits }, (_, code) => ({ code, value: finiteOf(format.decode(BigInt(code))) }))
    .toSorted((a, b) => compareExact(a.value, b.value) || a.code - b.code)
    .filter(({ value }, k, all) => k === 0 || compareExact(all[k - 1]!.value, value) !== 0)

const finiteOf = (value: Value): Finite => {
  if (value.kind !== 'finite') throw new Error('a code that stands for a number stands for none')
  return value
}

const middle = (a: Dyadic, b: Dyadic): Dyadic => {
  const { significand, exponent } = addExact(a, b)
  return { significand, exponent: exponent - 1 }
}
