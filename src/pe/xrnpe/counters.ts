import { bool, component, u } from '../../dsl/index.ts'
import { gatedBlocks, worksIn } from './blocks.ts'
import { modeFlags, modeShape } from './modes.ts'

const count = u(32)

/**
 * Counts cycles, and for each block that some mode does without those in which it stands still: fed with the mode that goes into
 * a core, it counts the core's, a block's four stages after each other. Counts start over at 2^32.
 */
export const XrnpeCounters = component('xrnpe_counters', (_: object) => ({
  in: { mode: modeShape, enable: bool },
  out: { cycles: count, ...Object.fromEntries(gatedBlocks.map((block) => [`gated_${block}`, count])) },
  logic({ mode, enable }, { regs, when }) {
    const names = ['cycles', ...gatedBlocks.map((block) => `gated_${block}`)]
    const registers = regs(Object.fromEntries(names.map((name) => [name, count])))
    const flags = modeFlags(mode)
    const counts = (name: string): void => {
      registers[name]!.next = registers[name]!.add(1).wrap(count)
    }
    when(enable, () => {
      counts('cycles')
      for (const block of gatedBlocks) when(worksIn(block, flags).not(), () => counts(`gated_${block}`))
    })
    return registers as { readonly cycles: (typeof registers)[string] } & typeof registers
  },
}))
