import { type GroupOptions, type GroupQuantised, quantiseWeights } from '../../quant/group-integer.ts'
import { linearLayersOf, type Matrix, type Model } from '../model.ts'
import { floatsOf } from '../weights.ts'

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
