import { afterAll, describe, expect, it } from 'vitest'
import { WordMemory } from '../../../src/accel/coprocessor/words.ts'
import { printVerilog } from '../../../src/dsl/index.ts'
import { countResources, fpgaFamilies } from '../../../src/synth/fpga.ts'
import { countCells, parseNetlist } from '../../../src/synth/netlist.ts'
import { openYosys } from '../../../src/synth/yosys.ts'
import { withCache } from '../../../src/synth/yosys-cache.ts'

const full = Boolean(process.env.BITLOOM_FULL)

const yosys = withCache(openYosys())
afterAll(() => yosys.close())

/** 512 beats of 64 bits, the buffer of a row. */
const store = (wordBits: number) => ({ name: `words_${wordBits}`, busBits: 64, wordBits, beats: 512 })

describe("a row's buffer is block RAM", () => {
  it.each([
    ['ecp5', 'DP16KD', 2, 60],
    ...(full
      ? ([
          ['ice40', 'SB_RAM40_4K', 8, 60],
          ['xcup', 'RAMB36E2', 1, 60],
          // 66 measured; why six more than anywhere else is not looked into.
          ['gowin', 'SDPX9B', 2, 70],
        ] as const)
      : []),
  ] as const)(
    'on %s, %s',
    async (id, block, count, mostLuts) => {
      const family = fpgaFamilies.find((each) => each.id === id)!
      for (const wordBits of [8, 3]) {
        const { module } = WordMemory(store(wordBits))
        const outcome = await yosys.run({
          script: `read_verilog design.v\n${family.command} -top ${module.name}\nwrite_json netlist.json`,
          files: { 'design.v': printVerilog(module) },
        })
        if (!outcome.ok) throw new Error(outcome.error)
        const cells = countCells(parseNetlist(outcome.files.get('netlist.json')!, module.name))
        expect(cells).toMatchObject({ [block]: count })
        // A word of 8 bits is one of 8 in a beat, a word of 3 begins at any bit and may lie in two.
        expect(countResources(cells, family).luts).toBeLessThan(wordBits === 8 ? mostLuts : 170)
        expect(countResources(cells, family).ffs).toBeLessThanOrEqual(wordBits === 8 ? 8 : 3 + 2)
      }
    },
    300_000,
  )
})
