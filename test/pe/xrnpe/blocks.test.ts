import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bool, component, u } from '../../../src/dsl/index.ts'
import { type BlockName, blockNames, gatedBlocks, workOf } from '../../../src/pe/xrnpe/blocks.ts'
import { XrnpeCore } from '../../../src/pe/xrnpe/core.ts'
import { XrnpeCounters } from '../../../src/pe/xrnpe/counters.ts'
import {
  type ModeName,
  modeNames,
  modeShape,
  modes,
  type PackingName,
  packingNames,
  packings,
} from '../../../src/pe/xrnpe/modes.ts'
import { readPort, writePort } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'

const coreOf = (packing: PackingName) => XrnpeCore({ name: 'xrnpe', lanes: 'summed', packing, gating: 'on' })

/** A core, and counters that see its mode. */
const Counted = component('counted', ({ packing }: { packing: PackingName }) => {
  const core = coreOf(packing)
  const word = u(packings[packing].wordBits)
  return {
    in: { activation: word, weight: word, last: bool, mode: modeShape },
    out: { total: core.out.total, ...XrnpeCounters({ packing }).out },
    logic(i, { use }) {
      const { total } = use('core', core, {
        activation_in: i.activation,
        weight_in: i.weight,
        last_in: i.last,
        mode_in: i.mode,
      })
      return { total, ...use('counters', XrnpeCounters({ packing }), { mode: i.mode, enable: true }) }
    },
  }
})

/** What is looked at of a block: its inputs, and of the upper quire the registers. */
const signalsOf = (block: BlockName, packing: PackingName): readonly string[] => {
  if (block === 'upper_quire') return ['addend_upper', 'quire_3', 'quire_4', 'quire_5', 'quire_6']
  const instance = coreOf(packing).module.instances.find(({ name }) => name === block)
  if (!instance) throw new Error(`no instance ${block} in the core`)
  return instance.of.inputs.map(({ name }) => `${block}.${name}`)
}

/** Cycles in which each block's signals change, and the counters' counts, over so many cycles of random words in one mode. */
const activity = (name: ModeName, packing: PackingName, cycles: number) => {
  const engine = openEngine('js', Counted({ packing }).module)
  const random = randomWords(3)
  const inputs = Object.fromEntries(engine.ports.inputs.map((port) => [port.name, port.offset]))
  engine.inputs[inputs.mode!] = modes[name].code
  const drive = (): void => {
    for (let word = 0; word < packings[packing].wordBits / 32; word++) {
      engine.inputs[inputs.activation! + word] = random() >>> (packing === 'lanes_4_2_1' ? 16 : 0)
      engine.inputs[inputs.weight! + word] = random() >>> (packing === 'lanes_4_2_1' ? 16 : 0)
    }
    engine.inputs[inputs.last!] = random() % 16 === 0 ? 1 : 0
    engine.step()
  }
  const counts = () =>
    Object.fromEntries(engine.ports.outputs.map((port) => [port.name, Number(readPort(engine.outputs, port))]))
  const blocks = blockNames[packing]
  const signals = new Map(blocks.map((block) => [block, signalsOf(block, packing)]))
  const seen = engine.watch!(blocks.flatMap((block) => signals.get(block)!.map((signal) => `core.${signal}`)))
  // What stood in the pipeline before the mode was on runs out.
  for (let k = 0; k < 8; k++) drive()
  const before = counts()
  const moved = new Map<string, number>()
  let last = seen.signals.map((port) => readPort(seen.words, port))
  for (let k = 0; k < cycles; k++) {
    drive()
    const now = seen.signals.map((port) => readPort(seen.words, port))
    const changed = new Set(seen.signals.filter((_, n) => now[n] !== last[n]).map((port) => port.name))
    for (const block of blocks)
      if (signals.get(block)!.some((signal) => changed.has(`core.${signal}`)))
        moved.set(block, (moved.get(block) ?? 0) + 1)
    last = now
  }
  const after = counts()
  /** Blocks that hold what comes into them at 0. */
  const atZero = blocks.filter((block) =>
    signals
      .get(block)!
      .every((signal) => seen.signals.every((port, n) => port.name !== `core.${signal}` || last[n] === 0n)),
  )
  return {
    moved,
    atZero,
    counted: Object.fromEntries(
      gatedBlocks(packing).map((block) => [block, after[`gated_${block}`]! - before[`gated_${block}`]!]),
    ),
    cycles: after.cycles! - before.cycles!,
  }
}

