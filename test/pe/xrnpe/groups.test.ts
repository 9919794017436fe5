import { describe, expect, it } from 'vitest'
import { quireOf } from '../../../src/formats/index.ts'
import { positNamed } from '../../../src/pe/baseline/posit/cell.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { longestGroup } from '../../../src/pe/xrnpe/family.ts'
import {
  formatOfMode,
  lanesOf,
  type Mode,
  modes,
  type PackingName,
  packingNames,
  packings,
} from '../../../src/pe/xrnpe/modes.ts'
import { narrowSegments, quireLayouts, quireWidth } from '../../../src/pe/xrnpe/quire.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { lonePe, verify } from '../../../src/verify/verify.ts'
import { allModes, codesOf, everywhere, largestOf, runWords, type WordGroup } from './run-words.ts'

const full = process.env.BITLOOM_FULL === '1'

const open = (spec: string) => {
  const pe = processingElement(spec)
  return { pe, engine: openEngine('js', lonePe(pe)) }
}
const peFor = (mode: Mode, rest = '') => processingElement(`xrnpe(mode=${mode.name}${rest})`)

/** What the golden model says of a group. */
const golden = ({ mode, words }: WordGroup, rest = '', packing: PackingName = 'lanes_4_2_1'): bigint =>
  peFor(mode, `, packing=${packing}${rest}`).golden(
    words.flatMap(([x]) => codesOf(x, mode, packing)),
    words.flatMap(([, w]) => codesOf(w, mode, packing)),
    0,
  )

/** Whole words of random bits. */
const randomWordsOf = (seed: number) => {
  const random = randomWords(seed)
  const word = (packing: PackingName): bigint =>
    BigInt.asUintN(packings[packing].wordBits, (BigInt(random()) << 32n) | BigInt(random()))
  return { word, below: (limit: number): number => Math.floor((random() / 2 ** 32) * limit) }
}

const everyPacking = allModes.flatMap((mode) => packingNames.map((packing) => ({ mode, packing })))

const [narFlag, changedFlag] = [1n << 16n, 1n << 18n]

describe('xrnpe', () => {
  const specs = allModes.flatMap(({ name }) => [
    `xrnpe(mode=${name})`,
    `xrnpe(mode=${name}, packing=lanes_16_4_1)`,
    // Where every pair of codes takes its time, the rest is for full runs.
    ...(full || name !== 'posit(8,0)'
      ? [
          `xrnpe(mode=${name}, result=quire)`,
          `xrnpe(mode=${name}, lanes=separate)`,
          `xrnpe(mode=${name}, lanes=separate, result=quire)`,
          `xrnpe(mode=${name}, gating=off)`,
          `xrnpe(mode=${name}, packing=lanes_16_4_1, gating=off)`,
          `xrnpe(mode=${name}, packing=lanes_16_4_1, result=quire)`,
          ...allModes.map((result) => `xrnpe(mode=${name}, result=${result.name})`),
        ]
      : []),
  ])
  it.each(specs)('%s is its golden model, in the cycles of its contract', async (spec) => {
    const { pe, engine } = open(spec)
    const result = await verify(engine, pe, { groups: full ? 200 : 12, seed: 16 })
    expect(result.first).toBeUndefined()
    expect(result.mismatches).toBe(0)
  })

  it('gives four, four, two and one products a cycle, or 16, 16, four and one', () => {
    const products = (packing: PackingName) =>
      allModes.map((mode) => peFor(mode, `, packing=${packing}`).timing.macs_per_cycle)
    expect(products('lanes_4_2_1')).toEqual([4, 4, 2, 1])
    expect(products('lanes_16_4_1')).toEqual([16, 16, 4, 1])
  })

  it.each([
    ['lanes_4_2_1', ', lanes=summed'],
    ['lanes_4_2_1', ', lanes=separate'],
    ['lanes_16_4_1', ''],
    ['lanes_16_4_1', ', gating=off'],
  ] as const)('takes groups of any modes one behind the other, %s%s, with stalls', (packing, rest) => {
    const { word, below } = randomWordsOf(7)
    const { pe, engine } = open(`xrnpe(packing=${packing}${rest})`)
    const groups = Array.from({ length: full ? 3000 : 300 }, (): WordGroup => {
      const length = 1 + below(12)
      return {
        mode: allModes[below(4)]!,
        // Bits above a mode's lanes are random too: nobody reads them.
        words: Array.from({ length }, () => [word(packing), word(packing)] as const),
        stalls: Array.from({ length }, () => (below(4) === 0 ? below(5) : 0)),
      }
    })
    const found = runWords(engine, pe, groups)
    expect(found.map(({ result }) => result)).toEqual(groups.map((group) => golden(group, rest, packing)))
    expect(new Set(found.map(({ after }) => after))).toEqual(new Set([pe.timing.latency_cycles]))
    expect(engine.failedChecks).toBe(0)
  })

  it.each([1, 2, 17])('gives the results of %i groups without a gap, each in the cycle of the contract', (count) => {
    for (const mode of allModes) {
      const { pe, engine } = open('xrnpe')
      const one = Number(formatOfMode(mode).encode({ kind: 'finite', significand: 1n, exponent: 0, negative: false }))
      const groups = Array.from({ length: count }, (): WordGroup => ({ mode, words: [[one, one]] }))
      const found = runWords(engine, pe, groups)
      expect(found).toHaveLength(count)
      expect(new Set(found.map(({ after }) => after))).toEqual(new Set([pe.timing.latency_cycles]))
      expect(new Set(found.map(({ result }) => result))).toEqual(new Set([BigInt(one)]))
    }
  })

  it('starts anew after a reset in the middle of a group', () => {
    for (const mode of allModes) {
      const { pe, engine } = open('xrnpe')
      const word = everywhere(mode, 'lanes_4_2_1', largestOf(mode))
      const group: WordGroup = { mode, words: [[word, word]] }
      runWords(engine, pe, [{ mode, words: [[2 ** 15, word]] }])
      engine.inputs.fill(0)
      engine.reset()
      expect(runWords(engine, pe, [group])[0]!.result).toBe(golden(group))
    }
  })
})

