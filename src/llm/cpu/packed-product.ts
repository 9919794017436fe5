import { type Assembly, type Call, many, type Value } from './assembly.ts'
import { matrixRows, rowsFound, wordOf } from './matrix-rows.ts'
import { stepAddress, words } from './step.ts'

/**
 * Products of several tokens: eight rows of weights lie side by side, one vector for four rows, and are multiplied with one number of a
 * token at a time, so that nothing is added up across a vector. Columns 0, 4, 8, ... come first, then 1, 5, 9, ... and so on, each with
 * sums of its own, because that is the order of sums (`product.ts`).
 */

/** Rows and tokens that are multiplied at once: their ten sums and four operands stay in the registers of x86, 15 of which V8 uses. */
const rowsTogether = 8
export const tokensTogether = 5
const fours = rowsTogether / 4
/** Columns that have sums of their own. */
const lanes = 4

/** Most rows that are packed at once: few enough that threads end together. */
export const mostPackedRows = 48

/** Bytes of the sums of a block. */
const blockBytes = 16 * lanes * fours * tokensTogether
/** Bytes of eight packed rows for each four of columns. */
const packedBytes = 16 * rowsTogether
/** Bytes of a thread's own memory that a product takes for each four of columns: a few decoded rows, then packed ones. */
const bytesOfFour = 16 * rowsFound + (mostPackedRows / rowsTogether) * packedBytes

/** Bytes of a thread's own memory that a product takes, by fours of columns. */
export const productScratchBytes = (columns: number): number => blockBytes + bytesOfFour * columns
/** Where they end. */
export const behindProduct = ({ i }: Assembly, scratch: Value, columns: Value): Value =>
  i.add(scratch, i.add(blockBytes, i.mul(columns, bytesOfFour)))

/** Rows whose results fill a line of the cache, which two threads then do not write in turn. */
const lineRows = 16
/** Rows for a piece of many tokens, about `rows`. */
export const packedRows = (rows: number): number =>
  Math.min(mostPackedRows, lineRows * Math.max(1, Math.floor(rows / lineRows)))

/** Five tokens side by side; the last ones of a batch, if they are fewer, too. A piece is such a block. */
export const interleavePiece = (asm: Assembly): Call => {
  const { define, i, v, set, local, locals, move, times, load, choose } = asm
  const step = (name: keyof typeof words.interleave): Value => load('load', 0, stepAddress + 4 * words.interleave[name])
  return define(['i32'], (piece) => {
    const [from, first, tokens, left, columns, between] = locals(many(6, 'i32'))
    const to = locals(many(lanes, 'i32'))
    const four = local('v128')
    const before = i.mul(piece, tokensTogether)
    set(from, i.add(step('x'), i.mul(before, step('xStride'))))
    set(first, i.add(step('to'), i.shiftLeft(i.mul(before, step('fours')), 4)))
    set(tokens, i.sub(step('tokens'), before))
    set(tokens, choose(i.less(tokens, tokensTogether), tokens, tokensTogether))
    set(between, i.shiftLeft(tokens, 2))
    set(left, tokens)
    times(left, () => {
      set(to[0], first)
      for (let lane = 1; lane < lanes; lane++) set(to[lane]!, i.add(to[lane - 1]!, i.mul(step('fours'), between)))
      set(columns, step('fours'))
      times(columns, () => {
        set(four, v.load('vector', from))
        to.forEach((address, lane) => {
          v.storeLane(address, four, lane)
        })
        for (const address of to) move(address, between)
        move(from, 16)
      })
      move(from, i.sub(step('xStride'), i.shiftLeft(step('fours'), 4)))
      move(first, 4)
    })
  })
}

/** Four rows as one half of a packed eight; arguments: their addresses, fours of columns, where to. */
const packFour = ({ define, i, v, set, locals, move, times }: Assembly): Call =>
  define(many(6, 'i32'), (first, second, third, fourth, columns, to) => {
    const rows = [first, second, third, fourth] as const
    const places = locals(many(lanes, 'i32'))
    const values = locals(many(4, 'v128'))
    const halves = locals(many(4, 'v128'))
    places.forEach((place, lane) => {
      set(place, lane === 0 ? to : i.add(places[lane - 1]!, i.mul(columns, 16 * fours)))
    })
    const low = (one: Value, other: Value): Value => v.shuffle(one, other, 0, 4, 1, 5)
    const high = (one: Value, other: Value): Value => v.shuffle(one, other, 2, 6, 3, 7)
    times(columns, () => {
      values.forEach((value, at) => {
        set(value, v.load('vector', rows[at]!))
      })
      set(halves[0], low(values[0], values[2]))
      set(halves[1], low(values[1], values[3]))
      set(halves[2], high(values[0], values[2]))
      set(halves[3], high(values[1], values[3]))
      v.store(places[0], low(halves[0], halves[1]))
      v.store(places[1], high(halves[0], halves[1]))
      v.store(places[2], low(halves[2], halves[3]))
      v.store(places[3], high(halves[2], halves[3]))
      for (const row of rows) move(row, 16)
      for (const place of places) move(place, 16 * fours)
    })
  })

