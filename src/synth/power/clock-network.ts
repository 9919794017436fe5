/** Where clocks go in a netlist: from input ports through buffers, logic and clock gates to what remembers. */
import type { Connectivity, Placed } from '../connectivity.ts'
import { storageOf } from '../library/library.ts'
import { type Netlist, pinBit } from '../netlist.ts'
import { pinsIn } from './cell-logic.ts'

export interface ClockNetwork {
  /** Nets of input ports. */
  readonly roots: ReadonlySet<number>
  /** All that the clock travels, the roots among them. */
  readonly nets: ReadonlySet<number>
  /** Cells that drive such nets, and clock gates. */
  readonly cells: ReadonlySet<Placed>
}

/** The pins of a cell that clock it. */
export const clockPins = ({ cell }: Placed): string[] => {
  const storage = storageOf(cell)
  return storage ? pinsIn(storage.clock).filter((name) => cell.inputs.some((pin) => pin.name === name)) : []
}

/** A latch whose output is the clock while it is open: a cell that says so, or one whose output names its clock. */
export const isClockGate = ({ cell }: Placed): boolean => {
  const storage = storageOf(cell)
  if (storage?.kind !== 'latch') return false
  const clocks = pinsIn(storage.clock)
  return (
    cell.clockGate !== undefined ||
    cell.outputs.some((output) => pinsIn(output.function).some((pin) => clocks.includes(pin)))
  )
}

/** Pins through which a clock passes on to a cell's outputs. */
const passedOn = (at: Placed): string[] =>
  isClockGate(at) ? clockPins(at) : storageOf(at.cell) ? [] : at.cell.inputs.map(({ name }) => name)

/** Every net that is reached from some, step by step. */
const reached = (from: Iterable<number>, next: (net: number) => Iterable<unknown>): Set<number> => {
  const found = new Set(from)
  const waiting = [...found]
  for (let net = waiting.pop(); net !== undefined; net = waiting.pop())
    for (const bit of next(net))
      if (typeof bit === 'number' && !found.has(bit)) {
        found.add(bit)
        waiting.push(bit)
      }
  return found
}

const outputsOf = ({ instance, cell }: Placed): unknown[] => cell.outputs.map(({ name }) => pinBit(instance, name))

/**
 * The network of the input ports in `given`; unless given, of those that come to a clock pin by themselves, through buffers,
 * inverters and clock gates. Logic on the way is passed, but its other inputs, such as an enable, make no clock.
 */
export const clockNetwork = (
  { ports }: Netlist,
  { placed, drivers, sinks }: Connectivity,
  given: readonly string[] | undefined,
): ClockNetwork => {
  const pins = placed.flatMap((at) => clockPins(at).map((pin) => pinBit(at.instance, pin)))
  const behind = reached(
    pins.filter((bit) => typeof bit === 'number'),
    (net) => {
      const driver = drivers.get(net)?.placed
      return driver ? passedOn(driver).map((pin) => pinBit(driver.instance, pin)) : []
    },
  )
  const comesAlone = (net: number): boolean => {
    const followed = reached([net], (each) =>
      (sinks.get(each) ?? []).flatMap(({ placed: at, pin }) =>
        (isClockGate(at) ? clockPins(at).includes(pin.name) : !storageOf(at.cell) && at.cell.inputs.length === 1)
          ? outputsOf(at)
          : [],
      ),
    )
    return [...followed].some((each) =>
      (sinks.get(each) ?? []).some(({ placed: at, pin }) => clockPins(at).includes(pin.name)),
    )
  }
  const candidates = ports
    .filter(({ name, direction }) => direction === 'input' && (given?.includes(name) ?? true))
    .flatMap(({ bits }) => bits.filter((bit) => typeof bit === 'number'))
  const roots = new Set(candidates.filter((net) => behind.has(net) && (given !== undefined || comesAlone(net))))
  const cells = new Set(placed.filter(({ cell }) => cell.clockGate))
  const nets = reached(roots, (net) =>
    (sinks.get(net) ?? []).flatMap(({ placed: at, pin }) => {
      if (!passedOn(at).includes(pin.name)) return []
      const on = outputsOf(at).filter((bit) => typeof bit === 'number' && behind.has(bit))
      if (on.length > 0) cells.add(at)
      return on
    }),
  )
  return { roots, nets, cells }
}
