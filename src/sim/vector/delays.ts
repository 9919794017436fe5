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

/** Registers that do nothing else, by group and node, for each of their lanes. */
export type Delays = ReadonlyMap<Group, ReadonlyMap<number, readonly Delayed[]>>

/** Rows of inputs that are kept, so that those of a cycle and the rows before them stay in the processor's cache. */
const longest = 256

type Register = Group['body']['registers'][number]

/**
 * Registers that only delay an input, in all their lanes: earlier rows of inputs hold their values, and no cycle need move them.
 * Two that share a value share their reset. `wanted` may refuse a register.
 */
export const delaysOf = (
  groups: readonly Group[],
  originOf: Origins,
  ports: PortLayout,
  wanted: (group: Group, node: number, lanes: readonly Delayed[]) => boolean,
): Delays => {
  const readers = readersOf(groups, originOf)
  const refused = new Set<Register>()
  for (;;) {
    const found = spread(groups[0]!, ports, readers, refused)
    const before = refused.size
    const delays = new Map<Group, Map<number, readonly Delayed[]>>()
    for (const [register, { group, lanes }] of found) {
      const complete = lanes.flatMap((delayed) => delayed ?? [])
      if (complete.length < lanes.length || !wanted(group, register.node, complete)) refused.add(register)
      const known = delays.get(group) ?? new Map<number, readonly Delayed[]>()
      delays.set(group, known.set(register.node, complete))
    }
    // What is read through a refused one is none either.
    if (refused.size === before) return delays
  }
}

/**
 * Lanes of registers whose next value is simply that of another register or of an input. Numbers in lists, not objects: an array
 * has tens of thousands.
 */
interface Readers {
  /** The first of those that read a value, by where that value begins; the one after each; -1 behind the last. */
  readonly first: ReadonlyMap<number, number>
  readonly after: readonly number[]
  readonly registers: readonly { readonly group: Group; readonly register: Register }[]
  /** Of each, its register and lane. */
  readonly registerOf: readonly number[]
  readonly laneOf: readonly number[]
  /** A number for each value in each lane. */
  keyOf(group: Group, node: number, lane: number): number
}

const readersOf = (groups: readonly Group[], originOf: Origins): Readers => {
  const first = new Map<number, number>()
  const last = new Map<number, number>()
  const after: number[] = []
  const registers: { group: Group; register: Register }[] = []
  const registerOf: number[] = []
  const laneOf: number[] = []
  const firsts: number[] = []
  let values = 0
  for (const { body, lanes } of groups) {
    firsts.push(values)
    values += body.nodes.length * lanes
  }
  const keyOf = (group: Group, node: number, lane: number): number => firsts[group.index]! + node * group.lanes + lane
  for (const group of groups)
    for (const register of group.body.registers) {
      const { op } = group.body.nodes[register.next]!
      if (op !== 'in' && op !== 'out' && op !== 'reg') continue
      const index = registers.push({ group, register }) - 1
      const lanes = lanesOf(group, register.node)
      for (let lane = 0; lane < lanes; lane++) {
        const origin = originOf(group, register.next, lane)
        const key = keyOf(origin.group, origin.node, origin.lane)
        const reader = after.push(-1) - 1
        registerOf.push(index)
        laneOf.push(lane)
        const before = last.get(key)
        if (before === undefined) first.set(key, reader)
        else after[before] = reader
        last.set(key, reader)
      }
    }
  return { first, after, registers, registerOf, laneOf, keyOf }
}

type Found = Map<Register, { readonly group: Group; readonly lanes: (Delayed | undefined)[] }>

/** From every input on, through registers that are not refused. */
const spread = (
  top: Group,
  ports: PortLayout,
  { first, after, registers, registerOf, laneOf, keyOf }: Readers,
  refused: ReadonlySet<Register>,
): Found => {
  const found: Found = new Map()
  ports.inputs.forEach(({ words, range }, input) => {
    if (words > 1) return
    const { min, max } = rangeOf(inputLane(range))
    let reached: readonly number[] = [keyOf(top, top.body.inputs[input]!, 0)]
    for (let cycles = 1; cycles <= longest && reached.length > 0; cycles++) {
      const next: number[] = []
      // What an input was so many cycles ago is one value, after a reset as well.
      let begin: bigint | undefined
      const delayed = { input, cycles }
      for (const key of reached)
        for (let reader = first.get(key) ?? -1; reader >= 0; reader = after[reader]!) {
          const { group, register } = registers[registerOf[reader]!]!
          const lane = laneOf[reader]!
          const { node, reset } = register
          if (refused.has(register) || reset < min || reset > max || (begin ?? reset) !== reset) continue
          begin = reset
          let lanes = found.get(register)?.lanes
          if (!lanes) {
            lanes = new Array<Delayed | undefined>(lanesOf(group, node)).fill(undefined)
            found.set(register, { group, lanes })
          }
          lanes[lane] = delayed
          next.push(keyOf(group, node, lane))
        }
      reached = next
    }
  })
  return found
}

/** How a port of one word is read. */
export const inputLane = ({ max }: { readonly max: bigint }) => (max < 2n ** 31n ? signed[32] : unsigned[32])