describe('NaR', () => {
  it('in any lane of either word at any time makes its group NaR, and no other', () => {
    for (const { mode, packing } of everyPacking.filter(({ mode }) => mode.name !== 'fp4')) {
      const nar = 2 ** (mode.bits - 1)
      const { pe, engine } = open(`xrnpe(packing=${packing})`)
      const clean: WordGroup = { mode, words: [[0x1111, 0x1111]] }
      const groups = Array.from({ length: lanesOf(mode, packing) }, (_, lane) =>
        [0, 1, 2].flatMap((time) =>
          [0, 1].map((side): WordGroup => {
            const word = BigInt(nar) << BigInt(lane * mode.bits)
            const pair = (k: number): WordGroup['words'][number] =>
              k !== time ? [0x1111, 0x1111] : side === 0 ? [word, 0x1111] : [0x1111, word]
            return { mode, words: [pair(0), pair(1), pair(2)] }
          }),
        ),
      ).flat()
      const found = runWords(
        engine,
        pe,
        groups.flatMap((group) => [group, clean]),
      ).map(({ result }) => result)
      found.forEach((result, k) => {
        expect(result).toBe(k % 2 === 0 ? BigInt(nar) | narFlag : golden(clean, '', packing))
      })
    }
  })

  it('stays in its lane where lanes are apart', () => {
    const mode = modes['posit(8,0)']
    const { pe, engine } = open('xrnpe(lanes=separate)')
    const words = [[0x8040, 0x4040]] as const
    expect(runWords(engine, pe, [{ mode, words }])[0]!.result).toBe(0x8040n | narFlag)
  })

  it('is -6 and a flag where results are FP4', () => {
    const { pe, engine } = open('xrnpe(mode=posit(8,0), result=fp4)')
    expect(runWords(engine, pe, [{ mode: modes['posit(8,0)'], words: [[0x80, 0x40]] }])[0]!.result).toBe(0xfn | narFlag)
  })
})

