import { domainsOf, parentDomain } from '../../dsl/domains.ts'
import type { Instance, Module, Node, OperationName, Range } from '../../dsl/ir.ts'
import { type LoweredInstance, type LoweredMemory, lowering } from '../lowering.ts'
import { type DeclaredSignal, declaredSignals } from '../signals.ts'
import { narrowComparison } from './comparisons.ts'
import { type Inlining, inliningOf } from './inlining.ts'
import { withProducts } from './products.ts'
import { inWords } from './wide/body.ts'

/** A value of a body. `args` index `Body.nodes`; an argument always comes before its reader. */
export interface BodyNode extends Range {
  readonly op: OperationName | 'const' | 'in' | 'out' | 'reg' | 'read' | 'lookup'
  readonly args: readonly number[]
  /** As in the IR; of a lookup the index in `Body.memories`. */
  readonly amount: number
  /** Of a constant. */
  readonly value: bigint
  /** Of `in` and `out`: the port; of `out`: the instance. */
  readonly port: number
  readonly instance: number
}

/** A module with its small instances inlined, wires and inner ports followed to what drives them. */
export interface Body {
  readonly module: Module
  readonly nodes: readonly BodyNode[]
  /** Node per input port, then per clock where the design has several: 1 where it has its edge. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly registers: readonly {
    readonly path: string
    readonly node: number
    readonly next: number
    readonly reset: bigint
    /** Lowest bit that it holds of the register of that path, which has several such parts where it has more than 64 bits. */
    readonly from: number
  }[]
  readonly memories: readonly BodyMemory[]
  readonly checks: readonly { readonly part: string; readonly message: string; readonly holds: number }[]
  readonly instances: readonly { readonly path: string; readonly of: Body; readonly inputs: readonly number[] }[]
  /**
   * The inlined instances by path, `''` the module itself, `core.`, `core.multiply_add.`; the node of a declared signal that is
   * looked for, or of each of its words where it has more than 64 bits.
   */
  readonly parts: ReadonlyMap<
    string,
    { readonly module: Module; readonly nodesOf: (signal: DeclaredSignal) => readonly number[] }
  >
}

/** A memory, or the words of 32 bits from bit `from` on of one whose words have more than 64 bits. */
export interface BodyMemory extends LoweredMemory {
  readonly from: number
}

/** A module in the tree of what is inlined into one body. */
interface Context extends LoweredInstance {
  readonly parent: Context | undefined
  readonly children: Map<string, Context>
  /** Index in `Body.instances` of the instances that are not inlined. */
  readonly outer: Map<string, number>
  readonly drivers: ReadonlyMap<Node, Node>
  readonly outputs: ReadonlyMap<string, Node>
  /** Of its first memory in the body. */
  readonly firstMemory: number
}

const bit: Range = { min: 0n, max: 1n }
const noArguments: readonly number[] = []

/** The body of the top module; those of the modules that are not inlined hang on its instances. */
export const bodyOf = (top: Module, watching = false): Body => {
  const inlining = inliningOf(top)
  const bodies = new Map<Module, Body>()
  const clocks = domainsOf(top).length > 1
  for (const module of inlining.modules) bodies.set(module, build(module, { inlining, bodies, clocks, watching }))
  return inWords(bodies.get(top)!, watching)
}

interface Surroundings {
  readonly inlining: Inlining
  readonly bodies: ReadonlyMap<Module, Body>
  /** True where the design has several clocks. */
  readonly clocks: boolean
  /** True where every declared signal gets a node. */
  readonly watching: boolean
}

