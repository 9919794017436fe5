import type { Local } from '../../sim/wasm/writer.ts'
import { type Assembly, type Call, many, type Value } from './assembly.ts'
import { matrixWords } from './step.ts'

/** Rows that are found at once. */
export const rowsFound = 4

/** Words of the matrix whose words begin at `matrix`. */
export const wordOf =
  ({ load }: Assembly, matrix: Local) =>
  (name: keyof typeof matrixWords): Value =>
    load('load', matrix, 4 * matrixWords[name])

/** Rows of a matrix for the function that is being written. */
export interface MatrixRows {
  /** Not 0 where rows are read where they lie, as float32 ones of whole fours are. */
  readonly lie: Local
  /** Bytes of a row. */
  readonly pitch: Local
  /** Sets `addresses` for four rows from one on, and `count`; those from `end` on are read as those before. */
  readonly find: (from: Value, end: Value) => void
  readonly addresses: readonly [Local, Local, Local, Local]
  /** How many of the four there are. */
  readonly count: Local
}

/** Other forms are decoded by `decode` to `room`, memory for `rowsFound` rows of `fours` vectors. */
export const matrixRows = (asm: Assembly, decode: Call, matrix: Local, fours: Value, room: Value): MatrixRows => {
  const { i, set, locals, move, when, repeat, choose } = asm
  const of = wordOf(asm, matrix)
  const [lie, pitch, count, at] = locals(many(4, 'i32'))
  const addresses = locals(many(rowsFound, 'i32'))
  const [first] = addresses
  set(pitch, i.shiftLeft(fours, 4))
  set(lie, i.isZero(i.or(of('kind'), i.and(of('inputs'), 3))))
  const find = (from: Value, end: Value): void => {
    set(count, i.sub(end, from))
    set(count, choose(i.less(count, rowsFound), count, rowsFound))
    set(first, i.add(of('weights'), i.mul(from, pitch)))
    when(i.isZero(lie), () => {
      set(first, room)
      set(at, 0)
      repeat(() => {
        asm.run(
          decode(
            ...[of('kind'), of('weights'), of('scales'), of('group'), of('zero')],
            ...[i.mul(i.add(from, at), of('inputs')), of('inputs'), i.add(first, i.mul(at, pitch))],
          ),
        )
        move(at, 1)
        return i.less(at, count)
      })
    })
    for (let k = 1; k < rowsFound; k++) set(addresses[k]!, i.add(addresses[k - 1]!, choose(i.less(k, count), pitch, 0)))
  }
  return { lie, pitch, find, addresses, count }
}