describe('the quire', () => {
  it("is as wide as a posit's usual one, or holds 32,767 products of any size", () => {
    for (const mode of allModes.filter(({ name }) => name !== 'fp4'))
      expect(quireOf(positNamed(mode.name), mode.quireBits).capacity).toBe(32_767n)
    expect(2n ** BigInt(modes.fp4.quireBits - 1) / 144n).toBe(14_913_080n)
  })

  it('holds 32,767 of the largest posit products on both sides, and one more is flagged', () => {
    for (const { mode, packing } of everyPacking.filter(({ mode }) => mode.name !== 'fp4'))
      for (const sign of [1, -1]) {
        const most = largestOf(mode)
        const other = everywhere(mode, packing, sign > 0 ? most : formatOfMode(mode).encode(formatOfMode(mode).min))
        const { pe, engine } = open(`xrnpe(mode=${mode.name}, packing=${packing}, result=quire)`)
        const lanes = lanesOf(mode, packing)
        const group = (terms: number): WordGroup => ({
          mode,
          words: [
            ...Array.from(
              { length: Math.floor(terms / lanes) },
              () => [everywhere(mode, packing, most), other] as const,
            ),
            [everywhere(mode, packing, most, terms % lanes), other],
          ],
        })
        const square = 1n << BigInt(2 * mode.fractionBits)
        const [fits, over] = runWords(engine, pe, [group(32_767), group(32_768)]).map(({ result }) => result)
        const raw = (terms: bigint): bigint => BigInt.asUintN(128, BigInt(sign) * terms * square)
        expect(fits).toBe(raw(32_767n))
        // As far below zero, two's complement has one more.
        expect(over).toBe(raw(32_768n) | (sign > 0 ? 1n << 129n : 0n))
      }
  }, 60_000)

  it('has four bits more than the widest mode that shares a part of it, and the longest group just fits them', () => {
    expect(quireWidth(quireLayouts.summed)).toBe(modes['posit(16,1)'].quireBits + 4)
    const narrow = quireLayouts.summed.segments.slice(0, narrowSegments).reduce((sum, bits) => sum + bits, 0)
    expect(narrow).toBe(modes['posit(8,0)'].quireBits + 4)
    expect(quireLayouts.summed.laneBits).toBe(narrow)
    expect(quireLayouts.separate.laneBits).toBe(modes['posit(4,1)'].quireBits + 4)
    expect(quireWidth(quireLayouts.separate)).toBe(4 * quireLayouts.separate.laneBits)
    for (const packing of packingNames) {
      const most = (terms: number): bigint => BigInt(terms * lanesOf(modes['posit(8,0)'], packing)) << 24n
      expect(most(longestGroup(packing))).toBeLessThan(1n << BigInt(narrow - 1))
      expect(most(longestGroup(packing) + 1)).toBe(1n << BigInt(narrow - 1))
    }
  })

  it.each(packingNames)(
    'is still exact in the longest group of the largest products of posit(8,0), far beyond its 40 bits, with %s',
    (packing) => {
      const mode = modes['posit(8,0)']
      const pe = processingElement(`xrnpe(mode=posit(8,0), packing=${packing}, result=quire)`)
      const engine = openEngine('wasm', lonePe(pe))
      const word = everywhere(mode, packing, 0x7f)
      const words = Array.from({ length: longestGroup(packing) }, () => [word, word] as const)
      const products = BigInt(lanesOf(mode, packing) * words.length)
      expect(runWords(engine, pe, [{ mode, words }])[0]!.result).toBe(
        (products << BigInt(2 * mode.fractionBits)) | (1n << 129n),
      )
    },
    60_000,
  )

  it('is exact where terms of both signs cancel each other but for the smallest one', () => {
    for (const { mode, packing } of everyPacking) {
      const format = formatOfMode(mode)
      const least = format.encode(format.smallest)
      const most = everywhere(mode, packing, largestOf(mode))
      const lowest = everywhere(mode, packing, format.encode(format.min))
      const { pe, engine } = open(`xrnpe(mode=${mode.name}, packing=${packing}, result=quire)`)
      const words = [
        [most, most],
        [least, least],
        [most, lowest],
      ] as const
      expect(runWords(engine, pe, [{ mode, words }])[0]!.result).toBe(1n)
      const toZero = [words[0], words[2]]
      expect(runWords(engine, pe, [{ mode, words: toZero }])[0]!.result).toBe(0n)
    }
  })

  it('is exact in long groups of mixed signs, in every mode', () => {
    const random = randomWords(40)
    for (const { mode, packing } of everyPacking) {
      const { pe, engine } = open(`xrnpe(mode=${mode.name}, packing=${packing}, result=quire)`)
      const nar = mode.name === 'fp4' ? -1 : 2 ** (mode.bits - 1)
      const lanes = lanesOf(mode, packing)
      const word = (): bigint => {
        let word = 0n
        for (let lane = 0; lane < lanes; lane++) {
          const code = random() >>> (32 - mode.bits)
          word = (word << BigInt(mode.bits)) | BigInt(code === nar ? 1 : code)
        }
        return word
      }
      const length = Math.ceil((full ? 32_767 : 4_000) / lanes)
      const words = Array.from({ length }, () => [word(), word()] as const)
      expect(runWords(engine, pe, [{ mode, words }])[0]!.result).toBe(
        golden({ mode, words }, ', result=quire', packing),
      )
    }
  }, 60_000)
})

