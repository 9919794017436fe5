import { type GroupOptions, type GroupQuantised, quantiseWeights } from '../quant/group-integer.ts'
import { integerLinear } from '../quant/integer-reference.ts'
import { quantiseTokens } from '../quant/token-integer.ts'
import type { Linear } from './forward.ts'
import { linearLayersOf, type Matrix, type Model } from './model.ts'
import { floatsOf } from './weights.ts'

/** The quantised weights of each linear layer, by matrix name. */
export type QuantisedModel = ReadonlyMap<string, GroupQuantised>

/** Quantises every linear layer, the classifier included; embedding lookups and norms stay float32. */
export const quantiseModel = (model: Model, options: GroupOptions): QuantisedModel =>
  new Map(linearLayersOf(model).map((matrix) => [matrix.name, quantiseMatrix(matrix, options)]))

/** Quantises one linear layer. */
export const quantiseMatrix = ({ weights, outputs, inputs, name }: Matrix, options: GroupOptions): GroupQuantised =>
  quantiseWeights(floatsOf(weights), outputs, inputs, options, name)

/** The weights of `matrix` in a quantised model. */
export const weightsOf = (model: QuantisedModel, matrix: Matrix): GroupQuantised => {
  const weights = model.get(matrix.name)
  if (!weights) throw new RangeError(`the quantised model has no matrix ${matrix.name}`)
  return weights
}

/** A linear layer on the software reference: activations to integer codes per token, integer sums, scales. */
export const quantisedLinear =
  (model: QuantisedModel, activationBits = 8): Linear =>
  (matrix, input, tokens) =>
    integerLinear(
      quantiseTokens(input, tokens, matrix.inputs, { bits: activationBits }),
      tokens,
      weightsOf(model, matrix),
    )
