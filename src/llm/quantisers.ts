import { dequantiseBitmod, quantiseBitmod } from '../quant/bitmod.ts'
import { dequantiseWeights } from '../quant/group-integer.ts'
import { integerLinear } from '../quant/integer-reference.ts'
import { quantiseTokens } from '../quant/token-integer.ts'
import {
  fullSpec,
  type ParameterSchema,
  type ParametersOf,
  parseSpec,
  readParameters,
  unknownFamily,
} from '../spec/index.ts'
import { floatLinear } from './float-linear.ts'
import type { Linear } from './forward.ts'
import { linearLayersOf, type Matrix, type Model } from './model.ts'
import { quantiseMatrix } from './quantised-linear.ts'
import { float32Weights, floatsOf } from './weights.ts'

/** What happens to the linear layers of a model before it runs; embedding, norms, biases and attention stay as they are. */
export interface Quantiser {
  /** All parameters said. */
  readonly spec: string
  /** What becomes of weights and activations, one phrase each. */
  readonly weights: string
  readonly activations: string
  /** The linear layers of `model`; `onMatrix` is called after each matrix with the number that is done. */
  readonly prepare: (model: Model, onMatrix: (done: number) => void) => Linear
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

/** A layer made anew of each matrix, kept under its name. */
const prepared =
  <T>(make: (matrix: Matrix) => T, apply: (made: T, matrix: Matrix) => Linear) =>
  (model: Model, onMatrix: (done: number) => void): Linear => {
    const layers = new Map<string, Linear>()
    for (const matrix of linearLayersOf(model)) {
      layers.set(matrix.name, apply(make(matrix), matrix))
      onMatrix(layers.size)
    }
    return (matrix, input, tokens) => layers.get(matrix.name)!(matrix, input, tokens)
  }

/** A float32 layer with other weights. */
const floatLayer = (data: Float32Array, { name, outputs, inputs }: Matrix): Linear => {
  const matrix: Matrix = { name, outputs, inputs, weights: float32Weights(data) }
  return (_, input, tokens) => floatLinear(matrix, input, tokens)
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
    prepare: () => floatLinear,
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
    const make = (matrix: Matrix) => quantiseMatrix(matrix, options)
    return {
      weights: `round to nearest, ${w} ${weights}, groups of ${group}, FP16 scales`,
      activations:
        a === 'float' ? 'float32' : `${a} per token, scale = largest magnitude / ${2 ** (bitsOf(a) - 1) - 1}`,
      prepare:
        a === 'float'
          ? prepared(make, (made, matrix) => floatLayer(dequantiseWeights(made), matrix))
          : prepared(
              make,
              (made) =>
                ({ inputs }, input, tokens) =>
                  integerLinear(quantiseTokens(input, tokens, inputs, { bits: bitsOf(a) }), tokens, made),
            ),
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
    prepare: prepared(
      ({ weights, outputs, inputs, name }) =>
        dequantiseBitmod(quantiseBitmod(floatsOf(weights), outputs, inputs, { weights: w, group }, name)),
      floatLayer,
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
