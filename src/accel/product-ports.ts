import type { ProcessingElement } from '../pe/family.ts'
import { type PortLayout, portNamed } from '../sim/engine.ts'
import type { GroupedProduct } from './gemm.ts'
import type { ArraySize } from './output-stationary.ts'

/** Word of each port of an output-stationary array in a row, those that carry one operand a row or column by its number. */
export interface ProductPorts {
  readonly activation: readonly number[]
  readonly weight: readonly number[]
  /** None where the product's weights are symmetric. */
  readonly zero: readonly number[]
  /** None where the PE takes no exponents. */
  readonly exponent: readonly number[]
  /** None where the PE applies no scales. */
  readonly scale: readonly number[]
  readonly lastGroup: number | undefined
  readonly last: number
  /** Where a step takes several cycles. */
  readonly step: number | undefined
  readonly mode: { readonly at: number; readonly value: number } | undefined
  readonly result: readonly number[]
  readonly valid: readonly number[]
}

/** Throws a RangeError where the array applies scales and the product has none. */
export const productPorts = (
  { inputs, outputs }: PortLayout,
  { spec, operands, timing }: ProcessingElement,
  { rows, columns }: ArraySize,
  { zeros, scales }: GroupedProduct,
): ProductPorts => {
  if (operands.scale && !scales)
    throw new RangeError(
      `${spec} applies scales itself, and the product has none; give it outputs x groups scale codes`,
    )
  const input = (name: string): number => portNamed(inputs, name).offset
  const each = (name: string, count: number, of = inputs): number[] =>
    Array.from({ length: count }, (_, k) => portNamed(of, `${name}_${k}`).offset)
  const { mode, exponent, scale } = operands
  return {
    activation: each('activation', rows),
    weight: each('weight', columns),
    zero: zeros ? each('zero', columns) : [],
    exponent: exponent ? each('exponent', rows) : [],
    scale: scale ? each('scale', columns) : [],
    lastGroup: scale ? input('last_group') : undefined,
    last: input('last'),
    step: timing.cycles_per_step > 1 ? input('step') : undefined,
    mode: mode && { at: input('mode'), value: mode.value },
    result: each('result', columns, outputs),
    valid: each('result_valid', columns, outputs),
  }
}
