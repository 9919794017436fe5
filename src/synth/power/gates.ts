/** The cells of a netlist as a simulation runs them: what they compute, in what order, and after what delay. */
import { type Followed, inOrder } from '../cell-order.ts'
import { storageOf } from '../library/library.ts'
import { pinBit } from '../netlist.ts'
import { netOf } from '../timing-wires.ts'
import { type CellLogic, pinsIn, refuseUnknown, type Situations, stateName } from './cell-logic.ts'
import type { PowerDesign } from './design.ts'

/** None, those of the library's tables at the slews and loads of static timing, or the same one for every cell. */
export type Delays = 'zero' | 'cell' | 'unit'

/** Delays are whole multiples of this, so that sums of them are exact and equal times are equal. */
const grain_ps = 2 ** -10

export interface Gate {
  /** Behind all that feed it within a step. */
  readonly rank: number
  readonly variables: number
  /** That are connected, by their number in the cell. */
  readonly outputs: readonly { readonly net: number; readonly number: number; readonly table: Situations }[]
  /** Bit of the state; 0 of logic. */
  readonly stateMask: number
  readonly storage: CellLogic['storage']
  /** Undefined where it has no delays of its own. */
  readonly ways: CellWays | undefined
  /** Whether it drives nets of the clock, which have no delay. */
  readonly onClock: boolean
}

interface CellWays {
  /** By output, variable, its edge and the output's; NaN where there is no way. */
  readonly delays: Float64Array
  /** By output and edge: the longest, for what moves it by no way. */
  readonly longest: Float64Array
}

/** Pins that a cell's outputs follow at once, of a latch with its data or, to cut a loop, without. */
const followed =
  (throughLatches: boolean): Followed =>
  (cell) => {
    const names = cell.inputs.map(({ name }) => name)
    const storage = storageOf(cell)
    if (!storage || (storage.kind === 'latch' && throughLatches)) return names
    const awaited = pinsIn([storage.clock, storage.clear, storage.preset].join(' '))
    return names.filter((name) => awaited.includes(name))
  }

const ranksOf = ({ netlist, connectivity }: PowerDesign): ReadonlyMap<unknown, number> => {
  const order = (throughLatches: boolean) => inOrder(netlist, connectivity, followed(throughLatches))
  const ranked = (cells: readonly unknown[]) => new Map(cells.map((at, rank) => [at, rank]))
  try {
    return ranked(order(true))
  } catch (error) {
    if (!connectivity.placed.some(({ cell }) => storageOf(cell)?.kind === 'latch')) throw error
    return ranked(order(false))
  }
}

/** Delays of a cell's ways by output, variable and edges. */
const wayDelays = (design: PowerDesign): ((index: number) => CellWays) => {
  const { connectivity, ways, launches } = design
  const numbers = new Map(connectivity.placed.map((at, index) => [at, index]))
  const made = new Map<number, CellWays>()
  const of = (index: number) => {
    const found = made.get(index)
    if (found) return found
    const outputs = connectivity.placed[index]!.cell.outputs.length
    const delays = new Float64Array(outputs * design.logic(index).variables.length * 4).fill(Number.NaN)
    const own = { delays, longest: new Float64Array(2 * outputs) }
    made.set(index, own)
    return own
  }
  const outputOf = (index: number, net: number): number =>
    connectivity.placed[index]!.cell.outputs.findIndex(
      ({ name }) => pinBit(connectivity.placed[index]!.instance, name) === net,
    )
  const rounded = (delay: number): number => Math.max(0, Math.round(delay / grain_ps) * grain_ps)
  for (const { from, to, delay, placed } of ways) {
    const index = numbers.get(placed)!
    const { delays, longest } = of(index)
    const output = outputOf(index, netOf(to))
    const { variables } = design.logic(index)
    variables.forEach((name, k) => {
      if (pinBit(placed.instance, name) !== netOf(from)) return
      const at = ((output * variables.length + k) * 2 + (from & 1)) * 2 + (to & 1)
      delays[at] = Math.max(rounded(delay), Number.isNaN(delays[at]!) ? 0 : delays[at]!)
    })
    longest[2 * output + (to & 1)] = Math.max(rounded(delay), longest[2 * output + (to & 1)]!)
  }
  for (const { to, delay, placed } of launches) {
    const index = numbers.get(placed)!
    const { longest } = of(index)
    const at = 2 * outputOf(index, netOf(to)) + (to & 1)
    longest[at] = Math.max(rounded(delay), longest[at]!)
  }
  return of
}

/** The gates of a design by the number of their cell. A cell whose function is not known is a `UserError`, and a loop of logic. */
export const gatesOf = (design: PowerDesign, delays: Delays): Gate[] => {
  const { connectivity, clocks } = design
  const ranks = ranksOf(design)
  const waysOf = delays === 'cell' ? wayDelays(design) : undefined
  return connectivity.placed.map((at, index): Gate => {
    const { variables, outputs, storage } = design.logic(index)
    const stateAt = variables.indexOf(stateName)
    return {
      rank: ranks.get(at) ?? 0,
      variables: variables.length,
      outputs: at.cell.outputs.flatMap(({ name }, number) => {
        const net = pinBit(at.instance, name)
        return typeof net === 'number' ? [{ net, number, table: outputs[number] ?? refuseUnknown(at) }] : []
      }),
      stateMask: storage && stateAt >= 0 ? 1 << stateAt : 0,
      storage,
      ways: waysOf?.(index),
      onClock: clocks.cells.has(at),
    }
  })
}

/** After how long an output of a gate moves to a level, where the variables in `changed` moved to those in `situation`. */
export const delayOf = (
  { ways, variables }: Gate,
  output: number,
  level: number,
  changed: number,
  situation: number,
): number => {
  if (!ways) return 0
  const edge = level === 1 ? 0 : 1
  let delay = Number.NaN
  for (let k = 0; k < variables; k++) {
    if (((changed >> k) & 1) === 0) continue
    const from = ((situation >> k) & 1) === 1 ? 0 : 1
    const way = ways.delays[((output * variables + k) * 2 + from) * 2 + edge]!
    if (!Number.isNaN(way) && !(way <= delay)) delay = way
  }
  return Number.isNaN(delay) ? ways.longest[2 * output + edge]! : delay
}
