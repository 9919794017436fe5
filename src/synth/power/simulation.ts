/**
 * An event-driven simulation of a mapped netlist, with two levels. Cells compute what the library says of them: functions,
 * flip-flops of either edge with any data, clear and preset, latches, clock gates. With delays, an output follows after the delay
 * of its way, by edge, and a pulse shorter than that is swallowed (inertial, `ours`: what a gate cannot follow charges no load).
 * Without delays every cell moves once in a step, behind all that feed it, so that there are no glitches.
 *
 * The clock is ideal, as in static timing: what drives nets of the clock has no delay. A flip-flop takes data as it stood before
 * the step in which its clock moves, so that data may come with the edge.
 */
import { UserError } from '../../base/user-error.ts'
import { netName, pinBit } from '../netlist.ts'
import type { ActivityCounter } from './activity-counter.ts'
import type { PowerDesign } from './design.ts'
import { eventQueue } from './event-queue.ts'
import { type Delays, delayOf, type Gate, gatesOf } from './gates.ts'
import { leastFirst } from './least-first.ts'
import { type Sight, seenByNet } from './seen-by.ts'

/** Of every cell in a simulation with unit delays, in ps; `ours`. */
export const unitDelay_ps = 30

export interface GateSimulation {
  /** Of a net, after all that was run. */
  level(net: number): 0 | 1
  /** Runs what is due before `now`, then moves nets at `now` with all that follows. Time never goes back. */
  move(now_ps: number, nets: readonly number[], levels: readonly (0 | 1)[]): void
  /** Runs what is due before `now`. */
  run(now_ps: number): void
}

/** Times that all cells may be evaluated in one step; beyond that they oscillate. */
const mostRounds = 100

const refuseOscillation = ({ netlist, connectivity }: PowerDesign, index: number, now: number): never => {
  const { instance, cell } = connectivity.placed[index]!
  const net = pinBit(instance, cell.outputs[0]?.name ?? '')
  throw new UserError(
    'E-OSCILLATION',
    `the netlist does not settle at ${now} ps, around ${typeof net === 'number' ? netName(netlist, net) : instance.name}; ` +
      'a loop of cells without a register cannot be simulated',
  )
}

/** The state of a gate after a step that began with it in situation `before`. */
const stateAfter = ({ storage, stateMask }: Gate, before: number, now: number, mayLoad: boolean): boolean => {
  const state = (now & stateMask) !== 0
  const { kind, clock, next, clear, preset, both } = storage!
  const [cleared, set] = [clear?.[now] === 1, preset?.[now] === 1]
  if (cleared && set) return both === undefined ? state : both === 1
  if (cleared || set) return set
  if (kind === 'latch') return clock[now] === 1 ? next[now] === 1 : state
  return mayLoad && clock[now] === 1 && clock[before] === 0 ? next[before] === 1 : state
}

/**
 * A simulation in which all is 0 until it settles in the first `move`; no register loads in that. The counter hears of every net
 * that moves. `UserError` for a cell whose function is not known and for a loop of logic.
 */
export const gateSimulation = (design: PowerDesign, delays: Delays, counter?: ActivityCounter): GateSimulation => {
  const { connectivity, nets } = design
  const gates = gatesOf(design, delays)
  const levels = new Uint8Array(nets)
  const situations = new Int32Array(gates.length)
  const before = new Int32Array(gates.length)
  const touched = new Int32Array(gates.length).fill(-1)
  /** Of the move that is due; -1 where none is. */
  const due = new Float64Array(nets).fill(-1)
  const sights: Sight[] = []
  connectivity.placed.forEach(({ instance }, gate) => {
    design.logic(gate).variables.forEach((name, k) => {
      const bit = pinBit(instance, name)
      if (bit === '1') situations[gate]! |= 1 << k
      if (typeof bit === 'number') sights.push({ net: bit, cell: gate, mask: 1 << k, inverted: false })
    })
  })
  const { from, cells, masks } = seenByNet(nets, sights)
  /** Gates in the order of who feeds whom, and the place of each. */
  const order = Int32Array.from(gates.keys()).sort((a, b) => gates[a]!.rank - gates[b]!.rank || a - b)
  const places = new Int32Array(gates.length)
  order.forEach((gate, place) => {
    places[gate] = place
  })
  const events = eventQueue()
  const dirty = leastFirst(gates.length)
  let serial = 0
  let step = 0
  let settled = false

  const touch = (gate: number): void => {
    if (touched[gate] !== step) {
      touched[gate] = step
      before[gate] = situations[gate]!
    }
    dirty.add(places[gate]!)
  }
  const set = (net: number, level: number, now: number): void => {
    if (levels[net] === level) return
    levels[net] = level
    if (settled) counter?.set(net, level as 0 | 1, now)
    const end = from[net + 1]!
    for (let at = from[net]!; at < end; at++) {
      const gate = cells[at]!
      touch(gate)
      situations[gate]! ^= masks[at]!
    }
  }
  const drive = (net: number, level: number, delay: number, now: number): void => {
    if (delay === 0) {
      due[net] = -1
      set(net, level, now)
    } else if (levels[net] === level) due[net] = -1
    else if (due[net] === -1) {
      due[net] = serial
      events.push(now + delay, serial * nets + net)
      serial++
    }
  }
  const evaluate = (index: number, now: number): void => {
    const gate = gates[index]!
    if (gate.stateMask !== 0 && stateAfter(gate, before[index]!, situations[index]!, settled))
      situations[index]! |= gate.stateMask
    else situations[index]! &= ~gate.stateMask
    const situation = situations[index]!
    for (const { net, number, table } of gate.outputs) {
      const level = table[situation]!
      const prompt = !settled || delays === 'zero' || gate.onClock
      const delay = prompt
        ? 0
        : delays === 'unit'
          ? unitDelay_ps
          : delayOf(gate, number, level, before[index]! ^ situation, situation)
      drive(net, level, delay, now)
    }
  }
  const settle = (now: number): void => {
    let left = mostRounds * gates.length
    while (!dirty.isEmpty()) {
      const gate = order[dirty.take()]!
      if (left-- === 0) refuseOscillation(design, gate, now)
      evaluate(gate, now)
    }
  }
  const takeDue = (now: number): void => {
    while (events.first() === now) {
      const value = events.pop()
      const net = value % nets
      if (due[net] !== Math.floor(value / nets)) continue
      due[net] = -1
      set(net, 1 - levels[net]!, now)
    }
  }
  const run = (now: number): void => {
    for (let next = events.first(); next < now; next = events.first()) {
      step++
      takeDue(next)
      settle(next)
    }
  }
  return {
    level: (net) => levels[net] as 0 | 1,
    run,
    move(now, moved, to) {
      run(now)
      step++
      takeDue(now)
      moved.forEach((net, k) => {
        set(net, to[k]!, now)
      })
      if (!settled) for (let gate = 0; gate < gates.length; gate++) touch(gate)
      settle(now)
      if (settled) return
      settled = true
      for (let net = 0; net < nets; net++) counter?.set(net, levels[net] as 0 | 1, now)
    },
  }
}
