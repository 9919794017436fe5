import type { InstanceOutput, Module, Node, Output } from '../../dsl/ir.ts'
import { declaredSignals } from '../signals.ts'

/** A design with some of its inner signals as outputs as well, behind its own. */
export interface BroughtOut {
  readonly module: Module
  /** Name of the output that shows each signal, by hierarchical name. */
  readonly outputs: ReadonlyMap<string, string>
}

/**
 * Leads declared signals, by paths that exist, out through the instances they are in. So every cycle of a whole replay shows
 * them, in any engine, as quickly as it shows outputs. Registers, memories, checks and their paths stay as they are.
 */
export const broughtOut = (top: Module, paths: readonly string[]): BroughtOut => {
  const wanted = new Map<Module, Set<string>>()
  for (const path of paths) {
    const names = path.split('.')
    let module = top
    for (const [k, name] of names.entries()) {
      wanted.set(module, (wanted.get(module) ?? new Set()).add(names.slice(k).join('.')))
      if (k < names.length - 1) module = module.instances.find((instance) => instance.name === name)!.of
    }
  }
  const made = new Map<Module, BroughtOut>()
  const visit = (module: Module): BroughtOut => {
    const known = made.get(module)
    if (known) return known
    const result = withOutputs(module, [...(wanted.get(module) ?? [])], visit)
    made.set(module, result)
    return result
  }
  return visit(top)
}

const withOutputs = (module: Module, paths: readonly string[], visit: (child: Module) => BroughtOut): BroughtOut => {
  if (paths.length === 0 || module.blackBox) return { module, outputs: new Map() }
  const declared = new Map(declaredSignals(module).map((signal) => [signal.name, signal]))
  const children = new Map(module.instances.map(({ name, of }) => [name, visit(of)]))
  const ports = new Set(module.outputs.map(({ name }) => name))
  let nodeCount = module.nodeCount
  const more = new Map<string, Map<string, InstanceOutput>>()
  /** An output of an instance, which may be one it has only now. */
  const outOf = (instance: string, output: Output): Node => {
    const old = module.instances.find(({ name }) => name === instance)!.outputs.get(output.name)
    const added = more.get(instance) ?? new Map<string, InstanceOutput>()
    const known = old ?? added.get(output.name)
    if (known) return known
    const { min, max } = output.range
    const node: InstanceOutput = { op: 'out', id: nodeCount++, instance, port: output.name, min, max }
    more.set(instance, added.set(output.name, node))
    return node
  }
  const found = (path: string): Pick<Output, 'node' | 'range'> => {
    const dot = path.indexOf('.')
    if (dot < 0) return declared.get(path)!
    const [name, rest] = [path.slice(0, dot), path.slice(dot + 1)]
    const { of, inputs } = module.instances.find((instance) => instance.name === name)!
    const input = of.inputs.find((port) => port.name === rest)
    if (input) return { node: inputs.get(rest)!, range: input }
    const child = children.get(name)!
    const output = child.module.outputs.find((port) => port.name === (child.outputs.get(rest) ?? rest))!
    return { node: outOf(name, output), range: output.range }
  }

  const prefix = freePrefix(new Set([...declared.keys(), ...module.instances.map(({ name }) => name)]))
  const added: Output[] = []
  const outputs = new Map(
    paths.map((path): [string, string] => {
      if (ports.has(path)) return [path, path]
      const { node, range } = found(path)
      const name = `${prefix}${added.length}`
      added.push({ name, node, range })
      return [path, name]
    }),
  )
  const { gates: _, ...logic } = module
  return {
    outputs,
    module: {
      ...logic,
      outputs: [...module.outputs, ...added],
      instances: module.instances.map((instance) => ({
        ...instance,
        of: children.get(instance.name)!.module,
        outputs: new Map([...instance.outputs, ...(more.get(instance.name) ?? [])]),
      })),
      nodeCount,
    },
  }
}

/** What no name of a module begins with. */
const freePrefix = (names: ReadonlySet<string>): string => {
  let prefix = 'seen_'
  while ([...names].some((name) => name.toLowerCase().startsWith(prefix))) prefix = `more_${prefix}`
  return prefix
}
