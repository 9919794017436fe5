/**
 * Power of a netlist from what its nets do. Of every cell: internal, by its tables at the slew and load of its pins, each
 * condition by its share of the time; switching, half C V^2 of the net it drives, pins and wire, a toggle; leakage, each state
 * by its share of the time. All of it is of one kind: clock (nets that the clock travels, gates and buffers that drive them,
 * what clock pins draw inside), sequential, combinational, or the nets that input ports drive.
 */
import type { Placed } from '../connectivity.ts'
import { switching_fJ } from '../energy.ts'
import { readFormula, senseOf } from '../liberty/formula.ts'
import { type Cell, type InternalPower, type OutputPin, storageOf } from '../library/library.ts'
import { lookUp, type Table } from '../library/table.ts'
import { netName, pinBit } from '../netlist.ts'
import { nodeOf } from '../timing-wires.ts'
import type { Counted, Situation } from './activity-counter.ts'
import type { CellLogic, Situations } from './cell-logic.ts'
import { clockPins } from './clock-network.ts'
import type { PowerDesign } from './design.ts'

export interface PowerParts {
  readonly total_w: number
  readonly internal_w: number
  readonly switching_w: number
  readonly leakage_w: number
}

export const kinds = ['clock', 'sequential', 'combinational', 'inputs'] as const
export type PowerKind = (typeof kinds)[number]

/** A cell, or the net of an input port, which somebody else drives. */
export interface InstancePower extends PowerParts {
  readonly instance: string
  /** The first named net that it drives. */
  readonly net?: string
  /** Undefined of an input. */
  readonly cell?: string
  /** Of the total, what is of the kind `clock`. */
  readonly clock_w: number
}

export interface Power extends PowerParts {
  /** The same by kind; the kinds add up to the whole, part by part. */
  readonly kinds: Readonly<Record<PowerKind, PowerParts>>
  /** The same by cell and input net, in the order of the netlist. */
  readonly instances: readonly InstancePower[]
  /** Cells of which some condition's share of the time is not known, so that the mean was taken. */
  readonly averaged: number
}

type Part = 'internal' | 'switching' | 'leakage'
type Sums = Record<Part, number>

const zero = (): Sums => ({ internal: 0, switching: 0, leakage: 0 })

/** Femtojoules over picoseconds are milliwatts. */
const wattsOf = ({ internal, switching, leakage }: Sums, duration_ps: number): PowerParts => {
  const watts = (energy: number): number => (1e-3 * energy) / duration_ps
  return {
    total_w: watts(internal + switching + leakage),
    internal_w: watts(internal),
    switching_w: watts(switching),
    leakage_w: watts(leakage),
  }
}

/** The share of the time in which a table holds; variables that no net shows are 1 half of the time. */
const shareOf = (situations: Situations, { times, total, unseen }: Situation): number => {
  let held = 0
  for (let at = 0; at < times.length; at++) {
    const time = times[at]!
    if (time === 0) continue
    let [all, ones] = [0, 0]
    // Every subset of the variables that are not seen.
    for (let more = unseen; ; more = (more - 1) & unseen) {
      all++
      ones += situations[at | more]!
      if (more === 0) break
    }
    held += (time * ones) / all
  }
  return held / total
}

/** Where the output hangs on the pin: it differs with the pin. */
const sensitised = (output: Situations, variable: number): Situations =>
  output.map((value, at) => value ^ output[at ^ (1 << variable)]!)

/** The edge of a pin's net that moves an output to each edge: 0 rising, 1 falling, undefined either. */
const causeOf = (output: OutputPin, cell: Cell, pin: string, edge: 0 | 1): 0 | 1 | undefined => {
  const arc = output.delay.kind === 'tables' ? output.delay.arcs.find(({ from }) => from === pin) : undefined
  if (arc?.edge) return arc.edge === 'rising' ? 0 : 1
  const formula = readFormula(output.function)
  const sense = arc?.sense ?? (formula && !storageOf(cell) ? senseOf(formula, pin) : 'both')
  return sense === 'both' ? undefined : sense === 'positive' ? edge : edge === 0 ? 1 : 0
}

