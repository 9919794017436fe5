import type { TiledElement, TileOperands } from '../pe/tile.ts'
import { type Port, type PortLayout, portNamed } from '../sim/engine.ts'
import type { ArraySize } from './output-stationary.ts'

/** A group of every row and column of a tile at once; rows and columns that are left out have 0. */
export interface TileStep {
  /** Codes, a list for each row, all of one length. */
  readonly activations: readonly ArrayLike<number>[]
  /** Codes, a list for each column, as long. */
  readonly weights: readonly ArrayLike<number>[]
  /** One for each column; what they select from is 0 where there is nothing. */
  readonly selectors: readonly number[]
  readonly scales: readonly number[]
  /** The next group adds to this one's results, and none come yet. */
  readonly continues: boolean
  /** Idle cycles before each of its steps, before the first at the least; none where nothing is said. */
  readonly stalls: readonly number[]
}

/** Rows of inputs, and the cycle of each group's `last`. */
export interface TileStimulus {
  readonly stimulus: Int32Array
  readonly cycles: number
  readonly ends: readonly number[]
}

/** Cycles from the one with a group's `last` to the one with row `row`'s result. */
export const tileResultCycle = ({ timing }: TiledElement, row: number): number => timing.latency_cycles + row

/**
 * Groups one after the other, back to back where they are as long as `shortestGroup`, and then cycles until the last result is
 * out. Lanes without operands have 0. In idle cycles the operands before them stand on: they must not count.
 */
export const tileStimulus = (
  ports: PortLayout,
  pe: TiledElement,
  size: ArraySize,
  groups: readonly TileStep[],
): TileStimulus => {
  const { lanes } = pe.operands
  const { cycles_per_step, shortestGroup } = pe.timing
  const at = portsOf(ports.inputs, pe.operands, size)
  let cycle = 0
  let earliest = 0
  // The first cycle of every step of every group.
  const steps = groups.map(({ activations, stalls }) => {
    const count = Math.ceil(activations[0]!.length / lanes)
    const offsets: number[] = []
    let length = 0
    for (let step = 0; step < count; step++) {
      if (step > 0) length += stalls[step] ?? 0
      offsets.push(length)
      length += cycles_per_step
    }
    const start = Math.max(cycle + (stalls[0] ?? 0), earliest - length + 1)
    cycle = start + length
    earliest = cycle - 1 + shortestGroup(size.rows)
    return offsets.map((offset) => start + offset)
  })
  const ends = steps.map((starts) => starts.at(-1)! + cycles_per_step - 1)
  const cycles = cycle + tileResultCycle(pe, size.rows - 1)
  const stimulus = new Int32Array(cycles * ports.inputWords)
  const put = (row: number, port: number, value: number): void => {
    stimulus[row * ports.inputWords + port] = value
  }
  const busy = new Uint8Array(cycles)
  groups.forEach((group, g) => {
    steps[g]!.forEach((start, step) => {
      put(start, at.step, 1)
      for (let row = start; row < start + cycles_per_step; row++) {
        busy[row] = 1
        for (let lane = 0; lane < lanes; lane++) {
          const k = step * lanes + lane
          for (const [r, list] of group.activations.entries()) put(row, at.activation[r]![lane]!, list[k] ?? 0)
          for (const [c, list] of group.weights.entries()) put(row, at.weight[c]![lane]!, list[k] ?? 0)
        }
        for (const [c, value] of group.selectors.entries())
          if (at.selector[c] !== undefined) put(row, at.selector[c], value)
      }
    })
    put(ends[g]!, at.last, 1)
    put(ends[g]!, at.lastGroup, group.continues ? 0 : 1)
    for (const [c, value] of group.scales.entries()) put(ends[g]!, at.scale[c]!, value)
  })
  const operands = [...at.activation.flat(), ...at.weight.flat()]
  for (let row = 1; row < cycles; row++) {
    if (busy[row]) continue
    for (const port of operands) put(row, port, stimulus[(row - 1) * ports.inputWords + port]!)
  }
  return { stimulus, cycles, ends }
}

const portsOf = (inputs: readonly Port[], { lanes, selector }: TileOperands, { rows, columns }: ArraySize) => {
  const offset = (name: string): number => portNamed(inputs, name).offset
  const each = <T>(count: number, of: (k: number) => T): T[] => Array.from({ length: count }, (_, k) => of(k))
  return {
    activation: each(rows, (r) => each(lanes, (k) => offset(`activation_${r}_${k}`))),
    weight: each(columns, (c) => each(lanes, (k) => offset(`weight_${c}_${k}`))),
    selector: selector ? each(columns, (c) => offset(`selector_${c}`)) : [],
    scale: each(columns, (c) => offset(`scale_${c}`)),
    step: offset('step'),
    last: offset('last'),
    lastGroup: offset('last_group'),
  }
}
