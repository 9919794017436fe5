import type { Module, Node, Source } from '../ir.ts'

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

/**
 * A loop the way its values flow, `back (mac.ts:3) -> one.a -> one.y (mac.ts:4) -> back`: wires, named values and the ports
 * of instances, each with the line it is written on; operations without a name are left out.
 */
export const loopText = (module: Module, loop: readonly Node[]): string => {
  const instances = new Map(module.instances.map((instance) => [instance.name, instance]))
  const lines = linesIn(module)
  const steps = [...loop].reverse().flatMap((node, k, flow) => {
    // What closes the loop is named already.
    const line = k === flow.length - 1 ? '' : lines(node)
    if (node.op !== 'out') return node.name === undefined ? [] : [`${node.name}${line}`]
    const instance = instances.get(node.instance)!
    const from = flow[k - 1] ?? flow[flow.length - 2]
    const input = [...combinationalInputs(instance.of).get(node.port)!].find(
      (port) => instance.inputs.get(port) === from,
    )
    return [`${node.instance}.${input}`, `${node.instance}.${node.port}${line}`]
  })
  return steps.join(' -> ')
}

/** ` (src/mac.ts:24)` for a node whose line is known. */
export const linesIn = (module: Module): ((node: Node) => string) => {
  const sources = new Map<Node, Source | undefined>([
    ...module.wires.map(({ node, source }) => [node, source] as const),
    ...module.registers.map(({ node, source }) => [node, source] as const),
    ...module.instances.flatMap(({ outputs, source }) => [...outputs.values()].map((node) => [node, source] as const)),
  ])
  return (node) => {
    const line = (sources.get(node) ?? ('source' in node ? node.source : undefined))?.()
    return line === undefined ? '' : ` (${line})`
  }
}
