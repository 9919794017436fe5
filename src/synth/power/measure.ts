/**
 * A netlist under a stimulus, its activity counted in up to three ways at once: as a dump says, without delays, with them. The
 * outputs of both simulations are compared with the dump's, or with what the description answers, before every edge of the clock.
 */
import { UserError } from '../../base/user-error.ts'
import type { NamedNetlist, Netlist } from '../netlist.ts'
import { netName } from '../netlist.ts'
import { type ActivityCounter, activityCounter, type Counted, type Level, unknown } from './activity-counter.ts'
import type { PowerDesign } from './design.ts'
import type { Delays } from './gates.ts'
import { type GateSimulation, gateSimulation } from './simulation.ts'
import { connectedNets, readVcdNets } from './vcd-activity.ts'

/** Outputs of a simulation against those expected. */
export interface Compared {
  /** Times at which an output was known and compared: before each rising edge of the clock, or each move of an input. */
  readonly vectors: number
  /** Of them, those in which an output differed, over all simulations. */
  readonly mismatches: number
  /** The first, one sentence. */
  readonly first?: string
}

/** What was counted, by where it comes from. */
export interface Measured {
  readonly counted: { readonly dump?: Counted; readonly zero?: Counted; readonly cell?: Counted }
  readonly compared: Compared
  /** Rising edges of the clock, where there is one. */
  readonly cycles: number | undefined
  readonly duration_ps: number
}

export interface DumpMeasured extends Measured {
  readonly scope: string
  /** Nets of the netlist, and those of them that the dump has. */
  readonly nets: number
  readonly seen: number
  /** Why nothing was simulated, where that is so. */
  readonly unsimulated?: string
}

export interface DumpOptions {
  readonly scope?: string
  /** The part of the time that counts, in ps; all of it unless said. */
  readonly begin_ps?: number
  readonly end_ps?: number
}

export interface Simulated {
  readonly delays: Delays
  readonly simulation: GateSimulation
  readonly counter: ActivityCounter
}

export const simulated = (design: PowerDesign, delays: Delays): Simulated => {
  const counter = counterOf(design)
  return { delays, counter, simulation: gateSimulation(design, delays, counter) }
}

export const counterOf = (design: PowerDesign): ActivityCounter =>
  activityCounter(design.connectivity, design.nets, design.logic)

/** The nets of ports by direction. */
const portNets = ({ ports }: Netlist, direction: 'input' | 'output'): number[] => [
  ...new Set(
    ports
      .filter((port) => port.direction === direction)
      .flatMap(({ bits }) => bits.filter((bit) => typeof bit === 'number')),
  ),
]

/** Compares outputs with what they should be, and keeps count. */
export const comparison = (netlist: Netlist) => {
  let [vectors, mismatches] = [0, 0]
  let first: string | undefined
  return {
    /** `wanted` gives the level of an output's net; unknown ones are not compared. */
    compare(nets: readonly number[], wanted: (net: number) => Level, all: readonly Simulated[], now_ps: number): void {
      let [known, differs] = [false, false]
      for (const net of nets) {
        const level = wanted(net)
        if (level === unknown) continue
        known = true
        for (const { simulation, delays } of all) {
          if (simulation.level(net) === level) continue
          differs = true
          first ??=
            `${netName(netlist, net)} is ${simulation.level(net)} and should be ${level} before ${now_ps} ps ` +
            `(simulated with ${delays} delays)`
        }
      }
      if (known) vectors++
      if (differs) mismatches++
    },
    result: (): Compared => ({ vectors, mismatches, ...(first === undefined ? {} : { first }) }),
  }
}

const incomplete = (
  file: string,
  nets: number,
  seen: number,
  netlist: Netlist,
  missing: readonly number[],
): UserError =>
  new UserError(
    'E-VCD-NETS',
    `${file} has ${seen} of the ${nets} nets and not all inputs (${missing
      .slice(0, 3)
      .map((net) => netName(netlist, net))
      .join(', ')}${missing.length > 3 ? ', ...' : ''}), so that the others cannot be worked out; ` +
      'give a dump with all nets of the netlist, or with all its ports',
  )

