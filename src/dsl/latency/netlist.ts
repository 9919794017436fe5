import type { Instance, Module, Node } from '../ir.ts'
import { latencies } from './latency.ts'

/** What drives registers, wires and instances, in a module that is whole or still being described. */
export interface Netlist {
  /** What the register becomes; undefined for one that takes values of another clock, whose delay is no number of cycles. */
  next(register: Node): Node | undefined
  driver(wire: Node): Node | undefined
  instance(name: string): Instance
}

/** One value that another is made of, and the clock edges between them. */
export interface Step {
  readonly from: Node
  readonly cycles: number | 'varies'
}

export const netlistOf = (module: Module): Netlist => {
  const registers = new Map<Node, Node>(
    module.registers.flatMap(({ node, next, crossing }) => (crossing === undefined ? [[node, next] as const] : [])),
  )
  const crossings = new Set<Node>(
    module.registers.flatMap(({ node, crossing }) => (crossing === undefined ? [] : [node])),
  )
  const drivers = new Map<Node, Node>(module.wires.map(({ node, driver }) => [node, driver]))
  const instances = new Map(module.instances.map((instance) => [instance.name, instance]))
  return {
    next: (register) => (crossings.has(register) ? undefined : registers.get(register)),
    driver: (wire) => drivers.get(wire),
    instance: (name) => instances.get(name)!,
  }
}

/** Everything a node is made of, one step back. */
export const stepsInto = (netlist: Netlist, node: Node): readonly Step[] => {
  const step = (from: Node | undefined, cycles: Step['cycles']): Step[] => (from ? [{ from, cycles }] : [])
  switch (node.op) {
    case 'const':
    case 'in':
    case 'box':
    // What a memory shows depends on its history.
    case 'read':
    case 'lookup':
      return []
    case 'reg':
      return step(netlist.next(node), 1)
    case 'wire':
      return step(netlist.driver(node), 0)
    case 'out': {
      const instance = netlist.instance(node.instance)
      return [...latencies(instance.of).get(node.port)!].flatMap(([port, cycles]) =>
        step(instance.inputs.get(port), cycles),
      )
    }
    default:
      return node.args.map((from) => ({ from, cycles: 0 }))
  }
}

/**
 * Groups of nodes under `roots` that depend on each other, what they need before what needs it (Tarjan's strongly
 * connected components, with a stack of its own). A group of several, or of one that needs itself, is feedback.
 */
export const groupsUnder = (netlist: Netlist, roots: readonly Node[]): readonly (readonly Node[])[] => {
  const groups: Node[][] = []
  const order = new Map<Node, number>()
  const lowest = new Map<Node, number>()
  const open: Node[] = []
  const isOpen = new Set<Node>()
  for (const root of roots) {
    if (order.has(root)) continue
    const path: { node: Node; steps: readonly Step[]; at: number }[] = []
    const enter = (node: Node): void => {
      order.set(node, order.size)
      lowest.set(node, order.get(node)!)
      open.push(node)
      isOpen.add(node)
      path.push({ node, steps: stepsInto(netlist, node), at: 0 })
    }
    enter(root)
    while (path.length > 0) {
      const top = path[path.length - 1]!
      const next = top.steps[top.at++]?.from
      if (next) {
        if (!order.has(next)) enter(next)
        else if (isOpen.has(next)) lowest.set(top.node, Math.min(lowest.get(top.node)!, order.get(next)!))
        continue
      }
      path.pop()
      const below = path[path.length - 1]?.node
      if (below) lowest.set(below, Math.min(lowest.get(below)!, lowest.get(top.node)!))
      if (lowest.get(top.node) !== order.get(top.node)) continue
      const group = open.splice(open.indexOf(top.node))
      for (const node of group) isOpen.delete(node)
      groups.push(group)
    }
  }
  return groups
}

export const isFeedback = (netlist: Netlist, group: readonly Node[]): boolean =>
  group.length > 1 || stepsInto(netlist, group[0]!).some(({ from }) => from === group[0])
