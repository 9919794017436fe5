import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bits,
  bool,
  component,
  equal,
  mux,
  pack,
  packedWidth,
  range,
  record,
  type Shape,
  s,
  select,
  u,
  unpack,
  vec,
} from '../../src/dsl/index.ts'
import { maker, mistake, nothing, run, trace } from './maker.ts'

const fp4 = record({ sign: bool, code: bits(3) })
const pair = record({ left: fp4, right: fp4 })

describe('a record', () => {
  it('is a port for each scalar, called after the way to it, also in vectors and within records', () => {
    const module = maker({ x: record({ pairs: vec(2, pair), last: s(4) }) }, { y: fp4 }, ({ x }) => ({
      y: x.pairs[1]!.left,
    }))
    expect(module.inputs.map(({ name }) => name)).toEqual([
      ...['x_pairs_0_left_sign', 'x_pairs_0_left_code', 'x_pairs_0_right_sign', 'x_pairs_0_right_code'],
      ...['x_pairs_1_left_sign', 'x_pairs_1_left_code', 'x_pairs_1_right_sign', 'x_pairs_1_right_code'],
      'x_last',
    ])
    expect(run(module, [{ x_pairs_1_left_sign: 1, x_pairs_1_left_code: 5 }])).toEqual([{ y_sign: 1n, y_code: 5n }])
  })

  it('may stand under one name on both sides, inputs and outputs', () => {
    const module = maker({ bus: record({ ready: bool }) }, { bus: record({ valid: bool }) }, ({ bus }) => ({
      bus: { valid: bus.ready.not() },
    }))
    expect([module.inputs[0]!.name, module.outputs[0]!.name]).toEqual(['bus_ready', 'bus_valid'])
    expect(run(module, [{ bus_ready: 0 }])).toEqual([{ bus_valid: 1n }])
    const twice = () =>
      maker({ bus: record({ ready: bool }) }, { bus: record({ ready: bool }) }, ({ bus }) => ({ bus }))
    expect(mistake(twice)).toMatch(/^E-NAME .* cannot be called 'bus_ready'/)
  })

  it('in a register is set as a whole or field by field, the last assignment wins', () => {
    const module = maker({ x: fp4, load: bool }, { y: pair }, ({ x, load }, { regs, when }) => {
      const r = regs({ held: pair })
      when(load, () => {
        r.held.next = { left: x, right: { sign: true, code: 1 } }
        r.held.right.code.next = x.code
      })
      return { y: r.held }
    })
    const x = { x_sign: 1, x_code: 6 }
    expect(run(module, [{ ...x, load: 1 }, { load: 0 }, { x_code: 2 }]).at(-1)).toEqual({
      y_left_sign: 1n,
      y_left_code: 6n,
      y_right_sign: 1n,
      y_right_code: 6n,
    })
  })

  it('in a wire is driven as a whole or field by field', () => {
    const module = maker({ x: fp4 }, { y: fp4, z: vec(2, bool) }, ({ x }, { wires }) => {
      const w = wires({ whole: fp4, parts: vec(2, bool) })
      w.whole.value = x
      w.parts[0]!.value = x.sign
      w.parts[1]!.value = false
      return { y: w.whole, z: w.parts }
    })
    expect(run(module, [{ x_sign: 1, x_code: 3 }])[0]).toEqual({ y_sign: 1n, y_code: 3n, z_0: 1n, z_1: 0n })
  })

  it('goes to and from an instance as a value', () => {
    const Swap = component('swap', (_: object) => ({
      in: { x: pair },
      out: { y: pair },
      logic: ({ x }) => ({ y: { left: x.right, right: x.left } }),
    }))
    const module = maker({ x: fp4 }, { y: fp4 }, ({ x }, { use }) => {
      const { y } = use('swap', Swap({}), { x: { left: { sign: false, code: 0 }, right: x } })
      return { y: y.left }
    })
    expect(run(module, [{ x_sign: 1, x_code: 3 }])[0]).toEqual({ y_sign: 1n, y_code: 3n })
  })

  it('is chosen by mux and compared by equal as a whole, registers and all', () => {
    const module = maker({ c: bool, a: fp4, b: fp4 }, { y: fp4, same: bool }, ({ c, a, b }, { regs }) => {
      const r = regs({ held: fp4 })
      r.held.next = mux(c, a, b)
      return { y: mux(c, r.held, b), same: equal(r.held, a) }
    })
    const [a, b] = [
      { a_sign: 1, a_code: 5 },
      { b_sign: 0, b_code: 2 },
    ]
    expect(run(module, [{ c: 1, ...a, ...b }, {}, { a_code: 4 }, { c: 0 }])).toEqual([
      { y_sign: 0n, y_code: 0n, same: 0n },
      { y_sign: 1n, y_code: 5n, same: 1n },
      { y_sign: 1n, y_code: 5n, same: 0n },
      { y_sign: 0n, y_code: 2n, same: 1n },
    ])
  })

  it('has a tag that no other has, so that it may be a parameter', () => {
    const shapes: readonly Shape[] = [
      fp4,
      record({ code: bits(3), sign: bool }),
      record({ sign: bool, code: bits(4) }),
      record({ sign: bool, code: vec(3, bool) }),
      record({ a: record({ b: bool }), c: bool }),
      record({ a: record({ b: bool, c: bool }) }),
      vec(2, fp4),
      vec(2, vec(2, bool)),
      vec(4, bool),
    ]
    expect(new Set(shapes.map(({ tag }) => tag)).size).toBe(shapes.length)
    expect(fp4.tag).toBe('r2_4sign_bool_4code_b3')
    const Hold = component('hold', (p: { of: Shape }) => ({ in: { x: p.of }, out: {}, logic: () => ({}) }))
    expect(Hold({ of: fp4 }).name).toBe('hold_of_r2_4sign_bool_4code_b3')
  })
})

