import { createRandom } from '../../base/random.ts'
import { UserError } from '../../base/user-error.ts'
import { hadamardRotation, type Rotation, rotateColumns, rotateRows } from '../../quant/hadamard.ts'
import { headSizeOf, type Layer, type Matrix, type Model, type Norm } from '../model.ts'
import { float32Weights, floatsOf } from '../weights.ts'

/**
 * The same function with the residual stream, and the values of each head, turned by Hadamard matrices (QuaRot, arXiv 2404.00456,
 * weight modification and attention value projection; norms go into the matrices behind them first). Everything is fused into weights; what QuaRot does while
 * the model runs, before `down` and to queries and keys, is left out (ours). Turning goes through an RMSNorm but no LayerNorm, so a model
 * with the latter is a UserError. The signs are random, by the seed.
 */
export const rotatedModel = (model: Model, seed: number): Model => {
  const { config, architecture } = model
  if (architecture.norm !== 'rms')
    throw new UserError(
      'E-QUANT-ROTATE',
      `hadamard turns models with an RMSNorm, and ${model.name} has a LayerNorm; take smoothquant or awq`,
    )
  const random = createRandom(seed)
  const stream = hadamardRotation(config.dimension, random)
  const head = hadamardRotation(headSizeOf(config), random)
  const layers = model.layers.map((layer): Layer => {
    const { attentionNorm, feedForwardNorm, query, key, value, output, gate, up, down } = layer
    // A parallel block has one norm for both halves.
    const norm = feedForwardNorm ?? attentionNorm
    const reading = (matrix: Matrix, before: Norm): Matrix => turnedInputs(withNorm(matrix, before), stream)
    return {
      ...layer,
      attentionNorm: ones(attentionNorm),
      query: reading(query, attentionNorm),
      key: reading(key, attentionNorm),
      value: turnedOutputs(reading(value, attentionNorm), head),
      output: turnedOutputs(turnedInputs(output, head), stream),
      ...(feedForwardNorm ? { feedForwardNorm: ones(feedForwardNorm) } : {}),
      ...(gate ? { gate: reading(gate, norm) } : {}),
      up: reading(up, norm),
      down: turnedOutputs(down, stream),
    }
  })
  return {
    ...model,
    config: { ...config, sharedClassifier: false },
    embedding: turnedInputs(model.embedding, stream),
    ...(model.positions ? { positions: turnedInputs(model.positions, stream) } : {}),
    layers,
    finalNorm: ones(model.finalNorm),
    classifier: turnedInputs(withNorm(model.classifier, model.finalNorm), stream),
  }
}

const ones = ({ weight }: Norm): Norm => ({ weight: new Float32Array(weight.length).fill(1) })

/** The weight of the norm before a matrix inside the matrix. */
const withNorm = (matrix: Matrix, { weight }: Norm): Matrix => ({
  ...matrix,
  weights: float32Weights(floatsOf(matrix.weights).map((value, at) => value * weight[at % matrix.inputs]!)),
})

/** Reads turned inputs, in pieces of the rotation's size: `W Q`. */
const turnedInputs = (matrix: Matrix, rotation: Rotation): Matrix => ({
  ...matrix,
  weights: float32Weights(rotateRows(floatsOf(matrix.weights), rotation)),
})

/** Gives turned outputs, in pieces of the rotation's size: `Q^T W`. */
const turnedOutputs = (matrix: Matrix, rotation: Rotation): Matrix => {
  const { weights, outputs, inputs, bias } = matrix
  const data = floatsOf(weights)
  const turned = new Float32Array(data.length)
  for (let row = 0; row < outputs; row += rotation.size) {
    const [from, to] = [row * inputs, (row + rotation.size) * inputs]
    turned.set(rotateColumns(data.subarray(from, to), rotation), from)
  }
  return {
    ...matrix,
    weights: float32Weights(turned),
    ...(bias ? { bias: rotateRows(bias, rotation) } : {}),
  }
}