/** Reads a dump of a netlist, or of the design it was made of. `UserError` where neither it nor a simulation says what all nets do. */
export const measureDump = (
  design: PowerDesign,
  named: NamedNetlist,
  pieces: Iterable<Uint8Array>,
  file: string,
  { scope: wantedScope, begin_ps = 0, end_ps = Number.POSITIVE_INFINITY }: DumpOptions = {},
): DumpMeasured => {
  const { netlist, clocks, nets: size } = design
  const connected = connectedNets(netlist)
  const inputs = new Set(portNets(netlist, 'input'))
  const dump = counterOf(design)
  const levels = new Uint8Array(size).fill(unknown)
  const comparing = comparison(netlist)
  let outputs: number[] = []
  let runs: Simulated[] = []
  let place: Pick<DumpMeasured, 'scope' | 'seen' | 'unsimulated'> = { scope: '', seen: 0 }
  /** Where counting began. */
  let begun: number | undefined
  let isFirst = true
  let cycles = 0
  let duration_ps = 0
  const counters = (): ActivityCounter[] => [dump, ...runs.map(({ counter }) => counter)]
  const begin = (now: number): void => {
    begun = now
    for (const { simulation } of runs) simulation.run(now)
    for (const counter of counters()) counter.begin(now)
  }
  let counted: Measured['counted'] = {}
  let isWhole = false
  readVcdNets(pieces, file, named, wantedScope, {
    found({ scope, seen }) {
      const own = [...connected].filter((net) => seen.has(net))
      isWhole = own.length === connected.size
      place = { scope, seen: own.length }
      const missing = [...inputs].filter((net) => !seen.has(net))
      if (missing.length > 0 && !isWhole) throw incomplete(file, connected.size, own.length, netlist, missing)
      outputs = portNets(netlist, 'output').filter((net) => seen.has(net))
      try {
        runs = [simulated(design, 'zero'), simulated(design, 'cell')]
      } catch (error) {
        if (!(error instanceof UserError && isWhole)) throw error
        place = { ...place, unsimulated: error.message }
      }
    },
    moved(now, nets, to) {
      if (now > end_ps) return
      const rises = nets.some((net, k) => clocks.roots.has(net) && to[k] === 1 && levels[net] === 0)
      const compares = clocks.roots.size > 0 ? rises : nets.some((net) => inputs.has(net))
      // Before the dump's own beginning nothing is known.
      if (begun === undefined && now >= begin_ps) begin(isFirst ? now : begin_ps)
      isFirst = false
      if (compares) {
        for (const { simulation } of runs) simulation.run(now)
        comparing.compare(outputs, (net) => levels[net] as Level, runs, now)
      }
      const moved: number[] = []
      const driven: (0 | 1)[] = []
      nets.forEach((net, k) => {
        const level = to[k]!
        levels[net] = level
        dump.set(net, level, now)
        if (!inputs.has(net)) return
        moved.push(net)
        driven.push(level === 1 ? 1 : 0)
      })
      if (rises && begun !== undefined) cycles++
      for (const { simulation } of runs) simulation.move(now, moved, driven)
    },
    end(last) {
      const now = Math.min(last, end_ps)
      if (begun === undefined || !(now > begun))
        throw new UserError(
          'E-VCD-TIME',
          `${file} has no time that counts: it ends at ${last / 1000} ns, and counting begins at ${begin_ps / 1000} ns`,
        )
      for (const { simulation } of runs) simulation.run(now)
      duration_ps = now - begun
      const of = (delays: Delays) => runs.find((run) => run.delays === delays)?.counter.end(now)
      const [zero, cell] = [of('zero'), of('cell')]
      counted = { ...(isWhole ? { dump: dump.end(now) } : {}), ...(zero ? { zero } : {}), ...(cell ? { cell } : {}) }
    },
  })
  return {
    ...place,
    nets: connected.size,
    counted,
    compared: comparing.result(),
    cycles: clocks.roots.size > 0 ? cycles : undefined,
    duration_ps,
  }
}
