import { type Operation, type Range, widthOf } from '../../../dsl/ir.ts'
import {
  bitwise,
  chosen,
  constantLimbs,
  equal,
  type Limbs,
  less,
  limbsOf,
  type Name,
  product,
  shiftedBy,
  shiftedLeft,
  shiftedRight,
  sum,
  wrapped,
} from './limbs.ts'

/** Expressions for the words of an operation's result, least significant first. */
export const operationWords = (
  name: Name,
  { op, amount, ...range }: Pick<Operation, 'op' | 'amount'> & Range,
  args: readonly Limbs[],
): readonly string[] => {
  const count = limbsOf(range)
  const [a, b, c] = args as [Limbs, Limbs, Limbs]
  const truth = (condition: string): readonly string[] => [`select(0u, 1u, ${condition})`]
  switch (op) {
    case 'add':
    case 'sub':
      return sum(name, a, b, op === 'sub', count)
    case 'mul':
      return product(name, a, b, count)
    case 'shl':
      return shiftedLeft(a, amount, count)
    case 'shr':
      return shiftedRight(a, amount, count)
    case 'shlBy':
    case 'shrBy':
      return shiftedBy(name, a, b, op === 'shlBy' ? 'left' : 'right', count)
    case 'wrap':
      return wrapped(a, range)
    case 'slice':
      return wrapped({ words: shiftedRight(a, amount, count), range: a.range }, bitsOf(widthOf(range)))
    case 'cat': {
      const above: Limbs = { words: shiftedLeft(a, amount, count), range }
      return bitwise(above, b, '|', count)
    }
    case 'sat': {
      const [low, high] = [constantLimbs(range.min, range), constantLimbs(range.max, range)]
      const below = a.range.min < range.min ? name(less(a, low)) : 'false'
      const above = a.range.max > range.max ? name(less(high, a)) : 'false'
      const capped: Limbs = { words: chosen(above, high, a, count), range }
      return chosen(below, low, capped, count)
    }
    case 'mux':
      return chosen(`${a.words[0]} == 1u`, b, c, count)
    case 'eq':
      return truth(equal(a, b))
    case 'lt':
      return truth(less(a, b))
    case 'and':
      return bitwise(a, b, '&', count)
    case 'or':
      return bitwise(a, b, '|', count)
    case 'xor':
      return bitwise(a, b, '^', count)
    case 'not':
      return bitwise(a, constantLimbs(range.max, range), '^', count)
  }
}

const bitsOf = (width: number): Range => ({ min: 0n, max: (1n << BigInt(width)) - 1n })
