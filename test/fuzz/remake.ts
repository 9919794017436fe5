import { findLoop } from '../../src/dsl/check/loops.ts'
import { Graph } from '../../src/dsl/graph.ts'
import type { Input, Instance, Leaf, Module, Node, Operation, Range } from '../../src/dsl/ir.ts'
import { actsAlone, writeNeeds } from '../../src/dsl/roots.ts'
import { bool } from '../../src/dsl/shape.ts'
import { brought, inRange, operationOn, same } from './settle.ts'

/**
 * What is to be different in a copy of a module. What is merely to be left out, an output, a check, a write port, is left
 * out of the module itself before it is remade.
 */
export interface Changes {
  /** What stands for a value from now on, brought into its bounds. An input that is not there yet becomes one. */
  readonly instead?: ReadonlyMap<Node, Node | bigint>
  /** Bounds of an input, register or wire, and of what `wrap`, `sat` and the operations on fields give. */
  readonly bounds?: ReadonlyMap<Node, Range>
  /** Of shifts and slices. */
  readonly amounts?: ReadonlyMap<Node, number>
  /** True where every clock becomes the implicit one; for a module without instances. */
  readonly oneClock?: boolean
  /** Another operation in place of one; undefined where it stays. */
  readonly operation?: (of: Operation, args: readonly Node[], graph: Graph) => Node | undefined
  /** True where inputs stay that nothing depends on. */
  readonly keepsInputs?: boolean
}

/**
 * A copy of a module with changes, of which nothing is left that no output and no check depends on. Bounds follow from
 * those of the arguments, as if it had been described anew; values that no longer fit their place are wrapped or clamped.
 * The module's own nodes need be in no order. Throws a RangeError where the changes make a combinational loop.
 */
