import type { Graph } from '../graph.ts'
import type { Node, Operation, Register } from '../ir.ts'
import { type Pass, rebuild, same } from './rebuild.ts'

const commutative: ReadonlySet<string> = new Set(['add', 'mul', 'and', 'or', 'xor', 'eq'])

/**
 * Common subexpressions: operations whose arguments only stand in another order, and registers that start and go on alike,
 * are computed once. A register that another one stands for keeps its name; nobody reads it any more.
 */
export const shareEqual: Pass = (module) => {
  if (module.memories.length > 0) return module
  let shared = rebuild(module, { operation: ordered })
  for (;;) {
    const twins = twinRegisters(shared.registers)
    const read = new Set(shared.operations.flatMap((operation) => operation.args))
    for (const node of rootsOf(shared)) read.add(node)
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

/** Registers with the reset value and the next value of an earlier one. */
const twinRegisters = (registers: readonly Register[]): ReadonlyMap<Node, Register['node']> => {
  const firsts = new Map<string, Register>()
  const twins = new Map<Node, Register['node']>()
  for (const register of registers) {
    const { node, next, reset } = register
    // One that holds has itself for its next value.
    const key = `${next === node ? 'itself' : next.id} ${reset} ${node.min} ${node.max}`
    const first = firsts.get(key)
    if (first) twins.set(node, first.node)
    else firsts.set(key, register)
  }
  return twins
}

const rootsOf = (module: Parameters<Pass>[0]): Node[] => [
  ...module.outputs.map((output) => output.node),
  ...module.checks.map((check) => check.holds),
  ...module.registers.filter(({ next, node }) => next !== node).map((register) => register.next),
  ...module.wires.map((wire) => wire.driver),
  ...module.instances.flatMap((instance) => [...instance.inputs.values()]),
]
