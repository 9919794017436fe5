import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import { type GroupedProduct, groupsOf } from './gemm.ts'

/** tokens x groups: what the activations of each group share, where the PE wants an exponent beside them; else undefined. */
export const groupExponents = (
  { operands }: Pick<ProcessingElement | TiledElement, 'operands'>,
  product: Pick<GroupedProduct, 'tokens' | 'inputs' | 'group'> & { readonly activations: ArrayLike<number> },
): Int32Array | undefined => {
  if (!('exponent' in operands) || !operands.exponent) return undefined
  const { tokens, inputs, group } = product
  const groups = groupsOf(product)
  const activations = Array.from(product.activations)
  const exponents = new Int32Array(tokens * groups)
  for (let token = 0; token < tokens; token++)
    for (let g = 0; g < groups; g++) {
      const row = token * inputs
      const codes = activations.slice(row + g * group, row + Math.min(inputs, (g + 1) * group))
      exponents[token * groups + g] = operands.exponent.of(codes)
    }
  return exponents
}
