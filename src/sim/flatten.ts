import { HdlError } from '../dsl/error.ts'
import {
  type Encoding,
  type Instance,
  type Module,
  type Node,
  type OperationName,
  type Range,
  widthOf,
} from '../dsl/ir.ts'

/** A value of a flat design. `args` index `Flat.values`; an argument always comes before its reader. */
export interface FlatValue extends Range {
  readonly op: OperationName | 'const' | 'in' | 'reg'
  readonly args: readonly number[]
  readonly amount: number
  /** Of a constant. */
  readonly value: bigint
}

/** A design without hierarchy: instances copied, wires and ports followed to what drives them. */
export interface Flat {
  readonly values: readonly FlatValue[]
  /** Value index per port, in port order. */
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
  readonly checks: readonly { readonly path: string; readonly message: string; readonly holds: number }[]
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
}

const open = -2

/**
 * Flattens a module. Throws `HdlError` with the path where values depend on themselves through the hierarchy. Operations
 * come in depth-first order from registers and outputs, instance by instance, so that neighbours in the hierarchy stay
 * neighbours in the code generated from it.
 */
export const flatten = (top: Module): Flat => {
  const values: FlatValue[] = []
  const constants = new Map<string, number>()
  const contexts: Context[] = []
  const add = (value: FlatValue): number => values.push(value) - 1

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
  const slots = contexts.flatMap((context) =>
    context.module.registers.map((register) => {
      const { min, max, id } = register.node
      context.index[id] = add({ op: 'reg', min, max, args: [], amount: 0, value: 0n })
      return { context, register, value: context.index[id]! }
    }),
  )

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
      const needs = from ? [from] : 'args' in at.node ? at.node.args.map((arg) => [at.context, arg] as const) : []
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
      else if ('args' in at.node) {
        const { op, min, max, amount } = at.node
        index[at.node.id] = add({ op, min, max, args: found, amount, value: 0n })
      }
      stack.pop()
    }
    return context.index[node.id]!
  }

  const registers = slots.map(({ context, register, value }) => ({
    path: context.path + register.name,
    value,
    next: resolve(context, register.next),
    reset: register.reset,
    ...(register.node.encoding && { encoding: register.node.encoding }),
  }))
  const checks = contexts.flatMap((context) =>
    context.module.checks.map(({ holds, message }) => ({
      path: context.path.slice(0, -1),
      message,
      holds: resolve(context, holds),
    })),
  )
  const outputs = top.outputs.map(({ name, node, range }) => ({ name, value: resolve(root, node), range }))
  return { values, inputs, outputs, registers, checks }
}

const loopError = (
  top: Module,
  stack: readonly { context: Context; node: Node }[],
  context: Context,
  node: Node,
): HdlError => {
  const from = stack.findIndex((step) => step.context === context && step.node === node)
  const names = [...stack.slice(Math.max(0, from)), { context, node }]
    .filter((step) => step.node.op !== 'out' && step.node.name !== undefined)
    .map((step) => step.context.path + step.node.name)
  const path = names.length > 0 ? names.join(' -> ') : `an operation of ${context.module.name}`
  return new HdlError('E-LOOP', top.name, `${path} depends on itself within one cycle; put a register into the path`)
}
