import { describe, expect, it } from 'vitest'
import { type Int, mux, s, u } from '../../src/dsl/index.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { maker } from '../dsl/maker.ts'
import { bundle } from './bundle.ts'
import { differenceOf } from './case.ts'
import { icarus, verilator } from './judges.ts'
import { type Limits, randomComponent } from './random-component.ts'
import { complaintReportOf, disagreementIn, type Part } from './report.ts'

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

/** Components of consecutive seeds in groups that are built and run together. */
const groupsOf = (firstSeed: number, count: number, limits: Limits): Part[][] => {
  const parts = Array.from({ length: count }, (_, k) => {
    const seed = firstSeed + k
    return { component: randomComponent(seed, limits), text: `randomComponent(${seed}, ${JSON.stringify(limits)})` }
  })
  return Array.from({ length: Math.ceil(count / perBundle) }, (_, k) => parts.slice(k * perBundle, (k + 1) * perBundle))
}

const together = (parts: readonly Part[]) =>
  bundle(
    `bundle_${parts[0]!.component.name}`,
    parts.map(({ component }) => component),
  ).module

describe.skipIf(missing('iverilog'))('printed Verilog in Icarus', () => {
  it.each(kinds)(
    'does what the interpreter does, every output in every cycle, with %s, and no linter complains',
    async (_, limits) => {
      for (const parts of groupsOf(10_000, designs.iverilog, limits)) {
        const module = together(parts)
        const stimulus = randomStimulus(portLayout(module), cycles, 1)
        expect(await disagreementIn(module, parts, stimulus, icarus)).toBeUndefined()
        expect(await complaintReportOf(module, module.name)).toBeUndefined()
      }
    },
    full ? 3_600_000 : 300_000,
  )

  it('reads the word that signed bits are the place of', () => {
    const module = maker({ a: s(3), b: s(3), c: u(3) }, { direct: u(8), negated: u(8), sum: u(8) }, (i, { rom }) => {
      const words = rom('words', { of: u(8), initial: [1, 20, 33, 4, 105, 60, 17, 8] })
      const at = (index: Int): Int => words.lookup(index.wrap(u(3)))
      return { direct: at(i.a), negated: at(i.a.neg()), sum: at(mux(i.c.eq(5), i.a.add(i.b), i.a)) }
    })
    const rows = [-4n, -1n, 0n, 3n].flatMap((a) => [-3n, 2n].map((b) => ({ a, b, c: 5n })))
    expect(differenceOf({ module, rows }, icarus)).toBeUndefined()
  })
})

describe.skipIf(missing('verilator'))('printed Verilog in Verilator', () => {
  it(
    'does what the interpreter does, every output and every failed check in every cycle, and no linter complains',
    async () => {
      const all = kinds.flatMap(([, limits], kind) => groupsOf(20_000 + 1000 * kind, designs.verilator, limits).flat())
      for (let k = 0; k < all.length; k += perBundle) {
        const parts = all.slice(k, k + perBundle)
        const module = together(parts)
        const stimulus = randomStimulus(portLayout(module), cycles, 1)
        expect(await disagreementIn(module, parts, stimulus, verilator)).toBeUndefined()
        expect(await complaintReportOf(module, module.name)).toBeUndefined()
      }
    },
    full ? 3_600_000 : 300_000,
  )
})
