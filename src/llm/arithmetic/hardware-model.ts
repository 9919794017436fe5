import { UserError } from '../../base/user-error.ts'
import type { ProcessingElement } from '../../pe/family.ts'
import type { TiledElement } from '../../pe/tile.ts'
import { floatLinear } from '../float-linear.ts'
import type { Linear } from '../forward.ts'
import type { QuantisedRun } from '../quantised/quantised-run.ts'
import { activationsOfPe, type HardwareLayer, hardwareLayer } from './hardware-layer.ts'
import { type ArithmeticOptions, openArithmetic } from './open.ts'
import type { HardwareProduct } from './product.ts'

/** A quantised model whose linear layers compute in a PE's arithmetic. */
export interface HardwareModel {
  readonly run: QuantisedRun & { readonly linear: Linear }
  /** Gives back threads and memory. */
  readonly close: () => void
}

/**
 * Linear layers in exactly a PE's arithmetic: activations become the codes that it reads, each group's result is that of its golden model,
 * and around it stands what `bitloom run` has on the host: `y = y + scale * result` group by group in float32, at last times the scale of
 * the token, of BitMoD that of the channel. Layers that stayed float32 are multiplied in float32. A UserError where codes are none that the PE
 * reads.
 */
export const hardwareModel = (
  quantised: QuantisedRun,
  pe: ProcessingElement | TiledElement,
  options: ArithmeticOptions = {},
): HardwareModel => {
  activationsOfPe(pe)
  const layers = new Map<string, HardwareLayer>()
  for (const [name, { coded, activations }] of quantised.matrices)
    if (coded) layers.set(name, hardwareLayer(pe, name, coded, activations))
  if (layers.size === 0)
    throw new UserError(
      'E-ARITHMETIC-CODES',
      `no layer has codes for ${pe.spec} to read; give --quant a quantiser other than float`,
    )
  const arithmetic = openArithmetic(pe, options)
  const products = new Map<string, HardwareProduct>()
  const linear: Linear = async (matrix, input, tokens) => {
    const layer = layers.get(matrix.name)
    if (!layer) return floatLinear(matrix, input, tokens)
    const product = products.get(matrix.name) ?? arithmetic.load(layer.weights)
    products.set(matrix.name, product)
    const { codes, scales } = layer.inputs(input, tokens)
    return layer.outputs(await product.run(codes, tokens), tokens, scales)
  }
  return { run: { ...quantised, linear }, close: arithmetic.close }
}
