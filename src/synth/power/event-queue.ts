/** Events by time, the earliest first: a binary heap. */
export interface EventQueue {
  readonly size: number
  /** Time of the earliest; infinite where there is none. */
  first(): number
  push(time: number, value: number): void
  /** Takes the earliest away and gives its value. */
  pop(): number
}

export const eventQueue = (): EventQueue => {
  const times: number[] = []
  const values: number[] = []
  const swap = (a: number, b: number): void => {
    const [time, value] = [times[a]!, values[a]!]
    times[a] = times[b]!
    values[a] = values[b]!
    times[b] = time
    values[b] = value
  }
  return {
    get size() {
      return times.length
    },
    first: () => times[0] ?? Number.POSITIVE_INFINITY,
    push(time, value) {
      let at = times.push(time) - 1
      values.push(value)
      while (at > 0) {
        const above = (at - 1) >> 1
        if (times[above]! <= times[at]!) break
        swap(at, above)
        at = above
      }
    },
    pop() {
      const value = values[0]!
      const [time, last] = [times.pop()!, values.pop()!]
      if (times.length > 0) {
        times[0] = time
        values[0] = last
        for (let at = 0; ; ) {
          let least = at
          for (const below of [2 * at + 1, 2 * at + 2])
            if (below < times.length && times[below]! < times[least]!) least = below
          if (least === at) break
          swap(at, least)
          at = least
        }
      }
      return value
    },
  }
}
