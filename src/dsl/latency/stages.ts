import type { Node } from '../ir.ts'
import { groupsUnder, isFeedback, type Netlist, type Step, stepsInto } from './netlist.ts'

/** How many cycles ago the inputs were taken that a value is made of, and the way it came. */
export interface Stage {
  readonly cycles: number
  readonly node: Node
  readonly before: Stage | undefined
}

/** Values that meet in one operation although they were taken in different cycles. */
export interface Meeting {
  readonly at: Node
  readonly early: Stage
  readonly late: Stage
}

/**
 * The stages of the nodes under `roots`: inputs are at 0, a register is one further than what it takes. Constants, steady
 * values and values that only come out of feedback have none and go with any. In feedback (an accumulator, a register that
 * may hold) what comes back out of a register of the ring is left out of the count: such a register is one further than
 * what enters the ring. `meet` is called where stages differ.
 */
export const stagesUnder = (
  netlist: Netlist,
  roots: readonly Node[],
  steady: (node: Node) => boolean,
  meet: (meeting: Meeting) => void,
): ReadonlyMap<Node, Stage | undefined> => {
  const ring = new Map<Node, readonly Node[]>()
  for (const group of groupsUnder(netlist, roots))
    if (isFeedback(netlist, group)) for (const node of group) ring.set(node, group)
  const counted = (node: Node): readonly Step[] => {
    if (steady(node)) return []
    const own = ring.get(node)
    return stepsInto(netlist, node).filter(
      ({ from, cycles }) =>
        cycles !== 'varies' &&
        !(own && ring.get(from) === own && (from.op === 'reg' || (node.op === 'out' && cycles > 0))),
    )
  }
  const stages = new Map<Node, Stage | undefined>()
  const stack = [...roots].reverse()
  const open = new Set<Node>()
  while (stack.length > 0) {
    const node = stack[stack.length - 1]!
    if (stages.has(node)) {
      stack.pop()
      continue
    }
    const steps = counted(node)
    const missing = steps.flatMap(({ from }) => (stages.has(from) || open.has(from) ? [] : [from]))
    if (missing.length > 0 && !open.has(node)) {
      open.add(node)
      stack.push(...missing)
      continue
    }
    open.delete(node)
    stack.pop()
    stages.set(node, stageOf(node, steps, stages, steady, meet))
  }
  return stages
}

const stageOf = (
  node: Node,
  steps: readonly Step[],
  stages: ReadonlyMap<Node, Stage | undefined>,
  steady: (node: Node) => boolean,
  meet: (meeting: Meeting) => void,
): Stage | undefined => {
  if (node.op === 'in') return steady(node) ? undefined : { cycles: 0, node, before: undefined }
  let found: Stage | undefined
  for (const { from, cycles } of steps) {
    const before = stages.get(from)
    if (!before) continue
    const stage: Stage = { cycles: before.cycles + (cycles as number), node, before }
    if (!found) found = stage
    else if (found.cycles !== stage.cycles) {
      const [early, late] = found.cycles < stage.cycles ? [found, stage] : [stage, found]
      meet({ at: node, early: early.before!, late: late.before! })
      found = late
    }
  }
  return found
}

/** `a -> product -> total`: inputs, registers, wires and instance outputs on the way, each with what `line` says of it. */
export const pathOf = (stage: Stage, line: (node: Node) => string): string => {
  const names: string[] = []
  let last: string | undefined
  for (let at: Stage | undefined = stage; at; at = at.before) {
    const { node } = at
    const name = node.op === 'out' ? `${node.instance}.${node.port}` : 'args' in node ? undefined : node.name
    if (name !== undefined && last !== name) names.unshift(`${name}${line(node)}`)
    last = name ?? last
  }
  return names.join(' -> ')
}

export const cyclesText = (cycles: number): string => `${cycles} cycle${cycles === 1 ? '' : 's'}`
