import type { Assembly, Value } from './assembly.ts'

/** All four lanes of a sum or a maximum. */
export const acrossLanes = (
  { v }: Assembly,
  value: Value,
  together: (a: Value, b: Value) => Value,
  keep: (value: Value) => Value,
): Value => {
  const halves = keep(together(value, v.shuffle(value, value, 2, 3, 0, 1)))
  return together(halves, v.shuffle(halves, halves, 1, 0, 3, 2))
}

/** (0 + 1) + (2 + 3) of the lanes of each of four vectors. */
export const sumOfEach = ({ v }: Assembly, four: readonly Value[]): Value => {
  const [a, b, c, d] = four as readonly [Value, Value, Value, Value]
  const pairs = (one: Value, other: Value): Value =>
    v.add(v.shuffle(one, other, 0, 2, 4, 6), v.shuffle(one, other, 1, 3, 5, 7))
  return pairs(pairs(a, b), pairs(c, d))
}
