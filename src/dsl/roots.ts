import type { Instance, Memory, MemoryWrite, Module, Node } from './ir.ts'

/** What a write port takes. */
export const writeNeeds = ({ address, value, enable, lanes = [] }: MemoryWrite): Node[] => [
  address,
  value,
  enable,
  ...lanes,
]

/** Every node that a memory's text mentions, as often as it does. */
export const memoryReads = ({ collide, reads, writes, lookups }: Memory): Node[] => [
  ...lookups,
  ...writes.flatMap(writeNeeds),
  ...reads.flatMap(({ address, enable }) => [
    address,
    enable,
    ...(collide === 'new' ? writes.flatMap((write) => [address, write.address, write.value, write.enable]) : []),
  ]),
]

/** What a word that somebody sees depends on: every write. */
const wordsNeed = ({ writes }: Memory): Node[] => writes.flatMap(writeNeeds)

/** Every node that something reads: an operation, a port, a promise, a register that does not hold, a wire, an instance. */
export const readNodes = (module: Module): ReadonlySet<Node> =>
  new Set([
    ...module.operations.flatMap((operation) => operation.args),
    ...module.outputs.map((output) => output.node),
    ...module.checks.map((check) => check.holds),
    ...module.registers.filter(({ next, node }) => next !== node).map((register) => register.next),
    ...module.wires.map((wire) => wire.driver),
    ...module.instances.flatMap((instance) => [...instance.inputs.values()]),
    ...module.memories.flatMap((memory) => [
      ...wordsNeed(memory),
      ...memory.reads.flatMap(({ address, enable }) => [address, enable]),
      ...memory.lookups.flatMap((lookup) => lookup.args),
    ]),
  ])

/** What a module does for its own sake: its outputs, and the promises it keeps. */
export const effects = (module: Module): Node[] => [
  ...module.outputs.map((output) => output.node),
  ...module.checks.map((check) => check.holds),
]

/** True where an instance does something even if nobody reads it: somewhere inside is a check. */
export const actsAlone = ({ of }: Instance): boolean => {
  let acts = cache.get(of)
  if (acts === undefined) {
    acts = of.checks.length > 0 || of.instances.some(actsAlone)
    cache.set(of, acts)
  }
  return acts
}
const cache = new WeakMap<Module, boolean>()

/** All that outputs, checks, and instances with checks inside ever depend on, in this cycle or through registers and memories. */
export const liveNodes = (
  module: Module,
): { readonly nodes: ReadonlySet<Node>; readonly instances: ReadonlySet<string> } => {
  const next = new Map<Node, Node>([
    ...module.registers.map((register) => [register.node, register.next] as const),
    ...module.wires.map((wire) => [wire.node, wire.driver] as const),
  ])
  const byName = new Map(module.instances.map((instance) => [instance.name, instance]))
  const memories = new Map(module.memories.map((memory) => [memory.name, memory]))
  const ports = new Map<Node, readonly Node[]>(
    module.memories.flatMap(({ reads }) =>
      reads.map(({ node, address, enable }) => [node, [address, enable]] as const),
    ),
  )
  const nodes = new Set<Node>()
  const instances = new Set<string>()
  const work: Node[] = []
  const reach = (node: Node): void => {
    if (nodes.has(node)) return
    nodes.add(node)
    work.push(node)
  }
  const enter = (instance: Instance): void => {
    if (instances.has(instance.name)) return
    instances.add(instance.name)
    for (const driver of instance.inputs.values()) reach(driver)
  }
  for (const node of effects(module)) reach(node)
  for (const instance of module.instances) if (actsAlone(instance)) enter(instance)
  for (let node = work.pop(); node; node = work.pop()) {
    if (node.op === 'read' || node.op === 'lookup')
      for (const need of [...wordsNeed(memories.get(node.memory)!), ...(ports.get(node) ?? [])]) reach(need)
    if (node.op === 'out') enter(byName.get(node.instance)!)
    else if ('args' in node) for (const arg of node.args) reach(arg)
    else {
      const becomes = next.get(node)
      if (becomes) reach(becomes)
    }
  }
  return { nodes, instances }
}