describe('a mode that changes', () => {
  it('within a group is flagged in its result and fails a check', () => {
    const { pe, engine } = open('xrnpe')
    const one = everywhere(modes['posit(8,0)'], 'lanes_4_2_1', 0x40n)
    const at = (code: Mode, words: WordGroup['words']): WordGroup => ({ mode: code, words })
    // The second group's words go on with the first: `last` is left out by running them as one with two modes.
    const first = at(modes['posit(8,0)'], [[one, one]])
    const mixed = runMixed(engine, pe, [first, at(modes['posit(16,1)'], [[one, one]])])
    expect(mixed & changedFlag).toBe(changedFlag)
    expect(engine.failures[0]?.message).toContain('the mode stays the same until its group ends')
    expect(runWords(engine, pe, [first])[0]!.result).toBe(golden(first))
  })

  it('between groups, or in idle cycles, is none', () => {
    const { pe, engine } = open('xrnpe')
    const groups = [3, 0, 2, 1, 3].map((code): WordGroup => ({ mode: allModes[code]!, words: [[0x4444, 0x4444]] }))
    expect(runWords(engine, pe, groups).map(({ result }) => result)).toEqual(groups.map((group) => golden(group)))
    expect(engine.failedChecks).toBe(0)
  })

  it('leaves nothing behind in the segments that narrow modes do not use', () => {
    const wide = modes['posit(16,1)']
    const { pe, engine } = open('xrnpe(result=quire)')
    const most = Number(formatOfMode(wide).encode(formatOfMode(wide).max))
    const broken = [
      { mode: wide, words: [[most, most]] as const },
      { mode: modes.fp4, words: [[0x2222, 0x2222]] as const },
    ]
    runMixed(engine, pe, broken)
    const after: WordGroup = { mode: wide, words: [[0x4000, 0x4000]] }
    expect(runWords(engine, pe, [after])[0]!.result).toBe(1n << 56n)
  })
})

/** Groups run as if they were one: `last` comes with the last word of all. */
const runMixed = (
  engine: ReturnType<typeof open>['engine'],
  pe: ReturnType<typeof open>['pe'],
  groups: readonly WordGroup[],
): bigint => {
  const { ports } = engine
  const words = groups.flatMap(({ mode, words }) => words.map(([x, w]) => ({ x, w, code: mode.code })))
  let result = 0n
  words.forEach(({ x, w, code }, k) => {
    engine.inputs.fill(0)
    for (const [name, value] of Object.entries({
      activation_0: x,
      weight_0: w,
      mode: code,
      last: k === words.length - 1 ? 1 : 0,
    }))
      engine.inputs[ports.inputs.find((port) => port.name === name)!.offset] = Number(value)
    engine.step()
  })
  engine.inputs.fill(0)
  engine.step(pe.timing.latency_cycles)
  const port = ports.outputs.find(({ name }) => name === 'result_0')!
  for (let k = port.words - 1; k >= 0; k--) result = (result << 32n) | BigInt(engine.outputs[port.offset + k]! >>> 0)
  return result
}
