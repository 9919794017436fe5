import type { Activations } from '../../quant/activations.ts'
import type { CodedMatrix } from '../../quant/coded.ts'
import { type MatrixQuantiser, type MatrixQuantiserFamily, matrixQuantiserFamilies } from '../../quant/families.ts'
import { type Fitted, roundToNearest, type WeightMatrix } from '../../quant/fitted.ts'
import { gptq } from '../../quant/gptq.ts'
import type { InputStatistics } from '../../quant/input-statistics.ts'
import { familyNamed, fullSpec, type ParameterSchema, parseSpec, readParameters, type Spec } from '../../spec/index.ts'

/** What happens to one linear layer, on its own. */
export interface LayerQuantiser {
  /** All parameters said. */
  readonly spec: string
  /** What becomes of weights, one phrase. */
  readonly weights: string
  readonly activations: Activations
  /** Whether `code` needs statistics of the layer's inputs. */
  readonly calibrated: boolean
  /** The scales that rounding to nearest has. */
  readonly fit: (matrix: WeightMatrix) => Fitted<CodedMatrix | undefined>
  /** The codes of the weights, or undefined where they stay as they are. */
  readonly code: (matrix: WeightMatrix, statistics: InputStatistics | undefined) => CodedMatrix | undefined
}

/** Quantisers of one layer that are written alike. */
export interface LayerQuantiserFamily {
  readonly id: string
  readonly summary: string
  readonly source: string
  readonly parameters: ParameterSchema
  readonly apply: (spec: Spec) => LayerQuantiser
}

const float: LayerQuantiserFamily = {
  id: 'float',
  summary: 'no quantisation: weights as they are stored, activations in float32',
  source: 'ours',
  parameters: {},
  apply: (spec) => {
    readParameters(spec, {})
    return {
      spec: fullSpec('float', {}, {}),
      weights: 'as the model file stores them',
      activations: { kind: 'float32' },
      calibrated: false,
      fit: () => ({ round: (_row, _k, value) => value, finish: () => undefined }),
      code: () => undefined,
    }
  },
}

const rounding = ({ apply, ...said }: MatrixQuantiserFamily): LayerQuantiserFamily => ({
  ...said,
  apply: (spec) => {
    const quantiser = apply(spec)
    return { ...quantiser, calibrated: false, code: (matrix) => roundToNearest(matrix, quantiser.fit(matrix)) }
  },
})

/** The quantiser without calibration that a spec names; its mistakes are SpecErrors. */
const matrixQuantiserOf = (spec: Spec): MatrixQuantiser =>
  familyNamed(spec, matrixQuantiserFamilies, ['quantiser to round with', 'quantisers that need no calibration']).apply(
    spec,
  )

/** What is inside another quantiser unless said. */
export const usualInside = matrixQuantiserOf(parseSpec('group-integer')).spec

const gptqParameters = {
  of: {
    kind: 'spec',
    read: (inside) => matrixQuantiserOf(inside).spec,
    default: usualInside,
    summary: 'the quantiser whose scales and codes are used, one without calibration',
  },
  damp: {
    kind: 'integer',
    min: 1,
    max: 100,
    default: 1,
    summary: "percent of the mean of the Hessian's diagonal that is added to it",
  },
  order: {
    kind: 'choice',
    allowed: ['columns', 'activations'],
    default: 'columns',
    summary: 'columns in order, or those of the largest inputs first',
  },
} as const satisfies ParameterSchema

const gptqFamily: LayerQuantiserFamily = {
  id: 'gptq',
  summary: 'codes of another quantiser, each column making good what those before it lost; calibrated',
  source: 'GPTQ, arXiv 2210.17323, Algorithm 1; scales before columns, inputs of the float32 model: ours',
  parameters: gptqParameters,
  apply: (spec) => {
    const values = readParameters(spec, gptqParameters)
    const inside = matrixQuantiserOf(parseSpec(values.of))
    const options = { damp: values.damp / 100, order: values.order }
    return {
      spec: fullSpec('gptq', gptqParameters, values),
      weights: `GPTQ with ${values.damp} % damping: ${inside.weights}`,
      activations: inside.activations,
      calibrated: true,
      fit: inside.fit,
      code: (matrix, statistics) => {
        if (!statistics) throw new RangeError(`${matrix.name} has no statistics of its inputs`)
        return gptq(matrix, inside.fit(matrix), statistics, options)
      },
    }
  },
}

/** Every kind of quantiser that works on one layer by itself. */
export const layerQuantiserFamilies: readonly LayerQuantiserFamily[] = [
  float,
  ...matrixQuantiserFamilies.map(rounding),
  gptqFamily,
]

/** The quantiser of one layer that a spec names; its mistakes are SpecErrors. */
export const layerQuantiserOf = (spec: Spec): LayerQuantiser =>
  familyNamed(spec, layerQuantiserFamilies, ['quantiser of one layer', 'quantisers of one layer']).apply(spec)
