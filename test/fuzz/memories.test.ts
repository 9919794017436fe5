import { describe, expect, it } from 'vitest'
import { optimise } from '../../src/dsl/index.ts'
import { everywhere, passes } from '../../src/dsl/pass/index.ts'
import { compareEngines, type Difference, describeDifference } from '../../src/sim/compare.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { bundle } from './bundle.ts'
import { sortedFailures } from './failures.ts'
import { icarusEngine } from './icarus.ts'
import type { Limits } from './random-component.ts'
import { randomMemories } from './random-memories.ts'
import { complaintsAbout, verilatorJudge } from './verilator-judge.ts'

const kinds: readonly (readonly [string, Limits])[] = [
  ['narrow words', { width: 12, operations: 8, depth: 0 }],
  ['words to 130 bits', { width: 130, favourites: [31, 32, 33, 52, 53, 64], operations: 8, depth: 0 }],
]
const full = Boolean(process.env.BITLOOM_FULL)
const cycles = full ? 200 : 80
const designs = { js: full ? 2000 : 60, passes: full ? 1000 : 30, judges: full ? 100 : 8 }
const timeout = full ? 1_800_000 : 180_000
const has = (...tools: readonly string[]): boolean =>
  tools.every((tool) => versionOf(tool, tool === 'iverilog' || tool === 'vvp' ? '-V' : undefined) !== undefined)

/** The difference with the seed and limits that show it again. */
const report = (difference: Difference | undefined, seed: number, limits: Limits): string | undefined =>
  difference && `${describeDifference(difference)}: randomMemories(${seed}, ${JSON.stringify(limits)})`

describe('random memories', () => {
  it.each(kinds)(
    'run in JavaScript as in the interpreter, with %s',
    (_, limits) => {
      for (let seed = 1; seed <= designs.js; seed++) {
        const { module } = randomMemories(seed, limits)
        const [definition, javascript] = [interpreter(module), javascriptEngine(module)] as const
        const stimulus = randomStimulus(definition.ports, cycles, seed)
        expect(report(compareEngines([definition, javascript], stimulus), seed, limits)).toBeUndefined()
        expect(sortedFailures(javascript), `seed ${seed}`).toEqual(sortedFailures(definition))
      }
    },
    timeout,
  )

  it.each([
    ...Object.entries(passes).map(([name, pass]) => [name, everywhere(pass)] as const),
    ['all passes in turn', optimise] as const,
  ])(
    'do the same after the pass %s',
    (_, pass) => {
      for (let seed = 1; seed <= designs.passes; seed++) {
        const [, limits] = kinds[seed % kinds.length]!
        const { module } = randomMemories(50_000 + seed, limits)
        const changed = pass(module)
        const engines = [interpreter(module), interpreter(changed), javascriptEngine(changed)]
        const stimulus = randomStimulus(engines[0]!.ports, cycles, seed)
        expect(report(compareEngines(engines, stimulus), 50_000 + seed, limits)).toBeUndefined()
        expect(engines[1]!.failedChecks).toBe(engines[0]!.failedChecks)
      }
    },
    timeout,
  )

  const together = kinds.flatMap(([, limits], kind) =>
    Array.from({ length: designs.judges }, (_, k) => ({ seed: 1000 * (kind + 1) + k, limits })),
  )
  const judged = (): ReturnType<typeof bundle>['module'] =>
    bundle(
      'memories',
      together.map(({ seed, limits }) => randomMemories(seed, limits)),
    ).module
  const reportOf = (difference: Difference | undefined): string | undefined => {
    const found = difference && together[Number(/^d(\d+)_/.exec(difference.signal)![1])]!
    return found && report(difference, found.seed, found.limits)
  }

  it.skipIf(!has('iverilog', 'vvp'))(
    'run in Icarus as printed, optimised as well, and no linter complains',
    async () => {
      const module = judged()
      const definition = interpreter(module)
      const stimulus = randomStimulus(definition.ports, cycles, 1)
      expect(reportOf(compareEngines([definition, icarusEngine(module)], stimulus))).toBeUndefined()
      const optimised = optimise(module)
      expect(reportOf(compareEngines([interpreter(module), icarusEngine(optimised)], stimulus))).toBeUndefined()
      expect(await complaintsAbout(module)).toEqual([])
      expect(await complaintsAbout(optimised)).toEqual([])
    },
    timeout,
  )

  it.skipIf(!has('verilator', 'g++', 'make'))(
    'run in Verilator as printed, failed promises among it',
    () => {
      const module = judged()
      const definition = interpreter(module)
      const judge = verilatorJudge(module)
      try {
        const stimulus = randomStimulus(definition.ports, cycles, 2)
        expect(reportOf(compareEngines([definition, judge], stimulus))).toBeUndefined()
        expect(sortedFailures(judge)).toEqual(sortedFailures(definition))
      } finally {
        judge.close()
      }
    },
    timeout,
  )
})
