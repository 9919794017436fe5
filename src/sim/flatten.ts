import { clockPorts, domainsOf, mainDomain, parentDomain } from '../dsl/domains.ts'
import {
  type BlackBox,
  type Encoding,
  type Instance,
  type Memory,
  type MemoryWrite,
  type Module,
  type Node,
  type OperationName,
  type Range,
  widthOf,
} from '../dsl/ir.ts'
import { declaredSignals, signalPaths, unknownSignal } from './signals.ts'

/** A value of a flat design. `args` index `Flat.values`; an argument always comes before its reader. */
export interface FlatValue extends Range {
  readonly op: OperationName | 'const' | 'in' | 'reg' | 'box' | 'read' | 'lookup'
  readonly args: readonly number[]
  /** Of a lookup: the index of its memory in `Flat.memories`. */
  readonly amount: number
  /** Of a constant. */
  readonly value: bigint
  /** Of an output of a black box: the box's index in `Flat.boxes` and the port; `args` are what the output depends on. */
  readonly box?: { readonly index: number; readonly port: string }
}

/** A design without hierarchy: instances copied, wires and ports followed to what drives them. */
export interface Flat {
  readonly values: readonly FlatValue[]
  /** Value index per port, in port order; then, for designs of several clocks, one per clock: 1 where it has its edge. */
  readonly inputs: readonly { readonly name: string; readonly value: number }[]
  readonly outputs: readonly { readonly name: string; readonly value: number; readonly range: Range }[]
  /** `path` is hierarchical, `pe_0_1.accumulator`. */
  readonly registers: readonly {
    readonly path: string
    readonly value: number
    readonly next: number
    readonly reset: bigint
    /** Names of its values, of a state machine's register or an enumeration's. */
    readonly encoding?: Encoding
  }[]
  readonly memories: readonly FlatMemory[]
  readonly checks: readonly { readonly path: string; readonly message: string; readonly holds: number }[]
  /** Black boxes; those with a state have the values of all their inputs, and of their clock's tick. */
  readonly boxes: readonly {
    readonly path: string
    readonly of: Module & { readonly blackBox: BlackBox }
    readonly inputs: readonly number[]
    readonly tick: number | undefined
  }[]
  /** Signals that somebody wants to look at, by hierarchical name, in the order they were asked for. */
  readonly watched: readonly { readonly path: string; readonly value: number; readonly range: Range }[]
}

/** `Memory` of the IR with value indices in place of nodes; every write is of a whole word. */
export interface FlatMemory extends Pick<Memory, 'depth' | 'word' | 'collide'> {
  readonly path: string
  readonly initial: readonly bigint[]
  readonly writes: readonly { readonly address: number; readonly value: number; readonly enable: number }[]
  readonly reads: readonly {
    readonly path: string
    readonly value: number
    readonly address: number
    readonly enable: number
  }[]
}

/** One instance of a module in the tree, with the flat index of each of its nodes, -1 where not yet known. */
interface Context {
  readonly module: Module
  readonly path: string
  readonly parent: Context | undefined
  readonly instance: Instance | undefined
  readonly index: Int32Array
  readonly children: ReadonlyMap<string, Context>
  readonly wireDrivers: ReadonlyMap<Node, Node>
  readonly outputNodes: ReadonlyMap<string, Node>
  /** Index of each memory in `Flat.memories`. */
  readonly memories: ReadonlyMap<string, number>
}

const open = -2
const bit: Range = { min: 0n, max: 1n }

/**
 * Flattens a module. Throws a RangeError where values depend on themselves within a cycle, which no module made by
 * `component` does: their loops are refused, with lines, where they are described. Operations come in depth-first order
 * from registers and outputs, instance by instance, so that neighbours in the hierarchy stay neighbours in the code
 * generated from it. What only `watch` needs comes last, so that watching moves no other value. An unknown path there is
 * a UserError.
 */
