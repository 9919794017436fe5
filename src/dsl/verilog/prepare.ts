import { domainsOf } from '../domains.ts'
import type { Check, Module, Node, Operation, Register } from '../ir.ts'
import { memoryReads } from '../roots.ts'
import { isAlias } from './expression.ts'

/** What is known about a module before any name is given or any line printed. */
export interface Prepared {
  readonly module: Module
  /** How often each operation is read; registers, ports and instances read their drivers. */
  readonly uses: ReadonlyMap<Node, number>
  /** Each promise turned round: 1 where it is broken. */
  readonly broken: readonly { readonly node: Node; readonly check: Check }[]
}

/** The first of three steps: works out what the printed text will need, and turns into printable form what is not. */
export const prepare = (module: Module): Prepared => {
  const uses = countUses(module)
  return {
    module,
    uses,
    broken: module.checks.map((check) => ({ node: opposite(check.holds, uses), check })),
  }
}

/** True where the module, or a child, has registers, checks or black boxes on a clock, and so ports for it. */
export const isClocked = (module: Module): boolean => domainsOf(module).length > 0

/** Registers that only checks read, directly or through one another, and all others; those nobody reads are among these. */
export const registersByUse = (module: Module): { used: readonly Register[]; checking: readonly Register[] } => {
  if (module.checks.length === 0) return { used: module.registers, checking: [] }
  const byNode = new Map<Node, Register>(module.registers.map((register) => [register.node, register]))
  const reached = (roots: readonly Node[]): ReadonlySet<Node> => {
    const seen = new Set<Node>()
    const work = [...roots]
    for (let node = work.pop(); node; node = work.pop()) {
      if (seen.has(node)) continue
      seen.add(node)
      if ('args' in node) work.push(...node.args)
      const register = byNode.get(node)
      if (register) work.push(register.next)
    }
    return seen
  }
  const inChecks = reached(module.checks.map((check) => check.holds))
  const read = new Set([...reached(rootsOf(module)), ...inChecks])
  // A register that nobody reads is printed as hardware, and so is what it reads.
  const unread = module.registers.filter(({ node }) => !read.has(node))
  const inHardware = reached([...rootsOf(module), ...unread.map(({ next }) => next)])
  const checking = module.registers.filter(({ node }) => inChecks.has(node) && !inHardware.has(node))
  return { used: module.registers.filter((register) => !checking.includes(register)), checking }
}

/** What outputs, wires, instances and memories are driven by. */
const rootsOf = (module: Module): Node[] => [
  ...module.outputs.map((output) => output.node),
  ...module.wires.map((wire) => wire.driver),
  ...module.instances.flatMap((instance) => [...instance.inputs.values()]),
  ...module.memories.flatMap(memoryReads),
]

const countUses = (module: Module): ReadonlyMap<Node, number> => {
  const uses = new Map<Node, number>()
  const work: Node[] = [
    ...rootsOf(module),
    ...module.registers.map((register) => register.next),
    ...module.checks.map((check) => check.holds),
  ]
  for (let node = work.pop(); node; node = work.pop()) {
    if (node.op === 'wrap' && isAlias(node)) {
      work.push(node.args[0]!)
      continue
    }
    const before = uses.get(node) ?? 0
    uses.set(node, before + 1)
    if (before === 0 && 'args' in node) work.push(...node.args)
  }
  return uses
}

/** `!node`, with the `!` drawn inwards over what nobody else reads. */
const opposite = (node: Node, uses: ReadonlyMap<Node, number>): Node => {
  if (node.op === 'not') return node.args[0]!
  const made = (op: 'and' | 'not', args: readonly Node[]): Operation => ({
    op,
    id: -1,
    min: 0n,
    max: 1n,
    args,
    amount: 0,
  })
  if (node.op === 'or' && (uses.get(node) ?? 0) <= 1)
    return made(
      'and',
      node.args.map((arg) => opposite(arg, uses)),
    )
  return made('not', [node])
}
