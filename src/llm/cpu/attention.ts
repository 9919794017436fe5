import type { Local } from '../../sim/wasm/writer.ts'
import { type Assembly, type Call, many, type Value } from './assembly.ts'
import { exponential } from './exponential.ts'
import { acrossLanes, sumOfEach } from './lanes.ts'
import { stepAddress, words } from './step.ts'

/**
 * The cache of a conversation: for each layer keys, then values; of each, for every key-value head a row for each position, padded to
 * fours with zeros. So a head's past lies in one piece.
 */
interface Place {
  /** Of the first position of a key-value head. */
  readonly keys: (head: Value) => Value
  readonly values: (head: Value) => Value
}

/** Where keys and values of a row of the batch lie; `row` is the address of its words. */
const placeOf = ({ i, load }: Assembly, row: Local, layer: Value, keyHeads: Value, padded: Value): Place => {
  const cache = load('load', row)
  const headBytes = i.mul(load('load', row, 4), padded)
  const half = i.mul(keyHeads, headBytes)
  const layerAt = i.add(cache, i.mul(i.shiftLeft(layer, 1), half))
  return {
    keys: (head) => i.add(layerAt, i.mul(head, headBytes)),
    values: (head) => i.add(i.add(layerAt, half), i.mul(head, headBytes)),
  }
}

/** A row's queries turn by its position and its keys too, which go to the cache with the values. */
export const turnPiece = (asm: Assembly): Call => {
  const { define, i, load, store, set, local, move, times, repeat } = asm
  const step = (name: keyof typeof words.turn): Value => load('load', 0, stepAddress + 4 * words.turn[name])
  const at = (base: Value, index: Value): Value => i.add(base, i.shiftLeft(index, 2))

  const head = define(['i32', 'i32', 'i32', 'i32'], (from, to, pairs, position) => {
    const [left, table, other] = [local('i32'), local('i32'), local('i32')]
    const [a, b, cosine, sine] = [local('f32'), local('f32'), local('f32'), local('f32')]
    set(left, pairs)
    set(table, i.mul(position, pairs))
    set(other, step('distance'))
    times(left, () => {
      set(a, load('loadFloat', from))
      set(b, load('loadFloat', i.add(from, other)))
      set(cosine, load('loadFloat', at(step('cosine'), table)))
      set(sine, load('loadFloat', at(step('sine'), table)))
      store('storeFloat', to, i.floatSub(i.floatMul(a, cosine), i.floatMul(b, sine)))
      store('storeFloat', i.add(to, other), i.floatAdd(i.floatMul(a, sine), i.floatMul(b, cosine)))
      move(from, step('step'))
      move(to, step('step'))
      move(table, 1)
    })
    // Pairs that are neighbours lie behind; of halves the second one is still before.
    set(left, i.mul(pairs, i.sub(8, step('step'))))
    move(from, left)
    move(to, left)
    set(left, i.sub(step('size'), i.shiftLeft(pairs, 1)))
    times(left, () => {
      store('store', to, load('load', from))
      move(from, 4)
      move(to, 4)
    })
  })

  return define(['i32'], (piece) => {
    const [row, at, position] = [local('i32'), local('i32'), local('i32')]
    set(row, i.add(step('rows'), i.shiftLeft(piece, 4)))
    set(position, load('load', row, 8))
    const place = placeOf(asm, row, step('layer'), step('keyHeads'), step('padded'))
    const from = (base: Value, stride: Value): Value =>
      i.add(i.add(base, i.mul(piece, stride)), i.shiftLeft(i.mul(at, step('size')), 2))
    const now = i.mul(position, step('padded'))
    const each = (count: Value, body: () => void): void => {
      set(at, 0)
      repeat(() => {
        body()
        move(at, 1)
        return i.less(at, count)
      })
    }
    each(step('heads'), () => {
      const to = i.add(step('to'), i.mul(i.add(i.mul(piece, step('heads')), at), step('padded')))
      asm.run(head(from(step('query'), step('queryStride')), to, step('pairs'), position))
    })
    each(step('keyHeads'), () => {
      asm.run(head(from(step('key'), step('keyStride')), i.add(place.keys(at), now), step('pairs'), position))
      asm.run(head(from(step('value'), step('keyStride')), i.add(place.values(at), now), 0, position))
    })
  })
}

/** Below any score. */
const leastScore = -3e38
/** Fours of a head whose sums are made at once. */
const foursTogether = 4

