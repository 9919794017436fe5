import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Graph } from '../../src/dsl/graph.ts'
import { Bits, bits, bool, cat, component, s, u } from '../../src/dsl/index.ts'
import { maker, mistake, run } from './maker.ts'

const field = fc
  .integer({ min: 1, max: 70 })
  .chain((width) =>
    fc.record({ width: fc.constant(width), value: fc.bigInt({ min: 0n, max: 2n ** BigInt(width) - 1n }) }),
  )
type Field = { readonly width: number; readonly value: bigint }

/** The field as text of zeros and ones, the highest bit first: what every rule below is stated in. */
const digits = ({ width, value }: Field): string => value.toString(2).padStart(width, '0')
const numberOf = (text: string): bigint => BigInt(`0b${text}`)

/** A fresh graph of constant fields; what is made of them is folded through the definition of each operation. */
const constants = (...fields: readonly Field[]): Bits[] => {
  const graph = new Graph('test')
  return fields.map(({ width, value }) => new Bits(graph, graph.constant(value, bits(width))))
}
const folded = (signal: { readonly node: Bits['node'] }): bigint => {
  expect(signal.node.op).toBe('const')
  return signal.node.op === 'const' ? signal.node.value : 0n
}

describe('a field of bits', () => {
  it('joins with the first one highest', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), (fields) => {
        const joined = cat(...constants(...fields))
        expect(folded(joined)).toBe(numberOf(fields.map(digits).join('')))
        expect(joined.width).toBe(fields.reduce((sum, { width }) => sum + width, 0))
      }),
    )
  })

  it('is cut from the high bit to the low bit, both included', () => {
    fc.assert(
      fc.property(field, fc.nat(), fc.nat(), (whole, p, q) => {
        const [low, high] = [p % whole.width, q % whole.width].sort((a, b) => a - b) as [number, number]
        const text = digits(whole)
        const [x] = constants(whole)
        expect(folded(x!.slice(high, low))).toBe(numberOf(text.slice(whole.width - 1 - high, whole.width - low)))
        expect(folded(x!.bit(low))).toBe(BigInt(text[whole.width - 1 - low]!))
      }),
    )
  })

  it('is turned bit by bit by not, and knows whether any or all are 1', () => {
    fc.assert(
      fc.property(field, (whole) => {
        const text = digits(whole)
        const [x] = constants(whole)
        expect(folded(x!.not())).toBe(numberOf([...text].map((bit) => (bit === '1' ? '0' : '1')).join('')))
        expect(folded(x!.any())).toBe(BigInt(text.includes('1')))
        expect(folded(x!.all())).toBe(BigInt(!text.includes('0')))
      }),
    )
  })

  it('combines with another of its width bit by bit', () => {
    const two = field.chain((a) =>
      fc.tuple(
        fc.constant(a),
        fc.bigInt({ min: 0n, max: 2n ** BigInt(a.width) - 1n }).map((value) => ({ ...a, value })),
      ),
    )
    fc.assert(
      fc.property(two, ([a, b]) => {
        const [x, y] = constants(a, b) as [Bits, Bits]
        const each = (rule: (p: number, q: number) => number): bigint =>
          numberOf([...digits(a)].map((bit, k) => rule(Number(bit), Number(digits(b)[k]))).join(''))
        expect(folded(x.and(y))).toBe(each((p, q) => p & q))
        expect(folded(x.or(y))).toBe(each((p, q) => p | q))
        expect(folded(x.xor(y))).toBe(each((p, q) => p ^ q))
        expect(folded(x.eq(y))).toBe(BigInt(a.value === b.value))
        expect(folded(x.ne(y))).toBe(BigInt(a.value !== b.value))
      }),
    )
  })

  it("is read as an integer without sign or as two's complement, and an integer gives its low bits", () => {
    fc.assert(
      fc.property(field, (whole) => {
        const [x] = constants(whole)
        expect(folded(x!.unsigned())).toBe(whole.value)
        expect(folded(x!.signed())).toBe(BigInt.asIntN(whole.width, whole.value))
        expect(folded(x!.signed().bits())).toBe(whole.value)
      }),
    )
  })

  it('means the same on ports, in the simulation', () => {
    const module = maker(
      { a: bits(4), b: s(4) },
      {
        joined: bits(8),
        field: bits(2),
        turned: bits(4),
        any: bool,
        every: bool,
        number: s(4),
        masked: bits(4),
        top: bool,
      },
      ({ a, b }) => ({
        joined: cat(a, b.bits()),
        field: a.slice(2, 1),
        turned: a.not(),
        any: a.any(),
        every: a.all(),
        number: a.signed(),
        masked: a.and(0b0110),
        top: b.bit(3),
      }),
    )
    expect(
      run(module, [
        { a: 0b1010, b: -3 },
        { a: 15, b: 0 },
        { a: 0, b: 7 },
      ]),
    ).toEqual([
      {
        joined: 0b1010_1101n,
        field: 0b01n,
        turned: 0b0101n,
        any: 1n,
        every: 0n,
        number: -6n,
        masked: 0b0010n,
        top: 1n,
      },
      { joined: 0b1111_0000n, field: 0b11n, turned: 0n, any: 1n, every: 1n, number: -1n, masked: 0b0110n, top: 0n },
      { joined: 0b0000_0111n, field: 0n, turned: 15n, any: 0n, every: 0n, number: 0n, masked: 0n, top: 0n },
    ])
  })

  it('is as wide as the port it comes through, however narrow what drives that', () => {
    const Joined = component('joined', (_: object) => ({
      in: { a: u(4), b: u(8) },
      out: { y: bits(12) },
      logic: ({ a, b }) => ({ y: cat(a.bits(), b.bits()) }),
    }))
    const module = maker({ a: u(4), b: u(2) }, { y: bits(12) }, ({ a, b }, { use }) =>
      use('inner', Joined({}), { a, b }),
    )
    expect(run(module, [{ a: 5, b: 3 }])).toEqual([{ y: 0x503n }])
  })
})

