import { simdKernel } from './toggle-kernel.ts'
import { planes, planesAtHand, rowsAtOnce, type ToggleKernel, type ToggleMemory } from './toggle-memory.ts'

/** Counts how often each bit of words that come row by row turns from one row to the next. */
export interface ToggleCounter {
  /** Where rows are put before they are counted, back to back. */
  readonly rows: Int32Array
  /** Counts the first rows of `rows`; they follow those of the last call. */
  count(rowCount: number): void
  /** The next row follows no other: nothing turns from the one before. */
  cut(): void
  /** Turns of a bit from 0 to 1 and from 1 to 0. */
  turns(word: number, bit: number): { readonly rises: number; readonly falls: number }
}

/**
 * A bit rises and falls in turn, so that its first and its last value tell how many of its turns were which. `simd: false` counts in
 * plain JavaScript, as where there is no WebAssembly SIMD; after `rowsUntilFull` rows the planes are emptied.
 */
export const toggleCounter = (
  words: number,
  rowCapacity: number,
  { simd = true, rowsUntilFull = 2 ** planes - 1 } = {},
): ToggleCounter => {
  const { memory, kernel } = (simd ? simdKernel(words, rowCapacity) : undefined) ?? plainKernel(words, rowCapacity)
  const { rows, before } = memory
  const padded = memory.planes.length / planes
  /** Turns that the planes no longer hold, and rises minus falls of sequences that are over. */
  const total = new Float64Array(32 * words)
  const surplus = new Float64Array(32 * words)
  /** The first row of the sequence that goes on. */
  const first = new Int32Array(words)
  let started = false
  let rowsInPlanes = 0

  const bitOf = (word: number | undefined, bit: number): number => (word! >>> bit) & 1
  const inPlanes = (word: number, bit: number): number => {
    let turns = 0
    for (let plane = 0; plane < planes; plane++) turns += bitOf(memory.planes[plane * padded + word], bit) * 2 ** plane
    return turns
  }
  const sinceFirst = (word: number, bit: number): number =>
    started ? bitOf(before[word], bit) - bitOf(first[word], bit) : 0
  const eachBit = (visit: (word: number, bit: number) => void): void => {
    for (let word = 0; word < words; word++) for (let bit = 0; bit < 32; bit++) visit(word, bit)
  }

  return {
    rows,
    count(rowCount) {
      if (rowCount === 0) return
      let from = 0
      if (!started) {
        first.set(rows.subarray(0, words))
        before.set(first)
        started = true
        from = 1
      }
      if (rowsInPlanes + rowCount > rowsUntilFull) {
        eachBit((word, bit) => {
          total[32 * word + bit] = total[32 * word + bit]! + inPlanes(word, bit)
        })
        memory.planes.fill(0)
        rowsInPlanes = 0
      }
      rowsInPlanes += rowCount
      for (; from < rowCount; from += rowsAtOnce) kernel(from, Math.min(rowsAtOnce, rowCount - from))
    },
    cut() {
      eachBit((word, bit) => {
        surplus[32 * word + bit] = surplus[32 * word + bit]! + sinceFirst(word, bit)
      })
      started = false
    },
    turns(word, bit) {
      const turns = total[32 * word + bit]! + inPlanes(word, bit)
      const more = surplus[32 * word + bit]! + sinceFirst(word, bit)
      return { rises: (turns + more) / 2, falls: (turns - more) / 2 }
    },
  }
}

const plainKernel = (words: number, rowCapacity: number): { memory: ToggleMemory; kernel: ToggleKernel } => {
  const memory: ToggleMemory = {
    rows: new Int32Array(words * rowCapacity),
    before: new Int32Array(words),
    planes: new Int32Array(planes * words),
  }
  const { rows, before } = memory
  const atHand = new Int32Array(planesAtHand)
  return {
    memory,
    kernel(from, rowCount) {
      for (let word = 0; word < words; word++) {
        let last = before[word]!
        atHand.fill(0)
        for (let row = from; row < from + rowCount; row++) {
          const now = rows[row * words + word]!
          let carry = now ^ last
          last = now
          for (let plane = 0; carry !== 0; plane++) {
            const held = atHand[plane]!
            atHand[plane] = held ^ carry
            carry &= held
          }
        }
        before[word] = last
        let carry = 0
        for (let plane = 0; plane < planes; plane++) {
          const [at, held, more] = [plane * words + word, memory.planes[plane * words + word]!, atHand[plane] ?? 0]
          memory.planes[at] = held ^ more ^ carry
          carry = (held & more) | (carry & (held ^ more))
        }
      }
    },
  }
}
