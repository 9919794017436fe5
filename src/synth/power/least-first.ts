/** A set of whole numbers of which the least is taken first: a bit for each, and a bit for each 32 of them that are not all 0. */
export interface LeastFirst {
  readonly isEmpty: () => boolean
  /** One that is there already stays once. */
  readonly add: (number: number) => void
  /** Takes the least away; there has to be one. */
  readonly take: () => number
}

/** Position of the lowest 1. */
const lowest = (word: number): number => 31 - Math.clz32(word & -word)

/** An empty set of numbers below `count`. */
export const leastFirst = (count: number): LeastFirst => {
  const words = new Int32Array((count >> 5) + 1)
  const some = new Int32Array((words.length >> 5) + 1)
  let left = 0
  return {
    isEmpty: () => left === 0,
    add(number) {
      const [at, bit] = [number >> 5, 1 << (number & 31)]
      if ((words[at]! & bit) !== 0) return
      words[at]! |= bit
      some[at >> 5]! |= 1 << (at & 31)
      left++
    },
    take() {
      let top = 0
      while (some[top] === 0) top++
      const at = 32 * top + lowest(some[top]!)
      const word = words[at]!
      words[at] = word & (word - 1)
      if (words[at] === 0) some[top]! &= some[top]! - 1
      left--
      return 32 * at + lowest(word)
    },
  }
}
