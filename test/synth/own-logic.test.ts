import { expect, it } from 'vitest'
import type { Module, Node } from '../../src/dsl/ir.ts'
import { bool, component, openEngine, printVerilog, u } from '../../src/index.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { ownLogic } from '../../src/synth/own-logic.ts'
import { caseOf, type Row, sound, stimulusOf, tracesOf } from '../fuzz/case.ts'
import { randomComponent } from '../fuzz/random-component.ts'

const cycles = 40

/** What is cut off a module: the inputs that stand for it, and the outputs that go there, by name. */
const cutsOf = (module: Module) => {
  const [given, taken] = [new Map<string, Node>(), new Map<string, Node>()]
  for (const { name, inputs, outputs } of module.instances) {
    for (const [port, node] of outputs) given.set(`from_${name}_${port}`, node)
    for (const [port, node] of inputs) taken.set(`to_${name}_${port}`, node)
  }
  for (const { name, reads, lookups, writes } of module.memories) {
    reads.forEach(({ node, address, enable }, k) => {
      given.set(`from_${name}_read_${k}_word`, node)
      taken.set(`to_${name}_read_${k}_address`, address)
      taken.set(`to_${name}_read_${k}_enable`, enable)
    })
    lookups.forEach((lookup, k) => {
      given.set(`from_${name}_lookup_${k}_word`, lookup)
      taken.set(`to_${name}_lookup_${k}_address`, lookup.args[0])
    })
    writes.forEach(({ address, value, enable, lanes = [] }, k) => {
      taken.set(`to_${name}_write_${k}_address`, address)
      taken.set(`to_${name}_write_${k}_value`, value)
      taken.set(`to_${name}_write_${k}_enable`, enable)
      for (const [part, lane] of lanes.entries()) taken.set(`to_${name}_write_${k}_lane_${part}`, lane)
    })
  }
  return { given, taken }
}

it('gives all that a random component gives, to its instances and memories too, when what was cut off is put in', () => {
  let [cuts, compared] = [0, 0]
  for (let seed = 41_000; seed < 41_060; seed++) {
    const { module } = randomComponent(seed, { width: 40, operations: 14, depth: 2 })
    const own = ownLogic(module)
    sound(own)
    expect([own.instances, own.memories, own.checks], `seed ${seed}`).toEqual([[], [], []])
    expect(own.registers.map(({ name }) => name)).toEqual(module.registers.map(({ name }) => name))

    const { given, taken } = cutsOf(module)
    expect(own.inputs.map(({ name }) => name).sort()).toEqual(
      [...module.inputs.map(({ name }) => name), ...given.keys()].sort(),
    )
    const here = caseOf(module, randomStimulus(portLayout(module), cycles, seed))
    const before = tracesOf(here)
    const valueAt = (node: Node, cycle: number): bigint =>
      node.op === 'const' ? node.value : before.get(node)![cycle]!
    const rows = here.rows.map(
      (row, cycle): Row => ({
        ...row,
        ...Object.fromEntries([...given].map(([name, node]) => [name, valueAt(node, cycle)])),
      }),
    )
    const after = tracesOf({ module: own, rows })
    const expected = new Map([...module.outputs.map(({ name, node }) => [name, node] as const), ...taken])
    expect(own.outputs.map(({ name }) => name).sort()).toEqual([...expected.keys()].sort())
    for (const { name, node } of own.outputs)
      for (let cycle = 0; cycle < cycles; cycle++) {
        const found = node.op === 'const' ? node.value : after.get(node)![cycle]
        expect(found, `seed ${seed}, ${name}, cycle ${cycle}`).toBe(valueAt(expected.get(name)!, cycle))
        compared++
      }
    cuts += given.size
  }
  expect(cuts).toBeGreaterThan(200)
  expect(compared).toBeGreaterThan(20_000)
})

const Child = component('child', (_: object) => ({
  in: { a: u(4) },
  out: { b: u(4) },
  logic: ({ a }, { regs }) => {
    const r = regs({ held: u(4) })
    r.held.next = a
    return { b: r.held }
  },
}))

it('is the module itself where there is nothing to cut off', () => {
  const { module } = Child({})
  expect(ownLogic(module)).toBe(module)
})

it('names new ports so that they differ from those the user has, and is printed', () => {
  const Parent = component('parent', (_: object) => ({
    in: { from_child_b: u(4), go: bool },
    out: { to_child_a: u(4) },
    logic: ({ from_child_b, go }, { use }) => {
      const { b } = use('child', Child({}), { a: from_child_b })
      return { to_child_a: b.add(go.int()).wrap(u(4)) }
    },
  }))
  const own = ownLogic(Parent({}).module)
  expect(own.inputs.map(({ name }) => name)).toEqual(['from_child_b', 'go', 'from_child_b_'])
  expect(own.outputs.map(({ name }) => name)).toEqual(['to_child_a', 'to_child_a_'])
  expect(printVerilog(own)).not.toMatch(/child child/)
  const engine = openEngine('interpreter', own)
  engine.replay(stimulusOf(engine.ports, [{ from_child_b: 5n, go: 1n, from_child_b_: 9n }]), 1)
  expect([...engine.outputs]).toEqual([10, 5])
})
