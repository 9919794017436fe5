import { type Bits, type Int, mux } from '../../dsl/index.ts'

/** The number that stands at `index` in a table of 2^n numbers, as a tree of choices that synthesis makes gates of. */
export const lookup = (table: readonly number[], index: Bits): Int => {
  if (table.length !== 2 ** index.width)
    throw new RangeError(`an index of ${index.width} bits reads a table of ${2 ** index.width}, got ${table.length}`)
  const half = table.length / 2
  const [low, high] = [table.slice(0, half), table.slice(half)]
  const top = index.bit(index.width - 1)
  if (half === 1) return mux(top, high[0]!, low[0]!)
  const rest = index.slice(index.width - 2, 0)
  return mux(top, lookup(high, rest), lookup(low, rest))
}
