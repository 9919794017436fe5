import { domainsOf, mainDomain, parentDomain, portDomains } from '../../src/dsl/domains.ts'
import type { Instance, Module, Node } from '../../src/dsl/ir.ts'
import { NameTable } from '../../src/dsl/names.ts'
import { remade } from './remake.ts'

/** Names that a module's parts have, for what is added to it. */
export const namesIn = (module: Module): NameTable => {
  const names = new NameTable()
  for (const list of [module.inputs, module.outputs, module.registers, module.wires, module.memories, module.instances])
    for (const { name } of list) names.take(name, name)
  for (const { reads, lookups } of module.memories)
    for (const { name } of [...reads.map(({ node }) => node), ...lookups]) names.take(name, name)
  return names
}

/** Black boxes have no inside. */
export const canBeInlined = ({ of }: Instance): boolean => !of.blackBox

/** The module with the inside of some of its instances in place of them; what comes from there is called `instance_name`. */
export const inlined = (module: Module, instances: readonly Instance[]): Module => {
  const names = namesIn(module)
  const insides = instances.map((instance) => insideOf(instance, names))
  const all = <K extends 'registers' | 'wires' | 'memories' | 'checks'>(list: K): Module[K][number][] => [
    ...module[list],
    ...insides.flatMap((inside): readonly Module[K][number][] => inside[list]),
  ]
  const soup: Module = {
    ...module,
    registers: all('registers'),
    wires: all('wires'),
    memories: all('memories'),
    checks: all('checks'),
    instances: [
      ...module.instances.filter((instance) => !instances.includes(instance)),
      ...insides.flatMap((inside) => inside.instances),
    ],
  }
  return remade(soup, { instead: new Map(insides.flatMap(({ outputs }) => outputs)) })
}

/** The module with everything inlined that can be. */
export const flattened = (module: Module): Module => {
  const instances = module.instances.filter(canBeInlined)
  return instances.length === 0 ? module : flattened(inlined(module, instances))
}

type Inside = Pick<Module, 'registers' | 'wires' | 'memories' | 'instances' | 'checks'> & {
  /** The instance's output nodes in the parent, and what stands for them. */
  readonly outputs: readonly (readonly [Node, Node])[]
}

/** An instance's parts as parts of the parent, with names of their own; inputs are the parent's nodes. */
const insideOf = (instance: Instance, names: NameTable): Inside => {
  const { of } = instance
  const renamed = new Map<string, string>()
  const nameOf = (name: string): string => {
    const known = renamed.get(name) ?? names.fresh(`${instance.name}_${name}`)
    renamed.set(name, known)
    return known
  }
  const moved = <T extends { readonly clock?: string }>({ clock: inner, ...rest }: T): T => {
    const outer = parentDomain(instance, inner ?? mainDomain)
    return { ...rest, ...(outer !== mainDomain && { clock: outer }) } as T
  }
  // Two instances share their module's nodes, so that these are copied.
  const copies = new Map<Node, Node>()
  const copy = (node: Node): Node => {
    const known = copies.get(node)
    if (known) return known
    const made = copied(node)
    copies.set(node, made)
    return made
  }
  const copied = (node: Node): Node => {
    switch (node.op) {
      case 'in':
        return instance.inputs.get(node.name)!
      case 'reg':
        return { ...moved(node), name: nameOf(node.name) }
      case 'wire':
        return { ...node, name: nameOf(node.name) }
      case 'out':
        return { ...node, instance: nameOf(node.instance) }
      case 'read':
        return { ...moved(node), name: nameOf(node.name), memory: nameOf(node.memory) }
      case 'lookup':
        return { ...node, name: nameOf(node.name), memory: nameOf(node.memory), args: [copy(node.args[0])] }
      case 'const':
      case 'box':
        return node
      default:
        return { ...node, args: node.args.map(copy) }
    }
  }
  const as = <N extends Node>(node: N): N => copy(node) as N
  return {
    registers: of.registers.map((one) => ({
      ...one,
      name: nameOf(one.name),
      node: as(one.node),
      next: copy(one.next),
    })),
    wires: of.wires.map((one) => ({ ...one, name: nameOf(one.name), node: as(one.node), driver: copy(one.driver) })),
    memories: of.memories.map((one) => ({
      ...one,
      name: nameOf(one.name),
      writes: one.writes.map((write) => ({
        ...moved(write),
        address: copy(write.address),
        value: copy(write.value),
        enable: copy(write.enable),
        ...(write.lanes && { lanes: write.lanes.map(copy) }),
      })),
      reads: one.reads.map((read) => ({
        ...read,
        node: as(read.node),
        address: copy(read.address),
        enable: copy(read.enable),
      })),
      lookups: one.lookups.map(as),
    })),
    instances: of.instances.map(({ clocks, ...one }) => ({
      ...one,
      name: nameOf(one.name),
      inputs: new Map([...one.inputs].map(([port, driver]) => [port, copy(driver)])),
      outputs: new Map([...one.outputs].map(([port, node]) => [port, as(node)])),
      ...clocksThrough({ of: one.of, ...(clocks && { clocks }) }, instance),
    })),
    checks: of.checks.map(({ meets, ...one }) => ({
      ...moved(one),
      ...(meets !== undefined && { meets: parentDomain(instance, meets) }),
      // The promises of a memory go with its name.
      message: one.message.replace(/^memory '(\w+)'/, (_, name: string) => `memory '${nameOf(name)}'`),
      holds: copy(one.holds),
    })),
    outputs: of.outputs.flatMap((output) => {
      const node = instance.outputs.get(output.name)
      return node ? [[node, copy(output.node)] as const] : []
    }),
  }
}

/** Where an instance's clocks go, two levels up. */
const clocksThrough = (
  inner: Pick<Instance, 'of' | 'clocks'>,
  outer: Instance,
): { clocks?: ReadonlyMap<string, string> } => {
  const own = new Set([mainDomain, ...domainsOf(inner.of), ...portDomains(inner.of)])
  const pairs = [...own].map((domain) => [domain, parentDomain(outer, parentDomain(inner, domain))] as const)
  const moved = pairs.filter(([from, to]) => from !== to)
  return moved.length > 0 ? { clocks: new Map(moved) } : {}
}
