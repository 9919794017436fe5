import type { FloatFormat } from '../../formats/index.ts'
import type { Local } from '../../sim/wasm/writer.ts'
import { type Assembly, type Call, many, type Value } from '../cpu/assembly.ts'
import { moduleOfPieces } from '../cpu/kernels.ts'
import { firstOwn, placesOf, stepAddress } from '../cpu/step.ts'
import { type ElementWidth, elementsOf } from './elements.ts'
import { oddSum } from './odd-sum.ts'

/** Sums that are rounded in every step, in the order of the operands. */
export interface RoundedKernel {
  /** 32 where products are exact in float32 and sums are float32 without subnormals: then its own addition is the PE's. */
  readonly width: ElementWidth
  /** Format of the sum. */
  readonly sum: FloatFormat
  /** Products are rounded as well. */
  readonly roundsProducts: boolean
}

/** Tokens at once: each is a chain of additions. */
const tokensTogether = 4

/**
 * Words of a step: a piece is one vector of outputs, for all tokens. `weights` has a vector for each K, piece after piece; `x` a float for each K
 * of a token; sums go to `y`, tokens x groups x outputs.
 */
export const roundedWords = placesOf(
  firstOwn,
  ...(['x', 'xStride', 'tokens', 'weights', 'inputs', 'group', 'y', 'yStride', 'groupStride'] as const),
)

/** A double rounded to the nearest value of a format, ties to even; `kept` and `size` are for its use. */
const rounded = (
  asm: Assembly,
  { exponentBits, mantissaBits, bias, lowest, max }: FloatFormat,
  value: Local,
  [kept, size]: readonly [Local, Local],
): void => {
  const { v, set } = asm
  const sign = v.twoLongs(-(1n << 63n))
  const smallest = 2 ** (1 - bias)
  if (lowest === 'flush') {
    // Below the smallest normal number there is only zero, to which a tie goes.
    set(size, v.magnitudeOfDoubles(value))
    set(kept, v.and(v.twoDoubles(smallest), v.isMoreDouble(size, v.twoDoubles(smallest / 2))))
    set(kept, v.or(kept, v.and(value, sign)))
    set(value, v.select(kept, value, v.isMoreDouble(v.twoDoubles(smallest), size)))
  }
  if (exponentBits === 8 && mantissaBits === 23) {
    set(value, v.doubles(v.doublesToFloats(value)))
    return
  }
  // Adding a number whose last place is the format's, and taking it away, rounds.
  const largest = Number(max.significand) * 2 ** max.exponent
  set(size, v.and(value, v.twoLongs(0x7ffn << 52n)))
  set(kept, v.mulDoubles(v.largerDoubles(size, v.twoDoubles(smallest)), v.twoDoubles(1.5 * 2 ** (52 - mantissaBits))))
  set(kept, v.or(v.subDoubles(v.addDoubles(value, kept), kept), v.and(value, sign)))
  const infinity = v.twoDoubles(Number.POSITIVE_INFINITY)
  const beyond = v.isMoreDouble(v.magnitudeOfDoubles(kept), v.twoDoubles(largest))
  set(kept, v.select(v.or(infinity, v.and(value, sign)), kept, beyond))
  set(value, v.select(value, kept, v.isEqualDouble(size, infinity)))
}

/** A group of `tokens` tokens with a vector of outputs. Arguments: weights, activations, bytes to the next token's, numbers, sums, bytes to the next. */
const groupBlock = (asm: Assembly, { width, sum: format, roundsProducts }: RoundedKernel, tokens: number): Call => {
  const { define, i, v, set, local, locals, move, times } = asm
  const e = elementsOf(asm, width)
  return define(many(6, 'i32'), (weights, x, xStride, count, y, yStride) => {
    const vectors = Array.from({ length: tokens }, () => local('i32'))
    const sums = vectors.map(() => local('v128'))
    const [weight, product] = locals(many(2, 'v128'))
    const own = locals(['v128', 'v128'])
    vectors.forEach((vector, at) => {
      set(vector, at === 0 ? x : i.add(vectors[at - 1]!, xStride))
    })
    for (const sum of sums) set(sum, v.zero)
    times(count, () => {
      set(weight, v.load('vector', weights))
      sums.forEach((sum, at) => {
        const exact: Value = e.mul(e.splat(vectors[at]!), weight)
        if (width === 32) set(sum, e.add(sum, exact))
        else {
          set(product, exact)
          if (roundsProducts) rounded(asm, format, product, own)
          set(sum, oddSum(asm, sum, product))
          rounded(asm, format, sum, own)
        }
      })
      move(weights, 16)
      for (const vector of vectors) move(vector, e.bytes)
    })
    for (const sum of sums) {
      v.store(y, sum)
      move(y, yStride)
    }
  })
}

const roundedPiece =
  (kernel: RoundedKernel) =>
  (asm: Assembly): Call => {
    const { define, i, set, locals, move, when, times, repeat, load, choose } = asm
    const blocks = Array.from({ length: tokensTogether }, (_, at) => groupBlock(asm, kernel, at + 1))
    const e = elementsOf(asm, kernel.width)
    const step = (name: keyof typeof roundedWords): Value => load('load', 0, stepAddress + 4 * roundedWords[name])
    return define(['i32', 'i32'], (piece, _scratch) => {
      const [weights, x, y, left, count] = locals(many(5, 'i32'))
      const [at, to, fours] = locals(many(3, 'i32'))
      set(weights, i.add(step('weights'), i.mul(piece, i.shiftLeft(step('inputs'), 4))))
      set(x, step('x'))
      set(y, i.add(step('y'), i.shiftLeft(piece, 4)))
      set(left, step('inputs'))
      repeat(() => {
        set(count, choose(i.less(left, step('group')), left, step('group')))
        set(at, x)
        set(to, y)
        const run = (tokens: number): void => {
          asm.run(blocks[tokens - 1]!(weights, at, step('xStride'), count, to, step('yStride')))
          move(at, i.mul(step('xStride'), tokens))
          move(to, i.mul(step('yStride'), tokens))
        }
        set(fours, i.divide(step('tokens'), tokensTogether))
        times(fours, () => run(tokensTogether))
        for (let rest = 1; rest < tokensTogether; rest++)
          when(i.equal(i.remainder(step('tokens'), tokensTogether), rest), () => run(rest))
        move(x, i.mul(count, e.bytes))
        move(weights, i.shiftLeft(count, 4))
        move(y, step('groupStride'))
        move(left, i.sub(0, count))
        return left
      })
    })
  }

/** The module of a PE's rounded sums. */
export const roundedModule = (kernel: RoundedKernel): Uint8Array<ArrayBuffer> => moduleOfPieces(roundedPiece(kernel))
