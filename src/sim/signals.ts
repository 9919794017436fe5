import { nearest } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import type { Encoding, Module, Node, Range } from '../dsl/ir.ts'
import { Nets } from '../dsl/verilog/nets.ts'

/** A value that has a name in the description: a port, register, wire, read port of a memory or `.named()` value. */
export interface DeclaredSignal {
  /** As in the printed Verilog. */
  readonly name: string
  readonly kind: 'input' | 'output' | 'register' | 'wire'
  readonly node: Node
  readonly range: Range
  readonly encoding?: Encoding
}

/** The declared signals of one module, without those of its instances: ports, registers, wires, named values. */
export const declaredSignals = (module: Module): readonly DeclaredSignal[] => {
  const known = cache.get(module)
  if (known) return known
  const nets = new Nets(module, () => false)
  const named = (kind: DeclaredSignal['kind'], node: Node, name: string): DeclaredSignal => {
    const { encoding } = node
    return { name, kind, node, range: node, ...(encoding && { encoding }) }
  }
  /** Those of them that are no port at the same time. */
  const inside = (kind: DeclaredSignal['kind'], all: readonly { readonly node: Node }[]): DeclaredSignal[] =>
    all.flatMap(({ node }) => (nets.isPort(node) ? [] : [named(kind, node, nets.of(node)!.name)]))
  const found = [
    ...module.inputs.map((node) => named('input', node, node.name)),
    ...module.outputs.map(({ name, node, range, encoding }): DeclaredSignal => {
      return { name, kind: 'output', node, range, ...(encoding && { encoding }) }
    }),
    ...inside('register', module.registers),
    ...module.memories.flatMap(({ reads }) => inside('register', reads)),
    ...inside('wire', module.wires),
    ...module.memories.flatMap(({ lookups }) => lookups.map((node) => named('wire', node, nets.of(node)!.name))),
    ...module.operations.flatMap((node) =>
      node.name === undefined ? [] : [named('wire', node, nets.fresh(node.name))],
    ),
  ]
  cache.set(module, found)
  return found
}
const cache = new WeakMap<Module, readonly DeclaredSignal[]>()

/** Hierarchical names of all declared signals, `cells.accumulator`, those of a module before those of its instances. */
export const signalPaths = (module: Module, prefix = ''): string[] => [
  ...declaredSignals(module).map(({ name }) => prefix + name),
  ...module.instances.flatMap(({ name, of }) => signalPaths(of, `${prefix}${name}.`)),
]

const shown = 12

/** The error of a name that no signal of `where` has. */
export const unknownSignal = (where: string, paths: readonly string[], found: string): UserError => {
  const near = nearest(found, paths)
  const more = paths.length > shown ? ` and ${paths.length - shown} more` : ''
  const cure = near === undefined ? `there are ${paths.slice(0, shown).join(', ')}${more}` : `did you mean '${near}'?`
  return new UserError('E-SIGNAL', `${where} has no signal '${found.slice(0, 80)}'; ${cure}`)
}
