import { describeActivations } from '../quant/activations.ts'
import { matrixQuantiserFamilies } from '../quant/families.ts'
import { roundToNearest } from '../quant/fitted.ts'
import { fullSpec, type ParameterSchema, parseSpec, readParameters, type Spec, unknownFamily } from '../spec/index.ts'
import { linearLayersOf, type Matrix, type Model } from './model.ts'
import { type QuantisedMatrix, type QuantisedRun, quantisedRun } from './quantised-run.ts'
import { floatsOf } from './weights.ts'

/** What happens to the linear layers of a model before it runs; embedding, norms, biases and attention stay as they are. */
export interface Quantiser {
  /** All parameters said. */
  readonly spec: string
  /** What becomes of weights and activations, one phrase each. */
  readonly weights: string
  readonly activations: string
  /** What runs in place of `model`; `onMatrix` is called after each matrix with the number that is done. */
  readonly prepare: (model: Model, onMatrix: (done: number) => void) => QuantisedRun
}

/** A kind of quantiser by name. */
export interface QuantiserFamily {
  readonly id: string
  readonly summary: string
  readonly source: string
  readonly parameters: ParameterSchema
}

interface Family extends QuantiserFamily {
  readonly apply: (spec: Spec) => Quantiser
}

/** Quantises every linear layer, the classifier included. */
const eachMatrix =
  (quantise: (matrix: Matrix) => QuantisedMatrix) =>
  (model: Model, onMatrix: (done: number) => void): QuantisedRun => {
    const matrices = new Map<string, QuantisedMatrix>()
    for (const matrix of linearLayersOf(model)) {
      matrices.set(matrix.name, quantise(matrix))
      onMatrix(matrices.size)
    }
    return quantisedRun(model, matrices)
  }

const float: Family = {
  id: 'float',
  summary: 'no quantisation: weights as they are stored, activations in float32',
  source: 'ours',
  parameters: {},
  apply: (spec) => {
    readParameters(spec, {})
    return {
      spec: fullSpec('float', {}, {}),
      weights: 'as the model file stores them',
      activations: 'float32',
      prepare: (model) => quantisedRun(model, new Map()),
    }
  },
}

const families: readonly Family[] = [
  float,
  ...matrixQuantiserFamilies.map((family) => ({
    ...family,
    apply: (spec: Spec): Quantiser => {
      const { fit, activations, ...said } = family.apply(spec)
      return {
        ...said,
        activations: describeActivations(activations),
        prepare: eachMatrix(({ weights, outputs, inputs, name }) => {
          const matrix = { data: floatsOf(weights), outputs, inputs, name }
          return { coded: roundToNearest(matrix, fit(matrix)), activations }
        }),
      }
    },
  })),
]

/** Every kind of quantiser that a spec may name. */
export const quantiserFamilies: readonly QuantiserFamily[] = families

/** The quantiser a spec text describes; anything wrong in it is a SpecError with a caret. */
export const quantiserOf = (text: string): Quantiser => {
  const spec = parseSpec(text)
  const family = families.find(({ id }) => id === spec.family.text)
  if (family) return family.apply(spec)
  throw unknownFamily(
    spec,
    families.map(({ id }) => id),
    ['quantiser', 'quantisers'],
  )
}
