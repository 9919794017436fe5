import { type Activations, roundActivations } from '../../quant/activations.ts'
import { type CodedMatrix, dequantise } from '../../quant/coded.ts'
import type { GroupQuantised } from '../../quant/group-integer.ts'
import { integerLinear } from '../../quant/integer-reference.ts'
import { quantiseTokens } from '../../quant/token-integer.ts'
import { floatLinear } from '../float-linear.ts'
import type { Linear } from '../forward.ts'
import { fourBitWeights } from '../four-bit.ts'
import { type Model, withLinearLayers } from '../model.ts'
import { float32Weights, type Weights } from '../weights.ts'

/** What a linear layer became. */
export interface QuantisedMatrix {
  /** Absent where the weights stay as they are. */
  readonly coded?: CodedMatrix
  readonly activations: Activations
}

/** A model with the weights that the codes stand for, and where activations are quantised as well, its linear layer. */
export interface QuantisedRun {
  readonly model: Model
  /** Absent where float32 layers do, which every backend has. */
  readonly linear?: Linear
  /** By the name of the matrix. */
  readonly matrices: ReadonlyMap<string, QuantisedMatrix>
}

/**
 * How a model runs with these matrices. Integer weights with integer activations are exact integer sums, as the hardware makes them; other
 * layers multiply, in float32, what the codes of weights and activations stand for.
 */
export const quantisedRun = (model: Model, matrices: ReadonlyMap<string, QuantisedMatrix>): QuantisedRun => {
  const weightsOf = restoredWeights(matrices.values())
  const running = withLinearLayers(model, (matrix) => {
    const found = matrices.get(matrix.name)
    if (!found?.coded || integerOperands(found)) return matrix
    return { ...matrix, weights: weightsOf(found.coded) }
  })
  return restoredRun(running, matrices)
}

/**
 * What codes stand for, as layers with these activations read it: packed codes of 4 bits where all activations are float32, so that the
 * threads run the model, else float32. Either way each weight has the same bits.
 */
export const restoredWeights = (
  layers: Iterable<Pick<QuantisedMatrix, 'activations'>>,
): ((coded: CodedMatrix) => Weights) => {
  const plain = arePlain(layers)
  return (coded) => (plain ? fourBitWeights(coded) : undefined) ?? float32Weights(dequantise(coded))
}

const arePlain = (layers: Iterable<Pick<QuantisedMatrix, 'activations'>>): boolean =>
  [...layers].every(({ activations }) => activations.kind === 'float32')

/** The same of a model whose weights are already what the codes stand for. */
export const restoredRun = (model: Model, matrices: ReadonlyMap<string, QuantisedMatrix>): QuantisedRun => {
  return { model, matrices, ...(arePlain(matrices.values()) ? {} : { linear: linearOf(matrices) }) }
}

const linearOf =
  (matrices: ReadonlyMap<string, QuantisedMatrix>): Linear =>
  (matrix, input, tokens) => {
    const found = matrices.get(matrix.name)
    if (!found) return floatLinear(matrix, input, tokens)
    const integers = integerOperands(found)
    if (!integers) return floatLinear(matrix, roundActivations(input, tokens, matrix.inputs, found.activations), tokens)
    const activations = quantiseTokens(input, tokens, matrix.inputs, { bits: integers.bits })
    return integerLinear(activations, tokens, integers.weights)
  }

/** Weights and width of the activations where both are integers. */
const integerOperands = ({
  coded,
  activations,
}: QuantisedMatrix): { readonly weights: GroupQuantised; readonly bits: number } | undefined =>
  coded?.kind === 'integer' && activations.kind === 'integer' ? { weights: coded, bits: activations.bits } : undefined
