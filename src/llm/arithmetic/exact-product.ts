import type { ProcessingElement } from '../../pe/family.ts'
import { digitBits, digitsOf, largestDigit, writeDigits } from './digits.ts'
import type { ExactArithmetic, ExactOperand, ReadOut } from './exact.ts'
import type { SumMachine } from './exact-sums.ts'
import { layoutOf, type RowLayout } from './layout.ts'
import { groupsOf, type HardwareArithmetic, type HardwareWeights, writeWords } from './product.ts'

/** Most results that are made at once, so that sums of a long text take little memory. */
const mostAtOnce = 2 ** 21

/** Bits of a double's integers, one of them to spare. */
const doubleBits = 52

/**
 * Exact sums by a machine that adds up products of digits: the sums of digits i and j count `2^(12 (i + j))`. Groups with a code that stands
 * for no number, an infinity, NaN or NaR, are left to the golden model.
 */
export const exactProducts = (
  pe: ProcessingElement,
  { activation, weight, parts, readOut }: ExactArithmetic,
  machine: SumMachine,
): HardwareArithmetic => {
  const words = Math.ceil(pe.operands.result.width / 32)
  const digits = { activation: digitsOf(activation.largest), weight: digitsOf(weight.largest) }
  const places = digits.activation + digits.weight - 1
  const product = largestDigit(activation.largest) * largestDigit(weight.largest)
  const segment = Math.floor((2 ** 31 - 1) / product)
  return {
    words,
    load: (weights) => {
      const { outputs, inputs, group } = weights
      const groups = groupsOf(weights)
      const layout = layoutOf({ inputs, group, parts, longest: segment })
      const wide = Math.log2(activation.largest) + Math.log2(weight.largest) + Math.log2(group) > doubleBits
      const taken = withoutZeros(weights)
      checkLength(taken, outputs, inputs)
      const ofRows = decoded(weight, { ...weights, codes: taken }, { first: 0, rows: outputs }, layout, digits.weight)
      const loaded = machine.load({ count: outputs, layout, planes: ofRows.planes })
      const { padded } = loaded
      const { segments } = layout
      const perToken = outputs * groups

      /** Tokens `first` to before `first + tokens`, whose results go to their places. */
      const run = async (
        activations: ArrayLike<number>,
        [first, tokens]: readonly [number, number],
        results: Int32Array,
      ): Promise<void> => {
        const rows = { first, rows: tokens }
        const x = decoded(activation, { inputs, group, codes: activations }, rows, layout, digits.activation)
        const made = loaded.multiply(x.planes, tokens)
        /** Adds sums of all segments to those of their results, `parts` beside one another. */
        const addSums = (sums: Int32Array, to: Int32Array | Float64Array, base: number): void => {
          for (let token = 0; token < tokens; token++)
            segments.forEach(({ group: index, part }, at) => {
              const from = (token * segments.length + at) * padded
              let place = base + (token * perToken + index) * parts + part
              for (let row = 0; row < outputs; row++, place += groups * parts) to[place]! += sums[from + row]!
            })
        }
        if (readOut.kind === 'integer' && places === 1 && words === 1) {
          addSums(await made.sums(0, 0), results, first * perToken)
          return
        }
        /** By place, then by result and part. */
        const totals = Array.from({ length: places }, () => new Float64Array(tokens * perToken * parts))
        for (let i = 0; i < digits.activation; i++)
          for (let j = 0; j < digits.weight; j++) addSums(await made.sums(i, j), totals[i + j]!, 0)
        const write = writerOf(readOut, { wide, parts, words }, totals, results)
        for (let token = 0; token < tokens; token++)
          for (let row = 0; row < outputs; row++)
            for (let index = 0; index < groups; index++) {
              const at = token * perToken + row * groups + index
              const to = words * (first * perToken + at)
              const unit = x.units[token * groups + index]! + ofRows.units[row * groups + index]!
              if (!Number.isNaN(unit)) write(at, unit, to)
              else {
                const [from, end] = [index * group, Math.min(inputs, (index + 1) * group)]
                const codesOf = (codes: ArrayLike<number>, line: number): number[] =>
                  Array.from({ length: end - from }, (_, k) => codes[line * inputs + from + k]!)
                const golden = pe.golden(codesOf(activations, first + token), codesOf(taken, row), 0)
                writeWords(golden, words, results, to)
              }
            }
      }
      const atOnce = Math.max(1, Math.floor(mostAtOnce / (perToken * parts)))
      return {
        groups,
        run: async (activations, tokens) => {
          const results = new Int32Array(tokens * perToken * words)
          checkLength(activations, tokens, inputs)
          for (let token = 0; token < tokens; token += atOnce)
            await run(activations, [token, Math.min(atOnce, tokens - token)], results)
          return results
        },
      }
    },
    close: machine.close,
  }
}

