import { afterAll, expect, it } from 'vitest'
import type { Module } from '../../src/dsl/ir.ts'
import { component, printVerilog, u } from '../../src/index.ts'
import { generic45 } from '../../src/synth/library/generic45.ts'
import { cellsByName } from '../../src/synth/library/library.ts'
import { synthesise } from '../../src/synth/synthesise.ts'
import { takeApart } from '../../src/synth/units.ts'
import { openYosys } from '../../src/synth/yosys.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

const Register = component('register', (_: object) => ({
  in: { a: u(4) },
  out: { b: u(4) },
  logic: ({ a }, { regs }) => {
    const r = regs({ held: u(4) })
    r.held.next = a
    return { b: r.held }
  },
}))

const Store = component('store', (_: object) => ({
  in: { a: u(4) },
  out: { b: u(4) },
  logic: ({ a }, { memory, use }) => {
    const words = memory('words', { depth: 16, of: u(4), collide: 'old' })
    words.write(a, a)
    return { b: use('behind', Register({}), { a: words.read(a) }).b }
  },
}))

const Adder = component('adder', (_: object) => ({
  in: { a: u(4) },
  out: { b: u(4) },
  logic: ({ a }) => ({ b: a.add(1).wrap(u(4)) }),
  gates: ({ a }, { use }) => ({ b: use('inner', Increment({}), { a }).b }),
}))
const Increment = component('increment', (_: object) => ({
  in: { a: u(4) },
  out: { b: u(4) },
  logic: ({ a }) => ({ b: a.add(1).wrap(u(4)) }),
}))

const Pair = component('pair', (_: object) => ({
  in: { a: u(4) },
  out: { b: u(4) },
  logic: ({ a }, { use }) => {
    const first = use('first', Register({}), { a })
    return { b: use('second', Adder({}), { a: first.b }).b }
  },
}))

const Top = component('top', (_: object) => ({
  in: { a: u(4) },
  out: { b: u(4) },
  logic: ({ a }, { use }) => {
    const left = use('left', Pair({}), { a })
    const right = use('right', Pair({}), { a: left.b })
    return { b: use('store', Store({}), { a: right.b }).b }
  },
}))

const paths = (whole: (path: readonly string[]) => boolean) => {
  const { units, memories } = takeApart(Top({}).module, whole)
  return { units, memories, names: units.map(({ path }) => path.join('.')) }
}

it('makes a unit of every place, of what has gates with its gates, and lists memories', () => {
  const { units, memories, names } = paths(() => false)
  const pairs = ['left', 'right'].flatMap((pair) => [pair, `${pair}.first`, `${pair}.second`])
  expect(names).toEqual(['', ...pairs, 'store', 'store.behind'])
  expect(memories).toEqual([{ path: ['store'], name: 'words', words: 16, bits: 4 }])
  const logicAt = (name: string) => units[names.indexOf(name)]!.logic
  expect(logicAt('left').instances).toEqual([])
  expect(logicAt('left.second').gates?.instances.length).toBe(1)
  // One module is mapped once.
  expect(logicAt('left')).toBe(logicAt('right'))
})

it('leaves whole what is wanted whole, unless a memory is under it', () => {
  const { units, names } = paths((path) => path.length === 1)
  expect(names).toEqual(['', 'left', 'right', 'store', 'store.behind'])
  expect(units[1]!.logic.instances.map(({ name }) => name)).toEqual(['first', 'second'])
})

it('adds up to the area of the flattened design, but for the inverter of the reset that each module has of its own', async () => {
  const Step = component('step', (_: object) => ({
    in: { a: u(4) },
    out: { b: u(4) },
    logic: ({ a }, { regs }) => {
      const r = regs({ held: u(4) })
      r.held.next = a.add(3).wrap(u(4))
      return { b: r.held }
    },
  }))
  const Steps = component('steps', (_: object) => ({
    in: { a: u(4) },
    out: { b: u(4) },
    logic: ({ a }, { use, regs }) => {
      const r = regs({ held: u(4) })
      r.held.next = use('second', Step({}), { a: use('first', Step({}), { a }).b }).b
      return { b: r.held }
    },
  }))
  const areaOf = async (module: Module): Promise<number> => {
    const request = { verilog: printVerilog(module), top: module.name, target: 'generic45', yosys }
    const result = await synthesise(request)
    return result.kind === 'asic' ? result.area_um2 : Number.NaN
  }
  const { module } = Steps({})
  const { units } = takeApart(module, () => false)
  const [own, first, second] = units.map(({ logic }) => logic)
  expect(second).toBe(first)
  const step = await areaOf(first!)
  expect(step).toBeGreaterThan(4 * 4.522)
  const inverter = cellsByName(generic45).get('INV')!.area_um2
  const composed = (await areaOf(own!)) + 2 * step
  expect(composed - (await areaOf(module))).toBeCloseTo(2 * inverter, 3)
}, 120_000)
