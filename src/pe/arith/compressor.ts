import { type Bits, type Bool, type Builder, cat } from '../../dsl/index.ts'
import { FullAdder } from './full-adder.ts'
import { addCarries } from './late-carries.ts'
import type { Terms, WeightedBit } from './weighted-bits.ts'

/** From the latest input of a full adder, and of a half adder, to its outputs, in ps (generic45, at four inverters' load). */
const delays = { sum: 94, carry: 72, half: 40 } as const

/**
 * The sum of all terms modulo 2^width, made of full adders: column by column from the lowest, in each the three earliest
 * bits first, until one is left; carries go on to the next column. A constant costs an inverter or nothing. Where above some
 * column there is only an accumulator left, one bit a column, `addCarries` ends the ripple. Instances are called after
 * `name`. There has to be at least one bit.
 */
export const compress = ({ use }: Pick<Builder, 'use'>, name: string, terms: Terms, width: number): Bits => {
  const columns: WeightedBit[][] = Array.from({ length: width }, () => [])
  let constant = terms.constant
  const place = (term: WeightedBit): void => {
    const { node } = term.bit
    if (node.op === 'const') constant += node.value << BigInt(term.weight)
    else columns[term.weight]?.push(term)
  }
  for (const term of terms.bits) place(term)
  const zero = terms.bits[0]!.bit.and(false)

  const result: Bool[] = []
  for (let weight = 0; weight < width; weight++) {
    const rest = BigInt.asUintN(width, constant) >> BigInt(weight)
    const above = columns.slice(weight)
    const step = onlyCarries(above, rest)
    if (step !== undefined) {
      const [lowest, ...late] = byArrival(above[0]!)
      const high = [lowest!, ...above.slice(1).map((column) => column[0]!)]
      result.push(...addCarries(bitsOf(high), bitsOf(late), step))
      break
    }
    const top = weight === width - 1
    let column = byArrival(above[0]!)
    let one = (rest & 1n) === 1n
    if (one && column.length % 2 === 1 && !top) {
      // a + 1 is a carry of a and a sum of its opposite: no gate but an inverter, and nothing waits for it.
      const chosen = column.find(({ bit }) => bit.node.op === 'not') ?? column[0]!
      column = column.map((term) => (term === chosen ? { ...term, bit: term.bit.not() } : term))
      place({ ...chosen, weight: weight + 1 })
      one = false
    }
    for (let count = 0; column.length > 2 && !top; count++) {
      const [a, b, c, ...others] = column as [WeightedBit, WeightedBit, WeightedBit, ...WeightedBit[]]
      const { sum, carry } = use(`${name}_${weight}_${count}`, FullAdder({}), { a: a.bit, b: b.bit, c: c.bit })
      column = byArrival([...others, { bit: sum, weight, arrival: c.arrival + delays.sum }])
      place({ bit: carry, weight: weight + 1, arrival: c.arrival + delays.carry })
    }
    const [a, b] = column
    result.push(column.reduce((sum, { bit }) => sum.xor(bit), zero.xor(one)))
    // A half adder, or with a 1 besides a full adder's other half, is two gates that synthesis may merge with others.
    if (a && b && !top)
      place({ bit: one ? a.bit.or(b.bit) : a.bit.and(b.bit), weight: weight + 1, arrival: b.arrival + delays.half })
  }
  return cat(...result.reverse().map((bit) => bit.bits()))
}

const byArrival = (bits: readonly WeightedBit[]): readonly WeightedBit[] =>
  [...bits].sort((a, b) => a.arrival - b.arrival)

const bitsOf = (terms: readonly WeightedBit[]): readonly Bool[] => terms.map(({ bit }) => bit)

/** The constant, 0 or -1, where the columns hold one bit each and the lowest beside it as many carries as `addCarries` takes. */
const onlyCarries = (
  [lowest, ...others]: readonly (readonly WeightedBit[])[],
  constant: bigint,
): 0 | -1 | undefined => {
  if (others.length === 0 || others.some((column) => column.length !== 1)) return undefined
  const carries = lowest!.length - 1
  if (constant === 0n) return carries === 0 || carries === 1 ? 0 : undefined
  const minusOne = (1n << BigInt(others.length + 1)) - 1n
  return constant === minusOne && carries >= 0 && carries <= 2 ? -1 : undefined
}
