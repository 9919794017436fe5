import { afterAll, describe, expect, it } from 'vitest'
import { domainsOf } from '../../../src/dsl/domains.ts'
import { bool, clock, on, printVerilog, u, vec } from '../../../src/dsl/index.ts'
import { fits, type Memory, type Module, widthOf } from '../../../src/dsl/ir.ts'
import { everywhere, optimise, type Pass, type PassName, passes } from '../../../src/dsl/pass/index.ts'
import { portLayout } from '../../../src/sim/engine.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { openYosys } from '../../../src/synth/yosys.ts'
import { sound } from '../../fuzz/case.ts'
import { type Limits, randomComponent } from '../../fuzz/random-component.ts'
import { randomStructure } from '../../fuzz/random-structure.ts'
import { passDisagreement } from '../../fuzz/report.ts'
import { maker } from '../maker.ts'
import { corpus } from './corpus.ts'
import { miter, proof } from './miter.ts'

const all: readonly (readonly [PassName | 'optimise', Pass])[] = [
  ...(Object.keys(passes) as PassName[]).map((name) => [name, everywhere(passes[name])] as const),
  ['optimise', optimise],
]

const u4 = u(4)
const other = clock('other')
const full = Boolean(process.env.BITLOOM_FULL)
const kinds: readonly Limits[] = [
  { width: 24, operations: 30, depth: 1 },
  { width: 130, operations: 30, depth: 1 },
  { width: 70, favourites: [31, 32, 33, 63, 64, 65], operations: 30, depth: 0 },
  { width: 34, operations: 12, depth: 3 },
]

const agree = async (name: PassName | 'optimise', module: Module, changed: Module, origin: string): Promise<void> => {
  sound(changed)
  const stimulus = randomStimulus(portLayout(module), full ? 200 : 60, 1)
  expect(await passDisagreement(name, module, changed, stimulus, origin)).toBeUndefined()
}

