import { type Builder, component, type Int, type IntShape, s, u } from '../../dsl/index.ts'
import { compress } from './compressor.ts'
import type { ProductForm } from './multiply-add.ts'
import { arrayProduct, boothProduct } from './partial-products.ts'
import { shiftAdd } from './shift-add.ts'

export interface ProductParameters {
  readonly a: IntShape
  readonly b: IntShape
  readonly form: ProductForm
}

/** `a * b`, exactly; as gates its rows, compressed by full adders. */
export const Product = component('product', ({ a, b, form }: ProductParameters) => {
  const exact = a.times(b)
  const shape = exact.min < 0n ? s(exact.width) : u(exact.width)
  return {
    name: `product_${a.tag}_${b.tag}_${form.replace('-', '_')}`,
    in: { a, b },
    out: { result: shape },
    // Shift-add knows the bounds of its result less exactly than a product does.
    logic: (operands) => ({
      result: form === 'shift-add' ? shiftAdd(operands.a, operands.b).wrap(shape) : operands.a.mul(operands.b),
    }),
    gates(operands, builder) {
      const rows = (form === 'booth' ? boothProduct : arrayProduct)(operands.a, operands.b)
      const bits = compress(builder, 'column', rows, shape.width)
      return { result: shape.min < 0n ? bits.signed() : bits.unsigned() }
    },
  }
})

/** An instance `name` of `Product` on signals of any shape. */
export const product = (
  { use }: Pick<Builder, 'use'>,
  name: string,
  a: Int,
  b: Int,
  form: ProductParameters['form'] = 'array',
): Int => use(name, Product({ a: a.shape, b: b.shape, form }), { a, b }).result
