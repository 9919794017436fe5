import { describe, expect, it } from 'vitest'
import { verilogForSimulation } from '../../src/dsl/index.ts'
import { compareEngines, type Difference, describeDifference } from '../../src/sim/compare.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { lintVerilog } from '../../src/sim/lint.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { bundle } from './bundle.ts'
import { sortedFailures } from './failures.ts'
import { icarusEngine } from './icarus.ts'
import type { Limits } from './random-component.ts'
import { randomStructure } from './random-structure.ts'
import { verilatorJudge } from './verilator-judge.ts'

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

/** The difference with the seed and limits that show it again. */
const report = (difference: Difference | undefined, seed: number, limits: Limits): string | undefined =>
  difference && `${describeDifference(difference)}: randomStructure(${seed}, ${JSON.stringify(limits)})`

describe('components of two clocks with black boxes', () => {
  it.each(kinds)('run in JavaScript as in the interpreter, under random ticks, with %s', (_, limits) => {
    for (let seed = 1; seed <= designs.js; seed++) {
      const { module } = randomStructure(seed, limits)
      const [definition, javascript] = [interpreter(module), javascriptEngine(module)] as const
      const stimulus = randomStimulus(definition.ports, cycles, seed)
      expect(report(compareEngines([definition, javascript], stimulus), seed, limits)).toBeUndefined()
      expect(sortedFailures(javascript)).toEqual(sortedFailures(definition))
    }
  })

  const together = kinds.flatMap(([, limits], kind) =>
    Array.from({ length: designs.judges }, (_, k) => ({ seed: 1000 * (kind + 1) + k, limits })),
  )
  const judged = (): ReturnType<typeof bundle>['module'] =>
    bundle(
      'structures',
      together.map(({ seed, limits }) => randomStructure(seed, limits)),
    ).module
  const reportOf = (difference: Difference | undefined): string | undefined => {
    const found = difference && together[Number(/^d(\d+)_/.exec(difference.signal)![1])]!
    return found && report(difference, found.seed, found.limits)
  }

  it.skipIf(!has('iverilog', 'vvp'))('run in Icarus as printed, and no linter complains', async () => {
    const module = judged()
    const definition = interpreter(module)
    const stimulus = randomStimulus(definition.ports, cycles, 1)
    expect(reportOf(compareEngines([definition, icarusEngine(module)], stimulus))).toBeUndefined()
    const findings = await lintVerilog(verilogForSimulation(module), module.name)
    expect(findings.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  it.skipIf(!has('verilator', 'g++', 'make'))(
    'run in Verilator as printed, failed promises among them',
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
    full ? 1_800_000 : 120_000,
  )
})
