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
  const nets = new Nets(module)
  const signal = (
    kind: DeclaredSignal['kind'],
    node: Node,
    { name = node.name!, range = node, encoding = node.encoding }: Partial<DeclaredSignal> = {},
  ): DeclaredSignal => ({ name, kind, node, range, ...(encoding && { encoding }) })
  const outputs = new Set(module.outputs.map(({ name }) => name))
  const found = [
    ...module.inputs.map((node) => signal('input', node)),
    ...module.outputs.map((output): DeclaredSignal => ({ kind: 'output', ...output })),
    ...module.registers.map(({ node }) => signal('register', node)),
    ...module.memories.flatMap(({ reads }) => reads.map(({ node }) => signal('register', node))),
    // An output that is a wire of its own name is one net.
    ...module.wires.filter(({ name }) => !outputs.has(name)).map(({ node }) => signal('wire', node)),
    ...module.memories.flatMap(({ lookups }) => lookups.map((node) => signal('wire', node))),
    ...module.operations.flatMap((node) => {
      if (node.name === undefined) return []
      // The printer makes a shift to the right as wide as what is shifted.
      const range = node.op === 'shrBy' ? node.args[0]! : node
      return [signal('wire', node, { name: nets.fresh(node.name), range })]
    }),
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
