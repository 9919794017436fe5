import { cureOf } from '../../base/suggestion.ts'
import { findCrossing, type Place } from '../check/crossings.ts'
import { findLoop, loopText } from '../check/loops.ts'
import type { Origin } from '../error.ts'
import type { Graph } from '../graph.ts'
import type { Module, Node } from '../ir.ts'
import { findMisalignment } from '../latency/meetings.ts'
import type { Places } from './places.ts'

/** Which inputs and registers a component of checked latency names as holding still while data passes. */
export interface CheckedLatency {
  readonly steady: (node: Node) => boolean
  readonly names: ReadonlySet<string>
}

/** Refuses what only the finished module shows: loops, crossings of clocks, paths of different delay that meet. */
export const refuseStructure = (
  graph: Graph,
  module: Module,
  places: Places,
  latency: CheckedLatency | undefined,
  declared: Origin,
): void => {
  const loop = findLoop(module)
  if (loop)
    throw graph.error(
      'E-LOOP',
      `${loopText(module, loop)} depends on itself within one cycle; put a register into the path`,
      module.wires.find(({ node }) => loop.includes(node))?.source,
    )

  const lineOf = (place: Node | string | undefined): Origin =>
    (typeof place === 'string'
      ? module.instances.find(({ name }) => name === place)?.source
      : place && places.originOf(place)) ?? declared
  const crossing = findCrossing(module)
  if (crossing) {
    const originOf = ({ node, instance, memory, source }: Place): Origin =>
      source ?? module.memories.find(({ name }) => name === memory)?.source ?? lineOf(instance ?? node)
    const show = (place: Place): string => `${place.what} of clock '${place.domain}'`
    const line = originOf(crossing.from)()
    const cure =
      crossing.from.node?.op === 'lookup'
        ? '.read() it on that clock, or say why it is safe: .lookup(address, { crossing })'
        : 'pass it through sync2 or an asyncFifo'
    throw graph.error(
      'E-CROSSING',
      `${show(crossing.to)} reads ${show(crossing.from)}${line ? ` (${line})` : ''} without a synchroniser; ${cure}`,
      originOf(crossing.to),
    )
  }

  if (!latency) return
  const known = [...module.inputs, ...module.registers].map(({ name }) => name)
  for (const name of latency.names)
    if (!known.includes(name))
      throw graph.error(
        'E-NAME',
        `'steady' lists '${name}', which is neither an input nor a register${cureOf(name, known, 'correct the name')}`,
      )
  const misalignment = findMisalignment(module, latency.steady)
  if (misalignment) throw graph.error('E-LATENCY', misalignment.sentence, lineOf(misalignment.place))
}
