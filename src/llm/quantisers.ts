import { dequantiseBitmod, quantiseBitmod } from '../quant/bitmod.ts'
import { dequantiseWeights, type GroupQuantised } from '../quant/group-integer.ts'
import {
  fullSpec,
  type ParameterSchema,
  type ParametersOf,
  parseSpec,
  readParameters,
  unknownFamily,
} from '../spec/index.ts'
import type { Linear } from './forward.ts'
import { linearLayersOf, type Matrix, type Model } from './model.ts'
import { quantisedLinear, quantiseMatrix } from './quantised-linear.ts'
import { float32Weights, floatsOf } from './weights.ts'

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

/** A model with the weights that the codes stand for, and where activations are quantised as well, its linear layer. */
export interface QuantisedRun {
  readonly model: Model
  /** Absent where float32 layers do, which every backend has. */
  readonly linear?: Linear
}

/** A kind of quantiser by name. */
export interface QuantiserFamily {
  readonly id: string
  readonly summary: string
  readonly source: string
  readonly parameters: ParameterSchema
}

interface Family<S extends ParameterSchema> extends QuantiserFamily {
  readonly parameters: S
  readonly create: (values: ParametersOf<S>) => Omit<Quantiser, 'spec'>
}

/** The model with other weights in its linear layers. */
const withWeights =
  (make: (matrix: Matrix) => Float32Array) =>
  (model: Model, onMatrix: (done: number) => void): QuantisedRun => {
    let done = 0
    const renewed = (matrix: Matrix): Matrix => {
      const made = { ...matrix, weights: float32Weights(make(matrix)) }
      onMatrix(++done)
      return made
    }
    const layers = model.layers.map((layer) => ({
      ...layer,
      query: renewed(layer.query),
      key: renewed(layer.key),
      value: renewed(layer.value),
      output: renewed(layer.output),
      ...(layer.gate ? { gate: renewed(layer.gate) } : {}),
      up: renewed(layer.up),
      down: renewed(layer.down),
    }))
    return { model: { ...model, layers, classifier: renewed(model.classifier) } }
  }

/** The model as it is, with a linear layer that looks its quantised weights up by name. */
const withLinear =
  (quantise: (matrix: Matrix) => GroupQuantised, activationBits: number) =>
  (model: Model, onMatrix: (done: number) => void): QuantisedRun => {
    const weights = new Map<string, GroupQuantised>()
    for (const matrix of linearLayersOf(model)) {
      weights.set(matrix.name, quantise(matrix))
      onMatrix(weights.size)
    }
    return { model, linear: quantisedLinear(weights, activationBits) }
  }

const groupRule = { kind: 'integer', min: 1, max: 4096, default: 128, summary: 'weights that share a scale' } as const

const floatFamily: Family<Record<never, never>> = {
  id: 'float',
  summary: 'no quantisation: weights as they are stored, activations in float32',
  source: 'ours',
  parameters: {},
  create: () => ({
    weights: 'as the model file stores them',
    activations: 'float32',
    prepare: (model) => ({ model }),
  }),
}

const integerParameters = {
  w: {
    kind: 'choice',
    allowed: ['int2', 'int3', 'int4', 'int5', 'int6', 'int7', 'int8'],
    default: 'int4',
    summary: 'weights',
  },
  group: groupRule,
  weights: {
    kind: 'choice',
    allowed: ['asymmetric', 'symmetric'],
    default: 'asymmetric',
    summary: 'with a zero point, or around 0',
  },
  a: {
    kind: 'choice',
    allowed: ['float', 'int8', 'int7', 'int6', 'int5', 'int4'],
    default: 'float',
    summary: 'activations, one scale a token',
  },
} as const satisfies ParameterSchema

const bitsOf = (name: string): number => Number(name.slice('int'.length))

const integerFamily: Family<typeof integerParameters> = {
  id: 'group-integer',
  summary:
    'weights: round to nearest in groups, with a zero point or symmetric, FP16 scales; activations: float32, or integers per token',
  source: 'ours; as MixPE reads them',
  parameters: integerParameters,
  create: ({ w, group, weights, a }) => {
    const options = { bits: bitsOf(w), group, signed: weights === 'symmetric' }
    const quantise = (matrix: Matrix): GroupQuantised => quantiseMatrix(matrix, options)
    return {
      weights: `round to nearest, ${w} ${weights}, groups of ${group}, FP16 scales`,
      activations:
        a === 'float' ? 'float32' : `${a} per token, scale = largest magnitude / ${2 ** (bitsOf(a) - 1) - 1}`,
      prepare:
        a === 'float' ? withWeights((matrix) => dequantiseWeights(quantise(matrix))) : withLinear(quantise, bitsOf(a)),
    }
  },
}

const bitmodParameters = {
  w: {
    kind: 'choice',
    allowed: ['fp4', 'fp3', 'int8', 'int6', 'int5', 'int4', 'int3'],
    default: 'fp4',
    summary: 'weights',
  },
  group: groupRule,
} as const satisfies ParameterSchema

const bitmodFamily: Family<typeof bitmodParameters> = {
  id: 'bitmod',
  summary: 'weights: BitMoD, the special value of least error for each group, 8-bit scales; activations in float32',
  source: 'BitMoD, HPCA 2025, Algorithm 1',
  parameters: bitmodParameters,
  create: ({ w, group }) => ({
    weights: `BitMoD ${w}, groups of ${group}, 8-bit group scales times an FP16 scale a row`,
    activations: 'float32',
    prepare: withWeights(({ weights, outputs, inputs, name }) =>
      dequantiseBitmod(quantiseBitmod(floatsOf(weights), outputs, inputs, { weights: w, group }, name)),
    ),
  }),
}

const make = <S extends ParameterSchema>(family: Family<S>, spec: ReturnType<typeof parseSpec>): Quantiser => {
  const values = readParameters(spec, family.parameters)
  return { spec: fullSpec(family.id, family.parameters, values), ...family.create(values) }
}

/** Every kind of quantiser that a spec may name. */
export const quantiserFamilies: readonly QuantiserFamily[] = [floatFamily, integerFamily, bitmodFamily]

/** The quantiser a spec text describes; anything wrong in it is a SpecError with a caret. */
export const quantiserOf = (text: string): Quantiser => {
  const spec = parseSpec(text)
  switch (spec.family.text) {
    case floatFamily.id:
      return make(floatFamily, spec)
    case integerFamily.id:
      return make(integerFamily, spec)
    case bitmodFamily.id:
      return make(bitmodFamily, spec)
    default:
      throw unknownFamily(
        spec,
        quantiserFamilies.map(({ id }) => id),
        ['quantiser', 'quantisers'],
      )
  }
}