describe('select', () => {
  it.each([1, 2, 3, 5, 8])('takes the element that the index tells, of %i', (length) => {
    const module = maker({ x: vec(length, s(8)), i: range(0, length - 1) }, { y: s(8) }, ({ x, i }) => ({
      y: select(x, i),
    }))
    const values = Object.fromEntries(Array.from({ length }, (_, k) => [`x_${k}`, 10 * k - 20]))
    for (let i = 0; i < length; i++) expect(trace(module, 'y', [{ ...values, i }])).toEqual([BigInt(10 * i - 20)])
  })

  it('takes whole records, and fields of bits as index', () => {
    const module = maker({ x: vec(4, fp4), i: bits(2) }, { y: fp4 }, ({ x, i }) => ({ y: select(x, i) }))
    expect(run(module, [{ x_2_sign: 1, x_2_code: 7, i: 2 }])).toEqual([{ y_sign: 1n, y_code: 7n }])
  })

  it('refuses an index that may tell no element', () => {
    const ask = (length: number, shape: ReturnType<typeof range>) => () =>
      maker({ x: vec(length, s(8)), i: shape }, {}, ({ x, i }) => nothing(select(x, i)))
    expect(mistake(ask(3, u(2)))).toMatchInlineSnapshot(
      `"E-RANGE in maker (aggregates.test.ts, line 'maker({ x: vec(length, s(8)), i: shape }, {}, ({ x, i }) => nothing(select(x, i)))'): a vector of 3 has the elements 0 to 2, and this index holds [0, 3] (u2); narrow it with .sat(), .wrap() or checked()"`,
    )
    expect(mistake(ask(2, s(2)))).toMatchInlineSnapshot(
      `"E-RANGE in maker (aggregates.test.ts, line 'maker({ x: vec(length, s(8)), i: shape }, {}, ({ x, i }) => nothing(select(x, i)))'): a vector of 2 has the elements 0 to 1, and this index holds [-2, 1] (s2); narrow it with .sat(), .wrap() or checked()"`,
    )
  })
})

describe('pack', () => {
  const shape = record({ list: vec(2, bits(3)), number: s(5), flag: bool })

  it("puts a record's first field highest and a vector's element 0 lowest", () => {
    expect(packedWidth(shape)).toBe(12)
    const module = maker({ x: shape }, { y: bits(12) }, ({ x }) => ({ y: pack(shape, x) }))
    const row = { x_list_0: 0b101, x_list_1: 0b011, x_number: -3, x_flag: 1 }
    expect(trace(module, 'y', [row])).toEqual([0b011_101_11101_1n])
  })

  it('is undone by unpack, and undoes it', () => {
    const module = maker({ x: bits(12) }, { y: bits(12), z: shape }, ({ x }) => ({
      y: pack(shape, unpack(shape, x)),
      z: unpack(shape, x),
    }))
    fc.assert(
      fc.property(fc.nat(4095), (x) => {
        const [row] = run(module, [{ x }])
        expect(row!.y).toBe(BigInt(x))
        expect(row!.z_number).toBe(BigInt.asIntN(5, BigInt(x) >> 1n))
      }),
    )
  })

  it('brings literals and narrower values to the width of their field', () => {
    const module = maker({ x: bool }, { y: bits(12) }, ({ x }) => ({
      y: pack(shape, { list: [1, 2], number: -1, flag: x }),
    }))
    expect(trace(module, 'y', [{ x: 0 }])).toEqual([0b010_001_11111_0n])
  })

  it('leaves an integer all values of its width where it is unpacked', () => {
    const module = maker({ x: bits(8) }, { y: s(8) }, ({ x }) => ({ y: unpack(range(-127, 127), x) }))
    expect(trace(module, 'y', [{ x: 128 }])).toEqual([-128n])
  })
})

