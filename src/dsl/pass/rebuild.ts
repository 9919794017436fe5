import { Graph } from '../graph.ts'
import {
  type Constant,
  fits,
  type Instance,
  type Leaf,
  type Lookup,
  type Memory,
  type Module,
  type Node,
  type Operation,
  type Range,
  type Register,
  type Wire,
} from '../ir.ts'
import { writeNeeds } from '../roots.ts'

/** A change to one module that keeps its ports and what they do in every cycle. */
export type Pass = (module: Module) => Module

export interface Changes {
  /** What stands for a leaf or a lookup from now on, undefined where it stays; `now` gives the copy of a leaf. */
  readonly leaf?: (leaf: Leaf | Lookup, now: (leaf: Leaf) => Node, graph: Graph) => Node | undefined
  /** Bounds of a constant from now on. */
  readonly constant?: (constant: Constant) => Range
  /** The new operation, from new arguments; where it is left out, the same one is made of them. */
  readonly operation?: (old: Operation, args: readonly Node[], graph: Graph) => Node
  readonly keepsRegister?: (register: Register) => boolean
  readonly keepsWire?: (wire: Wire) => boolean
  readonly keepsInstance?: (instance: Instance) => boolean
}

/**
 * A copy of a module with changes. Operations are made anew in their old order through a `Graph`, which folds constants and
 * makes equal ones once; those that nothing needs any more are not copied, nor are memories that nothing reads. What reads
 * and lookups show has the bounds of their memory's words.
 */
export const rebuild = (module: Module, changes: Changes = {}): Module => {
  const graph = new Graph(module.name)
  graph.closed = true
  const all = <T>(_: T): boolean => true
  const { keepsRegister = all, keepsWire = all, keepsInstance = all } = changes
  const registers = module.registers.filter(keepsRegister)
  const wires = module.wires.filter(keepsWire)
  const instances = module.instances.filter(keepsInstance)

  const made = new Map<Node, Node>()
  const now = (node: Node): Node => made.get(node)!
  const copied = <L extends Leaf>(leaf: L): L => ({ ...leaf, id: graph.takeId() })
  const replace = (leaf: Leaf | Lookup): Node | undefined => {
    const other = changes.leaf?.(leaf, now, graph)
    if (other) made.set(leaf, other)
    return other
  }

  // Leaves that something declares are copied whether they are read or not; then readers see what stands for them.
  const inputs = module.inputs.map(copied)
  const registerNodes = registers.map((register) => copied(register.node))
  const wireNodes = wires.map((wire) => copied(wire.node))
  const outputNodes = instances.map(
    (instance) => new Map([...instance.outputs].map(([port, node]) => [port, copied(node)])),
  )
  const words = new Map(module.memories.map(({ name, word }) => [name, word]))
  const reads = new Map(
    module.memories.flatMap((memory) =>
      memory.reads.map(({ node }) => [node, { ...copied(node), ...memory.word }] as const),
    ),
  )
  for (const [node, copy] of reads) made.set(node, copy)
  module.inputs.forEach((input, k) => {
    made.set(input, inputs[k]!)
  })
  registers.forEach((register, k) => {
    made.set(register.node, registerNodes[k]!)
  })
  wires.forEach((wire, k) => {
    made.set(wire.node, wireNodes[k]!)
  })
  instances.forEach((instance, k) => {
    for (const [port, node] of instance.outputs) made.set(node, outputNodes[k]!.get(port)!)
  })

  const roots: Node[] = [
    ...module.outputs.map((output) => output.node),
    ...module.checks.map((check) => check.holds),
    ...registers.map((register) => register.next),
    ...wires.map((wire) => wire.driver),
    ...instances.flatMap((instance) => [...instance.inputs.values()]),
    ...module.memories.flatMap(({ writes, reads }) => [
      ...writes.flatMap(writeNeeds),
      ...reads.flatMap(({ address, enable }) => [address, enable]),
    ]),
  ]
  const reached = reachable(roots)
  const lookups = new Set<Lookup>()
  for (const node of reached) if (!('args' in node) && node.op !== 'const') replace(node)
  for (const node of reached)
    if (node.op === 'lookup') {
      if (replace(node)) continue
      const { node: copy } = graph.lookup({ ...node, ...words.get(node.memory)! }, now(node.args[0]), () => node.name)
      made.set(node, copy)
      lookups.add(copy)
    } else if ('args' in node) {
      const args = node.args.map(now)
      made.set(node, named(node, (changes.operation ?? same)(node, args, graph)))
    } else if (node.op === 'const') made.set(node, constantLike(node, changes.constant?.(node) ?? node, graph))

  const memories = module.memories
    .map(
      (memory): Memory => ({
        ...memory,
        writes: memory.writes.map((port) => ({
          ...port,
          address: now(port.address),
          value: within(now(port.value), memory.word, graph),
          enable: now(port.enable),
          ...(port.lanes && { lanes: port.lanes.map(now) }),
        })),
        reads: memory.reads.map(({ node, address, enable }) => ({
          node: reads.get(node)!,
          address: now(address),
          enable: now(enable),
        })),
        lookups: [...lookups].filter((lookup) => lookup.memory === memory.name),
      }),
    )
    .filter(({ reads, lookups }) => reads.length + lookups.length > 0)

  const rebuilt: Module = {
    ...module,
    inputs,
    outputs: module.outputs.map((output) => ({ ...output, node: now(output.node) })),
    registers: registers.map((register, k) => ({
      ...register,
      node: boundedLike(registerNodes[k]!, made.get(register.node)),
      next: now(register.next),
    })),
    wires: wires.map((wire, k) => ({
      ...wire,
      node: boundedLike(wireNodes[k]!, made.get(wire.node)),
      driver: now(wire.driver),
    })),
    instances: instances.map((instance, k) => ({
      ...instance,
      inputs: new Map([...instance.inputs].map(([port, driver]) => [port, now(driver)])),
      outputs: outputNodes[k]!,
    })),
    checks: module.checks
      .map((check) => ({ ...check, holds: now(check.holds) }))
      .filter(({ holds }) => holds.op !== 'const' || holds.value === 0n),
    memories,
    operations: graph.operations,
    nodeCount: graph.nodeCount,
  }
  // What only a memory needed that is gone goes with it.
  return memories.length < module.memories.length ? rebuild(rebuilt) : rebuilt
}