describe('fields of different widths', () => {
  it('do not mix', () => {
    expect(
      mistake(() => maker({ a: bits(4), b: bits(5) }, { c: bits(4) }, ({ a, b }) => ({ c: a.xor(b) }))),
    ).toMatchInlineSnapshot(
      `"E-WIDTH in maker (bits.test.ts, line 'mistake(() => maker({ a: bits(4), b: bits(5) }, { c: bits(4) }, ({ a, b }) => ({ c: a.xor(b) })))'): xor takes 4 bits, got 5; use .slice() or cat()"`,
    )
    expect(
      mistake(() => maker({ a: bits(4), b: bits(5) }, { c: bool }, ({ a, b }) => ({ c: a.eq(b) }))),
    ).toMatchInlineSnapshot(
      `"E-WIDTH in maker (bits.test.ts, line 'mistake(() => maker({ a: bits(4), b: bits(5) }, { c: bool }, ({ a, b }) => ({ c: a.eq(b) })))'): eq takes 4 bits, got 5; use .slice() or cat()"`,
    )
  })

  it('nor does a literal that does not fit', () => {
    expect(mistake(() => maker({ a: bits(4) }, { c: bits(4) }, ({ a }) => ({ c: a.and(0x1f) })))).toMatchInlineSnapshot(
      `"E-WIDTH in maker (bits.test.ts, line '() => maker({ a: bits(4) }, { c: bits(4) }, ({ a }) => ({ c: a.and(0x1f) }))'): and takes 4 bits, 0 to 15, got 31; mask it or widen the field"`,
    )
    expect(mistake(() => maker({ a: bits(4) }, { c: bool }, ({ a }) => ({ c: a.eq(-1) })))).toMatchInlineSnapshot(
      `"E-WIDTH in maker (bits.test.ts, line '() => maker({ a: bits(4) }, { c: bool }, ({ a }) => ({ c: a.eq(-1) }))'): eq takes 4 bits, 0 to 15, got -1; mask it or widen the field"`,
    )
  })

  it('nor a slice of bits that are not there', () => {
    expect(
      mistake(() => maker({ a: bits(4) }, { c: bits(2) }, ({ a }) => ({ c: a.slice(4, 3) }))),
    ).toMatchInlineSnapshot(
      `"E-WIDTH in maker (bits.test.ts, line 'mistake(() => maker({ a: bits(4) }, { c: bits(2) }, ({ a }) => ({ c: a.slice(4, 3) })))'): a slice of 4 bits runs from at most 3 down to 0, got 4 down to 3; choose bits that are there"`,
    )
    expect(mistake(() => maker({ a: u(4) }, { c: bool }, ({ a }) => ({ c: a.bit(4) })))).toMatchInlineSnapshot(
      `"E-WIDTH in maker (bits.test.ts, line '() => maker({ a: u(4) }, { c: bool }, ({ a }) => ({ c: a.bit(4) }))'): a slice of 4 bits runs from at most 3 down to 0, got 4 down to 4; choose bits that are there"`,
    )
  })

  it('nor nothing at all', () => {
    expect(mistake(() => cat())).toMatchInlineSnapshot(
      `"E-RANGE in cat (bits.test.ts, line '() => cat()'): cat takes at least one field, got none; pass some"`,
    )
  })
})
