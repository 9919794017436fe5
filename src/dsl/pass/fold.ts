import type { Module, Node, Range } from '../ir.ts'
import { type Pass, rebuild } from './rebuild.ts'

/**
 * Constant folding, through each operation's own `fold`, and through what carries a constant: wires, registers that never
 * leave their reset value, and outputs of instances. Names stay; only nobody reads them any more.
 */
export const foldConstants: Pass = (module) => {
  if (module.memories.length > 0) return module
  let folded = rebuild(module)
  for (;;) {
    const constants = constantLeaves(folded)
    if (constants.size === 0) return folded
    folded = rebuild(folded, {
      leaf: (leaf, _, graph) => {
        const value = constants.get(leaf)
        return value === undefined ? undefined : graph.constant(value, bounds(leaf))
      },
    })
  }
}

/** Leaves that somebody reads and that always have the same value. */
const constantLeaves = (module: Module): ReadonlyMap<Node, bigint> => {
  const read = new Set<Node>([
    ...module.operations.flatMap((operation) => operation.args),
    ...module.outputs.map((output) => output.node),
    ...module.checks.map((check) => check.holds),
    ...module.wires.map((wire) => wire.driver),
    ...module.instances.flatMap((instance) => [...instance.inputs.values()]),
    ...module.registers.filter((register) => register.next !== register.node).map((register) => register.next),
  ])
  const constants = new Map<Node, bigint>()
  const note = (leaf: Node, value: Node): void => {
    if (value.op === 'const' && read.has(leaf)) constants.set(leaf, value.value)
  }
  for (const { node, driver } of module.wires) note(node, driver)
  for (const { node, next, reset } of module.registers)
    if ((next === node || (next.op === 'const' && next.value === reset)) && read.has(node)) constants.set(node, reset)
  for (const { of, outputs } of module.instances)
    for (const { name, node } of of.outputs) note(outputs.get(name)!, node)
  return constants
}

const bounds = ({ min, max }: Range): Range => ({ min, max })
