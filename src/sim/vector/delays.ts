import type { PortLayout } from '../engine.ts'
import { type Group, originOf } from './groups.ts'
import { rangeOf, signed, unsigned } from './lane-type.ts'

/** A register that holds what an input was some cycles ago. */
export interface Delayed {
  /** Index of the port. */
  readonly input: number
  readonly cycles: number
}

/** Rows of inputs that are kept, so that those of a cycle and the rows before them stay in the processor's cache. */
const longest = 64

/**
 * Registers of the top that only delay an input, by node: earlier rows of inputs hold their values, and no cycle need move them.
 * Two that share a value must share their reset.
 */
export const delaysOf = (top: Group, ports: PortLayout): ReadonlyMap<number, Delayed> => {
  const found = new Map<number, Delayed>()
  if (top.lanes > 1) return found
  const { inputs, registers } = top.body
  const begins = new Map(
    ports.inputs.flatMap(({ words }, input) => (words === 1 ? [[inputs[input]!, { input, cycles: 0 }] as const] : [])),
  )
  const resets = new Map<string, bigint>()
  const byNext = new Map<number, (typeof registers)[number][]>()
  for (const register of registers) {
    const { group, node } = originOf(top, register.next, 0)
    if (group === top) byNext.set(node, [...(byNext.get(node) ?? []), register])
  }
  const follow = (node: number, { input, cycles }: Delayed): void => {
    const { min, max } = rangeOf(inputLane(ports.inputs[input]!.range))
    for (const { node: next, reset } of byNext.get(node) ?? []) {
      const key = `${input} ${cycles}`
      if (cycles === longest || reset < min || reset > max || (resets.get(key) ?? reset) !== reset) continue
      resets.set(key, reset)
      found.set(next, { input, cycles: cycles + 1 })
      follow(next, { input, cycles: cycles + 1 })
    }
  }
  for (const [node, begin] of begins) follow(node, begin)
  return found
}

/** How a port of one word is read. */
export const inputLane = ({ max }: { readonly max: bigint }) => (max < 2n ** 31n ? signed[32] : unsigned[32])
