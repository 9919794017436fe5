/** Cells in an order in which each comes after those that feed it. */
import { UserError } from '../base/user-error.ts'
import type { Connectivity, Placed } from './connectivity.ts'
import type { Cell } from './library/library.ts'
import { type Netlist, netName, pinBit } from './netlist.ts'

/** The pins that a cell's outputs follow within a cycle; undefined where they move at the clock's edge alone. */
export type Followed = (cell: Cell) => readonly string[] | undefined

/** Gates follow all their inputs, flip-flops and clock gates the clock. */
export const combinationalInputs: Followed = ({ flipFlop, clockGate, inputs }) =>
  flipFlop || clockGate ? undefined : inputs.map(({ name }) => name)

/** The nets at some pins of a cell; constants are none. */
export const netsAt = ({ instance }: Placed, pins: readonly string[]): number[] =>
  pins.map((pin) => pinBit(instance, pin)).filter((net) => typeof net === 'number')

/** The cells that follow inputs, every cell after those of them that feed it; a loop is a `UserError`. */
export const inOrder = (netlist: Netlist, { placed, drivers, sinks }: Connectivity, followed: Followed): Placed[] => {
  const pinsOf = new Map<Placed, readonly string[]>()
  for (const at of placed) {
    const pins = followed(at.cell)
    if (pins) pinsOf.set(at, pins)
  }
  const waiting = new Map<Placed, number>()
  const follows = (net: number): boolean => drivers.has(net) && pinsOf.has(drivers.get(net)!.placed)
  for (const [at, pins] of pinsOf) waiting.set(at, netsAt(at, pins).filter(follows).length)
  const order = [...pinsOf.keys()].filter((at) => waiting.get(at) === 0)
  for (const at of order) {
    const outputs = at.cell.outputs.map(({ name }) => name)
    for (const net of netsAt(at, outputs))
      for (const { placed: next, pin } of sinks.get(net) ?? []) {
        if (!pinsOf.get(next)?.includes(pin.name)) continue
        const left = waiting.get(next)! - 1
        waiting.set(next, left)
        if (left === 0) order.push(next)
      }
  }
  if (order.length < pinsOf.size) refuseLoop(netlist, drivers, pinsOf, waiting)
  return order
}

/** Walks backwards among the cells that never became ready until it meets itself: that is the loop. */
const refuseLoop = (
  netlist: Netlist,
  drivers: Connectivity['drivers'],
  pinsOf: ReadonlyMap<Placed, readonly string[]>,
  waiting: ReadonlyMap<Placed, number>,
): never => {
  const stuck = (net: number): boolean => {
    const driver = drivers.get(net)
    return driver !== undefined && (waiting.get(driver.placed) ?? 0) > 0
  }
  let net = [...drivers.keys()].find(stuck)!
  const visited: number[] = []
  while (!visited.includes(net)) {
    visited.push(net)
    const { placed } = drivers.get(net)!
    net = netsAt(placed, pinsOf.get(placed)!).find(stuck)!
  }
  const loop = visited.slice(visited.indexOf(net)).reverse()
  const named = loop.filter((at) => netlist.netNames.has(at))
  const nets = (named.length > 0 ? named : loop).slice(0, 4).map((at) => netName(netlist, at))
  throw new UserError(
    'E-COMB-LOOP',
    `the logic feeds back on itself through ${nets.join(', ')}; put a register into the loop`,
  )
}
