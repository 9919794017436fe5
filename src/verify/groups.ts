import type { Range } from '../dsl/ir.ts'
import { compareExact, finite, type ScalarFormat } from '../formats/index.ts'
import type { Lanes, Operands, ProcessingElement } from '../pe/family.ts'
import type { Group } from '../pe/group.ts'
import { unpackLanes } from '../pe/lanes.ts'
import { randomWords } from '../sim/stimulus.ts'

/** Longer groups are not run at random; what fills their accumulators has tests of its own. */
const longestGroup = 4096

/** More combinations than this are not run one by one. */
const mostCombinations = 2 ** 17

/** Numbers of steps with the largest products either way. */
type Extremes = readonly (readonly number[])[]

const span = ({ min, max }: Range): number => Number(max - min) + 1

const zerosOf = ({ zero }: Operands): Range => zero ?? { min: 0n, max: 0n }

const everyZero = (operands: Operands): boolean =>
  span(operands.activation) * span(operands.weight) * span(zerosOf(operands)) <= mostCombinations

/**
 * Groups of one, every pair of an activation and a weight (with every zero point, if that is still few); where packed words are
 * too many for that, every pair of numbers in each lane; 0 where those are too many as well.
 */
export const combinationCount = (operands: Operands): number => {
  const pairs = span(operands.activation) * span(operands.weight)
  if (pairs <= mostCombinations) return pairs * (everyZero(operands) ? span(zerosOf(operands)) : 1)
  const { lanes } = operands
  const inLanes = lanes ? lanes.count * span(lanes.activation) * span(lanes.weight) : 0
  return inLanes <= mostCombinations ? inLanes : 0
}

export function* everyCombination(operands: Operands): Generator<Group> {
  const { activation, weight, lanes } = operands
  if (lanes && span(activation) * span(weight) > mostCombinations) {
    yield* everyCombinationInLanes(lanes)
    return
  }
  const zero = zerosOf(operands)
  const every = everyZero(operands)
  const numbersOf = (word: number, lane: Lanes['activation'] | undefined): readonly number[] =>
    lanes && lane ? unpackLanes(word, lane, lanes.count) : [word]
  let count = 0
  for (let z = Number(zero.min); z <= (every ? Number(zero.max) : Number(zero.min)); z++)
    for (let w = Number(weight.min); w <= Number(weight.max); w++)
      for (let x = Number(activation.min); x <= Number(activation.max); x++)
        yield {
          activations: numbersOf(x, lanes?.activation),
          weights: numbersOf(w, lanes?.weight),
          zero: every ? z : Number(zero.min) + (((x * 31 + w * 7) & 255) % span(zero)),
          // An odd factor: every scale has its turn.
          ...(operands.scale ? { scale: (count++ * 40503) % 2 ** operands.scale.bits } : {}),
          idle: 0,
        }
}

/** Each lane in turn has every pair of numbers, and the others zeros. */
function* everyCombinationInLanes({ count, activation, weight }: Lanes): Generator<Group> {
  for (let lane = 0; lane < count; lane++)
    for (let w = Number(weight.min); w <= Number(weight.max); w++)
      for (let x = Number(activation.min); x <= Number(activation.max); x++) {
        const alone = (value: number): number[] => Array.from({ length: count }, (_, k) => (k === lane ? value : 0))
        yield {
          activations: alone(x),
          weights: alone(w),
          zero: 0,
          idle: 0,
        }
      }
}

/** Operand pairs that fit an accumulator whatever they are, where it alone sets a limit; 256 at most. */
const fittingPairs = ({ activation, weight, result, codes, lanes }: Operands): number => {
  if (codes || lanes) return 256
  const { min, max } = activation.times(weight)
  const largest = max > -min ? max : -min
  return Math.max(1, Math.min(256, Number(result.max / largest)))
}

/**
 * Random groups of random length with random idle cycles. One in eight holds extremes throughout, so that a register one bit
 * too narrow overflows. Codes of a format are mostly those of numbers whose sum of products stays finite, since a group
 * that meets one NaN tells nothing of its other terms; one group in eight takes any code. Where the PE applies scales, groups
 * come as outputs of 1 to 5, one output in eight with scales of any code and the others with finite ones.
 */
