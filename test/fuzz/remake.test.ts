import { describe, expect, it } from 'vitest'
import { type Module, u } from '../../src/dsl/index.ts'
import type { Node } from '../../src/dsl/ir.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { maker } from '../dsl/maker.ts'
import { caseOf, sound, stimulusOf } from './case.ts'
import { flattened } from './inline.ts'
import { type Limits, randomComponent } from './random-component.ts'
import { randomMemories } from './random-memories.ts'
import { randomStructure } from './random-structure.ts'
import { remade } from './remake.ts'

const kinds: readonly Limits[] = [
  { width: 24, operations: 30, depth: 1 },
  { width: 130, operations: 30, depth: 1 },
  { width: 34, operations: 12, depth: 3 },
]

const corpus = (count: number): readonly Module[] =>
  Array.from({ length: count }, (_, seed) => {
    if (seed % 5 === 4) return randomStructure(seed, { width: 34, operations: 8, depth: 1 }).module
    if (seed % 5 === 3) return randomMemories(seed, { width: 70, operations: 8, depth: 0 }).module
    return randomComponent(seed, kinds[seed % 3]!).module
  })

/** The first difference of two versions of a module, of which the second may lack inputs that nothing depends on. */
const difference = (before: Module, after: Module, seed: number): string | undefined => {
  const [left, right] = [interpreter(before), interpreter(after)]
  const { rows } = caseOf(before, randomStimulus(left.ports, 40, seed))
  const [a, b] = [left, right].map((engine) => {
    const response = new Int32Array(rows.length * engine.ports.outputWords)
    engine.replay(stimulusOf(engine.ports, rows), rows.length, response)
    return response
  })
  expect(right.failedChecks).toBe(left.failedChecks)
  const word = a!.findIndex((value, k) => value !== b![k])
  return word < 0 ? undefined : `word ${word}: ${a![word]} and ${b![word]}`
}

describe('a module remade without changes', () => {
  it('does what it did, and so does one with everything inlined', () => {
    corpus(60).forEach((module, seed) => {
      const again = remade(module)
      sound(again)
      expect(difference(module, again, seed), `seed ${seed}`).toBeUndefined()
      expect(again.operations.length).toBeLessThanOrEqual(module.operations.length)
      const flat = flattened(module)
      sound(flat)
      expect(difference(module, flat, seed), `seed ${seed}, flat`).toBeUndefined()
    })
  })
})

describe('changes that make a loop', () => {
  const module = maker({ a: u(4) }, { y: u(4) }, ({ a }, { regs, wires }) => {
    const r = regs({ r: u(4) })
    const w = wires({ w: u(4) })
    r.r.next = a.add(w.w).wrap(u(4))
    w.w.value = r.r
    return { y: w.w.add(1).wrap(u(4)).sub(r.r).sat(u(4)) }
  })
  const { node, next } = module.registers[0]!

  it('are refused where a value stands for itself', () => {
    const [first, second] = module.operations as [Node, Node]
    const instead = new Map([
      [first, second],
      [second, first],
    ])
    expect(() => remade(module, { instead })).toThrow('a value depends on itself')
  })

  it('are refused where the loop goes through a wire', () => {
    expect(() => remade(module, { instead: new Map([[node, next]]) })).toThrow('a combinational loop')
  })
})
