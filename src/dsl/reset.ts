import { leavesOf, placed } from './aggregate.ts'
import type { Graph } from './graph.ts'
import type { Constant } from './ir.ts'
import type { ScalarShape, Shape } from './shape.ts'
import type { LiteralOf } from './signal.ts'

/** A register's shape with the value it has after reset. */
export interface Reset<S extends Shape = Shape> {
  readonly kind: 'reset'
  readonly shape: S
  readonly value: LiteralOf<S>
}

/** Shapes of registers, with or without a reset value. */
export interface RegisterShapes {
  readonly [name: string]: Shape | Reset
}

/** `regs({ count: reset(u(4), 9) })`: a register that is 9 after reset. Vectors and records take one literal for each part. */
export const reset = <S extends Shape>(shape: S, value: LiteralOf<S>): Reset<S> => ({ kind: 'reset', shape, value })

/** The shape alone, and the reset value of each of its scalars: as told, else 0 or the bound nearest to it. */
export const resetsOf = (
  graph: Graph,
  name: string,
  wanted: Shape | Reset,
): { readonly shape: Shape; readonly values: bigint[] } => {
  if (wanted.kind !== 'reset') return { shape: wanted, values: nearestToZero(wanted) }
  const what = `the reset value of register '${name}'`
  const values = leavesOf(graph, name, wanted.shape, wanted.value, what).map(({ name: leaf, shape, operand }) => {
    if (typeof operand === 'object' && operand.node.op !== 'const')
      throw graph.error('E-RANGE', `${what} is a literal, since reset knows no signals; assign the signal to .next`)
    return (placed(graph, `register '${leaf}'`, shape, operand) as Constant).value
  })
  return { shape: wanted.shape, values }
}

const nearestToZero = (shape: Shape): bigint[] => {
  if (shape.kind === 'vector') return Array.from({ length: shape.length }, () => nearestToZero(shape.element)).flat()
  if (shape.kind === 'record') return Object.values(shape.fields).flatMap(nearestToZero)
  return [restOf(shape)]
}

const restOf = ({ min, max }: ScalarShape): bigint => (min > 0n ? min : max < 0n ? max : 0n)