export function* randomGroups(pe: ProcessingElement, count: number, seed: number): Generator<Group> {
  const random = randomWords(seed)
  const below = (limit: number): number => Math.floor((random() / 2 ** 32) * limit)
  const { zero, scale, codes, extremes, lanes } = pe.operands
  const { activation, weight } = lanes ?? pe.operands
  const longest = Math.min(pe.operands.group ?? fittingPairs(pe.operands), longestGroup)
  const within = ({ min, max }: Range): number => Number(min) + below(Number(max - min) + 1)
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!
  /** The numbers of so many steps, each step's from one call. */
  const steps = (length: number, step: () => readonly number[]): readonly number[] =>
    Array.from({ length }, step).flat()
  const each = (number: () => number) => (): readonly number[] => Array.from({ length: lanes?.count ?? 1 }, number)
  const edge = ({ min, max }: Range): number => Number(below(2) ? min : max)
  const moderate = codes?.result && {
    activation: moderateCodes(codes.activation, codes.result, longest),
    weight: codes.weight && moderateCodes(codes.weight, codes.result, longest),
  }
  const finiteScales = scale ? finiteCodes(scale) : []
  let [groupsLeft, anyScale] = [0, false]
  const nextScale = ({ bits }: ScalarFormat): number => {
    if (groupsLeft === 0) {
      groupsLeft = 1 + below(5)
      anyScale = below(8) === 0
    }
    groupsLeft--
    return anyScale ? below(2 ** bits) : one(finiteScales)
  }
  for (let k = 0; k < count; k++) {
    // Few terms of formats as narrow as lanes are add up to more than the largest number.
    const most = codes && lanes && below(2) === 0 ? 16 : longest
    const length = below(4) === 0 ? most : 1 + below(most)
    const extreme = below(8) === 0
    const usual = moderate && below(8) > 0 ? moderate : undefined
    const largest = (steps: Extremes | undefined, format: ScalarFormat | undefined, shape: Range): readonly number[] =>
      steps ? one(steps) : each(() => (format ? one(extremeCodes(format)) : edge(shape)))()
    const x = largest(extremes?.activations, codes?.activation, activation)
    const w = largest(extremes?.weights, codes?.weight, weight)
    const usualWeights = usual?.weight
    yield {
      activations: steps(length, extreme ? () => x : each(() => (usual ? one(usual.activation) : within(activation)))),
      weights: steps(length, extreme ? () => w : each(() => (usualWeights ? one(usualWeights) : within(weight)))),
      zero: zero ? (extreme ? edge(zero) : within(zero)) : 0,
      ...(scale ? { scale: nextScale(scale), continues: groupsLeft > 0 && k < count - 1 } : {}),
      idle: below(3) === 0 ? below(9) : 0,
    }
  }
}

/** Largest, smallest and lowest number. */
const extremeCodes = ({ encode, max, min, smallest }: ScalarFormat): readonly number[] =>
  [max, min, smallest].map((value) => Number(encode(value)))

const finiteCodes = (format: ScalarFormat): readonly number[] =>
  Array.from({ length: 2 ** format.bits }, (_, code) => code).filter(
    (code) => format.decode(BigInt(code)).kind === 'finite',
  )

/**
 * Codes of numbers of which `terms` products add up to less than the result's largest number. Posits do not become infinite:
 * for them it is enough that sums of both signs seldom reach it, so that most numbers take part.
 */
const moderateCodes = (format: ScalarFormat, result: ScalarFormat, terms: number): readonly number[] => {
  const { significand, exponent } = result.max
  const top = significand.toString(2).length + exponent - 1
  const growth = Math.ceil(Math.log2(terms))
  const limit =
    result.kind === 'posit'
      ? finite(1n, Math.floor((top - growth / 2) / 2))
      : finite(1n, Math.floor((top - growth) / 2) - 1)
  const finiteOnes = finiteCodes(format)
  const moderate = finiteOnes.filter((code) => {
    const value = format.decode(BigInt(code))
    if (value.kind !== 'finite') return false
    return compareExact(value, limit) <= 0 && compareExact(value, finite(-limit.significand, limit.exponent)) >= 0
  })
  // A format as narrow as FP4 has no number that small but 0.
  return moderate.length > 2 ? moderate : finiteOnes
}