/**
 * The sums of a block, those of a lane's columns together and of a token beside one another. A function of its own that does no more,
 * and a loop that is not unrolled: else V8 no longer keeps all of it in registers, and the rate halves. Arguments: packed rows, tokens
 * side by side, fours of columns, where to.
 */
const sumsOfBlock = (asm: Assembly, tokens: number): Call => {
  const { define, set, v, move, times, local } = asm
  return define(many(4, 'i32'), (rows, x, columns, to) => {
    const left = local('i32')
    const weights = Array.from({ length: fours }, () => local('v128'))
    const value = local('v128')
    const sums = Array.from({ length: tokens }, () => weights.map(() => local('v128')))
    for (let lane = 0; lane < lanes; lane++) {
      for (const sum of sums.flat()) set(sum, v.zero)
      set(left, columns)
      times(left, () => {
        weights.forEach((weight, at) => {
          set(weight, v.load('vector', rows, 16 * at))
        })
        sums.forEach((of, token) => {
          set(value, v.load('splat', x, 4 * token))
          of.forEach((sum, at) => {
            set(sum, v.add(sum, v.mul(weights[at]!, value)))
          })
        })
        move(rows, 16 * fours)
        move(x, 4 * tokens)
      })
      sums.flat().forEach((sum, at) => {
        v.store(to, sum, 16 * (lane * sums.flat().length + at))
      })
    }
  })
}

/**
 * Four results get what is added to them and go where they belong. Arguments: the four, where the first goes, its bias or 0, whether
 * they are added to what is there, how many there are, the rest counting for nothing.
 */
export const keepFour = (asm: Assembly): Call => {
  const { define, i, v, set, when, store } = asm
  return define(['v128', 'i32', 'i32', 'i32', 'i32'], (four, y, bias, accumulate, count) => {
    when(bias, () => set(four, v.add(four, v.load('vector', bias))))
    when(accumulate, () => set(four, v.add(v.load('vector', y), four)))
    when(
      i.less(3, count),
      () => v.store(y, four),
      () => {
        store('storeFloat', y, v.lane(four, 0))
        when(i.less(1, count), () => store('storeFloat', y, v.lane(four, 1), 4))
        when(i.less(2, count), () => store('storeFloat', y, v.lane(four, 2), 8))
      },
    )
  })
}

/**
 * The sums of a block, added up and kept. Arguments: the sums, tokens, where the first result of the first token goes, bytes from one
 * token to the next, the first bias or 0, whether results are added to what is there, rows.
 */
const keepBlock = (asm: Assembly, keep: Call): Call => {
  const { define, i, v, set, local, locals, move, times, when, choose } = asm
  return define(many(7, 'i32'), (sums, tokens, y, yStride, bias, accumulate, count) => {
    const parts = locals(many(lanes, 'i32'))
    parts.forEach((part, lane) => {
      set(part, lane === 0 ? sums : i.add(parts[lane - 1]!, i.mul(tokens, 16 * fours)))
    })
    const result = (four: number): Value => {
      const [a, b, c, d] = parts.map((part) => v.load('vector', part, 16 * four)) as [Value, Value, Value, Value]
      return v.add(v.add(a, b), v.add(c, d))
    }
    const sum = local('v128')
    const each = (body: () => void): void =>
      times(tokens, () => {
        body()
        for (const part of parts) move(part, 16 * fours)
        move(y, yStride)
      })
    when(
      i.equal(count, rowsTogether),
      () =>
        each(() => {
          for (let four = 0; four < fours; four++) {
            set(sum, result(four))
            when(bias, () => set(sum, v.add(sum, v.load('vector', bias, 16 * four))))
            when(accumulate, () => set(sum, v.add(v.load('vector', y, 16 * four), sum)))
            v.store(y, sum, 16 * four)
          }
        }),
      () =>
        each(() => {
          for (let four = 0; four < fours; four++)
            when(i.less(4 * four, count), () =>
              asm.run(
                keep(
                  ...[result(four), i.add(y, 16 * four), choose(bias, i.add(bias, 16 * four), 0)],
                  ...[accumulate, i.sub(count, 4 * four)],
                ),
              ),
            )
        }),
    )
  })
}

