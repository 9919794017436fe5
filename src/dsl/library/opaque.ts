import type { InstanceOptions } from '../builder.ts'
import { mainClock } from '../clock.ts'
import type { IntShape, Shape } from '../shape.ts'
import type { Stream } from '../stream.ts'

/** Parts that move data about and never look inside treat every shape as if it were an integer's. */
export const opaque = (shape: Shape): IntShape => shape as IntShape

/** Parts know the implicit clock alone; they are used on the clock of the stream they are for. */
export const onClockOf = ({ clock }: Pick<Stream, 'clock'>): InstanceOptions =>
  clock.name === mainClock.name ? {} : { clocks: [[mainClock, clock]] }
