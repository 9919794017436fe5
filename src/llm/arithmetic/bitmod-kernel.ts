import { type Arithmetic, lowestBit } from '../../pe/bitmod/golden.ts'
import type { WeightType } from '../../pe/bitmod/terms.ts'
import type { Local } from '../../sim/wasm/writer.ts'
import { type Assembly, type Call, many, type Value } from '../cpu/assembly.ts'
import { moduleOfPieces } from '../cpu/kernels.ts'
import { firstOwn, placesOf, stepAddress } from '../cpu/step.ts'
import { type ElementWidth, elementsOf } from './elements.ts'
import { oddSum } from './odd-sum.ts'

/**
 * BitMoD's group sums over vectors of outputs, each lane one PE. Everything that the PE has is an integer below 2^24 or 2^53 times a power of two,
 * so floats hold it exactly: a shift to the right is a product with a power of two and `floor` or `truncate`, and an exponent is
 * kept as its power, of which one divides another by subtracting their bits.
 */
export interface BitmodKernel {
  readonly arithmetic: Arithmetic
  readonly type: WeightType
}

/** Tokens that go through a group at once: each is a chain of operations, which hide each other's latency. */
const tokensTogether = 2

/** Bits of the largest sum of a cycle's products, its sign left out. */
const dotBits = ({ arithmetic: p, type }: BitmodKernel): number =>
  11 +
  p.guard +
  Math.ceil(Math.log2(p.lanes)) +
  (p.alignment === 'activations' ? 3 : 0) +
  (p.significance === 'shift' ? (type.cycles - 1) * type.significanceStep : 0)

/** Floats that hold every sum exactly; results are added up with one rounding in either. */
export const elementWidthOf = (kernel: BitmodKernel): ElementWidth =>
  Math.max(dotBits(kernel), kernel.arithmetic.magnitude) + 1 <= 24 && kernel.arithmetic.magnitude + 8 <= 24 ? 32 : 64

/**
 * Words of a step: a piece is one vector of outputs, for all tokens. `x` has for each token, group and step the activations of all lanes, then
 * the powers of two of their exponents; `codes` outputs x inputs; `selectors` and `scales` outputs x groups, a byte each; `terms`
 * by selector, cycle and code what floats a code adds; results go to `y` as float32, tokens x outputs.
 */
export const bitmodWords = placesOf(
  firstOwn,
  ...(['x', 'xStride', 'tokens', 'codes', 'inputs', 'group', 'selectors', 'scales', 'groups', 'terms'] as const),
  ...(['y', 'yStride'] as const),
)

/** Bytes of a thread's own memory: the terms of a group, then its scales. */
export const bitmodScratchBytes = ({ arithmetic, type }: BitmodKernel, group: number): number =>
  16 * (type.cycles * arithmetic.lanes * Math.ceil(group / arithmetic.lanes) + 1)

/** Power of two at which activations lie, so that products are integers in units of the smallest. */
export const activationScale = ({ guard, alignment }: Arithmetic): number => (alignment === 'terms' ? 2 ** guard : 1)

