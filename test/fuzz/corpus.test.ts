import { describe, expect, it } from 'vitest'
import { type Module, modulesUnder } from '../../src/dsl/index.ts'
import { operations, widthOf } from '../../src/dsl/ir.ts'
import { type Limits, randomComponent } from './random-component.ts'
import { randomStructure } from './random-structure.ts'

const wide: Limits = { width: 130, favourites: [65, 96, 128], operations: 30, depth: 1 }
/** Components of the kinds that the random tests take, of one clock and of two. */
const corpus: readonly Module[] = [
  ...Array.from({ length: 30 }, (_, seed) => randomComponent(seed, { width: 130, operations: 30, depth: 1 }).module),
  ...Array.from({ length: 25 }, (_, seed) => randomComponent(1000 + seed, wide).module),
  ...Array.from({ length: 15 }, (_, seed) => randomComponent(seed, { width: 130, operations: 12, depth: 3 }).module),
  ...Array.from({ length: 15 }, (_, seed) => randomStructure(seed, { width: 40, operations: 10, depth: 1 }).module),
]
const modules = [...new Set(corpus.flatMap((module) => [...modulesUnder(module), ...boxesUnder(module)]))]
function boxesUnder(module: Module): Module[] {
  return module.blackBox ? [module] : module.instances.flatMap(({ of }) => boxesUnder(of))
}

const allOperations = modules.flatMap((module) => module.operations)
const count = <T>(list: readonly T[], test: (one: T) => boolean): number => list.filter(test).length
const levels = (module: Module): number => Math.max(0, ...module.instances.map(({ of }) => 1 + levels(of)))

describe('the random components hold, often enough to be tested by chance,', () => {
  it('every operation of the language', () => {
    const rare = Object.keys(operations).filter((name) => count(allOperations, ({ op }) => op === name) < 20)
    expect(rare).toEqual([])
  })

  it('every operation on values of more than 64 bits, and of some of the most that there are', () => {
    const onWide = allOperations.filter(({ args }) => args.some((arg) => widthOf(arg) > 64))
    const missing = Object.keys(operations).filter((name) => count(onWide, ({ op }) => op === name) < 5)
    expect(missing).toEqual([])
    const widest = allOperations.map(widthOf)
    for (const width of [1, 2, 31, 32, 33, 53, 54, 63, 64, 65, 96, 128, 129, 130])
      expect([width, count(widest, (one) => one === width) > 0]).toEqual([width, true])
  })

  it('everything that a module can declare', () => {
    const has = (test: (module: Module) => boolean): number => count(modules, test)
    const ports = modules.flatMap(({ memories }) =>
      memories.flatMap(({ writes, reads }) => [...writes, ...reads.map(({ node }) => node)]),
    )
    const writes = modules.flatMap(({ memories }) => memories.flatMap((memory) => memory.writes))
    const memories = modules.flatMap((module) => module.memories)
    const found = {
      registers: has(({ registers }) => registers.length > 0),
      'registers that start elsewhere than at 0': has(({ registers }) => registers.some(({ reset }) => reset !== 0n)),
      'state machines': has(({ registers }) => registers.some(({ name, node }) => name === 'control' && node.encoding)),
      enumerations: has(({ inputs }) => inputs.some(({ encoding }) => encoding)),
      'parts of records and vectors': has(({ inputs }) => inputs.some(({ name }) => /_(sign|code|rest|0)$/.test(name))),
      wires: has(({ wires }) => wires.length > 0),
      checks: has(({ checks }) => checks.length > 0),
      instances: has(({ instances }) => instances.length > 0),
      'memories that show the old word': count(
        memories,
        ({ collide, writes }) => collide === 'old' && writes.length > 0,
      ),
      'memories that show the new word': count(memories, ({ collide }) => collide === 'new'),
      'memories that promise never': count(memories, ({ collide }) => collide === 'never'),
      'memories nobody writes': count(memories, ({ writes }) => writes.length === 0),
      'memories with two writers': count(memories, ({ writes }) => writes.length === 2),
      'memories with several read ports': count(memories, ({ reads }) => reads.length > 1),
      'memories read at once': count(memories, ({ lookups }) => lookups.length > 0),
      'memories with contents': count(memories, ({ initial }) => initial !== undefined),
      'memories of more than 64 bits': count(memories, ({ word }) => widthOf(word) > 64),
      'memories of another clock': count(ports, ({ clock }) => clock !== undefined),
      'memories written in parts': count(writes, ({ lanes }) => lanes !== undefined),
      'registers of another clock': has(({ registers }) => registers.some(({ node }) => node.clock !== undefined)),
      'exchanged clocks': has(({ instances }) => instances.some(({ clocks }) => clocks)),
      'black boxes': has(({ blackBox }) => blackBox !== undefined),
    }
    expect(Object.entries(found).filter(([, times]) => times < 5)).toEqual([])
  })

  it('hierarchies of one to four levels, and modules used several times', () => {
    for (const depth of [1, 2, 3])
      expect([depth, count(corpus, (module) => levels(module) >= depth) >= 5]).toEqual([depth, true])
    const twice = count(modules, ({ instances }) => new Set(instances.map(({ of }) => of)).size < instances.length)
    expect(twice).toBeGreaterThan(5)
  })
})
