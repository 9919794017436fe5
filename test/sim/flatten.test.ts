import { describe, expect, it } from 'vitest'
import { bits, bool, cat, component, type Module, printVerilog, u } from '../../src/dsl/index.ts'
import type { Input, InstanceOutput, Operation, WireValue } from '../../src/dsl/ir.ts'
import { portNamed, readPort, writePort } from '../../src/sim/engine.ts'
import { flatten } from '../../src/sim/flatten.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { maker } from '../dsl/maker.ts'
import { randomComponent } from '../fuzz/random-component.ts'

const byte = u(8)
const Cell = component('stage', (_: object) => ({
  in: { a: byte },
  out: { y: byte, through: byte },
  logic({ a }, { regs, check }) {
    const r = regs({ held: byte })
    r.held.next = a
    check(a.ne(7), 'a is not 7')
    return { y: r.held, through: a }
  },
}))
const Row = component('row', (p: { length: number }) => ({
  in: { a: byte },
  out: { y: byte },
  logic({ a }, { use }) {
    let y = a
    for (let k = 0; k < p.length; k++) y = use(`cell_${k}`, Cell({}), { a: y }).y
    return { y }
  },
}))

describe('a flat design', () => {
  const flat = flatten(
    maker({ a: byte }, { y: byte }, ({ a }, { use }) => {
      const first = use('right', Row({ length: 2 }), { a }).y
      return { y: use('left', Row({ length: 2 }), { a: first }).y }
    }),
  )

  it('names registers and checks by their place in the hierarchy', () => {
    expect(flat.registers.map(({ path }) => path)).toEqual([
      'right.cell_0.held',
      'right.cell_1.held',
      'left.cell_0.held',
      'left.cell_1.held',
    ])
    expect(flat.checks.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'right.cell_0: a is not 7',
      'right.cell_1: a is not 7',
      'left.cell_0: a is not 7',
      'left.cell_1: a is not 7',
    ])
  })

  it('has no wires and no ports inside: a register becomes what really drives it', () => {
    const [first, second] = flat.registers
    expect(first!.next).toBe(flat.inputs[0]!.value)
    expect(second!.next).toBe(first!.value)
    expect(new Set(flat.values.map(({ op }) => op))).toEqual(new Set(['in', 'reg', 'const', 'eq', 'not']))
  })

  it('has every argument before its reader, and constants once', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { values } = flatten(randomComponent(seed, { width: 40, operations: 40, depth: 2 }).module)
      values.forEach(({ args }, index) => {
        for (const arg of args) expect(arg).toBeLessThan(index)
      })
      const constants = values
        .filter(({ op }) => op === 'const')
        .map(({ value, max, min }) => `${value} ${max.toString(2).length} ${min < 0n}`)
      expect(new Set(constants).size).toBe(constants.length)
    }
  })

  it('is as large as its instances together, while the printed text is as large as its modules', () => {
    const size = (length: number): number => flatten(Row({ length }).module).registers.length
    expect([size(1), size(10), size(100)]).toEqual([1, 10, 100])
    expect(printVerilog(Row({ length: 100 }).module).match(/^module /gm)).toHaveLength(2)
  })

  it('keeps the width of a port where a narrower value drives it', () => {
    const Narrow = component('narrow', (_: object) => ({
      in: { a: u(50), flag: bool },
      out: { low: u(2), wide: u(50) },
      logic: ({ a, flag }) => ({ low: flag.int(), wide: a.shr(30) }),
    }))
    const module = maker({ a: u(50), flag: bool }, { y: bits(4), z: bits(10), w: bits(20) }, ({ a, flag }, { use }) => {
      const { low, wide } = use('narrow', Narrow({}), { a, flag })
      return { y: cat(low.bits(), low.bits()), z: wide.bits().slice(49, 40), w: wide.bits().slice(19, 0).not() }
    })
    for (const start of [interpreter, javascriptEngine]) {
      const engine = start(module)
      writePort(engine.inputs, portNamed(engine.ports.inputs, 'a'), 2n ** 50n - 1n)
      writePort(engine.inputs, portNamed(engine.ports.inputs, 'flag'), 1n)
      engine.step()
      expect(engine.ports.outputs.map((port) => readPort(engine.outputs, port))).toEqual([0b0101n, 0n, 0n])
    }
  })

  it('follows a path through a child and back that does not meet itself', () => {
    const module = maker({ a: byte }, { y: byte }, ({ a }, { use, wires }) => {
      const w = wires({ back: byte })
      const one = use('one', Cell({}), { a: w.back })
      w.back.value = use('two', Cell({}), { a }).through
      return { y: one.through }
    })
    const { inputs, outputs } = flatten(module)
    expect(outputs[0]!.value).toBe(inputs[0]!.value)
  })
})

describe('a loop that only the hierarchy closes', () => {
  it('is refused with its path, in modules that come from elsewhere than the language', () => {
    const byteRange = { min: 0n, max: 255n }
    const empty = {
      parameters: {},
      registers: [],
      wires: [],
      instances: [],
      memories: [],
      checks: [],
      operations: [],
      warnings: [],
      accepted: [],
    }
    const a: Input = { op: 'in', id: 0, name: 'a', ...byteRange }
    const turned: Operation = { op: 'not', id: 1, args: [a], amount: 0, ...byteRange }
    const child: Module = {
      ...empty,
      name: 'child',
      inputs: [a],
      outputs: [{ name: 'y', node: turned, range: byteRange }],
      operations: [turned],
      nodeCount: 2,
    }
    const out: InstanceOutput = { op: 'out', id: 0, instance: 'one', port: 'y', ...byteRange }
    const wire: WireValue = { op: 'wire', id: 1, name: 'back', ...byteRange }
    const top: Module = {
      ...empty,
      name: 'top',
      inputs: [],
      outputs: [{ name: 'y', node: out, range: byteRange }],
      wires: [{ name: 'back', node: wire, driver: out }],
      instances: [{ name: 'one', of: child, inputs: new Map([['a', wire]]), outputs: new Map([['y', out]]) }],
      nodeCount: 2,
    }
    expect(() => flatten(top)).toThrow(
      new RangeError('in module top, back -> one.a -> back depends on itself within one cycle'),
    )
  })
})
