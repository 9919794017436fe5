import { isSigned, type Range, widthOf } from '../../../dsl/ir.ts'

/**
 * A value in a shader: u32 expressions, names or literals, least significant first, in two's complement. What lies beyond the
 * last is its sign, or 0 where the bounds have none.
 */
export interface Limbs {
  readonly words: readonly string[]
  readonly range: Range
}

/** Gives an expression a name, so that it is computed once. */
export type Name = (expression: string) => string

export const limbsOf = (range: Range): number => Math.ceil(widthOf(range) / 32)
export const literal = (word: bigint): string => `${BigInt.asUintN(32, word)}u`
const zero = '0u'

export const constantLimbs = (value: bigint, range: Range): Limbs => ({
  range,
  words: Array.from({ length: limbsOf(range) }, (_, k) => literal(value >> BigInt(32 * k))),
})

/** Word k, however far beyond the last. */
const word = ({ words, range }: Limbs, k: number): string => {
  if (k < words.length) return words[k]!
  return isSigned(range) ? arithmeticRight(words[words.length - 1]!, 31) : zero
}
/** So many words of a value, the lowest first. */
export const extended = (value: Limbs, count: number): readonly string[] =>
  Array.from({ length: count }, (_, k) => word(value, k))

const arithmeticRight = (of: string, places: number | string): string =>
  `bitcast<u32>(bitcast<i32>(${of}) >> ${typeof places === 'number' ? `${places}u` : places})`
const or = (a: string, b: string): string => (a === zero ? b : b === zero ? a : `(${a} | ${b})`)
/** Constants are shifted here: WGSL refuses one that loses bits. */
const left = (of: string, places: number): string => {
  const constant = /^(\d+)u$/.exec(of)?.[1]
  if (constant !== undefined) return literal(BigInt(constant) << BigInt(places))
  return places === 0 ? of : `(${of} << ${places}u)`
}
const right = (of: string, places: number): string => (of === zero || places === 0 ? of : `(${of} >> ${places}u)`)
const flag = (condition: string): string => `select(0u, 1u, ${condition})`
const choose = (condition: string, yes: string, no: string): string =>
  yes === no ? yes : `select(${no}, ${yes}, ${condition})`

/** a + b, or a - b as a + not b + 1. */
export const sum = (name: Name, a: Limbs, b: Limbs, subtract: boolean, count: number): string[] => {
  const [left, right] = [extended(a, count), extended(b, count)]
  if (count === 1) return [`(${left[0]} ${subtract ? '-' : '+'} ${right[0]})`]
  let carry = subtract ? '1u' : zero
  return left.map((one, k) => {
    const other = subtract ? `~(${right[k]})` : right[k]!
    const part = name(`${one} + ${other}`)
    const whole = carry === zero ? part : name(`${part} + ${carry}`)
    if (k < count - 1)
      carry = name(carry === zero ? flag(`${part} < ${one}`) : flag(`(${part} < ${one}) | (${whole} < ${part})`))
    return whole
  })
}

/** Schoolbook, the low words of the product. */
export const product = (name: Name, a: Limbs, b: Limbs, count: number): string[] => {
  const [left, right] = [extended(a, count).map(name), extended(b, count).map(name)]
  if (count === 1) return [`(${left[0]} * ${right[0]})`]
  const result = new Array<string>(count).fill(zero)
  for (let i = 0; i < count; i++) {
    let carry = zero
    for (let j = 0; i + j < count; j++) {
      const low = name(`${left[i]} * ${right[j]}`)
      const part = name(`${result[i + j]} + ${low}`)
      const whole = name(`${part} + ${carry}`)
      if (i + j < count - 1)
        carry = name(
          `high_of_product(${left[i]}, ${right[j]}) + ${flag(`${part} < ${low}`)} + ${flag(`${whole} < ${part}`)}`,
        )
      result[i + j] = whole
    }
  }
  return result
}