/** Power of a netlist whose nets do what is counted. */
export const powerOf = (design: PowerDesign, counted: Counted): Power => {
  const { netlist, library, connectivity, logic, clocks, slews, loads, capacitances } = design
  const { duration_ps, toggles } = counted
  const whole = Object.fromEntries(kinds.map((kind) => [kind, zero()])) as Record<PowerKind, Sums>
  const instances: InstancePower[] = []
  let averaged = 0

  /** Of a pin's net; the slew of clocks and inputs where nothing is known of it. */
  const slewOf = (net: number | string, edge: 0 | 1 | undefined): number => {
    const one = (at: 0 | 1): number => {
      const slew = typeof net === 'number' ? slews[nodeOf(net, at)]! : Number.NaN
      return Number.isNaN(slew) ? library.slew_ps : slew
    }
    return edge === undefined ? (one(0) + one(1)) / 2 : one(edge)
  }
  const loadAt = (net: number, edge: 0 | 1): number => loads[nodeOf(net, edge)]!
  const chargeOf = (net: number): number => switching_fJ(capacitances[net]!, library.voltage_V) * toggles[net]!
  const rateOf = (bit: number | string): number => (typeof bit === 'number' ? toggles[bit]! : 0)

  /** Energy of a mean toggle: an edge without a table costs nothing. */
  const meanOf = ({ rise, fall }: InternalPower, at: (table: Table, edge: 0 | 1) => number): number =>
    ((rise ? at(rise, 0) : 0) + (fall ? at(fall, 1) : 0)) / 2

  const cellPower = (index: number, at: Placed): void => {
    const { instance, cell } = at
    const situation = counted.situation(index)
    const own = logic(index)
    let isAveraged = false
    /** The share of the time of a condition; undefined where it is not known. */
    const share = (table: Situations | undefined): number | undefined => {
      if (table && situation) return shareOf(table, situation)
      isAveraged = true
      return undefined
    }
    const conditionShare = (when: string | undefined): number | undefined =>
      when === undefined ? 1 : share(own.situations(when))

    const clocked = clockPins(at)
    const storage = storageOf(cell)
    const kind: PowerKind = clocks.cells.has(at) ? 'clock' : storage ? 'sequential' : 'combinational'
    const sums = { clock: zero(), other: zero() }
    const add = (part: Part, energy: number, onClock = false): void => {
      const of = onClock ? 'clock' : kind
      sums[of === 'clock' ? 'clock' : 'other'][part] += energy
      whole[of][part] += energy
    }

    for (const pin of cell.inputs) {
      const bit = pinBit(instance, pin.name)
      const rate = rateOf(bit)
      if (rate === 0) continue
      const energy = pin.power
        ? hiddenEnergy(pin.power, conditionShare, (power) =>
            meanOf(power, (table, edge) => lookUp(table, slewOf(bit, edge), 0)),
          )
        : (pin.energy_fJ ?? 0)
      add('internal', rate * energy, clocked.includes(pin.name))
    }
    cell.outputs.forEach((output, k) => {
      const net = pinBit(instance, output.name)
      if (typeof net !== 'number' || toggles[net] === 0) return
      const onClock = clocks.nets.has(net)
      add('switching', chargeOf(net), onClock)
      const energy = output.power
        ? outputEnergy(at, output, own, own.outputs[k], rateOf, conditionShare, share, (power) =>
            meanOf(power, (table, edge) => {
              const from = power.relatedPin
              const slew = from === undefined ? 0 : slewOf(pinBit(instance, from), causeOf(output, cell, from, edge))
              return lookUp(table, slew, loadAt(net, edge))
            }),
          )
        : output.energy_fJ
      add('internal', toggles[net]! * energy, onClock)
    })
    // Nanowatts over picoseconds are millionths of a femtojoule.
    add('leakage', 1e-6 * leakageOf(cell, conditionShare) * duration_ps)
    if (isAveraged) averaged++
    const clock_w = wattsOf(sums.clock, duration_ps).total_w
    const { clock, other } = sums
    const both: Sums = {
      internal: clock.internal + other.internal,
      switching: clock.switching + other.switching,
      leakage: clock.leakage + other.leakage,
    }
    const net = cell.outputs
      .map(({ name }) => pinBit(instance, name))
      .map((bit) => (typeof bit === 'number' ? netlist.netNames.get(bit) : undefined))
      .find((name) => name !== undefined)
    instances.push({
      instance: instance.name,
      ...(net === undefined ? {} : { net }),
      cell: cell.name,
      ...wattsOf(both, duration_ps),
      clock_w,
    })
  }

  connectivity.placed.forEach((at, index) => {
    cellPower(index, at)
  })
  const inputs = netlist.ports.filter(({ direction }) => direction !== 'output').flatMap(({ bits }) => bits)
  for (const net of new Set(inputs)) {
    if (typeof net !== 'number' || connectivity.drivers.has(net)) continue
    const sums = { ...zero(), switching: chargeOf(net) }
    const onClock = clocks.nets.has(net)
    whole[onClock ? 'clock' : 'inputs'].switching += sums.switching
    const parts = wattsOf(sums, duration_ps)
    instances.push({ instance: `input ${netName(netlist, net)}`, ...parts, clock_w: onClock ? parts.total_w : 0 })
  }
  const total = kinds.reduce((sum, kind) => {
    for (const part of ['internal', 'switching', 'leakage'] as const) sum[part] += whole[kind][part]
    return sum
  }, zero())
  return {
    ...wattsOf(total, duration_ps),
    kinds: Object.fromEntries(kinds.map((kind) => [kind, wattsOf(whole[kind], duration_ps)])) as Power['kinds'],
    instances,
    averaged,
  }
}