/**
 * Packed rows, eight by eight, times any number of tokens that `interleavePiece` has put side by side. Arguments: packed rows, how many,
 * tokens, fours of columns, how many tokens, `y`, bytes from one token of it to the next, bias or 0, whether results are added to what
 * is there, room for sums. All rows meet a few tokens before they meet the next ones, so that results of a token go to memory together.
 */
const manyTokens = (asm: Assembly, keep: Call): Call => {
  const { define, i, locals, move, set, when, repeat, choose } = asm
  const blocks = Array.from({ length: tokensTogether }, (_, at) => sumsOfBlock(asm, at + 1))
  const keepAll = keepBlock(asm, keep)
  return define(many(10, 'i32'), (rows, count, x, columns, tokens, y, yStride, bias, accumulate, sums) => {
    const [packed, left, to, end, add] = locals(many(5, 'i32'))
    const withAllRows = (size: number): void => {
      set(packed, rows)
      set(to, y)
      set(end, i.add(y, i.shiftLeft(count, 2)))
      set(add, bias)
      repeat(() => {
        set(left, i.shiftRight(i.sub(end, to), 2))
        set(left, choose(i.less(left, rowsTogether), left, rowsTogether))
        asm.run(blocks[size - 1]!(packed, x, columns, sums))
        asm.run(keepAll(sums, size, to, yStride, add, accumulate, left))
        move(packed, i.mul(columns, packedBytes))
        move(to, 4 * rowsTogether)
        when(bias, () => move(add, 4 * rowsTogether))
        return i.less(to, end)
      })
      move(x, i.mul(columns, 16 * size))
      move(y, i.mul(yStride, size))
    }
    when(i.less(tokensTogether - 1, tokens), () =>
      repeat(() => {
        withAllRows(tokensTogether)
        move(tokens, -tokensTogether)
        return i.less(tokensTogether - 1, tokens)
      }),
    )
    for (let size = tokensTogether - 1; size >= 1; size--)
      when(i.equal(tokens, size), () => {
        withAllRows(size)
        set(tokens, 0)
      })
  })
}

/**
 * Rows of a matrix, at most `mostPackedRows`, times the tokens of the step, one or many, that `interleavePiece` has put side by side.
 * Arguments: the matrix's words, the first row and the one behind the last, where the first result of the first token goes, bytes from
 * one token to the next, memory of the thread's own (`productScratchBytes`).
 */
export const packedProduct = (asm: Assembly, decode: Call, keep: Call): Call => {
  const { define, i, set, local, locals, move, when, repeat, load, choose } = asm
  const multiply = manyTokens(asm, keep)
  const packRows = packFour(asm)
  const step = (name: keyof typeof words.product): Value => load('load', 0, stepAddress + 4 * words.product[name])
  return define(many(6, 'i32'), (matrix, first, end, y, yStride, scratch) => {
    const [row, to] = locals(many(2, 'i32'))
    const bias = local('i32')
    const columns = step('fours')
    const room = i.add(scratch, blockBytes)
    const packed = i.add(room, i.mul(columns, 16 * rowsFound))
    const { find, addresses } = matrixRows(asm, decode, matrix, columns, room)
    set(row, first)
    set(to, packed)
    repeat(() => {
      for (let at = 0; at < rowsTogether; at += rowsFound)
        when(i.less(i.add(row, at), end), () => {
          find(i.add(row, at), end)
          asm.run(packRows(...addresses, columns, i.add(to, 4 * at)))
        })
      move(to, i.mul(columns, packedBytes))
      move(row, rowsTogether)
      return i.less(row, end)
    })
    set(bias, wordOf(asm, matrix)('bias'))
    asm.run(
      multiply(
        ...[packed, i.sub(end, first), step('x'), columns, step('tokens'), y, yStride],
        ...[choose(bias, i.add(bias, i.shiftLeft(first, 2)), 0), step('accumulate'), scratch],
      ),
    )
  })
}
