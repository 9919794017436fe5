import type { Graph } from '../graph.ts'
import type { Leaf, Memory, Node, Operation, Register } from '../ir.ts'
import { readNodes } from '../roots.ts'
import { type Pass, rebuild, same } from './rebuild.ts'

const commutative: ReadonlySet<string> = new Set(['add', 'mul', 'and', 'or', 'xor', 'eq'])

/**
 * Common subexpressions: operations whose arguments only stand in another order, registers that start and go on alike, and
 * read ports of one memory that read alike, are computed once. A register or port that another one stands for keeps its
 * name; nobody reads it any more.
 */
export const shareEqual: Pass = (module) => {
  let shared = rebuild(module, { operation: ordered })
  for (;;) {
    const twins = new Map([...twinRegisters(shared.registers), ...twinReads(shared.memories)])
    const read = readNodes(shared)
    if (![...twins.keys()].some((twin) => read.has(twin))) return shared
    shared = rebuild(shared, {
      leaf: (leaf, now) => {
        const first = twins.get(leaf)
        return first && now(first)
      },
      operation: ordered,
    })
  }
}

const ordered = (old: Operation, args: readonly Node[], graph: Graph): Node =>
  same(old, commutative.has(old.op) && args[0]!.id > args[1]!.id ? [args[1]!, args[0]!] : args, graph)

/** Registers with the clock, the reset value and the next value of an earlier one. */
const twinRegisters = (registers: readonly Register[]): ReadonlyMap<Node, Leaf> => {
  const firsts = new Map<string, Register>()
  const twins = new Map<Node, Leaf>()
  for (const register of registers) {
    const { node, next, reset } = register
    // One that holds has itself for its next value.
    const key = `${next === node ? 'itself' : next.id} ${reset} ${node.min} ${node.max} ${node.clock}`
    const first = firsts.get(key)
    if (first) twins.set(node, first.node)
    else firsts.set(key, register)
  }
  return twins
}

/** Read ports of a memory that read at the same address whenever an earlier one does. */
const twinReads = (memories: readonly Memory[]): ReadonlyMap<Node, Leaf> => {
  const firsts = new Map<string, Leaf>()
  const twins = new Map<Node, Leaf>()
  for (const { name, reads } of memories)
    for (const { node, address, enable } of reads) {
      const key = `${name} ${address.id} ${enable.id} ${node.clock}`
      const first = firsts.get(key)
      if (first) twins.set(node, first)
      else firsts.set(key, node)
    }
  return twins
}
