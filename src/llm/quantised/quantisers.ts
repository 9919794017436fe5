import { type Progress, silent } from '../../base/progress.ts'
import { UserError } from '../../base/user-error.ts'
import { describeActivations } from '../../quant/activations.ts'
import { awqScales, type ScaledInputs, smoothScales } from '../../quant/input-scales.ts'
import { familyNamed, fullSpec, type ParameterSchema, parseSpec, readParameters, type Spec } from '../../spec/index.ts'
import { linearLayersOf, type Model } from '../model.ts'
import { floatsOf } from '../weights.ts'
import type { Calibration, ModelStatistics } from './calibration.ts'
import { type LayerQuantiser, layerQuantiserFamilies, layerQuantiserOf, usualInside } from './layer-quantisers.ts'
import { type Mixture, mixtureFor } from './mixture.ts'
import { type QuantisedMatrix, type QuantisedRun, quantisedRun } from './quantised-run.ts'
import type { StoredQuantisation } from './read-quantised-model.ts'
import { rotatedModel } from './rotated-model.ts'
import { inputsOfPlace, scalingPlacesOf, withInputScales, withScaledStatistics } from './scaled-inputs.ts'

/** What happens to the linear layers of a model before it runs; embedding, norms, biases and attention stay as they are. */
export interface Quantiser {
  /** What messages call it. */
  readonly name: string
  /** All parameters said; of a mixture its file. */
  readonly spec: string
  /** What becomes of weights and activations, one phrase each. */
  readonly weights: string
  readonly activations: string
  /** Whether `prepare` needs a text. */
  readonly calibrated: boolean
  /** What runs in place of the model. */
  readonly prepare: (model: Model, work?: QuantiserWork) => Promise<QuantisedRun>
}