const build = (module: Module, { inlining, bodies, clocks, watching }: Surroundings): Body => {
  const nodes: BodyNode[] = []
  const constants = new Map<string, number>()
  // Field by field: an array has tens of thousands of nodes, and spreading objects is slow.
  const add = ({
    op,
    min,
    max,
    args = noArguments,
    amount = 0,
    value = 0n,
    port = 0,
    instance = 0,
  }: Partial<BodyNode> & Pick<BodyNode, 'op' | 'min' | 'max'>): number =>
    nodes.push({ op, min, max, args, amount, value, port, instance }) - 1

  const contexts: Context[] = []
  const outer: { readonly context: Context; readonly instance: Instance; readonly of: Body }[] = []
  let memoryCount = 0
  const enter = (of: Module, path: string, parent?: Context, instance?: Instance): Context => {
    const context: Context = {
      module: of,
      path,
      parent,
      instance,
      index: new Int32Array(of.nodeCount).fill(-1),
      children: new Map(),
      outer: new Map(),
      drivers: new Map(of.wires.map(({ node, driver }) => [node, driver])),
      outputs: new Map(of.outputs.map(({ name, node }) => [name, node])),
      firstMemory: memoryCount,
    }
    memoryCount += of.memories.length
    contexts.push(context)
    for (const child of of.instances)
      if (inlining.inlines(of, child.of))
        context.children.set(child.name, enter(child.of, `${path}${child.name}.`, context, child))
      else context.outer.set(child.name, outer.push({ context, instance: child, of: bodies.get(child.of)! }) - 1)
    return context
  }
  const root = enter(module, '')

  const inputs = module.inputs.map(({ id, min, max }, port) => {
    root.index[id] = add({ op: 'in', min, max, port })
    return root.index[id]!
  })
  const ticks = new Map((clocks ? domainsOf(module) : []).map((domain) => [domain, add({ op: 'in', ...bit })] as const))
  for (const node of ticks.values()) {
    nodes[node] = { ...nodes[node]!, port: inputs.length }
    inputs.push(node)
  }
  const states = contexts.flatMap((context) =>
    context.module.registers.map((register) => {
      const { id, min, max } = register.node
      const node = add({ op: 'reg', min, max })
      context.index[id] = node
      return { context, register, node }
    }),
  )
  for (const { module, index } of contexts)
    for (const { node } of module.memories.flatMap(({ reads }) => reads))
      index[node.id] = add({ op: 'read', min: node.min, max: node.max })

  const constant = (value: bigint, { min, max }: Range): number => {
    const key = `${value} ${min} ${max}`
    const known = constants.get(key) ?? add({ op: 'const', min, max, value })
    constants.set(key, known)
    return known
  }
  const literal = (value: bigint): number => constant(value, { min: value, max: value })
  /** One step through an inner port or a wire; undefined where a value begins. */
  const source = (context: Context, node: Node): readonly [Context, Node] | undefined => {
    if (node.op === 'wire') return [context, context.drivers.get(node)!]
    if (node.op === 'in') return [context.parent!, context.instance!.inputs.get(node.name)!]
    const child = node.op === 'out' ? context.children.get(node.instance) : undefined
    return child && node.op === 'out' ? [child, child.outputs.get(node.port)!] : undefined
  }
  /** Indices of a module's outputs by name. */
  const outputsOf = (of: Module): ReadonlyMap<string, number> => {
    let known = outputs.get(of)
    if (!known) {
      known = new Map(of.outputs.map(({ name }, k) => [name, k]))
      outputs.set(of, known)
    }
    return known
  }
  const outputs = new Map<Module, ReadonlyMap<string, number>>()
  const leaf = (context: Context, node: Node): number => {
    const { min, max } = node
    if (node.op === 'const') return constant(node.value, node)
    if (node.op === 'out') {
      const instance = context.outer.get(node.instance)!
      const port = outputsOf(outer[instance]!.of.module).get(node.port)!
      return add({ op: 'out', min, max, instance, port })
    }
    throw new TypeError(`${node.op} has no place in a body`)
  }
  const resolve = (context: Context, node: Node): number => {
    const known = context.index[node.id]!
    if (known >= 0) return known
    // Most nodes of the top of an array are outputs of instances, and wires that these drive.
    let driver = node
    while (driver.op === 'wire') driver = context.drivers.get(driver)!
    if (context.index[driver.id]! < 0) {
      const isLeaf = driver.op === 'const' || (driver.op === 'out' && !context.children.has(driver.instance))
      context.index[driver.id] = isLeaf ? leaf(context, driver) : worked(context, driver)
    }
    context.index[node.id] = context.index[driver.id]!
    return context.index[node.id]!
  }
  /** Explicit stack: chains through thousands of nodes must not overflow the machine's own. */
  const worked = (context: Context, node: Node): number => {
    const stack: { context: Context; node: Node }[] = [{ context, node }]
    while (stack.length > 0) {
      const at = stack[stack.length - 1]!
      const { index } = at.context
      if (index[at.node.id]! >= 0) {
        stack.pop()
        continue
      }
      const from = source(at.context, at.node)
      const needs = from ? [from] : 'args' in at.node ? at.node.args.map((arg) => [at.context, arg] as const) : []
      const missing = needs.find(([where, need]) => where.index[need.id]! < 0)
      if (missing) {
        stack.push({ context: missing[0], node: missing[1] })
        continue
      }
      const args = needs.map(([where, need]) => where.index[need.id]!)
      if (from) index[at.node.id] = args[0]!
      else if ('args' in at.node) {
        const { op, min, max } = at.node
        const amount = at.node.op === 'lookup' ? memoryOf(at.context, at.node.memory) : at.node.amount
        const compared = op === 'lt' ? narrowComparison(nodes, add, literal, [args[0]!, args[1]!]) : undefined
        index[at.node.id] = compared ?? add({ op, min, max, args, amount })
      } else index[at.node.id] = leaf(at.context, at.node)
      stack.pop()
    }
    return context.index[node.id]!
  }
  const memoryOf = ({ module, firstMemory }: Context, name: string): number =>
    firstMemory + module.memories.findIndex((memory) => memory.name === name)
  const { tickOf, next, ...lowered } = lowering<Context>({
    add: (op, { min, max }, args, amount = 0) => add({ op, min, max, args, amount }),
    constant,
    resolve,
    ticks,
    memoryOf,
  })
  const registers = states.map(({ context, register, node }) => {
    const becomes = next(context, register, node)
    return { path: context.path + register.name, node, next: becomes, reset: register.reset, from: 0 }
  })
  const memories = contexts.flatMap(lowered.memories).map((memory) => ({ ...memory, from: 0 }))
  const checks = contexts.flatMap((context) =>
    lowered.checks(context).map((check) => ({ part: context.path, ...check })),
  )
  const instances = outer.map(({ context, instance, of }) => {
    const ports = of.module.inputs.map(({ name }) => resolve(context, instance.inputs.get(name)!))
    const edges = clocks ? domainsOf(of.module).map((domain) => tickOf(context, parentDomain(instance, domain))!) : []
    return { path: context.path + instance.name, of, inputs: [...ports, ...edges] }
  })
  const results = module.outputs.map(({ node }) => resolve(root, node))
  if (watching)
    for (const context of contexts) for (const { node } of declaredSignals(context.module)) resolve(context, node)
  const parts = new Map(
    contexts.map(({ module, path, index }) => [
      path,
      { module, nodesOf: ({ node }: DeclaredSignal) => [index[node.id]!] },
    ]),
  )
  return { module, nodes: withProducts(nodes), inputs, outputs: results, registers, memories, checks, instances, parts }
}