describe('the blocks of XR-NPE', () => {
  it.each(packingNames.flatMap((packing) => modeNames.map((name) => [name, packing] as const)))(
    'in %s with %s move where the table gives them work, stand still elsewhere, and are counted so',
    (name, packing) => {
      const cycles = 300
      const { moved, atZero, counted, cycles: countedCycles } = activity(name, packing, cycles)
      const gated = gatedBlocks(packing)
      expect(countedCycles).toBe(cycles)
      for (const block of blockNames[packing]) {
        const works = workOf(block, name) !== undefined
        const times = moved.get(block) ?? 0
        if (works) expect(times, `${block} works`).toBeGreaterThan(cycles / 4)
        else expect(times, `${block} is still`).toBe(0)
        // Decoders are given the mode besides.
        if (!works && /nibble|byte|wide/.test(block)) expect(atZero, block).toContain(block)
        if (gated.includes(block)) expect(counted[block], block).toBe(works ? 0 : cycles)
        else expect(works, `${block} works in every mode`).toBe(true)
      }
    },
  )

  it.each(packingNames)('are all instances of a core with %s but the adders of the quire', (packing) => {
    const instances = coreOf(packing).module.instances.map(({ name }) => name)
    const blocks = instances.filter((name) => !name.startsWith('quire_'))
    expect(blocks.sort()).toEqual(blockNames[packing].filter((block) => block !== 'upper_quire').sort())
  })

  it('from 4 on keep their operands and products in modes that do not use them', () => {
    const engine = openEngine('js', coreOf('lanes_16_4_1').module)
    const at = (name: string) => engine.ports.inputs.find((port) => port.name === name)!
    const drive = (mode: ModeName, cycles: number): void => {
      writePort(engine.inputs, at('mode_in'), BigInt(modes[mode].code))
      for (const name of ['activation_in', 'weight_in'])
        writePort(engine.inputs, at(name), BigInt.asUintN(64, 0x2345_6723_4567_2345n))
      engine.step(cycles)
    }
    const held = (block: number): readonly (bigint | undefined)[] =>
      ['left', 'right', 'product'].map((name) => engine.register(`${name}_${block}`))
    drive('fp4', 8)
    const all = Array.from({ length: 12 }, (_, k) => k + 4)
    const before = new Map(all.map((block) => [block, held(block)]))
    for (const block of all) expect(before.get(block)!.every((value) => value !== undefined && value > 0n)).toBe(true)
    drive('posit(8,0)', 8)
    for (const block of all.filter((block) => block >= 8)) expect(held(block), `${block}`).toEqual(before.get(block))
    const bytes = [4, 5, 6, 7].map(held)
    expect(bytes).not.toEqual([4, 5, 6, 7].map((block) => before.get(block)))
    drive('posit(16,1)', 8)
    for (const block of all.filter((block) => block >= 8)) expect(held(block), `${block}`).toEqual(before.get(block))
    expect([4, 5, 6, 7].map(held)).toEqual(bytes)
  })

  it('all have a mode in which they stand still but those of the array and the sum of the lanes', () => {
    const always = blockNames.lanes_4_2_1.filter((block) => !gatedBlocks('lanes_4_2_1').includes(block))
    expect(always).toEqual(['block_0', 'block_1', 'block_2', 'block_3', 'lane_sum'])
  })

  it('are in the documentation as in the table', () => {
    const page = readFileSync(new URL('../../../docs/pe/xrnpe.md', import.meta.url), 'utf8')
    const worksOf = (block: BlockName): string =>
      `| ${modeNames.map((mode) => workOf(block, mode) ?? '-').join(' | ')} |`
    for (const block of blockNames.lanes_4_2_1) expect(page).toContain(`| \`${block}\` ${worksOf(block)}`)

    // Those of longer words from the first to the last that do alike, each for its own lane.
    const runs = new Map<string, BlockName[]>()
    for (const block of blockNames.lanes_16_4_1.filter((block) => !blockNames.lanes_4_2_1.includes(block))) {
      const works = worksOf(block).replaceAll(/ lane \d+/g, '')
      const key = `${block.replace(/\d+$/, '')} ${works}`
      runs.set(key, [...(runs.get(key) ?? []), block])
    }
    expect(runs.size).toBe(9)
    for (const [key, blocks] of runs) {
      const title = [blocks[0], blocks.at(-1)].map((block) => `\`${block}\``).join(blocks.length > 2 ? ' to ' : ' and ')
      expect(page).toContain(`| ${title} ${key.slice(key.indexOf('|'))}`)
    }
  })
})