/** Writes a result, number `at` of the totals, whose unit is a power of two, to `to`. */
const writerOf = (
  readOut: ReadOut,
  { wide, parts, words }: { readonly wide: boolean; readonly parts: number; readonly words: number },
  totals: readonly Float64Array[],
  results: Int32Array,
): ((at: number, unit: number, to: number) => void) => {
  const wholeOf = (at: number): bigint =>
    totals.reduce((sum, total, place) => sum + (BigInt(total[at]!) << BigInt(place * digitBits)), 0n)
  const numberOf = (at: number): number => {
    let sum = 0
    for (let place = 0; place < totals.length; place++) sum += totals[place]![at]! * 2 ** (place * digitBits)
    return sum
  }
  switch (readOut.kind) {
    case 'integer':
      return wide
        ? (at, _, to) => writeWords(wholeOf(at), words, results, to)
        : (at, _, to) => {
            const sum = numberOf(at)
            results[to] = sum
            if (words > 1) results[to + 1] = Math.floor(sum / 2 ** 32)
          }
    case 'code': {
      const { codeOf, quireBits } = readOut
      const limit = 2 ** (quireBits - 1)
      return wide
        ? (at, unit, to) => {
            const sum = wholeOf(at)
            const fits = BigInt.asIntN(quireBits, sum) === sum
            results[to] = codeOf(oddDouble(sum) * 2 ** unit, fits)
          }
        : (at, unit, to) => {
            const sum = numberOf(at)
            results[to] = codeOf(sum * 2 ** unit, sum >= -limit && sum < limit)
          }
    }
    case 'word':
      return (at, _, to) => {
        const sums = Array.from({ length: parts }, (_part, part) => wholeOf(at * parts + part))
        writeWords(readOut.wordOf(sums), words, results, to)
      }
  }
}

const checkLength = (codes: ArrayLike<number>, rows: number, inputs: number): void => {
  if (codes.length !== rows * inputs) throw new RangeError(`${codes.length} codes are no ${rows} x ${inputs} matrix`)
}

/** Weights less their zero points. */
const withoutZeros = (weights: HardwareWeights): ArrayLike<number> => {
  const { outputs, inputs, group, codes, zeros } = weights
  if (!zeros) return codes
  const groups = groupsOf(weights)
  const result = new Int16Array(outputs * inputs)
  for (let row = 0; row < outputs; row++)
    for (let k = 0; k < inputs; k++)
      result[row * inputs + k] = codes[row * inputs + k]! - zeros[row * groups + Math.floor(k / group)]!
  return result
}

/** Digits of rows of codes, from row `first` on, where the layout has them, and for each group of each row what its integers count. */
const decoded = (
  operand: ExactOperand,
  { inputs, group, codes }: Pick<HardwareWeights, 'inputs' | 'group' | 'codes'>,
  { first, rows }: { readonly first: number; readonly rows: number },
  { width, places }: RowLayout,
  digits: number,
): { readonly planes: readonly Int16Array[]; readonly units: Float64Array } => {
  const groups = Math.ceil(inputs / group)
  const planes = Array.from({ length: digits }, () => new Int16Array(rows * width))
  const units = new Float64Array(rows * groups)
  const integers = new Float64Array(inputs)
  for (let row = 0; row < rows; row++) {
    const base = (first + row) * inputs
    for (let index = 0; index < groups; index++) {
      const [from, to] = [index * group, Math.min((index + 1) * group, inputs)]
      units[row * groups + index] = operand.integers(codes, base, [from, to], integers)
    }
    for (let k = 0; k < inputs; k++) {
      const integer = integers[k]!
      const at = row * width + places[k]!
      if (digits === 1) planes[0]![at] = integer
      else writeDigits(integer, planes, at)
    }
  }
  return { planes, units }
}

/** The integer as a double, its lowest bit set where that lost anything: so rounding once more is rounding once. */
const oddDouble = (integer: bigint): number => {
  const magnitude = integer < 0n ? -integer : integer
  const places = magnitude.toString(2).length - 53
  if (places <= 0) return Number(integer)
  const kept = magnitude >> BigInt(places)
  const odd = kept << BigInt(places) === magnitude ? kept : kept | 1n
  return Number(integer < 0n ? -odd : odd) * 2 ** places
}
