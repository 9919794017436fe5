import type { Component } from '../component.ts'
import type { Module, Node } from '../ir.ts'
import { groupsUnder, isFeedback, netlistOf, stepsInto } from './netlist.ts'

/**
 * Cycles from an input to an output: a number where every path takes as many, `varies` where paths differ, go through
 * feedback (an accumulator, a register that may hold) or into another clock, `none` where there is no path.
 */
export type Latency = number | 'varies' | 'none'

/**
 * The latency of each output from each input, counted on the IR: `latencyOf(Mac(p)).sum.a` is 2. A vector's elements are
 * ports of their own, `taps_0`.
 */
export const latencyOf = (
  component: Pick<Component, 'module'>,
): Readonly<Record<string, Readonly<Record<string, Latency>>>> => {
  const { module } = component
  const found = latencies(module)
  return Object.fromEntries(
    module.outputs.map(({ name }) => [
      name,
      Object.fromEntries(module.inputs.map((input) => [input.name, found.get(name)!.get(input.name) ?? 'none'])),
    ]),
  )
}

type FromInputs = ReadonlyMap<string, number | 'varies'>

/** Latency of each output from the inputs that reach it. */
export const latencies = (module: Module): ReadonlyMap<string, FromInputs> => {
  const known = cache.get(module)
  if (known) return known
  const result = module.blackBox ? boxLatencies(module) : countedLatencies(module)
  cache.set(module, result)
  return result
}
const cache = new WeakMap<Module, ReadonlyMap<string, FromInputs>>()

const boxLatencies = (module: Module): ReadonlyMap<string, FromInputs> => {
  const { through, next, latency = 'varies' } = module.blackBox!
  return new Map(
    module.outputs.map(({ name }) => {
      const direct = new Set(through.get(name))
      return [
        name,
        new Map(
          module.inputs.flatMap((input): [string, number | 'varies'][] => {
            if (!next) return direct.has(input.name) ? [[input.name, 0]] : []
            return [[input.name, direct.has(input.name) ? (latency === 0 ? 0 : 'varies') : latency]]
          }),
        ),
      ]
    }),
  )
}

const countedLatencies = (module: Module): ReadonlyMap<string, FromInputs> => {
  const netlist = netlistOf(module)
  const crossing = new Map<Node, Node>(
    module.registers.flatMap((register) => (register.crossing === undefined ? [] : [[register.node, register.next]])),
  )
  const steps = (node: Node) => {
    const across = crossing.get(node)
    return across ? [{ from: across, cycles: 'varies' as const }] : stepsInto(netlist, node)
  }
  const reached = new Map<Node, FromInputs>()
  const whole = { ...netlist, next: (node: Node) => crossing.get(node) ?? netlist.next(node) }
  for (const group of groupsUnder(
    whole,
    module.outputs.map(({ node }) => node),
  )) {
    const feedback = isFeedback(whole, group)
    const inside = new Set(feedback ? group : [])
    const from = new Map<string, number | 'varies'>()
    for (const node of group) {
      if (node.op === 'in') from.set(node.name, 0)
      for (const step of steps(node)) {
        if (inside.has(step.from)) continue
        for (const [input, before] of reached.get(step.from)!) {
          const cycles = before === 'varies' || step.cycles === 'varies' || feedback ? 'varies' : before + step.cycles
          const other = from.get(input)
          from.set(input, other === undefined || other === cycles ? cycles : 'varies')
        }
      }
    }
    for (const node of group) reached.set(node, from)
  }
  return new Map(module.outputs.map(({ name, node }) => [name, reached.get(node)!]))
}