/** The operation itself on other arguments. */
export const same = (old: Operation, args: readonly Node[], graph: Graph): Node =>
  graph.operation(old.op, old, args, old.amount)

const constantLike = ({ value }: Constant, { min, max }: Range, graph: Graph): Constant =>
  graph.constant(value, { min, max })

/** A word is written only where its memory can hold it, whatever the bounds of the value say. */
const within = (value: Node, word: Range, graph: Graph): Node =>
  fits(value, word) ? value : graph.operation('wrap', word, [value])

/** Where a leaf was replaced by itself with other bounds, that is what declares it from now on. */
const boundedLike = <L extends Leaf>(declared: L, stands: Node | undefined): L =>
  stands && stands.op === declared.op && 'name' in stands && stands.name === declared.name ? (stands as L) : declared

/** A name the user gave goes with the value. */
const named = (old: Operation, made: Node): Node => {
  if (old.name === undefined || !('args' in made) || made.name !== undefined) return made
  return Object.assign(made, { name: old.name, ...(old.source ? { source: old.source } : {}) })
}

/** Everything the roots are made of, oldest first, so that arguments come before their readers. */
const reachable = (roots: readonly Node[]): readonly Node[] => {
  const seen = new Set<Node>()
  const work = [...roots]
  for (let node = work.pop(); node; node = work.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if ('args' in node) work.push(...node.args)
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

/** The pass on a module and on everything under it, each module once. */
export const everywhere = (pass: Pass): Pass => {
  const done = new WeakMap<Module, Module>()
  const visit = (module: Module): Module => {
    // The inside of a black box is not ours to change.
    if (module.blackBox) return module
    const known = done.get(module)
    if (known) return known
    const instances = module.instances.map((instance) => ({ ...instance, of: visit(instance.of) }))
    const changed = pass({ ...module, instances })
    const result = module.gates ? { ...changed, gates: visit(module.gates) } : changed
    done.set(module, result)
    return result
  }
  return visit
}
