import { placed } from '../aggregate.ts'
import { clockPorts, mainDomain } from '../domains.ts'
import type { Graph } from '../graph.ts'
import type { Node } from '../ir.ts'
import { NameTable, nameFault, portNameFault } from '../names.ts'
import type { ScalarShape } from '../shape.ts'
import type { AnyOperand } from '../signal.ts'

/** What every part of a description shares: the graph of its values, and the names and clocks in use. */
export interface Scope {
  readonly graph: Graph
  /** Takes a name; one that is illegal or taken is a mistake. */
  claim(name: string, what: string): void
  /** Takes the name of a port, which designs in other languages see. */
  claimPort(name: string, what: 'an input' | 'an output'): void
  /** Takes the name of a register or wire, which may be that of the output it drives. */
  claimPlace(name: string, what: 'a register' | 'a wire'): void
  /** A free name, `base` or `base_2` and so on, now taken. */
  fresh(base: string, what: string): string
  /** Takes the names of a clock's ports, once. */
  claimClock(domain: string): void
  /** The operand's node, or a mistake where it may not fit. */
  place(what: string, shape: ScalarShape, operand: AnyOperand): Node
}

export const scopeOf = (graph: Graph): Scope => {
  const names = new NameTable()
  const outputs = new Set<string>()
  const clocks = new Set([mainDomain])

  const take = (name: string, what: string, fault: string | undefined): void => {
    const why = fault ?? names.take(name, what)
    if (why !== undefined) graph.report('E-NAME', `${what} cannot be called '${name}': ${why}; choose another name`)
  }
  const claim = (name: string, what: string): void => take(name, what, nameFault(name))
  return {
    graph,
    claim,
    claimPort(name, what) {
      take(name, what, portNameFault(name))
      if (what === 'an output') outputs.add(name)
    },
    claimPlace(name, what) {
      // What is really returned under the name is looked at when everything is known.
      if (outputs.delete(name)) names.retake(name, what)
      else claim(name, what)
    },
    fresh: (base, what) => names.fresh(base, what),
    claimClock(domain) {
      if (clocks.has(domain)) return
      if (clocks.size === 1) claim(clockPorts(mainDomain).tick, 'a tick of the implicit clock')
      clocks.add(domain)
      for (const port of Object.values(clockPorts(domain))) claim(port, `a port of clock '${domain}'`)
    },
    place(what, shape, operand) {
      graph.mustBeOpen()
      return placed(graph, what, shape, operand)
    },
  }
}