export const remade = (module: Module, changes: Changes = {}): Module => {
  // The inside of a black box is not ours to change.
  if (module.blackBox) return module
  const { instead, bounds, amounts, oneClock = false, operation, keepsInputs = false } = changes
  const graph = new Graph(module.name)
  graph.closed = true
  const registers = new Map<Node, Module['registers'][number]>(module.registers.map((one) => [one.node, one]))
  const wires = new Map<Node, Module['wires'][number]>(module.wires.map((one) => [one.node, one]))
  const reads = new Map(module.memories.flatMap((memory) => memory.reads.map((read) => [read.node as Node, read])))
  const memories = new Map(module.memories.map((one) => [one.name, one]))
  const instances = new Map(module.instances.map((one) => [one.name, one]))

  // Whatever something live depends on is live too.
  const live = new Set<object>()
  const work: Node[] = []
  const need = (what: object, drivers: readonly Node[]): void => {
    if (live.has(what)) return
    live.add(what)
    work.push(...drivers)
  }
  const enter = (instance: Instance): void =>
    need(
      instance,
      instance.of.inputs.map(({ name }) => instance.inputs.get(name)!),
    )

  const made = new Map<Node, Node>()
  const open = new Set<Node>()
  const now = (node: Node): Node => {
    const known = made.get(node)
    if (known) return known
    if (open.has(node)) throw new RangeError('a value depends on itself')
    open.add(node)
    const other = instead?.get(node)
    const standsIn = typeof other === 'bigint' ? graph.constant(other) : other && now(other)
    const result = standsIn ? brought(graph, standsIn, node) : copied(node)
    open.delete(node)
    made.set(node, result)
    return result
  }
  const at = (node: Node, place: Range): Node => brought(graph, now(node), place)

  const fresh = new Set<Input>()
  const copied = (node: Node): Node => {
    switch (node.op) {
      case 'const':
        return graph.constant(node.value, node)
      case 'in':
        fresh.add(node)
        return leaf(node, node)
      case 'reg':
        need(registers.get(node)!, [registers.get(node)!.next])
        return leaf(node, node)
      case 'wire':
        need(wires.get(node)!, [wires.get(node)!.driver])
        return leaf(node, node)
      case 'read': {
        const { address, enable } = reads.get(node)!
        needMemory(node.memory)
        need(node, [address, enable])
        return leaf(node, memories.get(node.memory)!.word)
      }
      case 'lookup': {
        const memory = needMemory(node.memory)
        const { crossing } = node
        const wanted = { memory: node.memory, ...memory.word, ...(crossing !== undefined && { crossing }) }
        return graph.lookup(wanted, at(node.args[0], addresses(memory)), () => node.name).node
      }
      case 'out': {
        const instance = instances.get(node.instance)!
        const output = instance.of.outputs.find(({ name }) => name === node.port)
        if (!output) return graph.constant(0n)
        enter(instance)
        return leaf(node, output.range)
      }
      case 'box':
        throw new TypeError('the inside of a black box cannot be remade')
      default: {
        const { min, max } = bounds?.get(node) ?? node
        const args = node.args.map(now)
        const of = { ...node, min, max, amount: amounts?.get(node) ?? node.amount }
        const result = operation?.(of, args, graph) ?? operationOn(graph, of, args)
        // A name the user gave goes with the value.
        return node.name !== undefined && 'args' in result && result.name === undefined
          ? Object.assign(result, { name: node.name })
          : result
      }
    }
  }
  const leaf = <L extends Leaf & { readonly clock?: string }>(old: L, { min, max }: Range): L => {
    const { encoding, clock, ...rest } = old
    const range = bounds?.get(old) ?? { min, max }
    const keeps = encoding && same(range, old)
    const clocked = clock !== undefined && !oneClock
    return {
      ...rest,
      min: range.min,
      max: range.max,
      ...(keeps && { encoding }),
      ...(clocked && { clock }),
      id: graph.takeId(),
    } as unknown as L
  }
  const needMemory = (name: string): Module['memories'][number] => {
    const memory = memories.get(name)!
    need(memory, memory.writes.flatMap(writeNeeds))
    return memory
  }

  if (keepsInputs) work.push(...module.inputs)
  work.push(...module.outputs.map(({ node }) => node), ...module.checks.map(({ holds }) => holds))
  for (const instance of module.instances) if (actsAlone(instance)) enter(instance)
  for (let node = work.pop(); node; node = work.pop()) now(node)

  const unclocked = <T extends { readonly clock?: string }>({
    clock,
    ...rest
  }: T): Omit<T, 'clock'> & { clock?: string } => ({
    ...rest,
    ...(clock !== undefined && !oneClock && { clock }),
  })
  const isLive = (what: object): boolean => live.has(what)
  // Gates stand for the logic as it was.
  const { gates, ...kept } = module
  const result: Module = {
    ...kept,
    inputs: [...new Set([...module.inputs, ...fresh])]
      .filter((input) => fresh.has(input))
      .map((input) => made.get(input) as Input),
    outputs: module.outputs.map((output) => ({ ...unclocked(output), node: at(output.node, output.range) })),
    registers: module.registers.filter(isLive).map((register) => {
      const node = made.get(register.node) as typeof register.node
      return { ...register, node, reset: inRange(register.reset, node), next: at(register.next, node) }
    }),
    wires: module.wires.filter(isLive).map((wire) => {
      const node = made.get(wire.node) as typeof wire.node
      return { ...wire, node, driver: at(wire.driver, node) }
    }),
    memories: module.memories.filter(isLive).map((memory) => ({
      ...memory,
      ...(memory.initial && { initial: memory.initial.map((word) => inRange(word, memory.word)) }),
      writes: memory.writes.map((write) => ({
        ...unclocked(write),
        address: at(write.address, addresses(memory)),
        value: at(write.value, memory.word),
        enable: at(write.enable, bool),
        ...(write.lanes && { lanes: write.lanes.map((lane) => at(lane, bool)) }),
      })),
      reads: memory.reads
        .filter((read) => isLive(read.node))
        .map((read) => ({
          ...read,
          node: made.get(read.node) as typeof read.node,
          address: at(read.address, addresses(memory)),
          enable: at(read.enable, bool),
        })),
      lookups: [...new Set(memory.lookups.flatMap((node) => (made.get(node) as typeof node | undefined) ?? []))].filter(
        (node) => node.op === 'lookup',
      ),
    })),
    instances: module.instances.filter(isLive).map((instance) => ({
      ...instance,
      inputs: new Map(instance.of.inputs.map((port) => [port.name, at(instance.inputs.get(port.name)!, port)])),
      outputs: new Map(
        instance.of.outputs.map((port) => {
          const old = instance.outputs.get(port.name)!
          const node = made.get(old)
          return [port.name, node?.op === 'out' ? node : leaf(old, port.range)]
        }),
      ),
    })),
    checks: module.checks
      .map(({ meets, ...check }) => ({
        ...unclocked(check),
        ...(meets !== undefined && !oneClock && { meets }),
        holds: at(check.holds, bool),
      }))
      .filter(({ holds }) => holds.op !== 'const' || holds.value === 0n),
    operations: graph.operations,
    nodeCount: 0,
    warnings: [],
  }
  if (findLoop(result)) throw new RangeError('a combinational loop')
  return { ...result, nodeCount: graph.nodeCount }
}

const addresses = ({ depth }: { readonly depth: number }): Range => ({ min: 0n, max: BigInt(depth - 1) })

/** The design with every module in it remade. */
export const allRemade = (top: Module): Module => {
  const known = new Map<Module, Module>()
  const visit = (module: Module): Module => {
    const before = known.get(module)
    if (before) return before
    const instances = module.instances.map((instance) => ({ ...instance, of: visit(instance.of) }))
    const result = remade({ ...module, instances })
    known.set(module, result)
    return result
  }
  return visit(top)
}

/** The design with another module wherever `target` stood; whoever contains it is adapted to the ports that are left. */
export const withModule = (top: Module, target: Module, replacement: Module): Module => {
  const known = new Map([[target, replacement]])
  const visit = (module: Module): Module => {
    let result = known.get(module)
    if (!result) {
      const instances = module.instances.map((instance) => ({ ...instance, of: visit(instance.of) }))
      result = instances.some(({ of }, k) => of !== module.instances[k]!.of) ? remade({ ...module, instances }) : module
      known.set(module, result)
    }
    return result
  }
  return visit(top)
}
