import type { Memory, Module, Range } from '../../dsl/ir.ts'

/** What a design remembers from one cycle to the next, by hierarchical name. */
export interface StateLayout {
  /** Registers, and what the read ports of memories show. */
  readonly registers: readonly { readonly path: string; readonly range: Range }[]
  readonly memories: readonly (Pick<Memory, 'depth' | 'word'> & { readonly path: string })[]
  /** Black boxes, in the order in which `flatten` has them. */
  readonly boxes: readonly string[]
}

export const stateLayout = (top: Module): StateLayout => {
  const registers: { path: string; range: Range }[] = []
  const memories: { path: string; depth: number; word: Range }[] = []
  const boxes: string[] = []
  const visit = (module: Module, prefix: string): void => {
    if (module.blackBox) boxes.push(prefix.slice(0, -1))
    for (const { name, node } of module.registers) registers.push({ path: prefix + name, range: node })
    for (const { name, depth, word, reads } of module.memories) {
      memories.push({ path: prefix + name, depth, word })
      for (const { node } of reads) registers.push({ path: prefix + node.name, range: node })
    }
    for (const { name, of } of module.instances) visit(of, `${prefix}${name}.`)
  }
  visit(top, '')
  return { registers, memories, boxes }
}
