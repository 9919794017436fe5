import { describe, expect, it } from 'vitest'
import { bool, component, printVerilog, u, vec } from '../../src/dsl/index.ts'
import { maker, mistake } from './maker.ts'

const named = (name: string) => () => maker({ [name]: bool }, {}, () => ({}))
const Child = component('child', (_: object) => ({ in: { a: bool }, out: { y: bool }, logic: ({ a }) => ({ y: a }) }))

describe('a name', () => {
  it('is a letter followed by letters, digits and underscores', () => {
    expect(mistake(named('2nd'))).toMatchInlineSnapshot(
      `"E-NAME in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): an input cannot be called '2nd': a name is a letter followed by letters, digits and underscores; choose another name"`,
    )
    expect(() => named('second_2')()).not.toThrow()
    for (const name of ['', 'a-b', 'a b', '_a', 'a$', 'é', 'a.b']) expect(named(name)).toThrow(/E-NAME/)
  })

  it('is no reserved word of Verilog or SystemVerilog, however written, nor one of the printer', () => {
    expect(mistake(named('reg'))).toMatchInlineSnapshot(
      `"E-NAME in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): an input cannot be called 'reg': it is a reserved word of Verilog or SystemVerilog; choose another name"`,
    )
    for (const name of ['wire', 'Module', 'LOGIC', 'priority']) expect(named(name)).toThrow(/E-NAME.*reserved/)
    for (const name of ['clk', 'rst', 'unused']) expect(named(name)).toThrow(/E-NAME.*printed modules have one/)
  })

  it('of a port is no reserved word of VHDL either, nor a keyword of C++, where Verilator takes it to', () => {
    expect(mistake(named('signal'))).toMatch(/'signal': it is a reserved word of VHDL; choose another name$/)
    expect(mistake(named('delete'))).toMatch(/'delete': it is a keyword of C\+\+, where Verilator makes ports members/)
    for (const name of ['Range', 'next', 'open', 'double', 'namespace']) expect(named(name), name).toThrow(/E-NAME/)
    expect(() =>
      maker({ a: bool }, { y: bool }, ({ a }, { regs }) => {
        const r = regs({ next: bool, range: bool })
        r.next.next = a
        r.range.next = r.next
        return { y: r.range }
      }),
    ).not.toThrow()
  })

  it('is taken once in a component, whatever takes it and however written', () => {
    expect(
      mistake(() =>
        maker({ sum: bool }, {}, (_, { regs }) => {
          regs({ Sum: bool })
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-NAME in maker (names.test.ts, line 'regs({ Sum: bool })'): a register cannot be called 'Sum': an input is called 'sum', and case alone tells no names apart; choose another name"`,
    )
    expect(
      mistake(() =>
        maker({}, {}, (_, { regs, wires }) => {
          regs({ a: vec(2, bool) })
          wires({ a_1: bool }).a_1.value = true
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-NAME in maker (names.test.ts, line 'wires({ a_1: bool }).a_1.value = true'): a wire cannot be called 'a_1': a register has that name; choose another name"`,
    )
    expect(
      mistake(() =>
        maker({}, {}, (_, { use }) => {
          use('twin', Child({}), { a: true })
          use('twin', Child({}), { a: false })
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-NAME in maker (names.test.ts, line 'use('twin', Child({}), { a: false })'): an instance cannot be called 'twin': an instance has that name; choose another name"`,
    )
    const Both = component('both', (_: object) => ({ in: { a: bool }, out: { a: bool }, logic: ({ a }) => ({ a }) }))
    expect(mistake(() => Both({}).module)).toMatchInlineSnapshot(
      `"E-NAME in both (names.test.ts, line 'const Both = component('both', (_: object) => ({ in: { a: bool }, out: { a: bool }, logic: ({ a }) => ({ a }) }))'): an output cannot be called 'a': an input has that name; choose another name"`,
    )
  })

  it('of a module is one too', () => {
    const Bad = component('bad', (p: { name: string }) => ({ name: p.name, in: {}, out: {}, logic: () => ({}) }))
    expect(mistake(() => Bad({ name: 'begin' }))).toMatchInlineSnapshot(
      `"E-NAME in bad (names.test.ts, line '() => Bad({ name: 'begin' })'): a module cannot be called 'begin': it is a reserved word of Verilog or SystemVerilog; choose another name"`,
    )
    expect(mistake(() => Bad({ name: 'a/b' }))).toMatchInlineSnapshot(
      `"E-NAME in bad (names.test.ts, line '() => Bad({ name: 'a/b' })'): a module cannot be called 'a/b': a name is a letter followed by letters, digits and underscores; choose another name"`,
    )
    expect(
      mistake(() => component('and', (_: object) => ({ in: {}, out: {}, logic: () => ({}) }))({})),
    ).toMatchInlineSnapshot(
      `"E-NAME in and (names.test.ts, line 'mistake(() => component('and', (_: object) => ({ in: {}, out: {}, logic: () => ({}) }))({}))'): a module cannot be called 'and': it is a reserved word of Verilog or SystemVerilog; choose another name"`,
    )
  })
})

describe('two different modules of one name', () => {
  const twin = (name: string, width: number) =>
    component('twin', (_: object) => ({
      name,
      in: { a: u(width) },
      out: { y: u(width) },
      logic: ({ a }) => ({ y: a }),
    }))({})

  it('cannot be printed into one file', () => {
    const module = maker({ a: u(8) }, { y: u(8), z: u(4) }, ({ a }, { use }) => ({
      y: use('wide', twin('twin', 8), { a }).y,
      z: use('narrow', twin('twin', 4), { a: 3 }).y,
    }))
    expect(mistake(() => printVerilog(module))).toMatchInlineSnapshot(
      `"E-NAME in maker (names.test.ts, line 'z: use('narrow', twin('twin', 4), { a: 3 }).y'): two different modules are called 'twin', instance 'wide' of maker (names.test.ts, line 'y: use('wide', twin('twin', 8), { a }).y') and instance 'narrow' of maker (names.test.ts, line 'z: use('narrow', twin('twin', 4), { a: 3 }).y'); give one of them a 'name' that tells its parameters"`,
    )
  })

  it('nor two whose names differ in case alone', () => {
    const module = maker({ a: u(8) }, { y: u(8), z: u(4) }, ({ a }, { use }) => ({
      y: use('wide', twin('twin', 8), { a }).y,
      z: use('narrow', twin('Twin', 4), { a: 3 }).y,
    }))
    expect(mistake(() => printVerilog(module))).toMatchInlineSnapshot(
      `"E-NAME in maker (names.test.ts, line 'z: use('narrow', twin('Twin', 4), { a: 3 }).y'): the names of modules 'twin' and 'Twin' differ in case alone, instance 'wide' of maker (names.test.ts, line 'y: use('wide', twin('twin', 8), { a }).y') and instance 'narrow' of maker (names.test.ts, line 'z: use('narrow', twin('Twin', 4), { a: 3 }).y'); rename one of them"`,
    )
  })

  it('while one module many times is printed once', () => {
    const one = twin('twin', 8)
    const module = maker({ a: u(8) }, { y: u(8) }, ({ a }, { use }) =>
      use('second', one, { a: use('first', one, { a }).y }),
    )
    expect(printVerilog(module).match(/^module \w+/gm)).toEqual(['module twin', 'module maker'])
  })
})
