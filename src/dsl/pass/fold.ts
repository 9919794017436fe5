import type { Memory, Module, Node, Range } from '../ir.ts'
import { readNodes } from '../roots.ts'
import { type Pass, rebuild } from './rebuild.ts'

/**
 * Constant folding, through each operation's own `fold`, and through what carries a constant: wires, registers that never
 * leave their reset value, words of memories that nobody writes, and outputs of instances. Names stay; only nobody reads them
 * any more. A write that never happens goes.
 */
export const foldConstants: Pass = (module) => {
  let folded = rebuild(module)
  for (;;) {
    const constants = constantLeaves(folded)
    const memories = folded.memories.map((memory) => {
      const writes = memory.writes.filter(({ enable, lanes = [enable] }) => !isNever(enable) && !lanes.every(isNever))
      return writes.length < memory.writes.length ? { ...memory, writes } : memory
    })
    if (constants.size === 0 && memories.every((memory, k) => memory === folded.memories[k])) return folded
    folded = rebuild(
      { ...folded, memories },
      {
        leaf: (leaf, _, graph) => {
          const value = constants.get(leaf)
          return value === undefined ? undefined : graph.constant(value, bounds(leaf))
        },
      },
    )
  }
}

/** Leaves that somebody reads and that always have the same value. */
const constantLeaves = (module: Module): ReadonlyMap<Node, bigint> => {
  const read = readNodes(module)
  const constants = new Map<Node, bigint>()
  const note = (leaf: Node, value: Node): void => {
    if (value.op === 'const' && read.has(leaf)) constants.set(leaf, value.value)
  }
  for (const { node, driver } of module.wires) note(node, driver)
  for (const { node, next, reset } of module.registers)
    if ((next === node || (next.op === 'const' && next.value === reset)) && read.has(node)) constants.set(node, reset)
  for (const { of, outputs } of module.instances)
    for (const { name, node } of of.outputs) note(outputs.get(name)!, node)
  for (const memory of module.memories) {
    // A read port shows 0 until its first read.
    for (const { node, enable } of memory.reads)
      if (read.has(node) && (isNever(enable) || holdsZeros(memory))) constants.set(node, 0n)
    for (const lookup of memory.lookups) {
      const word = holdsZeros(memory) ? 0n : settledWord(memory, lookup.args[0])
      if (word !== undefined && read.has(lookup)) constants.set(lookup, word)
    }
  }
  return constants
}

const isNever = (enable: Node): boolean => enable.op === 'const' && enable.value === 0n

/** True where every word is 0 for good. Words that hardware may start with are 0 as well as anything else. */
const holdsZeros = ({ word, writes, initial = [] }: Memory): boolean =>
  (word.min === 0n && word.max === 0n) || (writes.length === 0 && initial.every((value) => value === 0n))

/** The word at a constant address of a memory that nobody writes. */
const settledWord = ({ writes, initial = [] }: Memory, address: Node): bigint | undefined =>
  writes.length === 0 && address.op === 'const' ? (initial[Number(address.value)] ?? 0n) : undefined

const bounds = ({ min, max }: Range): Range => ({ min, max })
