import { describe, expect, it } from 'vitest'
import { type IntShape, range, s, u } from '../../../src/dsl/index.ts'
import { CompressedSum } from '../../../src/pe/arith/sum.ts'
import { type Case, firstDifference, gatesDiffer } from '../../dsl/equivalence.ts'

const golden = (values: Case): Record<string, bigint> => ({
  sum: Object.values(values).reduce((total, value) => total + value, 0n),
})
const moduleOf = (operands: readonly IntShape[]) =>
  CompressedSum({ operands, arrivals: operands.map((_, k) => (k === 0 ? 'recoded' : 'register')) }).module

describe('a compressed sum, as gates and as logic, is the sum', () => {
  it.each([
    [[u(1), u(1)]],
    [[s(1), u(3)]],
    [[s(4), s(4), s(4)]],
    [[u(3), s(5), u(2), s(4)]],
    [[range(-6, 9), range(-24, 36), u(4)]],
    [[s(3), s(3), s(3), s(3), s(3)]],
    [[u(2), u(2), u(2), u(2), u(2), u(2)]],
  ])('for every value of %s', (operands) => {
    const module = moduleOf(operands)
    expect(firstDifference(module.gates!, golden)).toBeUndefined()
    expect(firstDifference(module, golden)).toBeUndefined()
  })

  it.each([[[s(9), range(-4096, 4080), range(-65536, 65280), s(32)]], [[s(17), s(17), s(32)]]])(
    'for ends of the bounds and random values of %s',
    (operands) => {
      const module = moduleOf(operands)
      expect(firstDifference(module.gates!, golden, { count: 5000 })).toBeUndefined()
      expect(gatesDiffer(module, { count: 300, seed: 4 })).toBeUndefined()
    },
  )

  it('has one name for each list of operands and times', () => {
    const names = [
      moduleOf([u(2), u(3)]),
      moduleOf([u(3), u(2)]),
      moduleOf([u(2), u(3), u(2)]),
      CompressedSum({ operands: [u(2), u(3)], arrivals: ['register', 'register'] }).module,
      CompressedSum({ operands: [u(2), u(3)], arrivals: ['gated', 'register'] }).module,
    ].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})
