import type { Module, Node } from '../ir.ts'

/**
 * The nodes along a combinational loop of the module, the first repeated at the end, or undefined. Paths through child
 * instances count only where the child's output really depends on that input within the cycle.
 */
export const findLoop = (module: Module): readonly Node[] | undefined => {
  const dependencies = dependenciesIn(module)
  const state = new Map<Node, 'open' | 'done'>()
  const starts: Node[] = [...module.wires.map((wire) => wire.node), ...module.operations]
  for (const start of starts) {
    if (state.has(start)) continue
    const path: { node: Node; rest: readonly Node[]; next: number }[] = []
    const enter = (node: Node): void => {
      state.set(node, 'open')
      path.push({ node, rest: dependencies(node), next: 0 })
    }
    enter(start)
    while (path.length > 0) {
      const top = path[path.length - 1]!
      const node = top.rest[top.next++]
      if (node === undefined) {
        state.set(top.node, 'done')
        path.pop()
      } else if (state.get(node) === 'open') {
        const from = path.findIndex((step) => step.node === node)
        return [...path.slice(from).map((step) => step.node), node]
      } else if (!state.has(node)) enter(node)
    }
  }
  return undefined
}

/** True where `from` depends on `to` within the cycle, or is it. */
export const reaches = (module: Module, from: Node, to: Node): boolean => reached(dependenciesIn(module), from).has(to)

const reached = (dependencies: (node: Node) => readonly Node[], from: Node): ReadonlySet<Node> => {
  const seen = new Set<Node>([from])
  const work: Node[] = [from]
  for (let node = work.pop(); node; node = work.pop())
    for (const next of dependencies(node))
      if (!seen.has(next)) {
        seen.add(next)
        work.push(next)
      }
  return seen
}

/** The inputs that each output depends on within the cycle. */
export const combinationalInputs = (module: Module): ReadonlyMap<string, ReadonlySet<string>> => {
  const known = cache.get(module)
  if (known) return known
  if (module.blackBox) return new Map([...module.blackBox.through].map(([output, inputs]) => [output, new Set(inputs)]))
  const dependencies = dependenciesIn(module)
  const result = new Map<string, ReadonlySet<string>>()
  for (const output of module.outputs) {
    const names = new Set<string>()
    for (const node of reached(dependencies, output.node)) if (node.op === 'in') names.add(node.name)
    result.set(output.name, names)
  }
  cache.set(module, result)
  return result
}
const cache = new WeakMap<Module, ReadonlyMap<string, ReadonlySet<string>>>()

/** What a node needs within the cycle. */
export const dependenciesIn = (module: Module): ((node: Node) => readonly Node[]) => {
  const drivers = new Map(module.wires.map((wire) => [wire.node as Node, [wire.driver]]))
  const instances = new Map(module.instances.map((instance) => [instance.name, instance]))
  return (node) => {
    switch (node.op) {
      case 'const':
      case 'in':
      case 'reg':
      case 'box':
      case 'read':
        return []
      case 'wire':
        return drivers.get(node) ?? []
      case 'out': {
        const instance = instances.get(node.instance)!
        return [...combinationalInputs(instance.of).get(node.port)!].map((port) => instance.inputs.get(port)!)
      }
      default:
        return node.args
    }
  }
}

/** Names of wires and instance ports; operations between them are left out unless there is nothing else. */
export const loopNames = (loop: readonly Node[]): string[] => {
  const text = (node: Node): string => (node.op === 'out' ? `${node.instance}.${node.port}` : (node.name ?? node.op))
  const visible = loop.filter((node) => node.op === 'out' || node.op === 'wire')
  const names = (visible.length > 0 ? visible : loop).map(text)
  return names[0] === names[names.length - 1] && names.length > 1 ? names : [...names, names[0]!]
}
