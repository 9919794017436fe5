import type { UserError } from '../../base/user-error.ts'
import { unknownSignal } from '../signals.ts'
import { signalsOf, type Waves } from './waves.ts'

/** The error of a pattern that means nothing recorded. */
export const unknownIn = ({ top }: Waves, pattern: string): UserError =>
  unknownSignal(
    `the trace of ${top.name}`,
    signalsOf(top).map(({ path }) => path),
    pattern,
  )
