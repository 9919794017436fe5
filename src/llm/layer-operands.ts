/** What goes into a PE of any kind where a model's linear layers compute: codes of weights and of activations, as the PE reads them. */
import { UserError } from '../base/user-error.ts'
import { codecOf, type FloatFormat } from '../formats/index.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import { float16BitsOf } from '../quant/float16.ts'
import { applyGroupScales, applyTokenScales, groupSums } from '../quant/integer-reference.ts'
import { quantiseTokens } from '../quant/token-integer.ts'
import { parseSpec } from '../spec/index.ts'
import { hardwareOperands, plainFloatOf, whyNoCodes } from './arithmetic/hardware-layer.ts'
import type { HardwareWeights } from './arithmetic/product.ts'
import { usualQuantiserOf } from './arithmetic/usual-quantiser.ts'
import { arrayWeights } from './array-weights.ts'
import { floatLinear } from './float-linear.ts'
import type { Linear } from './forward.ts'
import type { Matrix, Model } from './model.ts'
import type { OpenedModel } from './open-model.ts'
import { type LayerQuantiser, layerQuantiserOf } from './quantised/layer-quantisers.ts'
import { weightsOf } from './quantised/quantised-linear.ts'
import type { QuantisedMatrix } from './quantised/quantised-run.ts'
import { whyNotRunnable } from './run-model.ts'
import { floatsOf } from './weights.ts'

/** One output of a layer, as the PE reads it. */
export interface OutputOperands {
  /** A single row. */
  readonly weights: HardwareWeights
  readonly activations: ArrayLike<number>
}

export interface LayerOperands {
  /** What generates, with `linear` for its layers. */
  readonly model: Model
  readonly linear: Linear
  /** An output of a matrix of `model` for a row of its inputs. */
  readonly of: (matrix: Matrix, output: number, inputs: Float32Array) => OutputOperands
  /** How layers became codes, one phrase. */
  readonly described: string
}

/** Numbers of a group of plain floats; quantisers have a scale for as many. */
const usualGroup = 128

/** Why no layers of a model go through a PE; undefined where they do. */
export const whyWithoutLayers = (pe: ProcessingElement | TiledElement): string | undefined =>
  plainFloatOf(pe) || pe.family === 'olive' ? undefined : whyNoCodes(pe)

/** A UserError for a PE that no layers go through; callers ask before they open a model, which takes long. */
export const refuseWithoutLayers = (pe: ProcessingElement | TiledElement): void => {
  const reason = whyWithoutLayers(pe)
  if (reason !== undefined)
    throw new UserError('E-LAYERS-PE', `no layers of a model go through ${pe.spec}: ${reason}; give --workload random`)
}

/**
 * The layers of a model for a PE: of a PE on which a model runs as `run` has them, of one that reads plain floats rounded to these, and of any
 * other one by the quantiser whose codes it reads. A UserError where there is none.
 */
export const layerOperands = (opened: OpenedModel, pe: ProcessingElement | TiledElement): LayerOperands => {
  refuseWithoutLayers(pe)
  if (!('tile' in pe) && whyNotRunnable(pe) === undefined) return onArray(opened, pe)
  if (opened.quantised) return stored(opened.quantised, pe)
  if (pe.family === 'olive') return asPairs(opened.model, pe)
  const format = plainFloatOf(pe)
  return format ? asFloats(opened.model, format) : byRow(opened.model, pe)
}

/** Exact integer sums, as an array makes them. */
const onArray = (opened: OpenedModel, pe: ProcessingElement): LayerOperands => {
  const { activation, scale } = pe.operands
  const { weights: model, described } = arrayWeights(opened, pe)
  const bits = { bits: activation.width }
  return {
    model: opened.model,
    linear: (matrix, input, tokens) => {
      const weights = weightsOf(model, matrix)
      const { codes, scales } = quantiseTokens(input, tokens, matrix.inputs, bits)
      const { outputs, groups } = weights
      const sums = groupSums(codes, tokens, weights)
      return applyTokenScales(applyGroupScales(sums, weights.scales, tokens, outputs, groups), scales, outputs)
    },
    of: (matrix, output, inputs) => {
      const { signed, zeros, scales, ...weights } = weightsOf(model, matrix)
      const row = rowOf({ ...weights, ...(signed ? {} : { zeros }) }, output)
      const own = rowOf({ ...weights, scales }, output).scales!
      return {
        weights: scale ? { ...row, scales: Array.from(own, float16BitsOf) } : row,
        activations: quantiseTokens(inputs, 1, matrix.inputs, bits).codes,
      }
    },
    described,
  }
}

