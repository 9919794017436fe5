import { fold, type Module } from '../../dsl/ir.ts'
import { type CheckFailure, type PortLayout, readPort } from '../engine.ts'
import { failureOf } from '../failure.ts'
import { type Flat, flatten } from '../flatten.ts'
import type { Moment } from './instance.ts'

/**
 * Says what a failed check is about. A vector program keeps no value that nobody reads, so that the signals' are worked out anew,
 * by the definition, from what the design holds before its clock edge. Checks are counted as `flatten` has them.
 */
export const explainer = (module: Module, ports: PortLayout) => {
  let known: { readonly flat: Flat; readonly paths: ReadonlyMap<number, string> } | undefined
  return (cycle: number, check: number, moment: Moment): CheckFailure => {
    known ??= prepared(module)
    const { flat, paths } = known
    const { values, inputs, memories, checks } = flat
    const worked = new Map<number, bigint>()
    inputs.forEach(({ value }, k) => {
      worked.set(value, readPort(moment.words, ports.inputs[k]!, moment.row))
    })
    const workedOut = (wanted: number): bigint => {
      // A stack of its own: conditions may be chains of thousands of operations.
      const open = [wanted]
      for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
        const { op, args, amount, value } = values[at]!
        const missing = args.find((arg) => !worked.has(arg))
        if (!worked.has(at) && missing !== undefined) {
          open.push(missing)
          continue
        }
        open.pop()
        if (worked.has(at)) continue
        const of = args.map((arg) => worked.get(arg)!)
        if (op === 'const') worked.set(at, value)
        else if (op === 'reg' || op === 'read') worked.set(at, moment.register(paths.get(at)!))
        else if (op === 'lookup') worked.set(at, moment.memory(memories[amount]!.path)[Number(of[0]!)] ?? 0n)
        else if (op !== 'in' && op !== 'box') worked.set(at, fold({ ...values[at]!, op }, of))
      }
      return worked.get(wanted)!
    }
    const found = checks[check]!
    return failureOf(
      found,
      cycle,
      found.signals.map(({ value }) => workedOut(value)),
    )
  }
}

const prepared = (module: Module) => {
  const flat = flatten(module)
  const states = [...flat.registers, ...flat.memories.flatMap(({ reads }) => reads)]
  return { flat, paths: new Map(states.map(({ value, path }) => [value, path])) }
}
