import { describe, expect, it } from 'vitest'
import { toggleCounter } from '../../../src/sim/activity/toggles.ts'
import { seeded } from '../../fuzz/random-component.ts'

/** Turns of every bit, one row after the other. */
const naive = (rows: readonly Int32Array[], words: number) => {
  const counts = Array.from({ length: 32 * words }, () => ({ rises: 0, falls: 0 }))
  for (let k = 1; k < rows.length; k++)
    for (let word = 0; word < words; word++)
      for (let bit = 0; bit < 32; bit++) {
        const [before, now] = [rows[k - 1]!, rows[k]!].map((row) => (row[word]! >>> bit) & 1)
        if (before! < now!) counts[32 * word + bit]!.rises++
        if (before! > now!) counts[32 * word + bit]!.falls++
      }
  return counts
}

describe('a counter of toggles', () => {
  it.each([
    [1, 70],
    [3, 64],
    [4, 63],
    [5, 200],
    [18, 126],
  ])('of %i words counts as bit by bit, in vectors and without, over calls of any length', (words, capacity) => {
    const random = seeded(words)
    const rows = Array.from({ length: 500 }, (_, k) =>
      // Some words are quiet, some turn all their bits in every row.
      Int32Array.from({ length: words }, (_, word) =>
        word % 3 === 0 ? random(2 ** 31) * (random(2) * 2 - 1) : word % 3 === 1 ? -(k & 1) : random(40) === 0 ? 5 : 0,
      ),
    )
    const expected = naive(rows, words)
    for (const simd of [true, false]) {
      const counter = toggleCounter(words, capacity, { simd, rowsUntilFull: 210 })
      for (let from = 0; from < rows.length; ) {
        const count = Math.min(random(capacity + 1), rows.length - from)
        for (let k = 0; k < count; k++) counter.rows.set(rows[from + k]!, k * words)
        counter.count(count)
        from += count
      }
      const found = expected.map((_, k) => counter.turns(k >> 5, k & 31))
      expect(found, `simd ${simd}, seed ${words}`).toEqual(expected)
      // After a cut the first row follows nothing.
      counter.cut()
      counter.rows.fill(-1)
      counter.count(1)
      counter.rows.fill(0)
      counter.count(1)
      expect(expected.map((_, k) => counter.turns(k >> 5, k & 31))).toEqual(
        expected.map(({ rises, falls }) => ({ rises, falls: falls + 1 })),
      )
    }
  })
})
