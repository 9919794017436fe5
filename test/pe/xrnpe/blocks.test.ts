import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bool, component, u } from '../../../src/dsl/index.ts'
import { blockNames, blockWork, gatedBlocks } from '../../../src/pe/xrnpe/blocks.ts'
import { XrnpeCore } from '../../../src/pe/xrnpe/core.ts'
import { XrnpeCounters } from '../../../src/pe/xrnpe/counters.ts'
import { type ModeName, modeNames, modeShape, modes } from '../../../src/pe/xrnpe/modes.ts'
import { readPort } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'

const core = XrnpeCore({ name: 'xrnpe', lanes: 'summed', gating: 'on' })

/** A core, and counters that see its mode. */
const Counted = component('counted', (_: object) => ({
  in: { activation: u(16), weight: u(16), last: bool, mode: modeShape },
  out: { total: core.out.total, ...XrnpeCounters({}).out },
  logic(i, { use }) {
    const { total } = use('core', core, {
      activation_in: i.activation,
      weight_in: i.weight,
      last_in: i.last,
      mode_in: i.mode,
    })
    return { total, ...use('counters', XrnpeCounters({}), { mode: i.mode, enable: true }) }
  },
}))

/** What is looked at of a block: its inputs, and of the upper quire the registers. */
const signalsOf = (block: (typeof blockNames)[number]): readonly string[] => {
  if (block === 'upper_quire') return ['addend_upper', 'quire_3', 'quire_4', 'quire_5', 'quire_6']
  const instance = core.module.instances.find(({ name }) => name === block)
  if (!instance) throw new Error(`no instance ${block} in the core`)
  return instance.of.inputs.map(({ name }) => `${block}.${name}`)
}

/** Cycles in which each block's signals change, and the counters' counts, over so many cycles of random words in one mode. */
const activity = (name: ModeName, cycles: number) => {
  const engine = openEngine('js', Counted({}).module)
  const random = randomWords(3)
  const inputs = Object.fromEntries(engine.ports.inputs.map((port) => [port.name, port.offset]))
  engine.inputs[inputs.mode!] = modes[name].code
  const drive = (): void => {
    engine.inputs[inputs.activation!] = random() >>> 16
    engine.inputs[inputs.weight!] = random() >>> 16
    engine.inputs[inputs.last!] = random() % 16 === 0 ? 1 : 0
    engine.step()
  }
  const counts = () =>
    Object.fromEntries(engine.ports.outputs.map((port) => [port.name, Number(readPort(engine.outputs, port))]))
  const seen = engine.watch!(blockNames.flatMap((block) => signalsOf(block).map((signal) => `core.${signal}`)))
  // What stood in the pipeline before the mode was on runs out.
  for (let k = 0; k < 8; k++) drive()
  const before = counts()
  const moved = new Map<string, number>()
  let last = seen.signals.map((port) => readPort(seen.words, port))
  for (let k = 0; k < cycles; k++) {
    drive()
    const now = seen.signals.map((port) => readPort(seen.words, port))
    const changed = new Set(seen.signals.filter((_, n) => now[n] !== last[n]).map((port) => port.name))
    for (const block of blockNames)
      if (signalsOf(block).some((signal) => changed.has(`core.${signal}`)))
        moved.set(block, (moved.get(block) ?? 0) + 1)
    last = now
  }
  const after = counts()
  return {
    moved,
    counted: Object.fromEntries(
      gatedBlocks.map((block) => [block, after[`gated_${block}`]! - before[`gated_${block}`]!]),
    ),
    cycles: after.cycles! - before.cycles!,
  }
}

describe('the blocks of XR-NPE', () => {
  it.each(modeNames)(
    'in %s move where the table gives them work, stand still elsewhere, and are counted so',
    (name) => {
      const cycles = 300
      const { moved, counted, cycles: countedCycles } = activity(name, cycles)
      expect(countedCycles).toBe(cycles)
      for (const block of blockNames) {
        const works = blockWork[block][name] !== undefined
        const times = moved.get(block) ?? 0
        if (works) expect(times, `${block} works`).toBeGreaterThan(cycles / 4)
        else expect(times, `${block} is still`).toBe(0)
        if (gatedBlocks.includes(block)) expect(counted[block], block).toBe(works ? 0 : cycles)
        else expect(works, `${block} works in every mode`).toBe(true)
      }
    },
  )

  it('all have a mode in which they stand still but those of the array and the sum of the lanes', () => {
    const always = blockNames.filter((block) => !gatedBlocks.includes(block))
    expect(always).toEqual(['block_0', 'block_1', 'block_2', 'block_3', 'lane_sum'])
  })

  it('are in the documentation as in the table', () => {
    const page = readFileSync(new URL('../../../docs/pe/xrnpe.md', import.meta.url), 'utf8')
    const rows = blockNames.map(
      (block) => `| \`${block}\` | ${modeNames.map((mode) => blockWork[block][mode] ?? '-').join(' | ')} |`,
    )
    for (const row of rows) expect(page).toContain(row)
  })
})
