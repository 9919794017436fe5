import { clockPorts, domainsOf } from '../dsl/domains.ts'
import {
  type BlackBox,
  type Encoding,
  type Instance,
  type Module,
  type Node,
  type OperationName,
  type Range,
  widthOf,
} from '../dsl/ir.ts'
import { type LoweredInstance, type LoweredMemory, lowering } from './lowering.ts'
import { participantsOf } from './participants.ts'
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

/** A promise of one instance, and what its signals are. */
export interface FlatCheck {
  readonly path: string
  readonly message: string
  readonly holds: number
  readonly signals: readonly { readonly path: string; readonly value: number; readonly encoding?: Encoding }[]
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
  readonly memories: readonly LoweredMemory[]
  readonly checks: readonly FlatCheck[]
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

/** One instance of a module in the tree, with the flat index of each of its nodes, -1 where not yet known. */
interface Context extends LoweredInstance {
  readonly parent: Context | undefined
  readonly children: ReadonlyMap<string, Context>
  readonly wireDrivers: ReadonlyMap<Node, Node>
  readonly outputNodes: ReadonlyMap<string, Node>
  /** Index of each memory in `Flat.memories`. */
  readonly memories: ReadonlyMap<string, number>
}

const open = -2

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

  const { tickOf, next, ...lowered } = lowering<Context>({
    add: (op, { min, max }, args, amount = 0) => add({ op, min, max, args, amount, value: 0n }),
    constant,
    resolve,
    ticks,
    memoryOf: (context, name) => context.memories.get(name)!,
  })
  const registers = slots.map(({ context, register, value }) => ({
    path: context.path + register.name,
    value,
    next: next(context, register, value),
    reset: register.reset,
    ...(register.node.encoding && { encoding: register.node.encoding }),
  }))
  const memories = contexts.flatMap(lowered.memories)
  const checks = contexts.flatMap((context) =>
    lowered.checks(context).map((check, k): FlatCheck => {
      const signals = participantsOf(context.module, context.module.checks[k]!).map(({ name, node, encoding }) => ({
        path: context.path + name,
        value: resolve(context, node),
        ...(encoding && { encoding }),
      }))
      return { path: context.path.slice(0, -1), ...check, signals }
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
