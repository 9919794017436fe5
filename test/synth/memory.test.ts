import { afterAll, describe, expect, it } from 'vitest'
import {
  asyncFifo,
  bool,
  type Collision,
  clock,
  component,
  type Int,
  type Module,
  mainClock,
  on,
  printVerilog,
  s,
  u,
  vec,
} from '../../src/dsl/index.ts'
import { randomWords } from '../../src/sim/stimulus.ts'
import { countResources, fpgaFamilies } from '../../src/synth/fpga.ts'
import { countCells, parseNetlist } from '../../src/synth/netlist.ts'
import { openYosys } from '../../src/synth/yosys.ts'
import { withCache } from '../../src/synth/yosys-cache.ts'

const full = Boolean(process.env.BITLOOM_FULL)

const other = clock('other')

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
/** Written by one clock, read by another. */
const Dual = component('dual_clock', (_: object) => ({
  in: { target: on(other, u(9)), write: on(other, bool), word: on(other, s(8)), from: u(9), read: bool },
  out: { shown: s(8) },
  logic({ target, write, word, from, read }, { memory }) {
    const words = memory('words', { depth: 512, of: s(8), initial: [1, 2, 3], collide: 'never', clock: other })
    words.write(target, word, { enable: write })
    return { shown: words.read(from, { enable: read, clock: mainClock }) }
  },
}))
/** 4 bytes a word, each with a write enable of its own. */
const Bytes = component('bytes', (p: { collide: Collision }) => ({
  in: { target: u(9), write: bool, word: s(8), from: u(9), read: bool },
  out: { shown: s(10) },
  logic({ target, write, word, from, read }, { memory }) {
    const words = memory('words', { depth: 512, of: vec(4, s(8)), collide: p.collide })
    const lanes = [0, 1, 2, 3].map((bit) => word.bit(bit))
    words.write(target, [word, word, word, word], { enable: write, lanes })
    const [a, b, c, d] = words.read(from, { enable: read })
    return { shown: a!.add(b!).add(c!).add(d!) }
  },
}))
/** A register behind the read port, as block RAMs have one. */
const Registered = component('registered', (_: object) => ({
  in: { target: u(9), write: bool, word: s(8), from: u(9), read: bool },
  out: { shown: s(8) },
  logic({ target, write, word, from, read }, { memory, regs }) {
    const words = memory('words', { depth: 512, of: s(8), collide: 'never' })
    words.write(target, word, { enable: write })
    const r = regs({ behind: s(8) })
    r.behind.next = words.read(from, { enable: read })
    return { shown: r.behind }
  },
}))
/** Both ports write and read: each reads where it writes, while it does not. */
const TrueDual = component('true_dual', (p: { clocks: number }) => {
  const second = p.clocks === 2 ? other : mainClock
  return {
    in: {
      a: u(9),
      a_write: bool,
      a_word: s(8),
      b: on(second, u(9)),
      b_write: on(second, bool),
      b_word: on(second, s(8)),
    },
    out: { a_shown: s(8), b_shown: on(second, s(8)) },
    logic({ a, a_write, a_word, b, b_write, b_word }, { memory }) {
      const words = memory('words', { depth: 512, of: s(8), collide: 'never' })
      words.write(a, a_word, { enable: a_write })
      words.write(b, b_word, { enable: b_write, clock: second })
      return {
        a_shown: words.read(a, { enable: a_write.not() }),
        b_shown: words.read(b, { enable: b_write.not(), clock: second }),
      }
    },
  }
})
const fifo = asyncFifo({ of: s(8), depth: 512, write: other, read: mainClock })
const parts = {
  old: Store({ collide: 'old', ports: 1 }),
  new: Store({ collide: 'new', ports: 1 }),
  never: Store({ collide: 'never', ports: 1 }),
  'never, two reads': Store({ collide: 'never', ports: 2 }),
}
/** More than a policy. */
const kinds = {
  'two clocks': Dual({}),
  'a register behind': Registered({}),
  'an asyncFifo': fifo,
}
const Top = component('stores', (_: object) => ({
  in: {
    ...{ target: u(9), write: bool, word: s(8), from: u(9), read: bool, other: u(9) },
    ...{ far_target: on(other, u(9)), far_write: on(other, bool), far_word: on(other, s(8)) },
  },
  out: { total: s(16), room: on(other, bool) },
  logic({ far_target, far_write, far_word, ...inputs }, { use }) {
    const { target, write, word, from, read } = inputs
    const outputs = Object.values(parts).map((part, k) => use(`store_${k}`, part, inputs))
    const coefficient = use('coefficients', Table({}), { at: from.add(target) }).word
    const far = { target: far_target, write: far_write, word: far_word }
    const two = use('two_clocks', Dual({}), { ...far, from, read })
    const registered = use('behind', Registered({}), { target, write, word, from, read })
    const { in_ready, out_data } = use('fifo', fifo, { in_valid: far_write, in_data: far_word, out_ready: read })
    const bytes = (['old', 'never'] as const).map(
      (collide) => use(`bytes_${collide}`, Bytes({ collide }), { target, write, word, from, read }).shown,
    )
    const all = [
      ...outputs.flatMap(({ shown, second }) => [shown, second]),
      two.shown,
      registered.shown,
      out_data,
      ...bytes,
    ]
    return { total: all.reduce<Int>((sum, one) => sum.add(one), coefficient), room: in_ready }
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

/** What each module comes to, in lines like `old: 1 DP16KD, 22 LUTs, 27 flip-flops`. */
const costsOf = async (
  id: string,
  top: Module,
  modules: Readonly<Record<string, Module>>,
): Promise<readonly string[]> => {
  const family = fpgaFamilies.find((each) => each.id === id)!
  const [, block] = families.find(([each]) => each === id)!
  const flatten = id === 'xc7' ? '' : '-noflatten'
  const outcome = await yosys.run({
    script: `read_verilog design.v\n${family.command} ${flatten} -top ${top.name}\nwrite_json netlist.json`,
    files: { 'design.v': printVerilog(top) },
  })
  if (!outcome.ok) throw new Error(outcome.error)
  const json = outcome.files.get('netlist.json')!
  return Object.entries(modules).map(([what, { name }]) => {
    const cells = countCells(parseNetlist(json, name))
    const { luts, ffs } = countResources(cells, family)
    const blocks = Object.entries(cells).flatMap(([cell, count]) => (block.test(cell) ? [`${count} ${cell}`] : []))
    return `${what}: ${blocks.join(', ') || 'no block RAM'}, ${luts} LUTs, ${ffs} flip-flops`
  })
}

const modulesOf = (components: Readonly<Record<string, { readonly module: Module }>>): Record<string, Module> =>
  Object.fromEntries(Object.entries(components).map(([what, { module }]) => [what, module]))

describe('memories become block RAM', () => {
  // Skipped, so that the snapshots of the other families still count as used.
  for (const [id] of families) {
    it.skipIf(!full && id !== 'ecp5')(
      `on ${id}, whatever the policy; what a policy costs beside it`,
      async () => {
        const bytes = { 'old, 4 lanes': Bytes({ collide: 'old' }), 'never, 4 lanes': Bytes({ collide: 'never' }) }
        const costs = await costsOf(id, Top({}).module, modulesOf({ ...parts, rom: Table({}), ...kinds, ...bytes }))
        expect(costs).toMatchSnapshot()
        expect(costs.every((cost) => /: [1-9] /.test(cost))).toBe(true)
      },
      600_000,
    )
    // iCE40 has no block RAM of two write ports.
    if (id !== 'ice40')
      it.skipIf(!full && id !== 'ecp5')(
        `on ${id} with two ports that write and read, of one clock and of two`,
        async () => {
          for (const clocks of [1, 2]) {
            const { module } = TrueDual({ clocks })
            const costs = await costsOf(id, module, { [`${clocks} clocks`]: module })
            expect(costs).toMatchSnapshot()
            expect(costs[0]).toMatch(/: 1 /)
          }
        },
        600_000,
      )
  }
})
