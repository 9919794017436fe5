import { describe, expect, it } from 'vitest'
import { portLayout } from '../../src/sim/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { bundle } from './bundle.ts'
import { icarus, javascript, verilator } from './judges.ts'
import type { Limits } from './random-component.ts'
import { randomStructure } from './random-structure.ts'
import { complaintReportOf, disagreement, disagreementIn } from './report.ts'

const kinds: readonly (readonly [string, Limits])[] = [
  ['narrow values', { width: 24, operations: 10, depth: 0 }],
  ['values to 130 bits', { width: 130, operations: 10, depth: 0 }],
  ['a structure in a structure', { width: 34, operations: 8, depth: 1 }],
]
const full = Boolean(process.env.BITLOOM_FULL)
const cycles = full ? 200 : 60
const designs = { js: full ? 500 : 30, judges: full ? 40 : 5 }
const has = (...tools: readonly string[]): boolean =>
  tools.every((tool) => versionOf(tool, tool === 'iverilog' || tool === 'vvp' ? '-V' : undefined) !== undefined)

const textOf = (seed: number, limits: Limits): string => `randomStructure(${seed}, ${JSON.stringify(limits)})`

describe('components of two clocks with black boxes', () => {
  it.each(kinds)(
    'run in JavaScript as in the interpreter, under random ticks, with %s',
    async (_, limits) => {
      for (let seed = 1; seed <= designs.js; seed++) {
        const { module } = randomStructure(seed, limits)
        const stimulus = randomStimulus(portLayout(module), cycles, seed)
        expect(await disagreement(module, stimulus, javascript, textOf(seed, limits))).toBeUndefined()
      }
    },
    full ? 3_600_000 : 300_000,
  )

  const together = kinds.flatMap(([, limits], kind) =>
    Array.from({ length: designs.judges }, (_, k) => {
      const seed = 1000 * (kind + 1) + k
      return { component: randomStructure(seed, limits), text: textOf(seed, limits) }
    }),
  )
  const bundled = bundle(
    'structures',
    together.map(({ component }) => component),
  )

  it.skipIf(!has('iverilog', 'vvp'))(
    'run in Icarus as printed, and no linter complains',
    async () => {
      const { module } = bundled
      const stimulus = randomStimulus(portLayout(module), cycles, 1)
      expect(await disagreementIn(module, together, stimulus, icarus)).toBeUndefined()
      expect(await complaintReportOf(module, 'structures')).toBeUndefined()
    },
    full ? 3_600_000 : 300_000,
  )

  it.skipIf(!has('verilator', 'g++', 'make'))(
    'run in Verilator as printed, failed promises among them',
    async () => {
      const { module } = bundled
      const stimulus = randomStimulus(portLayout(module), cycles, 2)
      expect(await disagreementIn(module, together, stimulus, verilator)).toBeUndefined()
    },
    full ? 3_600_000 : 300_000,
  )
})
