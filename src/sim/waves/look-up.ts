import type { UserError } from '../../base/user-error.ts'
import { unknownSignal } from '../signals.ts'
import { signalsOf, valueIn, type WaveSignal, type Waves } from './waves.ts'

/** All recorded signals, those of an instance before those of the instances in it. */
export const waveSignals = ({ top }: Waves): readonly WaveSignal[] => signalsOf(top)

/**
 * Value of the signal with that hierarchical name in a cycle, just before its clock edge. Throws a UserError for a signal and
 * a RangeError for a cycle that was not recorded.
 */
export const waveValue = (waves: Waves, path: string, cycle: number): bigint => {
  const signal = waveSignals(waves).find((recorded) => recorded.path === path)
  if (!signal) throw unknownIn(waves, path)
  return valueIn(waves, signal, cycle)
}

/** The error of a name or pattern that means nothing recorded. */
export const unknownIn = (waves: Waves, pattern: string): UserError =>
  unknownSignal(
    `the trace of ${waves.top.name}`,
    waveSignals(waves).map(({ path }) => path),
    pattern,
  )
