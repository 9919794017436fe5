/** Counts which values a word takes, row by row, and which follows which. */
export interface SequenceCounter {
  /** Rows of `stride` words; the word is the one at `from` and every `stride` from there. */
  count(rows: Int32Array, from: number, stride: number, rowCount: number): void
  /** The next row follows no other. */
  cut(): void
  /** Rows with each value. */
  readonly seen: ReadonlyMap<number, number>
  /** Changes, by the value before and the value after. */
  readonly changes: ReadonlyMap<number, ReadonlyMap<number, number>>
}

export const sequenceCounter = (): SequenceCounter => {
  const seen = new Map<number, number>()
  const changes = new Map<number, Map<number, number>>()
  const addTo = (counts: Map<number, number>, key: number, amount: number): void => {
    counts.set(key, (counts.get(key) ?? 0) + amount)
  }
  let before: number | undefined
  return {
    seen,
    changes,
    cut() {
      before = undefined
    },
    count(rows, from, stride, rowCount) {
      const end = from + rowCount * stride
      // Runs of one value are counted at once.
      for (let at = from; at < end; ) {
        const value = rows[at]!
        const start = at
        do at += stride
        while (at < end && rows[at] === value)
        addTo(seen, value, (at - start) / stride)
        if (before !== undefined && before !== value) {
          const after = changes.get(before) ?? new Map<number, number>()
          changes.set(before, after)
          addTo(after, value, 1)
        }
        before = value
      }
    },
  }
}
