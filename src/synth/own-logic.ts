/**
 * A module by itself, for synthesis that maps each module of a hierarchy once. What its instances and memories give becomes inputs, what goes
 * to them outputs, so that nothing of its own is optimised away and nothing of theirs is in it. Promises make no hardware.
 */

import type { Input, Lookup, Module, Node, Output, Range } from '../dsl/ir.ts'
import { rebuild } from '../dsl/pass/rebuild.ts'

/** The module's registers and operations alone. It gives what `module` gives as long as its new inputs get what was cut off. */
export const ownLogic = (module: Module): Module => {
  if (module.blackBox) throw new RangeError(`'${module.name}' is a black box, whose inside is not known`)
  if (module.instances.length + module.memories.length === 0) return module
  const name = uniqueNames([...module.inputs, ...module.outputs].map((port) => port.name))
  const inputs = new Map<Node, Input>()
  const outputs: Output[] = []
  let id = module.nodeCount
  const given = (node: Node, path: string, clock: string | undefined): void => {
    const { min, max } = node
    inputs.set(node, { op: 'in', id: id++, min, max, name: name(`from_${path}`), ...(clock && { clock }) })
  }
  const taken = (node: Node, path: string, clock: string | undefined, { min, max }: Range = node): void => {
    outputs.push({ name: name(`to_${path}`), node, range: { min, max }, ...(clock && { clock }) })
  }
  for (const { name: instance, of, inputs: drivers, outputs: ports, clocks } of module.instances) {
    const clockOf = (port: { readonly clock?: string } | undefined): string | undefined =>
      port?.clock === undefined ? undefined : (clocks?.get(port.clock) ?? port.clock)
    for (const port of of.inputs) taken(drivers.get(port.name)!, `${instance}_${port.name}`, clockOf(port))
    for (const port of of.outputs) given(ports.get(port.name)!, `${instance}_${port.name}`, clockOf(port))
  }
  for (const memory of module.memories) {
    memory.writes.forEach(({ address, value, enable, lanes, clock }, k) => {
      const port = `${memory.name}_write_${k}`
      taken(address, `${port}_address`, clock)
      taken(value, `${port}_value`, clock)
      taken(enable, `${port}_enable`, clock)
      lanes?.forEach((lane, part) => {
        taken(lane, `${port}_lane_${part}`, clock)
      })
    })
    memory.reads.forEach(({ node, address, enable }, k) => {
      const port = `${memory.name}_read_${k}`
      taken(address, `${port}_address`, node.clock)
      taken(enable, `${port}_enable`, node.clock)
      given(node, `${port}_word`, node.clock)
    })
    memory.lookups.forEach((lookup: Lookup, k) => {
      const port = `${memory.name}_lookup_${k}`
      taken(lookup.args[0], `${port}_address`, undefined)
      given(lookup, `${port}_word`, undefined)
    })
  }
  return rebuild(
    {
      ...module,
      inputs: [...module.inputs, ...inputs.values()],
      outputs: [...module.outputs, ...outputs],
      memories: [],
      checks: [],
      nodeCount: id,
    },
    {
      keepsInstance: () => false,
      leaf: (leaf, now) => {
        const input = inputs.get(leaf)
        return input && now(input)
      },
    },
  )
}

/** Gives names that differ from those before, and from the clock's and reset's. */
const uniqueNames = (known: readonly string[]): ((wanted: string) => string) => {
  const names = new Set(['clk', 'rst', ...known])
  return (wanted) => {
    let name = wanted
    while (names.has(name)) name += '_'
    names.add(name)
    return name
  }
}
