/** Evaluates a mapped netlist by its cells' own functions, 32 independent stimuli at a time (one per bit of an int32). */
import type { Library } from '../../src/synth/library/library.ts'
import { cellsByName } from '../../src/synth/library/library.ts'
import { type Bit, type Netlist, pinBit } from '../../src/synth/netlist.ts'

type Lanes = number
/** Port name to its bits, bit 0 first. */
export type Values = Record<string, Lanes[]>

/** Liberty's `! & | ^` are JavaScript's `~ & | ^` on integers, with the same precedence where parentheses say so. */
const compile = (formula: string, inputs: readonly string[]): ((...lanes: Lanes[]) => Lanes) =>
  new Function(...inputs, `return ${formula.replaceAll('!', '~')}`) as (...lanes: Lanes[]) => Lanes

export const evaluator = (netlist: Netlist, library: Library) => {
  const cells = cellsByName(library)
  const nets = new Map<Bit, Lanes>([
    ['0', 0],
    ['1', -1],
    ['x', 0],
  ])
  const state = new Map<string, Lanes>()
  const read = (bit: Bit): Lanes | undefined => nets.get(bit)
  const gates = netlist.instances.flatMap((instance) => {
    const cell = cells.get(instance.cell)!
    if (cell.flipFlop || cell.clockGate) return []
    const pins = cell.inputs.map((pin) => pin.name)
    return cell.outputs.map((output) => ({
      inputs: pins.map((pin) => pinBit(instance, pin)),
      net: pinBit(instance, output.name),
      formula: compile(output.function, pins),
    }))
  })
  const flipFlops = netlist.instances.filter((instance) => cells.get(instance.cell)!.flipFlop)
  /** The enable of the clock gate that drives a net; constant 1 where none does. */
  const enableOf = new Map(
    netlist.instances.flatMap((instance): [Bit, Bit][] => {
      const { clockGate, outputs } = cells.get(instance.cell)!
      return clockGate ? [[pinBit(instance, outputs[0]!.name), pinBit(instance, clockGate.enable)]] : []
    }),
  )
  const settle = (inputs: Values): void => {
    for (const key of [...nets.keys()]) if (typeof key === 'number') nets.delete(key)
    for (const port of netlist.ports.filter(({ direction }) => direction === 'input'))
      port.bits.forEach((bit, index) => {
        nets.set(bit, inputs[port.name]?.[index] ?? 0)
      })
    for (const instance of flipFlops)
      for (const { name, function: of } of cells.get(instance.cell)!.outputs) {
        const held = state.get(instance.name) ?? 0
        nets.set(pinBit(instance, name), of === 'IQ' ? held : ~held)
      }
    let waiting = gates
    while (waiting.length > 0) {
      const left = waiting.filter(({ inputs: from, net, formula }) => {
        const lanes = from.map(read)
        if (lanes.some((value) => value === undefined)) return true
        nets.set(net, formula(...(lanes as Lanes[])))
        return false
      })
      if (left.length === waiting.length) throw new Error('the netlist has a loop')
      waiting = left
    }
  }
  return {
    /** Output ports with these inputs and the present state. */
    outputs(inputs: Values): Values {
      settle(inputs)
      return Object.fromEntries(
        netlist.ports
          .filter(({ direction }) => direction === 'output')
          .map((port) => [port.name, port.bits.map((bit) => read(bit) ?? 0)]),
      )
    },
    /** One rising clock edge under these inputs. */
    clock(inputs: Values): void {
      settle(inputs)
      for (const instance of flipFlops) {
        const clear = cells.get(instance.cell)!.flipFlop!.clearLow
        const keep = clear === undefined ? -1 : (read(pinBit(instance, clear)) ?? -1)
        const load = read(enableOf.get(pinBit(instance, 'CK')) ?? '1')!
        const next = (load & (read(pinBit(instance, 'D')) ?? 0)) | (~load & (state.get(instance.name) ?? 0))
        state.set(instance.name, next & keep)
      }
    },
  }
}

/** The numbers of 32 stimuli as lanes of `width` bits. */
export const toLanes = (numbers: readonly number[], width: number): Lanes[] =>
  Array.from({ length: width }, (_, bit) =>
    numbers.reduce((lanes, value, lane) => lanes | (((value >> bit) & 1) << lane), 0),
  )

/** The signed number that each of 32 lanes holds, at most 32 bits. */
export const fromLanes = (lanes: readonly Lanes[]): number[] =>
  Array.from({ length: 32 }, (_, lane) => {
    const raw = lanes.reduce((value, bits, bit) => value | (((bits >>> lane) & 1) << bit), 0)
    return (raw << (32 - lanes.length)) >> (32 - lanes.length)
  })

/** A seeded source of integers in [0, 2^32). */
export const random = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state ^ (state >>> 15)) >>> 0
  }
}
