import type { Graph } from '../../src/dsl/graph.ts'
import type { Module, Node, Operation } from '../../src/dsl/ir.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { called, type Judge } from './judges.ts'
import { remade } from './remake.ts'

/** What an engine with a fault would compute in place of an operation. */
export type Fault = (of: Operation, args: readonly Node[], graph: Graph) => Node | undefined

/** The module as an engine with the fault sees it. */
export const withFault = (module: Module, fault: Fault): Module => {
  const instances = module.instances.map((instance) => ({ ...instance, of: withFault(instance.of, fault) }))
  return remade({ ...module, instances }, { operation: fault, keepsInputs: true })
}

/** Clamps to one below the upper bound. */
const clampsTooLow: Fault = (of, args, graph) =>
  of.op === 'sat' ? graph.operation('sat', { min: of.min, max: of.max - 1n }, args) : undefined

/** Rounds towards 0 where it should round down. */
const shiftsTowardsZero: Fault = (of, [a, b], graph) => {
  if (of.op !== 'shrBy' || a!.min >= 0n) return undefined
  const zero = graph.constant(0n)
  const minus = (node: Node): Node => graph.operation('sub', { min: -node.max, max: -node.min }, [zero, node])
  const negative = graph.operation('lt', { min: 0n, max: 1n }, [a!, zero])
  const wide = { min: of.min < -of.max ? of.min : -of.max, max: of.max > -of.min ? of.max : -of.min }
  const up = minus(graph.operation('shrBy', wide, [minus(a!), b!]))
  return graph.operation('mux', wide, [negative, up, graph.operation('shrBy', of, [a!, b!])])
}

/** The JavaScript engine with a fault. */
export const faulty = (name: keyof typeof faults): Judge => ({
  make: (module) => called('faulty', javascriptEngine(withFault(module, faults[name]))),
  checks: true,
  seconds: 60,
  text: `faulty('${name}')`,
  file: './faults.ts',
})

export const faults = { clampsTooLow, shiftsTowardsZero } as const
