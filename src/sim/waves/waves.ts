import type { Encoding } from '../../dsl/ir.ts'
import { type CheckFailure, type Port, readPort } from '../engine.ts'
import type { DeclaredSignal } from '../signals.ts'

/** One signal of recorded waves; as a `Port` it says where in a row its value stands. */
export interface WaveSignal extends Port {
  /** Hierarchical name, `cells.accumulator`; `name` is its last part. */
  readonly path: string
  readonly kind: DeclaredSignal['kind']
  /** Names of its values, of an enumeration or a state machine. */
  readonly encoding?: Encoding
}

/** An instance with what was recorded of it. */
export interface WaveScope {
  /** Name of the instance; of the module for the top. */
  readonly name: string
  /** Its Verilog ports of clock and reset, and which of `Waves.clocks` drives them. */
  readonly clocks: readonly { readonly clk: string; readonly rst: string | undefined; readonly clock: number }[]
  readonly signals: readonly WaveSignal[]
  readonly scopes: readonly WaveScope[]
}

/** A clock of the top. With several clocks, its `tick` is 1 in the cycles at whose end it rises. */
export interface WaveClock {
  readonly name: string
  readonly tick?: Port
}

/** What a design did, cycle by cycle: plain data, which printers draw. Cycles are counted from the engine's start. */
export interface Waves {
  readonly top: WaveScope
  readonly clocks: readonly WaveClock[]
  /** The first cycle that is still there, and how many are. */
  readonly firstCycle: number
  readonly cycles: number
  /** Rows of `rowWords` words, one a cycle; see `rowOf`. When it is full, the oldest row makes room. */
  readonly rows: Int32Array
  readonly rowWords: number
  /** Index of the row of `firstCycle`. */
  readonly firstRow: number
  /** Checks that failed, as the engine keeps them. */
  readonly failures: readonly CheckFailure[]
  /** Cycles that began with a reset. */
  readonly resets: readonly number[]
}

/** Where the row of a cycle begins in `rows`; a RangeError for a cycle that is not there. */
export const rowOf = (waves: Waves, cycle: number): number => {
  const { firstCycle, cycles, rows, rowWords, firstRow } = waves
  const at = cycle - firstCycle
  if (!Number.isInteger(at) || at < 0 || at >= cycles)
    throw new RangeError(
      cycles === 0
        ? `there is no cycle ${cycle}: no cycle has been recorded`
        : `there is no cycle ${cycle}: cycles ${firstCycle} to ${firstCycle + cycles - 1} are recorded`,
    )
  const capacity = rows.length / rowWords
  return ((firstRow + at) % capacity) * rowWords
}

/** All signals, those of an instance before those of the instances in it. */
export const signalsOf = ({ signals, scopes }: WaveScope): WaveSignal[] => [...signals, ...scopes.flatMap(signalsOf)]

/** Value of a signal in a cycle. */
export const valueIn = (waves: Waves, signal: WaveSignal, cycle: number): bigint =>
  readPort(waves.rows, signal, rowOf(waves, cycle))
