/** Events by time, the earliest first: a binary heap. */
export interface EventQueue {
  /** Time of the earliest; infinite where there is none. */
  first(): number
  push(time: number, value: number): void
  /** Takes the earliest away and gives its value; there has to be one. */
  pop(): number
}

const grown = (array: Float64Array) => {
  const larger = new Float64Array(2 * array.length)
  larger.set(array)
  return larger
}

export const eventQueue = (): EventQueue => {
  let times = new Float64Array(1024)
  let values = new Float64Array(1024)
  let size = 0
  return {
    first: () => (size > 0 ? times[0]! : Number.POSITIVE_INFINITY),
    push(time, value) {
      if (size === times.length) [times, values] = [grown(times), grown(values)]
      let at = size++
      while (at > 0) {
        const above = (at - 1) >> 1
        if (times[above]! <= time) break
        times[at] = times[above]!
        values[at] = values[above]!
        at = above
      }
      times[at] = time
      values[at] = value
    },
    pop() {
      const value = values[0]!
      size--
      // The last one goes in at the top and down to its place.
      const [time, moved] = [times[size]!, values[size]!]
      let at = 0
      for (let below = 1; below < size; below = 2 * at + 1) {
        if (below + 1 < size && times[below + 1]! < times[below]!) below++
        if (times[below]! >= time) break
        times[at] = times[below]!
        values[at] = values[below]!
        at = below
      }
      times[at] = time
      values[at] = moved
      return value
    },
  }
}
