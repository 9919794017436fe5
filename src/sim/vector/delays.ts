import type { PortLayout } from '../engine.ts'
import { type Group, lanesOf } from './groups.ts'
import { rangeOf, signed, unsigned } from './lane-type.ts'
import type { Origins } from './origins.ts'

/** What a register holds in one lane: what an input was some cycles ago. */
export interface Delayed {
  /** Index of the port. */
  readonly input: number
  readonly cycles: number
}

export interface Delays {
  /** Registers that do nothing else, by group and node, for each of their lanes. */
  readonly registers: ReadonlyMap<Group, ReadonlyMap<number, readonly Delayed[]>>
  /** What they hold after a reset: each input that many cycles ago is one value. */
  readonly resets: readonly (Delayed & { readonly reset: number })[]
}

/** Rows of inputs that are kept, so that those of a cycle and the rows before them stay in the processor's cache. */
const longest = 256

/**
 * Registers that only delay an input, in all their lanes: earlier rows of inputs hold their values, and no cycle need move them.
 * Two that share a value share their reset. `wanted` may refuse a register.
 */
export const delaysOf = (
  groups: readonly Group[],
  origins: Origins,
  ports: PortLayout,
  wanted: (group: Group, node: number, lanes: readonly Delayed[]) => boolean,
): Delays => {
  const readers = readersOf(groups, origins)
  const refused = new Uint8Array(readers.registers.length)
  for (;;) {
    let settled = true
    const delays = new Map<Group, Map<number, readonly Delayed[]>>()
    const { found, resets } = spread(ports, readers, refused)
    for (const { index, lanes } of found) {
      const { group, node } = readers.registers[index]!
      if (!isComplete(lanes) || !wanted(group, node, lanes)) {
        refused[index] = 1
        settled = false
      } else {
        let known = delays.get(group)
        if (!known) {
          known = new Map()
          delays.set(group, known)
        }
        known.set(node, lanes)
      }
    }
    // What is read through a refused one is none either.
    if (settled) return { registers: delays, resets }
  }
}

const wordOf = (value: bigint): number => (value >= -(2n ** 31n) && value < 2n ** 32n ? Number(value) : Number.NaN)

const isComplete = (lanes: readonly (Delayed | undefined)[]): lanes is readonly Delayed[] => !lanes.includes(undefined)

/**
 * Lanes of registers whose next value is simply that of another such register or of an input. Numbers in lists, not objects: an
 * array has tens of thousands.
 */
interface Readers {
  /** Each has a value in each lane, from number `value` on; before them come the inputs of the top. */
  readonly registers: readonly {
    readonly group: Group
    readonly node: number
    readonly value: number
    readonly lanes: number
  }[]
  /** By value, the first lane of a register that reads it; by such a lane, the next that reads the same; -1 where there is none. */
  readonly first: Int32Array
  readonly after: Int32Array
  /** By lanes of registers: of which register, and what it is after a reset; not a number where that is no word. */
  readonly registerOf: Int32Array
  readonly resetOf: Float64Array
}

const readersOf = (groups: readonly Group[], origins: Origins): Readers => {
  const registers: (Readers['registers'][number] & { readonly next: number; readonly reset: bigint })[] = []
  const inputs = groups[0]!.body.inputs.length
  let values = inputs
  /** By group and node: the first value of a register. */
  const valuesOf = groups.map(({ body }) => new Int32Array(body.nodes.length).fill(-1))
  for (const group of groups)
    for (const { node, next, reset } of group.body.registers) {
      const { op } = group.body.nodes[next]!
      if (op !== 'in' && op !== 'out' && op !== 'reg') continue
      const lanes = lanesOf(group, node)
      registers.push({ group, node, next, reset, value: values, lanes })
      valuesOf[group.index]![node] = values
      values += lanes
    }
  const first = new Int32Array(values).fill(-1)
  const last = new Int32Array(values).fill(-1)
  const after = new Int32Array(values).fill(-1)
  const registerOf = new Int32Array(values)
  const resetOf = new Float64Array(values)
  registers.forEach(({ group, next, reset, value, lanes }, index) => {
    registerOf.fill(index, value, value + lanes)
    resetOf.fill(wordOf(reset), value, value + lanes)
    for (let lane = 0; lane < lanes; lane++) {
      const reader = value + lane
      const origin = origins.of(group, next, lane)
      const { op, port } = origin.group.body.nodes[origin.node]!
      const register = valuesOf[origin.group.index]?.[origin.node] ?? -1
      if (op !== 'in' && register < 0) continue
      const read = op === 'in' ? port : register + origin.lane
      if (last[read]! < 0) first[read] = reader
      else after[last[read]!] = reader
      last[read] = reader
    }
  })
  return { registers, first, after, registerOf, resetOf }
}

interface Found {
  /** Of a register. */
  readonly index: number
  readonly lanes: (Delayed | undefined)[]
}

/** From every input on, through registers that are not refused. */
const spread = (
  ports: PortLayout,
  readers: Readers,
  refused: Uint8Array,
): { readonly found: readonly Found[]; readonly resets: Delays['resets'] } => {
  const { registers, first, registerOf } = readers
  const found: Found[] = []
  const resets: Delays['resets'][number][] = []
  const known = new Array<Found | undefined>(registers.length)
  let reached = new Int32Array(first.length)
  let next = new Int32Array(first.length)
  ports.inputs.forEach(({ words, range }, input) => {
    if (words > 1) return
    const { min, max } = rangeOf(inputLane(range))
    const within = { min: Number(min), max: Number(max) }
    reached[0] = input
    for (let cycles = 1, count = 1; cycles <= longest; cycles++) {
      count = readersAfter(readers, refused, within, reached.subarray(0, count), next)
      if (count === 0) break
      const delayed = { input, cycles, reset: readers.resetOf[next[0]!]! }
      resets.push(delayed)
      for (let k = 0; k < count; k++) {
        const reader = next[k]!
        const index = registerOf[reader]!
        const { value, lanes } = registers[index]!
        let of = known[index]
        if (!of) {
          of = { index, lanes: new Array<Delayed | undefined>(lanes).fill(undefined) }
          known[index] = of
          found.push(of)
        }
        of.lanes[reader - value] = delayed
      }
      const before = reached
      reached = next
      next = before
    }
  })
  return { found, resets }
}

/**
 * Puts the lanes of registers that read one of some values into a list, and gives how many: what an input was so many cycles ago is
 * one value, after a reset as well, and a word.
 */
const readersAfter = (
  { first, after, registerOf, resetOf }: Readers,
  refused: Uint8Array,
  within: { readonly min: number; readonly max: number },
  values: Int32Array,
  into: Int32Array,
): number => {
  let count = 0
  for (let k = 0; k < values.length; k++)
    for (let reader = first[values[k]!]!; reader >= 0; reader = after[reader]!) {
      const reset = resetOf[reader]!
      const fits = count > 0 ? reset === resetOf[into[0]!] : reset >= within.min && reset <= within.max
      if (fits && refused[registerOf[reader]!] === 0) into[count++] = reader
    }
  return count
}

/** How a port of one word is read. */
export const inputLane = ({ max }: { readonly max: bigint }) => (max < 2n ** 31n ? signed[32] : unsigned[32])
