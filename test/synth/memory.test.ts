import { afterAll, describe, expect, it } from 'vitest'
import { bool, type Collision, component, type Int, printVerilog, s, u } from '../../src/dsl/index.ts'
import { randomWords } from '../../src/sim/stimulus.ts'
import { countResources, fpgaFamilies } from '../../src/synth/fpga.ts'
import { countCells, parseNetlist } from '../../src/synth/netlist.ts'
import { openYosys } from '../../src/synth/yosys.ts'
import { withCache } from '../../src/synth/yosys-cache.ts'

const full = Boolean(process.env.BITLOOM_FULL)

/** 512 words of 8 bits: one block RAM on every family. */
const Store = component('store', (p: { collide: Collision; ports: number }) => ({
  in: { target: u(9), write: bool, word: s(8), from: u(9), read: bool, other: u(9) },
  out: { shown: s(8), second: s(8) },
  logic({ target, write, word, from, read, other }, { memory }) {
    const words = memory('words', { depth: 512, of: s(8), initial: [1, 2, 3], collide: p.collide })
    words.write(target, word, { enable: write })
    const shown = words.read(from, { enable: read })
    return { shown, second: p.ports === 2 ? words.read(other) : 0 }
  },
}))
/** 4096 words without a pattern, or tools make logic of them. */
const random = randomWords(1)
const coefficients = Int8Array.from({ length: 4096 }, () => random() & 255)
const Table = component('coefficients', (_: object) => ({
  in: { at: u(12) },
  out: { word: s(8) },
  logic: ({ at }, { rom }) => ({
    word: rom('words', { of: s(8), initial: Array.from(coefficients) }).read(at),
  }),
}))
const parts = {
  old: Store({ collide: 'old', ports: 1 }),
  new: Store({ collide: 'new', ports: 1 }),
  never: Store({ collide: 'never', ports: 1 }),
  'never, two reads': Store({ collide: 'never', ports: 2 }),
}
const Top = component('stores', (_: object) => ({
  in: { target: u(9), write: bool, word: s(8), from: u(9), read: bool, other: u(9) },
  out: { total: s(16) },
  logic(inputs, { use }) {
    const outputs = Object.values(parts).map((part, k) => use(`store_${k}`, part, inputs))
    const coefficient = use('coefficients', Table({}), { at: inputs.from.add(inputs.target) }).word
    return {
      total: outputs.reduce<Int>((sum, { shown, second }) => sum.add(shown).add(second), coefficient),
    }
  },
}))

/** Each takes Yosys some ten seconds. */
const families: readonly (readonly [string, RegExp])[] = [
  ['ecp5', /^DP16KD$/],
  ['ice40', /^SB_RAM40_4K$/],
  ['xc7', /^RAMB(18|36)E1$/],
]
const yosys = withCache(openYosys())
afterAll(() => yosys.close())

describe('memories become block RAM', () => {
  // Skipped, so that the snapshots of the other families still count as used.
  for (const [id, block] of families)
    it.skipIf(!full && id !== 'ecp5')(
      `on ${id}, whatever the policy; what a policy costs beside it`,
      async () => {
        const family = fpgaFamilies.find((each) => each.id === id)!
        const flatten = id === 'xc7' ? '' : '-noflatten'
        const outcome = await yosys.run({
          script: `read_verilog design.v\n${family.command} ${flatten} -top stores\nwrite_json netlist.json`,
          files: { 'design.v': printVerilog(Top({}).module) },
        })
        if (!outcome.ok) throw new Error(outcome.error)
        const json = outcome.files.get('netlist.json')!
        const costs = Object.entries({ ...parts, rom: Table({}) }).map(([policy, part]) => {
          const cells = countCells(parseNetlist(json, part.name))
          const { luts, ffs } = countResources(cells, family)
          const blocks = Object.entries(cells).flatMap(([cell, count]) =>
            block.test(cell) ? [`${count} ${cell}`] : [],
          )
          return `${policy}: ${blocks.join(', ') || 'no block RAM'}, ${luts} LUTs, ${ffs} flip-flops`
        })
        expect(costs).toMatchSnapshot()
        expect(costs.every((cost) => /: [1-9] /.test(cost))).toBe(true)
      },
      600_000,
    )
})