/** Causal attention of a head of a row; arguments: the piece, and memory of the thread's own for a score of each position. */
export const attendPiece = (asm: Assembly): Call => {
  const { define, i, v, load, set, local, locals, move, times, repeat, when } = asm
  const step = (name: keyof typeof words.attend): Value => load('load', 0, stepAddress + 4 * words.attend[name])
  return define(['i32', 'i32'], (piece, scores) => {
    const [row, head, shared, seen, past, left, query, at, to, last] = locals(many(10, 'i32'))
    const keys = locals(many(4, 'i32'))
    const sums = keys.map(() => local('v128'))
    const [four, largest, total, kept, scale] = locals(many(5, 'v128'))
    const power = exponential(asm)
    set(row, i.divide(piece, step('heads')))
    set(head, i.sub(piece, i.mul(row, step('heads'))))
    set(shared, i.divide(i.mul(head, step('keyHeads')), step('heads')))
    set(to, i.add(step('y'), i.add(i.mul(row, step('yStride')), i.shiftLeft(i.mul(head, step('size')), 2))))
    set(row, i.add(step('rows'), i.shiftLeft(row, 4)))
    set(seen, i.add(load('load', row, 8), 1))
    const place = placeOf(asm, row, step('layer'), step('keyHeads'), step('padded'))

    // Scores of four positions at a time.
    set(keys[0], place.keys(shared))
    set(largest, v.four(leastScore))
    set(scale, v.load('splat', 0, stepAddress + 4 * words.attend.scale))
    set(past, 0)
    set(at, scores)
    repeat(() => {
      set(query, i.add(step('query'), i.mul(piece, step('padded'))))
      for (let k = 1; k < 4; k++) set(keys[k]!, i.add(keys[k - 1]!, step('padded')))
      for (const sum of sums) set(sum, v.zero)
      set(left, i.shiftRight(step('padded'), 4))
      times(left, () => {
        set(four, v.load('vector', query))
        sums.forEach((sum, k) => {
          set(sum, v.add(sum, v.mul(v.load('vector', keys[k]!), four)))
        })
        for (const pointer of [query, ...keys]) move(pointer, 16)
      })
      set(four, v.mul(sumOfEach(asm, sums), scale))
      const there = v.isLessInteger(v.addIntegers(v.splatInteger(past), v.words(0, 1, 2, 3)), v.splatInteger(seen))
      set(four, v.select(four, v.four(leastScore), there))
      set(largest, v.larger(largest, four))
      v.store(at, four)
      // The last one ends where the next four begin.
      set(keys[0], keys[3])
      move(at, 16)
      move(past, 4)
      return i.less(past, seen)
    })
    const keep = (halves: Value): Value => {
      set(kept, halves)
      return kept
    }
    set(largest, acrossLanes(asm, largest, v.larger, keep))

    set(total, v.zero)
    set(at, scores)
    set(past, 0)
    repeat(() => {
      const weight = power(v.sub(v.load('vector', at), largest))
      // Those beyond the end are the smallest float32, which no sum notices.
      set(total, v.add(total, weight))
      v.store(at, weight)
      move(at, 16)
      move(past, 4)
      return i.less(past, seen)
    })
    set(total, acrossLanes(asm, total, v.add, keep))

    const [base, value] = [local('i32'), local('i32')]
    set(base, place.values(shared))
    set(last, i.add(to, i.shiftLeft(step('size'), 2)))
    /** Adds up the values of `count` fours of the head. */
    const mixed = (count: number): void => {
      set(value, base)
      set(at, scores)
      for (const sum of sums.slice(0, count)) set(sum, v.zero)
      set(left, seen)
      times(left, () => {
        set(four, v.load('splat', at))
        sums.slice(0, count).forEach((sum, k) => {
          set(sum, v.add(sum, v.mul(four, v.load('vector', value, 16 * k))))
        })
        move(value, step('padded'))
        move(at, 4)
      })
      for (const sum of sums.slice(0, count)) {
        const result = v.divide(sum, total)
        when(
          i.less(i.add(to, 15), last),
          () => v.store(to, result),
          () => v.storeHalf(to, result),
        )
        move(to, 16)
      }
      move(base, 16 * count)
    }
    const fours = i.shiftRight(step('padded'), 4)
    const blocks = local('i32')
    set(blocks, i.divide(fours, foursTogether))
    times(blocks, () => mixed(foursTogether))
    set(blocks, i.remainder(fours, foursTogether))
    times(blocks, () => mixed(1))
  })
}
