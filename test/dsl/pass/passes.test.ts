import { afterAll, describe, expect, it } from 'vitest'
import { printVerilog, u } from '../../../src/dsl/index.ts'
import { fits, type Module, widthOf } from '../../../src/dsl/ir.ts'
import { everywhere, optimise, type Pass, passes } from '../../../src/dsl/pass/index.ts'
import { compareEngines, describeDifference } from '../../../src/sim/compare.ts'
import { interpreter } from '../../../src/sim/interpret.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { openYosys } from '../../../src/synth/yosys.ts'
import { type Limits, randomComponent } from '../../fuzz/random-component.ts'
import { maker } from '../maker.ts'
import { corpus } from './corpus.ts'
import { miter, proof } from './miter.ts'

const all: readonly (readonly [string, Pass])[] = [
  ...Object.entries(passes).map(([name, pass]) => [name, everywhere(pass)] as const),
  ['all passes in turn', optimise],
]

/** What every back end takes for granted. */
const sound = (module: Module): void => {
  for (const { node, next, reset } of module.registers) {
    expect(fits(next, node)).toBe(true)
    expect(reset >= node.min && reset <= node.max).toBe(true)
  }
  for (const { node, driver } of module.wires) expect(fits(driver, node)).toBe(true)
  for (const { node, range } of module.outputs) expect(fits(node, range)).toBe(true)
  for (const { of, inputs } of module.instances) {
    sound(of)
    for (const input of of.inputs) expect(fits(inputs.get(input.name)!, input)).toBe(true)
  }
  const seen = new Set<unknown>()
  for (const operation of module.operations) {
    expect(operation.id).toBeLessThan(module.nodeCount)
    for (const arg of operation.args) {
      if ('args' in arg && arg.op !== 'lookup') expect(seen.has(arg)).toBe(true)
      expect(arg.id).toBeLessThan(operation.id)
    }
    seen.add(operation)
  }
}

const u4 = u(4)
const full = Boolean(process.env.BITLOOM_FULL)
const kinds: readonly Limits[] = [
  { width: 24, operations: 30, depth: 1 },
  { width: 130, operations: 30, depth: 1 },
  { width: 70, favourites: [31, 32, 33, 63, 64, 65], operations: 30, depth: 0 },
  { width: 34, operations: 12, depth: 3 },
]

describe.each(all)('%s', (_, pass) => {
  it('leaves what random components do as it is, in the interpreter and in JavaScript', () => {
    for (let seed = 0; seed < (full ? 2000 : 60); seed++) {
      const module = randomComponent(30_000 + seed, kinds[seed % kinds.length]!).module
      const changed = pass(module)
      sound(changed)
      const engines = [interpreter(module), interpreter(changed), javascriptEngine(changed)]
      const difference = compareEngines(engines, randomStimulus(engines[0]!.ports, 60, seed))
      expect(difference && `seed ${seed}: ${describeDifference(difference)}`).toBeUndefined()
      expect(engines[1]!.failedChecks).toBe(engines[0]!.failedChecks)
    }
  })

  it('leaves Verilog that no linter dislikes', async () => {
    for (let seed = 0; seed < (full ? 40 : 4); seed++) {
      const changed = pass(randomComponent(31_000 + seed, kinds[seed % kinds.length]!).module)
      const findings = await lintVerilog(printVerilog(changed), changed.name)
      expect(findings.flatMap(({ complaints }) => complaints)).toEqual([])
    }
  })

  it('never has more to do the second time', () => {
    for (const [, module] of corpus()) {
      const once = pass(module)
      expect(printVerilog(pass(once))).toBe(printVerilog(once))
    }
  })
})

describe('Yosys proves', () => {
  const yosys = openYosys()
  afterAll(() => yosys.close())
  const prove = async (gold: Module, gate: Module): Promise<string> => {
    const outcome = await yosys.run({
      script: proof('miter.v').join('\n'),
      files: { 'miter.v': miter({ gold, gate }) },
    })
    return outcome.ok ? 'proven' : outcome.error
  }

  it.each(corpus())(
    'that every pass leaves %s as it is',
    async (_, module) => {
      for (const [name, pass] of Object.entries({ ...passes, optimise }))
        expect([name, await prove(module, pass(module))]).toEqual([name, 'proven'])
    },
    120_000,
  )

  it('nothing of the kind where something is changed', async () => {
    const [, module] = corpus()[0]!
    const { registers } = module
    const wrong = { ...module, registers: registers.map((register) => ({ ...register, reset: register.reset + 1n })) }
    expect(await prove(module, wrong)).not.toBe('proven')
    const swapped = { ...module, outputs: module.outputs.map((output) => ({ ...output, node: registers[0]!.node })) }
    expect(await prove(module, swapped)).not.toBe('proven')
  })
})

describe('each pass finds what it is for', () => {
  const [counter, clamp, , wires, twice, , promise] = corpus().map(([, module]) => module)
  const names = (module: Module): string[] => module.registers.map(({ name }) => name)

  it('range narrowing: a register that never reaches what it could hold, a clamp by hand, a wrap that loses nothing', () => {
    const narrow = passes.narrow(counter!)
    expect(narrow.registers.map(({ node }) => [node.min, node.max])).toEqual([[0n, 9n]])
    expect(narrow.operations.some(({ op }) => op === 'sat')).toBe(false)
    const multiply = passes.narrow(clamp!).operations.find(({ op }) => op === 'mul')!
    expect([multiply.min, multiply.max, widthOf(multiply)]).toEqual([-60n, 60n, 7])
    expect(passes.narrow(clamp!).operations.some(({ op }) => op === 'wrap')).toBe(false)
  })

  it('range narrowing never widens', () => {
    for (const [, module] of corpus()) {
      const before = new Map(module.registers.map(({ name, node }) => [name, node]))
      for (const { name, node } of passes.narrow(module).registers) expect(fits(node, before.get(name)!)).toBe(true)
    }
  })

  it('constant folding: through wires, registers that never change, and instances', () => {
    const folded = passes.fold(wires!)
    expect(folded.operations.map(({ op }) => op).sort()).toEqual(['add', 'add'])
    expect(folded.outputs[1]!.node).toMatchObject({ op: 'const', value: 5n })
  })

  it('sharing: sums of the same terms, and registers that go on alike, one after the other', () => {
    const shared = passes.share(twice!)
    expect(twice!.operations.filter(({ op }) => op === 'add')).toHaveLength(3)
    expect(shared.operations.filter(({ op }) => op === 'add')).toHaveLength(2)
    expect(names(passes.dead(shared))).toEqual(['one', 'three'])
  })

  it('dead code: registers and instances nobody reads, but nothing a promise needs', () => {
    expect(names(passes.dead(promise!))).toEqual(['sum'])
    expect(names(passes.dead(wires!))).toEqual(['frozen', 'still', 'idle'])
    const alone = maker({}, { y: u4 }, (_, { regs, check }) => {
      const r = regs({ kept: u4, gone: u4 })
      r.kept.next = r.kept.add(1).wrap(u4)
      r.gone.next = r.gone.add(1).wrap(u4)
      check(r.kept.lt(9), 'it stays below nine')
      return { y: 1 }
    })
    expect(names(passes.dead(alone))).toEqual(['kept'])
  })
})
