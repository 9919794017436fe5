import { describe, expect, it } from 'vitest'
import { compareEngines, type Difference, describeDifference } from '../../src/sim/compare.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { bundle } from './bundle.ts'
import { sortedFailures } from './failures.ts'
import { icarusEngine } from './icarus.ts'
import { type Limits, randomComponent } from './random-component.ts'
import { complaintsAbout, verilatorJudge } from './verilator-judge.ts'

const kinds: readonly (readonly [string, Limits])[] = [
  ['narrow values', { width: 24, operations: 30, depth: 1 }],
  ['values to 130 bits', { width: 130, operations: 30, depth: 1 }],
  ['values of about 32 and 64 bits', { width: 70, favourites: [31, 32, 33, 63, 64, 65], operations: 30, depth: 0 }],
  ['three levels of hierarchy', { width: 34, operations: 12, depth: 3 }],
]
const full = Boolean(process.env.BITLOOM_FULL)
const cycles = full ? 200 : 80
/** Icarus builds in no time; Verilator once for all kinds together. */
const designs = { iverilog: full ? 1000 : 40, verilator: full ? 100 : 8 }
const perBundle = 40

const tools = { verilator: ['verilator', 'g++', 'make'], iverilog: ['iverilog', 'vvp'] } as const
const missing = (tool: keyof typeof tools): boolean => {
  const absent = tools[tool].filter(
    (name) => versionOf(name, name === 'iverilog' || name === 'vvp' ? '-V' : undefined) === undefined,
  )
  if (absent.length > 0)
    console.warn(`fuzzing with ${tool} is skipped: no ${absent.join(', ')}; run npm run setup:tools`)
  return absent.length > 0
}

interface Case {
  readonly seed: number
  readonly limits: Limits
}

/** Cases in groups that are built and run together. */
const groups = (cases: readonly Case[]): Case[][] =>
  Array.from({ length: Math.ceil(cases.length / perBundle) }, (_, k) => cases.slice(k * perBundle, (k + 1) * perBundle))

const together = (cases: readonly Case[]) =>
  bundle(
    `bundle_${cases[0]!.seed}`,
    cases.map(({ seed, limits }) => randomComponent(seed, limits)),
  ).module

/** The difference with the seed and limits that show it again. */
const report = (difference: Difference | undefined, cases: readonly Case[]): string | undefined => {
  if (!difference) return undefined
  const { seed, limits } = cases[Number(/^d(\d+)_/.exec(difference.signal)![1])]!
  return `${describeDifference(difference)}: randomComponent(${seed}, ${JSON.stringify(limits)})`
}

describe.skipIf(missing('iverilog'))('printed Verilog in Icarus', () => {
  it.each(kinds)(
    'does what the interpreter does, every output in every cycle, with %s, and no linter complains',
    async (_, limits) => {
      const all = Array.from({ length: designs.iverilog }, (_, k) => ({ seed: 10_000 + k, limits }))
      for (const cases of groups(all)) {
        const module = together(cases)
        const definition = interpreter(module)
        const stimulus = randomStimulus(definition.ports, cycles, cases[0]!.seed)
        expect(report(compareEngines([definition, icarusEngine(module)], stimulus), cases)).toBeUndefined()
        expect(await complaintsAbout(module)).toEqual([])
      }
    },
    full ? 1_800_000 : undefined,
  )
})

describe.skipIf(missing('verilator'))('printed Verilog in Verilator', () => {
  it(
    'does what the interpreter does, every output and every failed check in every cycle, and no linter complains',
    async () => {
      const all = kinds.flatMap(([, limits], kind) =>
        Array.from({ length: designs.verilator }, (_, k) => ({ seed: 20_000 + 1000 * kind + k, limits })),
      )
      for (const cases of groups(all)) {
        const module = together(cases)
        const definition = interpreter(module)
        const stimulus = randomStimulus(definition.ports, cycles, cases[0]!.seed)
        const judge = verilatorJudge(module)
        try {
          expect(report(compareEngines([definition, judge], stimulus), cases)).toBeUndefined()
          expect(sortedFailures(judge)).toEqual(sortedFailures(definition))
        } finally {
          judge.close()
        }
        expect(await complaintsAbout(module)).toEqual([])
      }
    },
    full ? 1_800_000 : undefined,
  )
})
