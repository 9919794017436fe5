import { isDomainFree, isSingleClock, mainDomain, parentDomain, portDomainsOf } from '../domains.ts'
import type { Check, Module, Node, Source } from '../ir.ts'
import { writeNeeds } from '../roots.ts'
import { dependenciesIn } from './loops.ts'

/** A value of one clock, and where another clock would read it. */
export interface Crossing {
  readonly from: Place
  readonly to: Place
}
export interface Place {
  /** `register 'level'`, `input 'hsync'`, `output 'level' of 'fifo'`. */
  readonly what: string
  readonly domain: string
  /** What a back end or an error may know a line of. */
  readonly node: Node | undefined
  readonly instance: string | undefined
  readonly memory?: string
  readonly source?: Source | undefined
}

/** An example of a value for each clock that a node depends on within the cycle. */
type Sources = ReadonlyMap<string, Place>

/** The first unsynchronised crossing of the module; children have been checked when they were described. */
export const findCrossing = (module: Module): Crossing | undefined => {
  if (isPlain(module)) return undefined
  const sources = sourcesIn(module)
  for (const to of readersIn(module))
    for (const [domain, from] of sources(to.reads)) if (domain !== to.domain) return { from, to }
  for (const { holds, message, source } of module.checks.filter(({ meets }) => meets === undefined)) {
    const [first, second] = [...sources(holds).values()]
    if (first && second)
      return { from: second, to: { ...first, source, what: `the check '${message}' with ${first.what}` } }
  }
  return undefined
}

/** Checks with the clock of what they read, as plain data. */
export const checksWithClock = (module: Module): readonly Check[] => {
  if (module.checks.length === 0 || isPlain(module)) return module.checks
  const sources = sourcesIn(module)
  return module.checks.map((check) => {
    if (check.clock !== undefined || check.meets !== undefined) return check
    const [domain] = sources(check.holds).keys()
    return domain === undefined || domain === mainDomain ? check : { ...check, clock: domain }
  })
}

/** The clock a node belongs to, if it is one and known. */
export const domainOfNode = (module: Module, node: Node): string | undefined => {
  const [first, second] = sourcesIn(module)(node).keys()
  return second === undefined ? first : undefined
}

const isPlain = (module: Module): boolean =>
  [...module.inputs, ...module.outputs, ...module.registers.map(({ node }) => node)].every(
    ({ clock }) => clock === undefined,
  ) &&
  module.memories.flatMap(portDomainsOf).every((domain) => domain === mainDomain) &&
  module.instances.every(({ of, clocks }) => clocks === undefined && isSingleClock(of))

/** Whatever belongs to a clock and reads values. */
const readersIn = (module: Module): (Place & { readonly reads: Node })[] => [
  ...module.memories.flatMap(({ name, writes, reads }) => {
    const port = (what: string, clock: string | undefined, needs: readonly Node[]) =>
      needs.map((reads) => ({
        what: `a ${what} port of memory '${name}'`,
        domain: clock ?? mainDomain,
        node: undefined,
        instance: undefined,
        memory: name,
        reads,
      }))
    return [
      ...writes.flatMap((write) => port('write', write.clock, writeNeeds(write))),
      ...reads.flatMap(({ node, address, enable }) => port('read', node.clock, [address, enable])),
    ]
  }),
  ...module.registers.flatMap(({ node, next, crossing }) =>
    crossing === undefined
      ? [{ what: `register '${node.name}'`, domain: node.clock ?? mainDomain, node, instance: undefined, reads: next }]
      : [],
  ),
  ...(isDomainFree(module)
    ? []
    : module.outputs.map(({ name, node, clock = mainDomain }) => ({
        what: `output '${name}'`,
        domain: clock,
        node: undefined,
        instance: undefined,
        reads: node,
      }))),
  ...module.instances
    .filter(({ of }) => !isDomainFree(of))
    .flatMap((instance) =>
      instance.of.inputs.map(({ name, clock = mainDomain }) => ({
        what: `input '${name}' of '${instance.name}'`,
        domain: parentDomain(instance, clock),
        node: undefined,
        instance: instance.name,
        reads: instance.inputs.get(name)!,
      })),
    ),
]

const sourcesIn = (module: Module): ((node: Node) => Sources) => {
  const free = isDomainFree(module)
  const dependencies = dependenciesIn(module)
  const instances = new Map(module.instances.map((instance) => [instance.name, instance]))
  /** The node's own clock, for nodes that have one. */
  const place = (node: Node): Place | 'computed' | undefined => {
    switch (node.op) {
      case 'const':
        return undefined
      case 'in':
        if (free) return undefined
        return { what: `input '${node.name}'`, domain: node.clock ?? mainDomain, node, instance: undefined }
      case 'reg':
        return { what: `register '${node.name}'`, domain: node.clock ?? mainDomain, node, instance: undefined }
      case 'read': {
        const { clock = mainDomain, memory } = node
        return { what: `read port '${node.name}'`, domain: clock, node, instance: undefined, memory }
      }
      case 'out': {
        const instance = instances.get(node.instance)!
        if (isDomainFree(instance.of)) return 'computed'
        const { clock = mainDomain } = instance.of.outputs.find(({ name }) => name === node.port)!
        return {
          what: `output '${node.port}' of '${node.instance}'`,
          domain: parentDomain(instance, clock),
          node,
          instance: node.instance,
        }
      }
      default:
        return 'computed'
    }
  }
  /** The clocks that write what a lookup sees, unless the designer says why that is safe. */
  const writers = (node: Node): Sources => {
    if (node.op !== 'lookup' || node.crossing !== undefined) return none
    const memory = module.memories.find(({ name }) => name === node.memory)!
    const what = `memory '${node.memory}'`
    return new Map(
      portDomainsOf({ writes: memory.writes, reads: [] }).map((domain) => [
        domain,
        { what, domain, node, instance: undefined, memory: node.memory },
      ]),
    )
  }
  const known = new Map<Node, Sources>()
  const none: Sources = new Map()
  return (wanted) => {
    const stack: Node[] = [wanted]
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!
      if (known.has(node)) {
        stack.pop()
        continue
      }
      const own = place(node)
      if (own !== 'computed') {
        known.set(node, own ? new Map([[own.domain, own]]) : none)
        continue
      }
      const needs = dependencies(node)
      const missing = needs.filter((need) => !known.has(need))
      if (missing.length > 0) stack.push(...missing)
      else known.set(node, union([...needs.map((need) => known.get(need)!), writers(node)]))
    }
    return known.get(wanted)!
  }
}

/** One of the sets where it holds the others, so that nodes share them. */
const union = (sets: readonly Sources[]): Sources => {
  const largest = sets.reduce<Sources>((a, b) => (b.size > a.size ? b : a), new Map())
  const added = sets.flatMap((set) => [...set].filter(([domain]) => !largest.has(domain)))
  return added.length === 0 ? largest : new Map([...largest, ...added])
}
