import { describe, expect, it } from 'vitest'
import { optimise } from '../../src/dsl/index.ts'
import { everywhere, type PassName, passes } from '../../src/dsl/pass/index.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { bundle } from './bundle.ts'
import { icarus, javascript, verilator, wasm } from './judges.ts'
import type { Limits } from './random-component.ts'
import { randomMemories } from './random-memories.ts'
import { complaintReportOf, disagreement, disagreementIn, passDisagreement } from './report.ts'

const kinds: readonly (readonly [string, Limits])[] = [
  ['narrow words', { width: 12, operations: 8, depth: 0 }],
  ['words to 130 bits', { width: 130, favourites: [31, 32, 33, 52, 53, 64], operations: 8, depth: 0 }],
]
const full = Boolean(process.env.BITLOOM_FULL)
const cycles = full ? 200 : 80
const designs = { js: full ? 2000 : 60, passes: full ? 1000 : 30, judges: full ? 100 : 8 }
const has = (...tools: readonly string[]): boolean =>
  tools.every((tool) => versionOf(tool, tool === 'iverilog' || tool === 'vvp' ? '-V' : undefined) !== undefined)

const textOf = (seed: number, limits: Limits): string => `randomMemories(${seed}, ${JSON.stringify(limits)})`
const timeout = full ? 3_600_000 : 300_000

describe('random memories', () => {
  it.each(
    kinds.flatMap(([what, limits]) => [javascript, wasm].map((judge) => [judge.text, what, judge, limits] as const)),
  )(
    'run in %s as in the interpreter, with %s',
    async (_, __, judge, limits) => {
      for (let seed = 1; seed <= designs.js; seed++) {
        const { module } = randomMemories(seed, limits)
        const stimulus = randomStimulus(portLayout(module), cycles, seed)
        expect(await disagreement(module, stimulus, judge, textOf(seed, limits))).toBeUndefined()
      }
    },
    timeout,
  )

  it.each([
    ...(Object.keys(passes) as PassName[]).map((name) => [name, everywhere(passes[name])] as const),
    ['optimise', optimise] as const,
  ])(
    'do the same after the pass %s',
    async (name, pass) => {
      for (let k = 1; k <= designs.passes; k++) {
        const [seed, limits] = [50_000 + k, kinds[k % kinds.length]![1]]
        const { module } = randomMemories(seed, limits)
        const stimulus = randomStimulus(portLayout(module), cycles, seed)
        expect(await passDisagreement(name, module, pass(module), stimulus, textOf(seed, limits))).toBeUndefined()
      }
    },
    timeout,
  )

  const parts = kinds.flatMap(([, limits], kind) =>
    Array.from({ length: designs.judges }, (_, k) => {
      const seed = 1000 * (kind + 1) + k
      return { component: randomMemories(seed, limits), text: textOf(seed, limits) }
    }),
  )
  const bundled = bundle(
    'memories',
    parts.map(({ component }) => component),
  )

  it.skipIf(!has('iverilog', 'vvp'))(
    'run in Icarus as printed, optimised as well, and no linter complains',
    async () => {
      const { module } = bundled
      const stimulus = randomStimulus(portLayout(module), cycles, 1)
      const optimised = optimise(module)
      expect(await disagreementIn(module, parts, stimulus, icarus)).toBeUndefined()
      expect(await disagreementIn(optimised, parts, stimulus, icarus)).toBeUndefined()
      for (const one of [module, optimised]) expect(await complaintReportOf(one, 'memories')).toBeUndefined()
    },
    timeout,
  )

  it.skipIf(!has('verilator', 'g++', 'make'))(
    'run in Verilator as printed, failed promises among it',
    async () => {
      const { module } = bundled
      const stimulus = randomStimulus(portLayout(module), cycles, 2)
      expect(await disagreementIn(module, parts, stimulus, verilator)).toBeUndefined()
    },
    timeout,
  )
})
