import { bool, component } from '../../dsl/index.ts'
import { type CoreDescription, upTo } from './description.ts'

/** Rows of results that each column has room for: those of all groups under way, or more. */
export const resultPlace = ({ resultGroups, array }: CoreDescription) => upTo(resultGroups * array.size.rows - 1)

/** The results of a column of the array, in the order in which they come, in a ring; `word` is the one read last. */
export const ResultColumn = component('result_column', ({ core }: { core: CoreDescription }) => {
  const place = resultPlace(core)
  return {
    name: `${core.name}_result_column`,
    in: { valid: bool, result: core.array.result, read: bool, from: place },
    out: { word: core.array.result },
    logic({ valid, result, read, from }, { regs, memory, when }) {
      const r = regs({ to: place })
      const words = memory('words', { depth: Number(place.max) + 1, of: core.array.result, collide: 'never' })
      when(valid, () => {
        words.write(r.to, result)
        r.to.next = r.to.add(1).wrap(place)
      })
      return { word: words.read(from, { enable: read }) }
    },
  }
})
