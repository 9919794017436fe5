import { describe, expect, it } from 'vitest'
import { s, u } from '../../../src/dsl/index.ts'
import { Product } from '../../../src/pe/arith/product.ts'
import { type Case, firstDifference, gatesDiffer } from '../../dsl/equivalence.ts'

const golden = ({ a, b }: Case): Record<string, bigint> => ({ result: a! * b! })
const shapes = [u(1), u(2), u(3), u(4), s(1), s(2), s(3), s(4)]

describe.each(['array', 'booth', 'shift-add'] as const)('a product as gates (%s) and as logic is a * b', (form) => {
  it('for every value of operands of 1 to 4 bits, signed or not', () => {
    for (const a of shapes)
      for (const b of shapes) {
        const { module } = Product({ a, b, form })
        expect(firstDifference(module.gates!, golden), module.name).toBeUndefined()
        expect(firstDifference(module, golden), module.name).toBeUndefined()
      }
  })

  it.each([
    [u(11), u(11)],
    [u(8), u(8)],
    [u(13), u(13)],
    [s(12), u(7)],
  ])('for ends of the bounds and random values of %s and %s', (a, b) => {
    const { module } = Product({ a, b, form })
    expect(firstDifference(module.gates!, golden, { count: 5000 })).toBeUndefined()
    expect(gatesDiffer(module, { count: 300, seed: 2 })).toBeUndefined()
  })
})