/** The codes that a quantised model brings along. */
const stored = (
  { run, quantiser }: NonNullable<OpenedModel['quantised']>,
  pe: ProcessingElement | TiledElement,
): LayerOperands => {
  const known = new Map<string, ReturnType<typeof hardwareOperands>>()
  return {
    model: run.model,
    linear: run.linear ?? floatLinear,
    of: ({ name }, output, inputs) => {
      const layer = known.get(name) ?? codesOf(pe, name, run.matrices.get(name))
      known.set(name, layer)
      return { weights: rowOf(layer.weights, output), activations: layer.inputs(inputs, 1).codes }
    },
    described: quantiser,
  }
}

/** Of a float32 model, each output's weights by themselves: of most layers few are asked for. */
const byRow = (model: Model, pe: ProcessingElement | TiledElement): LayerOperands => {
  const { code, activations, spec } = layerQuantiserOf(parseSpec(usualQuantiserOf(pe)))
  return {
    model,
    linear: floatLinear,
    of: (matrix, output, inputs) => {
      const { name } = matrix
      const coded = code({ data: weightsOfRow(matrix, output), outputs: 1, inputs: matrix.inputs, name }, undefined)
      const layer = codesOf(pe, name, { activations, ...(coded ? { coded } : {}) })
      return { weights: layer.weights, activations: layer.inputs(inputs, 1).codes }
    },
    described: `the float32 model's, by ${spec}`,
  }
}

const asFloats = (model: Model, format: FloatFormat): LayerOperands => {
  const { encode } = codecOf(format, 'saturate')
  return {
    model,
    linear: floatLinear,
    of: (matrix, output, inputs) => ({
      weights: { outputs: 1, inputs: matrix.inputs, group: usualGroup, codes: encode(weightsOfRow(matrix, output)) },
      activations: encode(inputs),
    }),
    described: `the float32 model's, rounded to ${format.id}, groups of ${usualGroup}`,
  }
}

/** OliVe's pairs on both sides; activations as weights are, with a scale a group (ours). */
const asPairs = (model: Model, { parameters }: ProcessingElement | TiledElement): LayerOperands => {
  const of = (format: string | number | undefined) =>
    layerQuantiserOf(
      parseSpec(`olive(normal=${/int4|flint4/.exec(String(format))![0]}, per=group, group=${usualGroup})`),
    )
  const [weight, activation] = [of(parameters.w), of(parameters.a)]
  const pairsOf = ({ code }: LayerQuantiser, name: string, data: Float32Array): ArrayLike<number> =>
    code({ data, outputs: 1, inputs: data.length, name }, undefined)!.codes
  return {
    model,
    linear: floatLinear,
    of: (matrix, output, inputs) => ({
      weights: {
        ...{ outputs: 1, inputs: matrix.inputs, group: usualGroup },
        codes: pairsOf(weight, matrix.name, weightsOfRow(matrix, output)),
      },
      activations: pairsOf(activation, 'the activations', inputs),
    }),
    described: `the float32 model's, by ${weight.spec}, activations by ${activation.spec}`,
  }
}

const codesOf = (pe: ProcessingElement | TiledElement, name: string, found: QuantisedMatrix | undefined) => {
  if (found?.coded) return hardwareOperands(pe, name, found.coded, found.activations)
  throw new UserError(
    'E-ARITHMETIC-CODES',
    `${name} has no codes for ${pe.spec} to read; give a model whose linear layers all have some, or one of float32`,
  )
}

const weightsOfRow = ({ weights, inputs }: Matrix, output: number): Float32Array =>
  floatsOf(weights).subarray(output * inputs, (output + 1) * inputs)

const rowOf = (
  { inputs, group, codes, zeros, selectors, scales }: HardwareWeights,
  output: number,
): HardwareWeights => {
  const part = (of: ArrayLike<number>, length: number): readonly number[] =>
    Array.from({ length }, (_, k) => of[output * length + k]!)
  const groups = Math.ceil(inputs / group)
  return {
    ...{ outputs: 1, inputs, group, codes: part(codes, inputs) },
    ...(zeros ? { zeros: part(zeros, groups) } : {}),
    ...(selectors ? { selectors: part(selectors, groups) } : {}),
    ...(scales ? { scales: part(scales, groups) } : {}),
  }
}