/** What a quantiser works with. */
export interface QuantiserWork {
  readonly calibration?: Calibration
  readonly progress?: Progress
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

/** The error of a quantiser that is calibrated where no text is given. */
export const withoutText = ({ name }: Pick<Quantiser, 'name'>): UserError =>
  new UserError('E-QUANT-TEXT', `${name} calibrates with a text, and none is given; add --calibrate file`)

const statisticsFor = async (
  quantiser: Pick<Quantiser, 'name'>,
  model: Model,
  { calibration, progress = silent }: QuantiserWork,
): Promise<ModelStatistics> => {
  if (calibration && calibration.tokens > 0) return calibration.statisticsOf(model, progress)
  throw withoutText(quantiser)
}

/** Quantises each linear layer, the classifier included, by itself. */
const eachLayer = (
  model: Model,
  statistics: ModelStatistics | undefined,
  quantiserOf: (name: string) => LayerQuantiser,
  progress: Progress = silent,
): QuantisedRun => {
  const matrices = new Map<string, QuantisedMatrix>()
  const layers = linearLayersOf(model)
  progress.start(`quantise ${model.name}`, layers.length, 'layers')
  for (const { weights, outputs, inputs, name } of layers) {
    const { code, activations } = quantiserOf(name)
    const coded = code({ data: floatsOf(weights), outputs, inputs, name }, statistics?.get(name))
    matrices.set(name, { ...(coded ? { coded } : {}), activations })
    progress.update(matrices.size)
  }
  return quantisedRun(model, matrices)
}

/** A quantiser of layers as one of a model: the same for all of them. */
const ofLayers = (name: string, layer: LayerQuantiser): Quantiser => ({
  name,
  spec: layer.spec,
  weights: layer.weights,
  activations: describeActivations(layer.activations),
  calibrated: layer.calibrated,
  prepare: async (model, work = {}) => {
    const statistics = layer.calibrated ? await statisticsFor({ name }, model, work) : undefined
    return eachLayer(model, statistics, () => layer, work.progress)
  },
})

const layerRule = {
  kind: 'spec',
  read: (inside: Spec) => layerQuantiserOf(inside).spec,
  default: usualInside,
  summary: 'what quantises the layers then, a quantiser of one layer',
} as const

/** Scales the inputs of layers by what `search` finds, then quantises the layers. */
const scaling = (
  name: string,
  spec: string,
  title: string,
  layer: LayerQuantiser,
  search: (inputs: ScaledInputs) => Float64Array,
): Quantiser => ({
  name,
  spec,
  weights: `${title}, then ${layer.weights}`,
  activations: describeActivations(layer.activations),
  calibrated: true,
  prepare: async (model, work = {}) => {
    const statistics = await statisticsFor({ name }, model, work)
    const places = scalingPlacesOf(model)
    work.progress?.start(`scale inputs of ${model.name}`, places.length, 'places')
    const placed = places.map((place, at) => {
      const scales = search(inputsOfPlace(model, statistics, place))
      work.progress?.update(at + 1)
      return { place, scales }
    })
    const scaled = withInputScales(model, placed)
    return eachLayer(scaled, withScaledStatistics(statistics, placed), () => layer, work.progress)
  },
})

const awqParameters = { of: layerRule } as const satisfies ParameterSchema

const awq: Family = {
  id: 'awq',
  summary: 'inputs scaled by their mean magnitudes, as strongly as loses least, before another quantiser; calibrated',
  source: 'AWQ, arXiv 2306.00978, section 3.2; error from second moments, values of shared heads, classifier: ours',
  parameters: awqParameters,
  apply: (spec) => {
    const values = readParameters(spec, awqParameters)
    const layer = layerQuantiserOf(parseSpec(values.of))
    return scaling('awq', fullSpec('awq', awqParameters, values), 'AWQ input scales', layer, (inputs) =>
      awqScales(inputs, layer.fit),
    )
  },
}

const smoothParameters = {
  of: { ...layerRule, default: layerQuantiserOf(parseSpec('group-integer(w=int8, weights=symmetric, a=int8)')).spec },
  strength: {
    kind: 'integer',
    min: 0,
    max: 100,
    default: 50,
    summary: 'how much of the activations goes into the weights, in percent (alpha)',
  },
} as const satisfies ParameterSchema

const smoothQuant: Family = {
  id: 'smoothquant',
  summary: 'inputs scaled so that activations and weights are equally hard, before another quantiser; calibrated',
  source: 'SmoothQuant, arXiv 2211.10438, section 4; scales behind values, up and the final norm: ours',
  parameters: smoothParameters,
  apply: (spec) => {
    const values = readParameters(spec, smoothParameters)
    const layer = layerQuantiserOf(parseSpec(values.of))
    const title = `SmoothQuant input scales of strength ${values.strength} %`
    return scaling('smoothquant', fullSpec('smoothquant', smoothParameters, values), title, layer, (inputs) =>
      smoothScales(inputs, values.strength / 100),
    )
  },
}

const hadamardParameters = {
  of: {
    kind: 'spec',
    read: (inside: Spec) => quantiserOfSpec(inside).spec,
    default: usualInside,
    summary: 'what quantises the turned model',
  },
  seed: { kind: 'integer', min: 0, max: 2 ** 32 - 1, default: 1, summary: 'seed of the random signs' },
} as const satisfies ParameterSchema

const hadamard: Family = {
  id: 'hadamard',
  summary: 'residual stream and values turned by Hadamard matrices, fused into weights, before another quantiser',
  source:
    'QuaRot, arXiv 2404.00456, weight modification and attention value projection; without what it turns while the model runs: ours',
  parameters: hadamardParameters,
  apply: (spec) => {
    const values = readParameters(spec, hadamardParameters)
    const inside = quantiserOfSpec(parseSpec(values.of))
    return {
      name: 'hadamard',
      spec: fullSpec('hadamard', hadamardParameters, values),
      weights: `turned by Hadamard matrices, then ${inside.weights}`,
      activations: inside.activations,
      calibrated: inside.calibrated,
      prepare: (model, work) => inside.prepare(rotatedModel(model, values.seed), work),
    }
  },
}

const families: readonly Family[] = [
  ...layerQuantiserFamilies.map((family) => ({
    ...family,
    apply: (spec: Spec) => ofLayers(family.id, family.apply(spec)),
  })),
  awq,
  smoothQuant,
  hadamard,
]

/** Every kind of quantiser that a spec may name. */
export const quantiserFamilies: readonly QuantiserFamily[] = families

const quantiserOfSpec = (spec: Spec): Quantiser => familyNamed(spec, families, ['quantiser', 'quantisers']).apply(spec)

/** The quantiser that a spec text describes; anything wrong in it is a SpecError with a caret. */
export const quantiserOf = (text: string): Quantiser => quantiserOfSpec(parseSpec(text))

/** What a quantised model was made by: it has its codes already. */
export const storedQuantiser = ({ quantiser, weights, activations, run }: StoredQuantisation): Quantiser => ({
  name: 'the quantised model',
  spec: quantiser,
  weights,
  activations,
  calibrated: false,
  prepare: async () => run,
})

/** A quantiser for each layer. */
export const mixedQuantiser = (mixture: Mixture): Quantiser => {
  const all = [...mixture.rules.map(({ quantiser }) => quantiser), mixture.rest]
  const calibrated = all.some((quantiser) => quantiser.calibrated)
  const phrases = (phraseOf: (quantiser: LayerQuantiser) => string): string =>
    [
      ...mixture.rules.map(({ pattern, quantiser }) => `${pattern}: ${phraseOf(quantiser)}`),
      `else ${phraseOf(mixture.rest)}`,
    ].join('; ')
  const name = `the mixture ${mixture.file}`
  return {
    name,
    spec: `mixture ${mixture.file}`,
    weights: phrases(({ weights }) => weights),
    activations: phrases(({ activations }) => describeActivations(activations)),
    calibrated,
    prepare: async (model, work = {}) => {
      const chosen = mixtureFor(
        mixture,
        linearLayersOf(model).map(({ name }) => name),
      )
      const statistics = calibrated ? await statisticsFor({ name }, model, work) : undefined
      return eachLayer(model, statistics, (name) => chosen.get(name) ?? mixture.rest, work.progress)
    },
  }
}
