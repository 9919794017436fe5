import type { CheckFailure, SignalValue } from './engine.ts'
import type { FlatCheck } from './flatten.ts'

/** A failed check as engines report it, given its signals' values in their order. */
export const failureOf = (
  { path, message, signals }: FlatCheck,
  cycle: number,
  values: readonly (number | bigint)[],
): CheckFailure => ({
  cycle,
  message: path ? `${path}: ${message}` : message,
  signals: signals.map((signal, k): SignalValue => {
    const value = BigInt(values[k]!)
    const name = signal.encoding?.values[Number(value)]
    return { path: signal.path, value, ...(name !== undefined && { name }) }
  }),
})