/** A group of `tokens` tokens with a vector of outputs. Arguments: terms, activations, bytes to the next token's, steps, scales, results, bytes to the next. */
const groupBlock = (asm: Assembly, kernel: BitmodKernel, tokens: number): Call => {
  const { define, i, v, set, local, locals, move, times } = asm
  const { arithmetic: p, type } = kernel
  const e = elementsOf(asm, elementWidthOf(kernel))
  const field = (power: number): bigint => BigInt(power) << BigInt(e.mantissaBits)
  const [one, inverse] = [e.bits(field(e.bias)), e.bits(field(2 * e.bias))]
  const exponentMask = e.bits(field(2 ** (e.width - 1 - e.mantissaBits) - 1))
  const magnitudeMask = e.bits((1n << BigInt(e.width - 1)) - 1n)
  /** Largest power of two that a sum may have. */
  const top = e.bits(field(e.bias + p.magnitude - 1))
  const overTop = e.bits(field(2 * e.bias + p.magnitude - 1))
  return define(many(7, 'i32'), (terms, x, xStride, steps, scales, y, yStride) => {
    const vectors = Array.from({ length: tokens }, () => local('i32'))
    const sums = vectors.map(() => ({ mantissa: local('v128'), power: local('v128') }))
    const term = Array.from({ length: p.lanes }, () => local('v128'))
    const [largest, dot, common, over] = locals(many(4, 'v128'))
    vectors.forEach((vector, at) => {
      set(vector, at === 0 ? x : i.add(vectors[at - 1]!, xStride))
    })
    for (const { mantissa, power } of sums) {
      set(mantissa, v.zero)
      set(power, one)
    }
    const reduced = (values: readonly Value[], together: (a: Value, b: Value) => Value): Value =>
      values.reduce((a, b) => together(a, b))
    const addCycle = (vector: Local, sum: (typeof sums)[number], cycle: number): void => {
      const activation = (lane: number): Value => e.splat(vector, e.bytes * lane)
      const power = (lane: number): Value => e.splat(vector, e.bytes * (p.lanes + lane))
      const significance = 2 ** (cycle * type.significanceStep)
      if (p.alignment === 'terms') {
        // The largest exponent of the products that are there, and these shifted under it.
        set(
          largest,
          reduced(
            term.map((of, lane) => e.mul(v.and(of, magnitudeMask), power(lane))),
            e.larger,
          ),
        )
        set(over, e.subBits(inverse, largest))
        set(
          dot,
          reduced(
            term.map((of, lane) => e.truncate(e.mul(e.mul(activation(lane), of), over))),
            e.add,
          ),
        )
      } else {
        set(over, reduced(term, v.or))
        set(largest, v.and(power(0), e.isUnequal(over, v.zero)))
        set(
          dot,
          reduced(
            term.map((of, lane) => e.mul(activation(lane), of)),
            e.add,
          ),
        )
      }
      if (significance > 1) {
        const target = p.significance === 'shift' ? dot : largest
        set(target, e.mul(target, e.all(significance)))
      }
      // Both under the larger exponent.
      set(common, e.larger(sum.power, largest))
      set(largest, e.mul(largest, e.subBits(inverse, common)))
      set(
        dot,
        e.add(e.floor(e.mul(sum.mantissa, e.addBits(e.subBits(sum.power, common), one))), e.floor(e.mul(dot, largest))),
      )
      // The power of two in the sum, of a negative one in its complement, says how far it is beyond.
      set(over, e.larger(v.and(e.larger(dot, e.sub(e.all(-1), dot)), exponentMask), top))
      set(sum.mantissa, e.floor(e.mul(dot, e.subBits(overTop, over))))
      set(sum.power, e.subBits(e.addBits(common, over), top))
    }
    times(steps, () => {
      for (let cycle = 0; cycle < type.cycles; cycle++) {
        term.forEach((of, lane) => {
          set(of, v.load('vector', terms, 16 * (cycle * p.lanes + lane)))
        })
        vectors.forEach((vector, at) => {
          addCycle(vector, sums[at]!, cycle)
        })
      }
      move(terms, 16 * p.lanes * type.cycles)
      for (const vector of vectors) move(vector, 2 * p.lanes * e.bytes)
    })
    sums.forEach(({ mantissa, power }) => {
      set(dot, e.mul(e.mul(mantissa, power), v.load('vector', scales)))
      if (e.width === 32) v.store(y, v.add(v.load('vector', y), dot))
      else {
        set(largest, v.doubles(v.load('half', y)))
        v.storeHalf(y, v.doublesToFloats(oddSum(asm, largest, dot)))
      }
      move(y, yStride)
    })
  })
}