describe.each(all)('%s', (name, pass) => {
  it(
    'leaves what random components do as it is, in the interpreter and in JavaScript',
    async () => {
      for (let k = 0; k < (full ? 2000 : 60); k++) {
        const [seed, limits] = [30_000 + k, kinds[k % kinds.length]!]
        const { module } = randomComponent(seed, limits)
        await agree(name, module, pass(module), `randomComponent(${seed}, ${JSON.stringify(limits)})`)
      }
    },
    full ? 3_600_000 : 300_000,
  )

  it(
    'leaves what random components of two clocks do as it is',
    async () => {
      for (let k = 0; k < (full ? 500 : 15); k++) {
        const [seed, limits] = [32_000 + k, { width: 24, operations: 10, depth: k % 2 }]
        const { module } = randomStructure(seed, limits)
        await agree(name, module, pass(module), `randomStructure(${seed}, ${JSON.stringify(limits)})`)
      }
    },
    full ? 3_600_000 : 300_000,
  )

  it('leaves Verilog that no linter dislikes', async () => {
    for (let seed = 0; seed < (full ? 40 : 4); seed++) {
      const changed = pass(randomComponent(31_000 + seed, kinds[seed % kinds.length]!).module)
      const findings = await lintVerilog(printVerilog(changed), changed.name)
      expect(findings.flatMap(({ complaints }) => complaints)).toEqual([])
    }
  }, 300_000)

  it('never has more to do the second time', () => {
    for (const [, module] of corpus()) {
      const once = pass(module)
      sound(once)
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
    const [, stores] = corpus().find(([name]) => name.startsWith('counts'))!
    const changed = (change: (memory: Memory) => Partial<Memory>): Module => ({
      ...stores,
      memories: stores.memories.map((memory) => ({ ...memory, ...change(memory) })),
    })
    expect(
      await prove(
        stores,
        changed(() => ({})),
      ),
    ).toBe('proven')
    for (const wrong of [
      changed(() => ({ collide: 'old' })),
      changed(({ initial }) => ({ initial: initial && [3n] })),
      changed(({ writes, name }) => ({ writes: name === 'last' ? [] : writes })),
    ])
      expect(await prove(stores, wrong)).not.toBe('proven')
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
    const apart = maker({ a: bool }, { y: bool, z: on(other, bool) }, ({ a }, { regs }) => {
      const here = regs({ here: bool })
      const there = regs({ there: bool }, { clock: other, crossing: 'a test' })
      here.here.next = a
      there.there.next = a
      return { y: here.here, z: there.there }
    })
    expect(passes.share(apart).outputs.map(({ node }) => node.name)).toEqual(['here', 'there'])
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

  const [ports, places, counts, parts] = corpus()
    .filter(([name]) => /memory|tables/.test(name))
    .map(([, module]) => module)
  const shown = ({ memories }: Module): string[] =>
    memories.flatMap(({ reads, lookups }) => [
      ...reads.map(({ node }) => node.name),
      ...lookups.map(({ name }) => name),
    ])

  it('range narrowing: words that are never written as large as they could be', () => {
    expect(passes.narrow(ports!).memories.map(({ word }) => [word.min, word.max])).toEqual([[0n, 15n]])
    const folded = passes.fold(ports!)
    expect(passes.narrow(folded).memories.map(({ word }) => [word.min, word.max])).toEqual([[0n, 3n]])
    expect(passes.narrow(counts!).memories.map(({ word }) => [word.min, word.max])).toEqual([
      [0n, 5n],
      [0n, 5n],
    ])
    expect(passes.narrow(places!).memories.find(({ name }) => name === 'factors')!.word).toEqual({ min: -3n, max: 4n })
  })

  it('range narrowing: nothing of a word that may be a mixture of two', () => {
    const mixed = maker({ at: u(1), lanes: vec(2, bool) }, { y: u(2) }, ({ at, lanes }, { memory }) => {
      const words = memory('words', { depth: 2, of: vec(2, u(2)), initial: [[3, 0]], collide: 'old' })
      words.write(at, [0, 2], { lanes })
      return { y: words.read(at)[0]! }
    })
    // 11 is neither among the first words nor written.
    expect(passes.narrow(mixed).memories.map(({ word }) => word.max)).toEqual([15n])
  })

  it('constant folding: writes and reads that never happen, words at fixed places, memories of zeros', () => {
    const folded = passes.fold(ports!)
    expect(folded.memories.map(({ writes }) => writes.length)).toEqual([1])
    expect(folded.checks).toEqual([])
    expect(shown(passes.dead(folded))).toEqual(['words_read', 'words_read_2', 'words_lookup'])
    expect(passes.fold(places!).outputs[0]!.node).toMatchObject({ op: 'const', value: 1n })
    expect(passes.dead(passes.fold(places!)).memories.map(({ name }) => name)).toEqual(['factors', 'kept'])
    expect(passes.fold(parts!).memories.map(({ writes }) => writes.length)).toEqual([1])
    const fixed = maker({}, { y: u4 }, (_, { rom }) => ({ y: rom('words', { of: u4, initial: [6, 9] }).lookup(1) }))
    expect(passes.fold(fixed).memories).toEqual([])
  })

  it('sharing: read ports that read alike; dead code: the one nobody reads any more', () => {
    expect(shown(passes.dead(passes.share(ports!)))).toEqual(['words_read', 'words_read_3', 'words_lookup'])
    const apart = maker({ a: u4, go: bool }, { y: u(5) }, ({ a, go }, { rom }) => {
      const words = rom('words', { of: u4, initial: Array.from({ length: 16 }, (_, k) => k ^ 5) })
      return { y: words.read(a).add(words.read(a, { enable: go })) }
    })
    expect(shown(optimise(apart))).toEqual(['words_read', 'words_read_2'])
    const clocks = maker({}, { y: u4, z: on(other, u4) }, (_, { rom }) => {
      const words = rom('words', { of: u4, initial: [6, 9] })
      return { y: words.read(1), z: words.read(1, { clock: other }) }
    })
    expect(shown(optimise(clocks))).toEqual(['words_read', 'words_read_2'])
  })

  it('dead code: a memory nobody reads, not what a promise about it needs', () => {
    const left = passes.dead(places!)
    expect(left.memories.map(({ name }) => name)).toEqual(['factors', 'zeros', 'kept'])
    expect(left.checks.map(({ message }) => message)).toEqual(places!.checks.map(({ message }) => message))
    const loop = maker({ at: u(2) }, { y: u4 }, ({ at }, { memory }) => {
      const counts = memory('counts', { depth: 4, of: u4, collide: 'old' })
      counts.write(at, counts.lookup(at).add(1).wrap(u4))
      return { y: 1 }
    })
    expect([passes.dead(loop).memories, passes.dead(loop).operations]).toEqual([[], []])
    const apart = maker({ a: u(2), b: on(other, u(2)) }, { y: u4 }, ({ a, b }, { memory }) => {
      const words = memory('words', { depth: 4, of: u4, collide: 'never' })
      words.write(b, 1, { clock: other })
      words.read(a)
      return { y: 1 }
    })
    expect(passes.dead(apart).memories).toEqual([])
    expect(domainsOf(passes.dead(apart))).toEqual(['clk', 'other'])
  })
})
