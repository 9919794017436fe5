import { bool, component, u } from '../../dsl/index.ts'
import { gatedBlocks, worksIn } from './blocks.ts'
import { modeFlags, modeShape, type PackingName } from './modes.ts'

const count = u(32)

/**
 * Counts cycles, and for each block that some mode does without those in which it stands still: fed with the mode that goes into
 * a core, it counts the core's, a block's four stages after each other. Counts start over at 2^32.
 */
export const XrnpeCounters = component('xrnpe_counters', ({ packing }: { packing: PackingName }) => {
  const blocks = gatedBlocks(packing)
  return {
    name: packing === 'lanes_4_2_1' ? 'xrnpe_counters' : 'xrnpe_counters_16_4_1',
    in: { mode: modeShape, enable: bool },
    out: { cycles: count, ...Object.fromEntries(blocks.map((block) => [`gated_${block}`, count])) },
    logic({ mode, enable }, { regs, when }) {
      const names = ['cycles', ...blocks.map((block) => `gated_${block}`)]
      const registers = regs(Object.fromEntries(names.map((name) => [name, count])))
      const flags = modeFlags(mode)
      const counts = (name: string): void => {
        registers[name]!.next = registers[name]!.add(1).wrap(count)
      }
      when(enable, () => {
        counts('cycles')
        for (const block of blocks) when(worksIn(block, flags).not(), () => counts(`gated_${block}`))
      })
      return registers as { readonly cycles: (typeof registers)[string] } & typeof registers
    },
  }
})
