import type { Builder } from '../builder.ts'
import { bits, bool, mostBits, type ScalarShape, whole } from '../shape.ts'
import type { AnySignal } from '../signal.ts'

/** A shape that holds the signal. */
export const shapeOf = (signal: AnySignal): ScalarShape => {
  if (signal.kind === 'bool') return bool
  return signal.kind === 'bits' ? bits(signal.width) : signal.shape
}

/** The value now, one cycle later and so on up to `cycles` later: a shift register of registers `name_1` upwards. */
export const delays = <S extends AnySignal>(builder: Builder, name: string, value: S, cycles: number): S[] => {
  whole('delay', 'cycles', cycles, 0, mostBits)
  const chain: S[] = [value]
  for (let k = 1; k <= cycles; k++) {
    const key = `${name}_${k}`
    const stage = builder.regs({ [key]: shapeOf(value) })[key] as unknown as S & { next: S }
    stage.next = chain[k - 1]!
    chain.push(stage)
  }
  return chain
}

/** The value `cycles` cycles later, held in registers `name_1` upwards; 0 or the bound nearest to it until then. */
export const delay = <S extends AnySignal>(builder: Builder, name: string, value: S, cycles: number): S =>
  delays(builder, name, value, cycles)[cycles]!
