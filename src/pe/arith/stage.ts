import { Bits, Bool, type Builder, delay, Int } from '../../dsl/index.ts'

/**
 * A pipeline cut: the same a cycle later, every signal of the record in a register of its own, `name_field_1`. What is no
 * signal stays, and so do constants.
 */
export const nextStage = <Stage extends object>(builder: Builder, name: string, stage: Stage): Stage => {
  const later = Object.entries(stage).map(([field, value]: [string, unknown]) => {
    const isSignal = value instanceof Bool || value instanceof Int || value instanceof Bits
    return [field, isSignal && value.node.op !== 'const' ? delay(builder, `${name}_${field}`, value, 1) : value]
  })
  return Object.fromEntries(later) as Stage
}
