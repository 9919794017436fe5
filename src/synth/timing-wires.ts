/** What the nets of a design load their drivers with, and how long their wires take. */
import type { Connectivity } from './connectivity.ts'
import type { WireLoad } from './library/library.ts'

/** 0 where a net rises, 1 where it falls. */
export type Edge = 0 | 1
export const edges: readonly Edge[] = [0, 1]

/** A net and an edge. */
export const nodeOf = (net: number, edge: Edge): number => 2 * net + edge
export const netOf = (node: number): number => node >> 1

export interface TimingConditions {
  /** At each output port. */
  readonly outputLoad_fF: number
  readonly wireLoad: WireLoad | undefined
}

/** Length of a wire that feeds so many pins: along the line through the points around, beyond the last by the slope. */
const lengthOf = ({ lengths, slope }: WireLoad, fanout: number): number => {
  const [first, last] = [lengths[0], lengths.at(-1)]
  if (!first || !last) return slope * fanout
  if (fanout >= last[0]) return last[1] + slope * (fanout - last[0])
  const k = lengths.findIndex(([at]) => at >= fanout)
  const [right, left] = [lengths[k]!, lengths[k - 1] ?? [0, 0]]
  return left[1] + ((right[1] - left[1]) * (fanout - left[0])) / (right[0] - left[0])
}

/** Loads of nets and delays of their wires. */
export const wiring = (
  { sinks, outputPorts }: Connectivity,
  nets: number,
  { outputLoad_fF, wireLoad }: TimingConditions,
): {
  /** By node, with what pins load a rising and a falling driver with. */
  readonly loads: Float64Array
  /** By net, with the pins' capacitance. */
  readonly capacitances: Float64Array
  readonly wire: (node: number, pin_fF: number) => number
} => {
  const loads = new Float64Array(2 * nets)
  const capacitances = new Float64Array(nets)
  /** Each pin's part of a wire. */
  const wires = new Map<number, { readonly fanout: number; readonly share: number; readonly resistance: number }>()
  for (let net = 0; net < nets; net++) {
    const fed = sinks.get(net) ?? []
    const ports = outputPorts.get(net) ?? 0
    const fanout = fed.length + ports
    if (fanout === 0) continue
    const length = wireLoad ? lengthOf(wireLoad, fanout) : 0
    const capacitance = length * (wireLoad?.capacitance_fF_per_length ?? 0)
    capacitances[net] = fed.reduce((sum, { pin }) => sum + pin.capacitance_fF, ports * outputLoad_fF + capacitance)
    for (const edge of edges) {
      let load = ports * outputLoad_fF + capacitance
      for (const { pin } of fed) load += pin.edges_fF?.[edge === 0 ? 'rise' : 'fall'] ?? pin.capacitance_fF
      loads[nodeOf(net, edge)] = load
    }
    const resistance = length * (wireLoad?.resistance_kohm_per_length ?? 0)
    if (resistance > 0) wires.set(net, { fanout, share: capacitance / fanout, resistance: resistance / fanout })
  }
  return {
    loads,
    capacitances,
    wire: (node, pin_fF) => {
      const wire = wires.get(netOf(node))
      if (!wire || wireLoad?.tree === 'best_case') return 0
      if (wireLoad?.tree === 'balanced') return wire.resistance * (wire.share + pin_fF)
      return wire.fanout * wire.resistance * loads[node]!
    },
  }
}
