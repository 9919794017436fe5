/**
 * What nets do over time, whoever says it: how often each toggles, how long it is 1, and how long every cell is in each situation
 * of its pins, so that a condition's share of the time is that of the pins together and not the product of each alone.
 */
import type { Connectivity } from '../connectivity.ts'
import { storageOf } from '../library/library.ts'
import { type Bit, pinBit } from '../netlist.ts'
import { type CellLogic, mostVariables, stateName } from './cell-logic.ts'
import { type Sight, seenByNet } from './seen-by.ts'

/** 0, 1, or not known. */
export type Level = 0 | 1 | 2
export const unknown = 2

/** Of one cell, by the number in `Connectivity.placed`. */
export interface Situation {
  /** Time in each situation, in ps, of variables that are seen. */
  readonly times: Float64Array
  readonly total: number
  /** Bits of variables that no net shows; they are 0 in `times`. */
  readonly unseen: number
}

export interface Counted {
  readonly duration_ps: number
  /** By net; from 0 or 1 to the other, what is not known in between left out. */
  readonly toggles: Float64Array
  /** Share of the time in which it is 1, by net, of that in which it is known; NaN where it never is. */
  readonly high: (net: number) => number
  readonly situation: (index: number) => Situation | undefined
}

export interface ActivityCounter {
  /** Begins to count; values stay. */
  begin(now_ps: number): void
  set(net: number, level: Level, now_ps: number): void
  end(now_ps: number): Counted
}

/** An output that shows the state of its cell as it is or inverted, in place of `IQ`. */
const stateNet = ({ placed }: Connectivity, index: number): { readonly bit: Bit; readonly inverted: boolean } => {
  const { instance, cell } = placed[index]!
  for (const { name, function: text } of cell.outputs) {
    const bit = pinBit(instance, name)
    if (typeof bit === 'number' && (text === stateName || text === `!${stateName}`))
      return { bit, inverted: text !== stateName }
  }
  return { bit: 'x', inverted: false }
}

/** Counts of nets up to number `nets`. All are unknown until they are set. */
export const activityCounter = (
  connectivity: Connectivity,
  nets: number,
  logic: (index: number) => CellLogic,
): ActivityCounter => {
  const { placed } = connectivity
  const levels = new Uint8Array(nets).fill(unknown)
  /** Last level that was known. */
  const known = new Uint8Array(nets).fill(unknown)
  const toggles = new Float64Array(nets)
  const highTime = new Float64Array(nets)
  const knownTime = new Float64Array(nets)
  const since = new Float64Array(nets)

  // Which cells see a net, and as which variable.
  const sights: Sight[] = []
  const offsets = new Int32Array(placed.length + 1)
  const unseen = new Int32Array(placed.length)
  const at = new Int32Array(placed.length)
  const unknowns = new Int32Array(placed.length)
  const cellSince = new Float64Array(placed.length)
  placed.forEach(({ instance, cell }, index) => {
    const { variables } = logic(index)
    const counted = variables.length <= mostVariables
    offsets[index + 1] = offsets[index]! + (counted ? 2 ** variables.length : 0)
    if (!counted) return
    variables.forEach((name, k) => {
      const mask = 1 << k
      const { bit, inverted } =
        storageOf(cell) && name === stateName
          ? stateNet(connectivity, index)
          : { bit: pinBit(instance, name), inverted: false }
      if (bit === '1') at[index]! |= mask
      else if (typeof bit === 'number') {
        unknowns[index]!++
        sights.push({ net: bit, cell: index, mask, inverted })
      } else if (bit !== '0') unseen[index]! |= mask
    })
  })
  const { from, cells, masks, inverted } = seenByNet(nets, sights)
  const times = new Float64Array(offsets[placed.length]!)
  const settleCell = (index: number, now: number): void => {
    if (unknowns[index] === 0) times[offsets[index]! + at[index]!]! += now - cellSince[index]!
    cellSince[index] = now
  }
  const settleNet = (net: number, now: number): void => {
    const passed = now - since[net]!
    if (levels[net] !== unknown) knownTime[net]! += passed
    if (levels[net] === 1) highTime[net]! += passed
    since[net] = now
  }
  let begun = 0
  return {
    begin(now) {
      begun = now
      for (const counts of [toggles, highTime, knownTime, times]) counts.fill(0)
      since.fill(now)
      cellSince.fill(now)
    },
    set(net, level, now) {
      const before = levels[net]!
      if (before === level) return
      settleNet(net, now)
      levels[net] = level
      if (level !== unknown) {
        if (known[net] === 1 - level) toggles[net]!++
        known[net] = level
      }
      const end = from[net + 1]!
      for (let sight = from[net]!; sight < end; sight++) {
        const index = cells[sight]!
        settleCell(index, now)
        if (before === unknown) unknowns[index]!--
        if (level === unknown) unknowns[index]!++
        else if (level !== inverted[sight]) at[index]! |= masks[sight]!
        else at[index]! &= ~masks[sight]!
      }
    },
    end(now) {
      for (let net = 0; net < nets; net++) settleNet(net, now)
      for (let index = 0; index < placed.length; index++) settleCell(index, now)
      return {
        duration_ps: now - begun,
        toggles,
        high: (net) => highTime[net]! / knownTime[net]!,
        situation(index) {
          const own = times.subarray(offsets[index], offsets[index + 1])
          const total = own.reduce((sum, time) => sum + time, 0)
          return total > 0 ? { times: own, total, unseen: unseen[index]! } : undefined
        },
      }
    },
  }
}
