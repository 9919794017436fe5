import type { Dyadic, Value } from './exact.ts'
import { valueText } from './value-text.ts'

/** The error of a value that a format has no code for. */
export const cannotHold = (id: string, value: Value): RangeError =>
  new RangeError(`${id} has no code for ${valueText(value)}`)

/** The error of a finite value outside the limits, where overflow is an error. */
export const overflowError = (
  id: string,
  { min, max }: { readonly min: Dyadic; readonly max: Dyadic },
  value: Dyadic,
): RangeError => new RangeError(`${id} holds ${valueText(min)} to ${valueText(max)}, got ${valueText(value)}`)