type ConditionShare = (when: string | undefined) => number | undefined

/** Of a toggle of an input pin: each condition by its share; where one is not known the mean of all. */
const hiddenEnergy = (
  power: readonly InternalPower[],
  conditionShare: ConditionShare,
  energyOf: (power: InternalPower) => number,
): number => {
  const own = power.filter(({ relatedPin }) => relatedPin === undefined)
  const shares = own.map(({ when }) => conditionShare(when))
  const known = shares.every((share) => share !== undefined)
  return own.reduce((sum, each, k) => sum + energyOf(each) * (known ? shares[k]! : 1 / own.length), 0)
}

/**
 * Of a toggle of an output: the mean over what can have moved it, each by the toggles of its pin and the share of the time in
 * which it moves the output. Where no such pin toggles, the plain mean. What no pin is named for comes with every toggle.
 */
const outputEnergy = (
  { instance }: Placed,
  { power = [] }: OutputPin,
  { variables, storage }: CellLogic,
  output: Situations | undefined,
  rateOf: (bit: number | string) => number,
  conditionShare: ConditionShare,
  share: (table: Situations | undefined) => number | undefined,
  energyOf: (power: InternalPower) => number,
): number => {
  const related = power.filter(({ relatedPin }) => relatedPin !== undefined)
  const weights = related.map(({ relatedPin, when }): number => {
    const rate = rateOf(pinBit(instance, relatedPin!))
    if (rate === 0) return 0
    const variable = variables.indexOf(relatedPin!)
    const moving =
      when !== undefined
        ? conditionShare(when)
        : output && !storage && variable >= 0
          ? share(sensitised(output, variable))
          : 1
    return rate * (moving ?? 1)
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const mean = related.reduce(
    (sum, each, k) => sum + energyOf(each) * (total > 0 ? weights[k]! / total : 1 / related.length),
    0,
  )
  return mean + hiddenEnergy(power, conditionShare, energyOf)
}

/** In nW: each state by its share, and for the rest of the time what holds without a condition, or else the cell's mean. */
const leakageOf = ({ leakages, leakage_nW }: Cell, conditionShare: ConditionShare): number => {
  if (!leakages) return leakage_nW
  const stated = leakages.filter(({ when }) => when !== undefined)
  const shares = stated.map(({ when }) => conditionShare(when))
  if (!shares.every((share) => share !== undefined)) return leakage_nW
  const covered = shares.reduce((sum, share) => sum + share, 0)
  const rest = leakages.find(({ when }) => when === undefined)?.leakage_nW ?? leakage_nW
  return stated.reduce((sum, each, k) => sum + each.leakage_nW * shares[k]!, rest * Math.max(0, 1 - covered))
}
