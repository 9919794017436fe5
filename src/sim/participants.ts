import type { Check, Encoding, Module, Node } from '../dsl/ir.ts'
import { declaredSignals } from './signals.ts'

/** A signal that a promise is about; the name is one within the module, `term` or `child.total`. */
export interface Participant {
  readonly name: string
  readonly node: Node
  readonly encoding?: Encoding
}

/** More than these would tell nobody anything. */
const most = 16

/**
 * The signals that decide whether a check holds, the first ones: going back from its condition, each way ends at the first
 * value that has a name, at a port of an instance, or at a constant.
 */
export const participantsOf = (module: Module, { holds }: Check): readonly Participant[] => {
  const names = namesOf(module)
  const found: Participant[] = []
  const seen = new Set<Node>()
  // A stack of its own: conditions may be chains of thousands of operations.
  const open: Node[] = [holds]
  for (let node = open.pop(); node !== undefined && found.length < most; node = open.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    const name = node === holds && 'args' in node ? undefined : names.get(node)
    const { encoding } = node
    if (name !== undefined) found.push({ name, node, ...(encoding && { encoding }) })
    else if ('args' in node) for (let k = node.args.length - 1; k >= 0; k--) open.push(node.args[k]!)
  }
  return found
}

const cache = new WeakMap<Module, ReadonlyMap<Node, string>>()

/** The first name of each value that has one. */
const namesOf = (module: Module): ReadonlyMap<Node, string> => {
  const known = cache.get(module)
  if (known) return known
  const names = new Map<Node, string>()
  // Outputs name what has no other name.
  const declared = declaredSignals(module)
  for (const kind of ['inside', 'output'] as const)
    for (const signal of declared)
      if ((signal.kind === 'output') === (kind === 'output') && signal.node.op !== 'const' && !names.has(signal.node))
        names.set(signal.node, signal.name)
  for (const { name, outputs } of module.instances)
    for (const [port, node] of outputs) if (!names.has(node)) names.set(node, `${name}.${port}`)
  cache.set(module, names)
  return names
}