describe('a mistake with vectors and records is refused', () => {
  it('where field names cannot be', () => {
    expect(mistake(() => record({}))).toMatchInlineSnapshot(
      `"E-RANGE in record (aggregates.test.ts, line '() => record({})'): a record has at least one field, got none; add some"`,
    )
    expect(mistake(() => record({ b: bool, 0: bool }))).toMatchInlineSnapshot(
      `"E-NAME in record (aggregates.test.ts, line '() => record({ b: bool, 0: bool })'): a field cannot be called '0': JavaScript does not keep the order of names that are integers; choose another name"`,
    )
    expect(mistake(() => record({ next: bool }))).toMatchInlineSnapshot(
      `"E-NAME in record (aggregates.test.ts, line '() => record({ next: bool })'): a field cannot be called 'next': registers and wires are set by it; choose another name"`,
    )
    expect(mistake(() => record({ 'a-b': bool }))).toMatchInlineSnapshot(
      `"E-NAME in record (aggregates.test.ts, line '() => record({ 'a-b': bool })'): a field cannot be called 'a-b': a name is a letter followed by letters, digits and underscores; choose another name"`,
    )
  })

  it('where two names come to one', () => {
    expect(mistake(() => maker({ x: fp4, x_sign: bool }, {}, () => ({})))).toMatchInlineSnapshot(
      `"E-NAME in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): an input cannot be called 'x_sign': an input has that name; choose another name"`,
    )
  })

  it('where a field is missing, is nowhere declared, or does not fit', () => {
    const give = (value: object) => () => maker({}, { y: fp4 }, () => ({ y: value as never }))
    expect(mistake(give({ sign: true }))).toMatchInlineSnapshot(
      `"E-UNDRIVEN in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): field 'code' of output 'y' has no value; give it one"`,
    )
    expect(mistake(give({ sign: true, code: 1, more: 1 }))).toMatchInlineSnapshot(
      `"E-NAME in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' has no field 'more', its fields are sign, code; leave it out"`,
    )
    expect(mistake(give({ sign: true, code: 9 }))).toMatchInlineSnapshot(
      `"E-WIDTH in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y_code' takes 3 bits, 0 to 7, got 9; mask it or widen the field"`,
    )
    expect(mistake(give(5 as never))).toMatchInlineSnapshot(
      `"E-KIND in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' takes a record of sign, code, got 5; pass an object with these fields"`,
    )
  })

  it('where a vector has another length, or is none', () => {
    const give = (value: unknown) => () => maker({}, { y: vec(2, vec(2, u(4))) }, () => ({ y: value as never }))
    expect(mistake(give([[1, 2]]))).toMatchInlineSnapshot(
      `"E-RANGE in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' takes an array of 2, got one of 1; pass as many"`,
    )
    expect(mistake(give([[1, 2], [1]]))).toMatchInlineSnapshot(
      `"E-RANGE in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): element 1 of output 'y' takes an array of 2, got one of 1; pass as many"`,
    )
    expect(mistake(give([[1, 2], 3]))).toMatchInlineSnapshot(
      `"E-RANGE in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): element 1 of output 'y' takes an array of 2, got 3; pass one"`,
    )
    expect(
      mistake(
        give([
          [1, 2],
          [3, 99],
        ]),
      ),
    ).toMatchInlineSnapshot(
      `"E-RANGE in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y_1_1' holds [0, 15] (u4), got 99; choose one that fits, or widen the shape"`,
    )
  })

  it('where two values of different structure stand side by side', () => {
    const both = (a: Shape, b: Shape) => () =>
      maker({ c: bool, a, b }, {}, ({ c, a, b }) => nothing(mux(c, a as never, b as never)))
    expect(mistake(both(vec(2, bool), vec(3, bool)))).toMatchInlineSnapshot(
      `"E-RANGE in maker (aggregates.test.ts, line 'maker({ c: bool, a, b }, {}, ({ c, a, b }) => nothing(mux(c, a as never, b as never)))'): a vector of 2 elements cannot stand beside one of 3; take as many of both"`,
    )
    expect(mistake(both(fp4, pair))).toMatchInlineSnapshot(
      `"E-RANGE in maker (aggregates.test.ts, line 'maker({ c: bool, a, b }, {}, ({ c, a, b }) => nothing(mux(c, a as never, b as never)))'): a value with sign, code cannot stand beside one with left, right; take two of one shape"`,
    )
  })

  it('where bits are unpacked that are too few, or literals packed that belong nowhere', () => {
    expect(mistake(() => maker({ x: bits(3) }, {}, ({ x }) => nothing(unpack(fp4, x))))).toMatchInlineSnapshot(
      `"E-WIDTH in maker (aggregates.test.ts, line '() => maker({ x: bits(3) }, {}, ({ x }) => nothing(unpack(fp4, x)))'): this shape is packed in 4 bits, got 3; use .slice() or cat()"`,
    )
    expect(mistake(() => pack(fp4, { sign: true, code: 1 }))).toMatchInlineSnapshot(
      `"E-RANGE in pack (aggregates.test.ts, line '() => pack(fp4, { sign: true, code: 1 })'): pack takes a value with at least one signal, got literals alone; write the number they make"`,
    )
  })
})
