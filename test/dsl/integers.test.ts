import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Graph } from '../../src/dsl/graph.ts'
import { Int, mux, range, s, sum, u } from '../../src/dsl/index.ts'
import { fold, type Node } from '../../src/dsl/ir.ts'
import { Bool } from '../../src/dsl/signal.ts'
import { maker, mistake } from './maker.ts'

/** The value of a node, operation by operation through `fold`. */
const valueIn = (node: Node, inputs: ReadonlyMap<Node, bigint>): bigint => {
  if (node.op === 'const') return node.value
  if ('args' in node && node.op !== 'lookup') {
    const values = node.args.map((arg) => valueIn(arg, inputs))
    const value = fold(node, values)
    expect(value >= node.min && value <= node.max, `${node.op} of ${values} is ${value}`).toBe(true)
    return value
  }
  return inputs.get(node)!
}

const bound = fc.oneof(fc.bigInt({ min: -9n, max: 9n }), fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }))
const operand = fc.tuple(bound, bound, fc.double({ min: 0, max: 1, noNaN: true })).map(([a, b, at]) => {
  const [min, max] = a < b ? [a, b] : [b, a]
  const steps = BigInt(Math.round(at * 2 ** 32))
  return { min, max, value: min + ((max - min) * steps) / 2n ** 32n }
})

/** Every operation of integers, with its meaning in plain arithmetic. */
const operations: Record<
  string,
  [(a: Int, b: Int, c: Bool) => Int | Bool, (a: bigint, b: bigint, c: boolean) => bigint]
> = {
  add: [(a, b) => a.add(b), (a, b) => a + b],
  sub: [(a, b) => a.sub(b), (a, b) => a - b],
  mul: [(a, b) => a.mul(b), (a, b) => a * b],
  neg: [(a) => a.neg(), (a) => -a],
  shl: [(a) => a.shl(3), (a) => a * 8n],
  shr: [(a) => a.shr(3), (a) => (a - (((a % 8n) + 8n) % 8n)) / 8n],
  mux: [(a, b, c) => mux(c, a, b), (a, b, c) => (c ? a : b)],
  sum: [(a, b) => sum([a, b, a, a, b]), (a, b) => 3n * a + 2n * b],
  lt: [(a, b) => a.lt(b), (a, b) => BigInt(a < b)],
  le: [(a, b) => a.le(b), (a, b) => BigInt(a <= b)],
  gt: [(a, b) => a.gt(b), (a, b) => BigInt(a > b)],
  ge: [(a, b) => a.ge(b), (a, b) => BigInt(a >= b)],
  eq: [(a, b) => a.eq(b), (a, b) => BigInt(a === b)],
  ne: [(a, b) => a.ne(b), (a, b) => BigInt(a !== b)],
  'wrap to s5': [(a) => a.wrap(s(5)), (a) => BigInt.asIntN(5, a)],
  'wrap to u5': [(a) => a.wrap(u(5)), (a) => BigInt.asUintN(5, a)],
  'sat to -3..9': [(a) => a.sat(range(-3, 9)), (a) => (a < -3n ? -3n : a > 9n ? 9n : a)],
  'low 5 bits': [(a) => a.bits(5).unsigned(), (a) => BigInt.asUintN(5, a)],
  'wide bits': [(a) => a.bits(80).signed(), (a) => BigInt.asIntN(80, a)],
  'bit 0': [(a) => a.bit(0), (a) => a & 1n],
}

