import { type Assembly, type Call, many, type Value } from './assembly.ts'
import { exponential } from './exponential.ts'
import { acrossLanes } from './lanes.ts'
import { wordOf } from './matrix-rows.ts'
import { behindProduct, mostPackedRows, productScratchBytes } from './packed-product.ts'
import { firstMatrix, stepAddress, words } from './step.ts'

/** Logits of a piece: the same for any number of threads, since sums of exponentials are those of a piece. */
export const scoreRows = 5 * mostPackedRows

/** Bytes of a thread's own memory that a piece takes, by fours of columns and tokens. */
export const scoreScratchBytes = (columns: number, tokens: number): number =>
  productScratchBytes(columns) + 4 * scoreRows * tokens

/** What a piece leaves for each token: the largest logit, a float, and 8 bytes behind it the sum, a double. */
export const scoreBytes = 16

/** Fours of logits in a round: each with sums of its own, so that none waits for the one before. */
const foursTogether = 2

/** The largest of some logits, and the sum of e to each less it. Arguments: the first of them, how many, where to. */
const scoreOf = (asm: Assembly): Call => {
  const { define, i, v, set, locals, move, times, store } = asm
  return define(many(3, 'i32'), (logits, width, to) => {
    const [x, left, at] = locals(many(3, 'i32'))
    const [largest, value, kept, inside] = locals(many(4, 'v128'))
    const sums = Array.from({ length: foursTogether }, () => locals(many(2, 'v128')))
    const powers = Array.from({ length: foursTogether }, () => exponential(asm))
    /** Some fours at once, then the last ones, where `masked` leaves out what lies behind the end. */
    const eachFour = (body: (four: number, masked: (value: Value, otherwise: Value) => Value) => void): void => {
      set(x, logits)
      set(left, i.divide(width, 4 * foursTogether))
      set(at, i.mul(left, 4 * foursTogether))
      times(left, () => {
        for (let four = 0; four < foursTogether; four++) body(four, (value) => value)
        move(x, 16 * foursTogether)
      })
      set(left, i.shiftRight(i.add(i.sub(width, at), 3), 2))
      times(left, () => {
        set(inside, v.isLessInteger(v.addIntegers(v.splatInteger(at), v.words(0, 1, 2, 3)), v.splatInteger(width)))
        body(0, (value, otherwise) => v.select(value, otherwise, inside))
        move(x, 16)
        move(at, 4)
      })
    }
    set(largest, v.four(Number.NEGATIVE_INFINITY))
    eachFour((four, masked) => {
      const value = v.load('vector', x, 16 * four)
      set(largest, v.larger(largest, masked(value, v.four(Number.NEGATIVE_INFINITY))))
    })
    set(
      largest,
      acrossLanes(asm, largest, v.larger, (halves) => {
        set(kept, halves)
        return kept
      }),
    )
    for (const sum of sums.flat()) set(sum, v.zero)
    eachFour((four, masked) => {
      const power = powers[four]!(v.sub(v.load('vector', x, 16 * four), largest))
      set(value, masked(power, v.zero))
      const [low, high] = sums[four]!
      set(low, v.addDoubles(low, v.doubles(value)))
      set(high, v.addDoubles(high, v.doubles(v.shuffle(value, value, 2, 3, 0, 1))))
    })
    const [total] = sums[0]!
    for (const sum of sums.flat().slice(1)) set(total, v.addDoubles(total, sum))
    store('storeFloat', to, v.lane(largest, 0))
    store('storeDouble', to, i.doubleAdd(v.doubleLane(total, 0), v.doubleLane(total, 1)), 8)
  })
}

/**
 * A piece of the vocabulary for all tokens: its logits are made in the thread's own memory, and go no further than its cache. What is
 * left of them is `scoreBytes` a token, and the logit of a token's target where that is one of them. Arguments as of `productPiece`.
 */
export const scorePiece = (asm: Assembly, packed: Call): Call => {
  const { define, i, set, local, locals, move, times, when, repeat, load, store, choose } = asm
  const score = scoreOf(asm)
  const step = (name: keyof typeof words.score): Value => load('load', 0, stepAddress + 4 * words.score[name])
  return define(['i32', 'i32'], (piece, scratch) => {
    const matrix = local('i32')
    const [first, count, from, to, left, target, logits] = locals(many(7, 'i32'))
    const smaller = (a: Value, b: Value): Value => choose(i.less(a, b), a, b)
    set(matrix, stepAddress + 4 * firstMatrix)
    set(first, i.mul(piece, scoreRows))
    set(count, i.sub(wordOf(asm, matrix)('outputs'), first))
    set(count, smaller(count, scoreRows))
    set(logits, behindProduct(asm, scratch, step('fours')))
    set(from, 0)
    repeat(() => {
      set(to, smaller(i.add(from, mostPackedRows), count))
      asm.run(
        packed(
          ...[matrix, i.add(first, from), i.add(first, to)],
          ...[i.add(logits, i.shiftLeft(from, 2)), 4 * scoreRows, scratch],
        ),
      )
      set(from, to)
      return i.less(from, count)
    })
    set(from, 0)
    set(left, step('tokens'))
    set(to, i.add(step('y'), i.mul(i.mul(piece, left), scoreBytes)))
    times(left, () => {
      asm.run(score(logits, count, to))
      set(target, i.sub(load('load', i.add(step('targets'), from)), first))
      when(i.less(target, count), () => {
        store('store', i.add(step('found'), from), load('load', i.add(logits, i.shiftLeft(target, 2))))
      })
      move(logits, 4 * scoreRows)
      move(to, scoreBytes)
      move(from, 4)
    })
  })
}