/** The upper word of a product of two words, which WGSL has no operation for. */
export const highOfProduct = `fn high_of_product(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let first = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let second = (a & 0xffffu) * (b >> 16u) + (first & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (first >> 16u) + (second >> 16u);
}
`

/** Words of a * 2^places. */
export const shiftedLeft = (a: Limbs, places: number, count: number): string[] => {
  const [whole, rest] = [Math.floor(places / 32), places % 32]
  const at = (k: number): string => (k < 0 ? zero : word(a, k))
  return Array.from({ length: count }, (_, k) =>
    rest === 0 ? at(k - whole) : or(left(at(k - whole), rest), right(at(k - whole - 1), 32 - rest)),
  )
}

/** Words of floor(a / 2^places). */
export const shiftedRight = (a: Limbs, places: number, count: number): string[] => {
  const [whole, rest] = [Math.floor(places / 32), places % 32]
  return Array.from({ length: count }, (_, k) =>
    rest === 0 ? word(a, k + whole) : or(right(word(a, k + whole), rest), left(word(a, k + whole + 1), 32 - rest)),
  )
}

/** Shifts by a value: one by a constant for each of its bits, done where the bit is 1. */
export const shiftedBy = (
  name: Name,
  a: Limbs,
  places: Limbs,
  direction: 'left' | 'right',
  count: number,
): readonly string[] => {
  // Moved right, what is above the result comes into it.
  const held = direction === 'left' ? count : Math.max(count, a.words.length)
  let now: Limbs = { words: extended(a, held).map(name), range: a.range }
  for (let bit = 0; 1n << BigInt(bit) <= places.range.max; bit++) {
    const distance = bit > 20 ? 32 * held : Math.min(2 ** bit, 32 * held)
    const moved = direction === 'left' ? shiftedLeft(now, distance, held) : shiftedRight(now, distance, held)
    const test = name(`(${places.words[Math.floor(bit / 32)]} >> ${bit % 32}u) & 1u`)
    now = { words: moved.map((of, k) => name(choose(`${test} == 1u`, of, now.words[k]!))), range: a.range }
  }
  return extended(now, count)
}

/** The low bits, read with the range's width and sign. */
export const wrapped = (a: Limbs, range: Range): string[] => {
  const count = limbsOf(range)
  const words = [...extended(a, count)]
  const top = widthOf(range) % 32
  if (top === 0) return words
  const last = words[count - 1]!
  words[count - 1] = isSigned(range)
    ? arithmeticRight(left(last, 32 - top), 32 - top)
    : `(${last} & ${literal((1n << BigInt(top)) - 1n)})`
  return words
}

/** True where the two are equal. Conditions are joined by `&` and `|`, since `&&` and `||` are branches, which compilers drown in. */
export const equal = (a: Limbs, b: Limbs): string => {
  const count = limbsOf(hull(a.range, b.range))
  return extended(a, count)
    .map((of, k) => `(${of} == ${word(b, k)})`)
    .join(' & ')
}

/** True where a < b. */
export const less = (a: Limbs, b: Limbs): string => {
  const range = hull(a.range, b.range)
  let result = ''
  for (let k = 0; k < limbsOf(range); k++) {
    const signed = isSigned(range) && k === limbsOf(range) - 1
    const [one, other] = [word(a, k), word(b, k)]
    const below = signed ? `(bitcast<i32>(${one}) < bitcast<i32>(${other}))` : `(${one} < ${other})`
    result = result === '' ? below : `(${below} | ((${one} == ${other}) & ${result}))`
  }
  return result
}

const hull = (a: Range, b: Range): Range => ({
  min: a.min < b.min ? a.min : b.min,
  max: a.max > b.max ? a.max : b.max,
})

/** Word by word; neither has a sign. */
export const bitwise = (a: Limbs, b: Limbs, operator: '&' | '|' | '^', count: number): string[] =>
  extended(a, count).map((of, k) => `(${of} ${operator} ${word(b, k)})`)

export const chosen = (condition: string, yes: Limbs, no: Limbs, count: number): string[] =>
  extended(yes, count).map((of, k) => choose(condition, of, word(no, k)))