const bitmodPiece =
  (kernel: BitmodKernel) =>
  (asm: Assembly): Call => {
    const { define, i, v, set, locals, move, when, times, load, choose, store } = asm
    const { arithmetic: p, type } = kernel
    const blocks = Array.from({ length: tokensTogether }, (_, at) => groupBlock(asm, kernel, at + 1))
    const e = elementsOf(asm, elementWidthOf(kernel))
    const step = (name: keyof typeof bitmodWords): Value => load('load', 0, stepAddress + 4 * bitmodWords[name])
    const codeBits = type.bits
    const [loadFloat, storeFloat] =
      e.width === 32 ? (['loadFloat', 'storeFloat'] as const) : (['loadDouble', 'storeDouble'] as const)
    const shift = e.width === 32 ? 2 : 3

    /** The terms of `count` codes of one output, `terms` those of its selector, to every 16th byte or so. Arguments: codes, count, table, to. */
    const decode = define(many(4, 'i32'), (codes, count, table, to) => {
      const [lane, code] = locals(many(2, 'i32'))
      set(lane, p.lanes)
      times(count, () => {
        set(code, i.add(table, i.shiftLeft(load('loadByte', codes), shift)))
        for (let cycle = 0; cycle < type.cycles; cycle++)
          store(storeFloat, to, load(loadFloat, code, e.bytes * cycle * 2 ** codeBits), 16 * cycle * p.lanes)
        move(codes, 1)
        move(to, 16)
        move(lane, -1)
        when(i.isZero(lane), () => {
          set(lane, p.lanes)
          move(to, 16 * p.lanes * (type.cycles - 1))
        })
      })
    })

    return define(['i32', 'i32'], (piece, scratch) => {
      const [first, group, left, count, steps, x, y] = locals(many(7, 'i32'))
      const [at, terms, pairs, clear, tableBytes] = locals(many(5, 'i32'))
      set(first, i.mul(piece, e.count))
      set(group, 0)
      set(left, step('inputs'))
      set(x, step('x'))
      set(terms, i.add(scratch, 16))
      set(tableBytes, e.bytes * type.cycles * 2 ** codeBits)
      const groups = step('groups')
      asm.repeat(() => {
        set(count, choose(i.less(left, step('group')), left, step('group')))
        set(steps, i.divide(i.add(count, p.lanes - 1), p.lanes))
        // What lacks in the last step stays 0.
        set(clear, i.add(terms, i.mul(i.sub(steps, 1), 16 * p.lanes * type.cycles)))
        for (let k = 0; k < p.lanes * type.cycles; k++) v.store(clear, v.zero, 16 * k)
        for (let row = 0; row < e.count; row++) {
          set(at, i.add(i.mul(i.add(first, row), groups), group))
          asm.run(
            decode(
              i.add(step('codes'), i.add(i.mul(i.add(first, row), step('inputs')), i.mul(group, step('group')))),
              count,
              i.add(step('terms'), i.mul(load('loadByte', i.add(step('selectors'), at)), tableBytes)),
              i.add(terms, e.bytes * row),
            ),
          )
          const scale = load('loadByte', i.add(step('scales'), at))
          if (e.width === 32) store('storeFloat', scratch, i.floatOfInteger(scale), 4 * row)
          else store('storeDouble', scratch, i.doubleOfInteger(scale), 8 * row)
        }
        v.store(scratch, e.mul(v.load('vector', scratch), e.all(2 ** lowestBit(p, type))))
        set(at, x)
        set(y, i.add(step('y'), i.shiftLeft(first, 2)))
        const run = (tokens: number): void => {
          asm.run(blocks[tokens - 1]!(terms, at, step('xStride'), steps, scratch, y, step('yStride')))
          move(at, i.mul(step('xStride'), tokens))
          move(y, i.mul(step('yStride'), tokens))
        }
        set(pairs, i.divide(step('tokens'), tokensTogether))
        times(pairs, () => run(tokensTogether))
        for (let rest = 1; rest < tokensTogether; rest++)
          when(i.equal(i.remainder(step('tokens'), tokensTogether), rest), () => run(rest))
        move(x, i.mul(steps, 2 * p.lanes * e.bytes))
        move(left, i.sub(0, count))
        move(group, 1)
        return left
      })
    })
  }

/** The module of a PE's group sums. */
export const bitmodModule = (kernel: BitmodKernel): Uint8Array<ArrayBuffer> => moduleOfPieces(bitmodPiece(kernel))