describe('integers never overflow', () => {
  it.each(Object.keys(operations))('%s gives the exact result, inside the bounds it announces', (name) => {
    const [describe, meaning] = operations[name]!
    fc.assert(
      fc.property(operand, operand, fc.boolean(), (a, b, c) => {
        const graph = new Graph('test')
        const input = (label: string, min: bigint, max: bigint): Node => ({
          op: 'in',
          id: graph.takeId(),
          name: label,
          min,
          max,
        })
        const [x, y, z] = [input('a', a.min, a.max), input('b', b.min, b.max), input('c', 0n, 1n)]
        const result = describe(new Int(graph, x), new Int(graph, y), new Bool(graph, z)).node
        const values = new Map([
          [x, a.value],
          [y, b.value],
          [z, BigInt(c)],
        ])
        const value = valueIn(result, values)
        expect(value).toBe(meaning(a.value, b.value, c))
        expect(value >= result.min && value <= result.max).toBe(true)
      }),
      { numRuns: process.env.BITLOOM_FULL ? 5000 : 300 },
    )
  })

  it.each(Object.keys(operations))('%s of constants is a constant, with the same value', (name) => {
    const [describe, meaning] = operations[name]!
    fc.assert(
      fc.property(operand, operand, fc.boolean(), (a, b, c) => {
        const graph = new Graph('test')
        const result = describe(
          new Int(graph, graph.constant(a.value)),
          new Int(graph, graph.constant(b.value)),
          new Bool(graph, graph.constant(BigInt(c), { min: 0n, max: 1n })),
        ).node
        expect(result).toMatchObject({ op: 'const', value: meaning(a.value, b.value, c) })
        expect(graph.operations).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})

describe('a value that may not fit its place', () => {
  it('is refused by a register, an output and a port, with both ranges and the verbs that lose bits', () => {
    expect(
      mistake(() =>
        maker({ a: s(8) }, { b: s(8) }, ({ a }, { regs }) => {
          const r = regs({ product: s(8) })
          r.product.next = a.mul(a)
          return { b: r.product }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-RANGE in maker (integers.test.ts, line 'r.product.next = a.mul(a)'): register 'product' holds [-128, 127] (s8), got [-16256, 16384] (s16); narrow it with .wrap(), .sat() or checked()"`,
    )
    expect(mistake(() => maker({ a: u(8) }, { b: s(8) }, ({ a }) => ({ b: a })))).toMatchInlineSnapshot(
      `"E-RANGE in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'b' holds [-128, 127] (s8), got [0, 255] (u8); narrow it with .wrap(), .sat() or checked()"`,
    )
  })

  it('is refused as a literal too', () => {
    expect(
      mistake(() =>
        maker({}, { b: u(4) }, (_, { regs }) => {
          const r = regs({ count: u(4) })
          r.count.next = 16
          return { b: r.count }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-RANGE in maker (integers.test.ts, line 'r.count.next = 16'): register 'count' holds [0, 15] (u4), got 16; choose one that fits, or widen the shape"`,
    )
    expect(mistake(() => maker({ a: s(8) }, { b: s(9) }, ({ a }) => ({ b: a.add(0.5) })))).toMatchInlineSnapshot(
      `"E-RANGE in maker (integers.test.ts, line '() => maker({ a: s(8) }, { b: s(9) }, ({ a }) => ({ b: a.add(0.5) }))'): 0.5 is not an exact integer; write a whole number, from 2^53 upwards as a bigint, 5n"`,
    )
  })

  it('is cut by wrap only into whole widths', () => {
    expect(
      mistake(() => maker({ a: s(8) }, { b: s(8) }, ({ a }) => ({ b: a.wrap(range(0, 9)) }))),
    ).toMatchInlineSnapshot(
      `"E-RANGE in maker (integers.test.ts, line 'mistake(() => maker({ a: s(8) }, { b: s(8) }, ({ a }) => ({ b: a.wrap(range(0, 9)) })))'): wrap keeps whole bits, and [0, 9] (u4) is not every value of its width; wrap into u(4) or use .sat()"`,
    )
  })

  it('cannot come from a shift by less than nothing, by half a place or by more than there is', () => {
    const shift = (places: number) => () => maker({ a: s(8) }, { b: s(8) }, ({ a }) => ({ b: a.shr(places) }))
    expect(mistake(shift(-1))).toMatchInlineSnapshot(
      `"E-RANGE in maker (integers.test.ts, line 'const shift = (places: number) => () => maker({ a: s(8) }, { b: s(8) }, ({ a }) => ({ b: a.shr(places) }))'): shr takes a whole number of places from 0 to 65536, got -1; choose one of those"`,
    )
    expect(mistake(shift(0.5))).toMatchInlineSnapshot(
      `"E-RANGE in maker (integers.test.ts, line 'const shift = (places: number) => () => maker({ a: s(8) }, { b: s(8) }, ({ a }) => ({ b: a.shr(places) }))'): shr takes a whole number of places from 0 to 65536, got 0.5; choose one of those"`,
    )
    expect(mistake(() => maker({ a: s(8) }, { b: s(8) }, ({ a }) => ({ b: a.shl(1e9) })))).toMatchInlineSnapshot(
      `"E-RANGE in maker (integers.test.ts, line '() => maker({ a: s(8) }, { b: s(8) }, ({ a }) => ({ b: a.shl(1e9) }))'): shl takes a whole number of places from 0 to 65536, got 1000000000; choose one of those"`,
    )
  })
})