export const flatten = (top: Module, watch: readonly string[] = []): Flat => {
  const values: FlatValue[] = []
  const constants = new Map<string, number>()
  const contexts: Context[] = []
  const add = (value: FlatValue): number => values.push(value) - 1

  let memoryCount = 0
  const enter = (module: Module, path: string, parent?: Context, instance?: Instance): Context => {
    const children = new Map<string, Context>()
    const context: Context = {
      module,
      path,
      parent,
      instance,
      index: new Int32Array(module.nodeCount).fill(-1),
      children,
      wireDrivers: new Map(module.wires.map((wire) => [wire.node, wire.driver])),
      outputNodes: new Map(module.outputs.map((output) => [output.name, output.node])),
      memories: new Map(module.memories.map((memory) => [memory.name, memoryCount++])),
    }
    contexts.push(context)
    for (const child of module.instances)
      children.set(child.name, enter(child.of, `${path}${child.name}.`, context, child))
    return context
  }
  const root = enter(top, '')

  const inputs = top.inputs.map((node) => {
    const value = add({ op: 'in', min: node.min, max: node.max, args: [], amount: 0, value: 0n })
    root.index[node.id] = value
    return { name: node.name, value }
  })
  const domains = domainsOf(top)
  const ticks = new Map(
    domains.length < 2
      ? []
      : domains.map((domain) => [domain, add({ op: 'in', min: 0n, max: 1n, args: [], amount: 0, value: 0n })]),
  )
  for (const [domain, value] of ticks) inputs.push({ name: clockPorts(domain).tick, value })
  /** The value that says whether a clock of a module in the tree has its edge; undefined where there is one clock. */
  const tickOf = (context: Context, domain = mainDomain): number | undefined => {
    let name = domain
    for (let at: Context | undefined = context; at?.instance; at = at.parent) name = parentDomain(at.instance, name)
    return ticks.get(name)
  }
  const boxContexts = contexts.filter(({ module }) => module.blackBox)
  const slots = contexts.flatMap((context) =>
    context.module.registers.map((register) => {
      const { min, max, id } = register.node
      context.index[id] = add({ op: 'reg', min, max, args: [], amount: 0, value: 0n })
      return { context, register, value: context.index[id]! }
    }),
  )

  for (const { module, index } of contexts)
    for (const { node } of module.memories.flatMap((memory) => memory.reads))
      index[node.id] = add({ op: 'read', min: node.min, max: node.max, args: [], amount: 0, value: 0n })

  /** Where a node's value really comes from: one step through ports and wires, or undefined for constants and operations. */
  const source = (context: Context, node: Node): readonly [Context, Node] | undefined => {
    switch (node.op) {
      case 'in':
        return [context.parent!, context.instance!.inputs.get(node.name)!]
      case 'out': {
        const child = context.children.get(node.instance)!
        return [child, child.outputNodes.get(node.port)!]
      }
      case 'wire':
        return [context, context.wireDrivers.get(node)!]
      default:
        return undefined
    }
  }

  const constant = (value: bigint, range: Range): number => {
    const key = `${value} ${widthOf(range)} ${range.min < 0n}`
    let index = constants.get(key)
    if (index === undefined) {
      index = add({ op: 'const', min: range.min, max: range.max, args: [], amount: 0, value })
      constants.set(key, index)
    }
    return index
  }

  const choice = (test: number, yes: number, no: number, { min, max }: Range): number =>
    add({ op: 'mux', min, max, args: [test, yes, no], amount: 0, value: 0n })

  /** Explicit stack: chains through thousands of cells must not overflow the machine's own. */
  const resolve = (context: Context, node: Node): number => {
    const stack: { context: Context; node: Node }[] = [{ context, node }]
    while (stack.length > 0) {
      const at = stack[stack.length - 1]!
      const { index } = at.context
      if (index[at.node.id]! >= 0) {
        stack.pop()
        continue
      }
      if (at.node.op === 'const') {
        index[at.node.id] = constant(at.node.value, at.node)
        stack.pop()
        continue
      }
      const from = source(at.context, at.node)
      const needs = from
        ? [from]
        : at.node.op === 'box'
          ? at.context.module
              .blackBox!.through.get(at.node.name)!
              .map((port) => [at.context, at.context.module.inputs.find(({ name }) => name === port)!] as const)
          : 'args' in at.node
            ? at.node.args.map((arg) => [at.context, arg] as const)
            : []
      const missing = needs.find(([where, need]) => where.index[need.id]! < 0)
      if (missing) {
        const [where, need] = missing
        if (where.index[need.id] === open) throw loopError(top, stack, where, need)
        index[at.node.id] = open
        stack.push({ context: where, node: need })
        continue
      }
      const found = needs.map(([where, need]) => where.index[need.id]!)
      if (from) index[at.node.id] = found[0]!
      else if (at.node.op === 'box') {
        const { min, max, name } = at.node
        const box = { index: boxContexts.indexOf(at.context), port: name }
        index[at.node.id] = add({ op: 'box', min, max, args: found, amount: 0, value: 0n, box })
      } else if ('args' in at.node) {
        const { op, min, max } = at.node
        const amount = at.node.op === 'lookup' ? at.context.memories.get(at.node.memory)! : at.node.amount
        index[at.node.id] = add({ op, min, max, args: found, amount, value: 0n })
      }
      stack.pop()
    }
    return context.index[node.id]!
  }

  const registers = slots.map(({ context, register, value }) => {
    const becomes = resolve(context, register.next)
    const tick = tickOf(context, register.node.clock)
    return {
      path: context.path + register.name,
      value,
      next: tick === undefined || becomes === value ? becomes : choice(tick, becomes, value, register.node),
      reset: register.reset,
      ...(register.node.encoding && { encoding: register.node.encoding }),
    }
  })
  /** A memory's port does nothing in a step without an edge of its clock. */
  const onEdge = (context: Context, enable: Node, clock: string | undefined): number => {
    const wanted = resolve(context, enable)
    const tick = tickOf(context, clock)
    return tick === undefined ? wanted : add({ op: 'and', ...bit, args: [tick, wanted], amount: 0, value: 0n })
  }
  /** The whole word that a write leaves, where it may leave parts of it as they are. */
  const written = (context: Context, memory: Memory, { address, value, lanes }: MemoryWrite): number => {
    const word = resolve(context, value)
    if (!lanes) return word
    const args = [resolve(context, address)]
    const before = add({ op: 'lookup', ...memory.word, args, amount: context.memories.get(memory.name)!, value: 0n })
    const width = widthOf(memory.word) / lanes.length
    const fieldOf = (bits: number): Range => ({ min: 0n, max: (1n << BigInt(bits)) - 1n })
    const part = (of: number, lane: number): number =>
      add({ op: 'slice', ...fieldOf(width), args: [of], amount: lane * width, value: 0n })
    return lanes
      .map((lane, k) => choice(resolve(context, lane), part(word, k), part(before, k), fieldOf(width)))
      .reduce((below, above, k) =>
        add({ op: 'cat', ...fieldOf((k + 1) * width), args: [above, below], amount: k * width, value: 0n }),
      )
  }
  const memories = contexts.flatMap((context) =>
    context.module.memories.map(
      (memory): FlatMemory => ({
        path: context.path + memory.name,
        depth: memory.depth,
        word: memory.word,
        collide: memory.collide,
        initial: memory.initial ?? [],
        writes: memory.writes.map((write) => ({
          address: resolve(context, write.address),
          value: written(context, memory, write),
          enable: onEdge(context, write.enable, write.clock),
        })),
        reads: memory.reads.map(({ node, address, enable }) => ({
          path: context.path + node.name,
          value: context.index[node.id]!,
          address: resolve(context, address),
          enable: onEdge(context, enable, node.clock),
        })),
      }),
    ),
  )
  const checks = contexts.flatMap((context) =>
    context.module.checks.map(({ holds, message, clock, meets = clock }) => {
      const ticks = new Set([clock, meets].flatMap((domain) => tickOf(context, domain) ?? []))
      return {
        path: context.path.slice(0, -1),
        message,
        holds: [...ticks].reduce((kept, tick) => choice(tick, kept, constant(1n, bit), bit), resolve(context, holds)),
      }
    }),
  )
  const boxes = boxContexts.map((context) => ({
    path: context.path.slice(0, -1),
    of: context.module as Flat['boxes'][number]['of'],
    inputs: context.module.blackBox!.next ? context.module.inputs.map((input) => resolve(context, input)) : [],
    tick: tickOf(context),
  }))
  const outputs = top.outputs.map(({ name, node, range }) => ({ name, value: resolve(root, node), range }))
  const byPath = new Map(watch.length > 0 ? contexts.map((context) => [context.path, context]) : [])
  const watched = watch.map((path) => {
    const name = path.slice(path.lastIndexOf('.') + 1)
    const context = byPath.get(path.slice(0, path.length - name.length))
    const signal = context && declaredSignals(context.module).find((declared) => declared.name === name)
    if (!context || !signal) throw unknownSignal(top.name, signalPaths(top), path)
    return { path, value: resolve(context, signal.node), range: signal.range }
  })
  return { values, inputs, outputs, registers, memories, checks, boxes, watched }
}

const loopError = (
  top: Module,
  stack: readonly { context: Context; node: Node }[],
  context: Context,
  node: Node,
): RangeError => {
  const from = stack.findIndex((step) => step.context === context && step.node === node)
  const names = [...stack.slice(Math.max(0, from)), { context, node }]
    .filter((step) => step.node.op !== 'out' && step.node.name !== undefined)
    .map((step) => step.context.path + step.node.name)
    .reverse()
  if (names.at(-1) !== names[0]) names.push(names[0]!)
  const path = names.length > 0 ? names.join(' -> ') : `an operation of ${context.module.name}`
  return new RangeError(`in module ${top.name}, ${path} depends on itself within one cycle`)
}
