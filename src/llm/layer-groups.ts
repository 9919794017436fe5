/** What a PE computes while a model runs: outputs of its linear layers, drawn at random, as groups of integers. */
import type { ProcessingElement } from '../pe/family.ts'
import type { Group } from '../pe/group.ts'
import { float16BitsOf } from '../quant/float16.ts'
import { applyGroupScales, applyTokenScales, groupSums } from '../quant/integer-reference.ts'
import { quantiseTokens } from '../quant/token-integer.ts'
import { arrayWeights } from './array-weights.ts'
import type { Linear } from './forward.ts'
import { generate } from './generate.ts'
import type { OpenedModel } from './open-model.ts'
import { weightsOf } from './quantised/quantised-linear.ts'
import { createRandom } from './random.ts'
import { refuseUnlessRunnable } from './run-model.ts'
import { greedy } from './sample.ts'

export interface LayerGroupsOptions {
  readonly opened: OpenedModel
  readonly pe: ProcessingElement
  readonly prompt: string
  /** Tokens to generate. */
  readonly tokens: number
  /** Multiply-accumulates wanted, about. */
  readonly macs: number
  readonly seed: number
}

export interface LayerGroups {
  readonly groups: readonly Group[]
  /** Names of the layers that the outputs are of, e.g. `layers.0.query`, in the order of the groups. */
  readonly layers: readonly string[]
  /** Outputs of all layers, of which those were drawn. */
  readonly outputs: number
}

/**
 * Generates greedily with the quantised layers and draws outputs of all of them, each as likely (reservoir sampling), so that a
 * layer comes as often as it computes. The groups of an output follow each other as they do in an array.
 */
export const layerGroups = async (options: LayerGroupsOptions): Promise<LayerGroups> => {
  const { opened, pe, prompt, tokens: count, macs, seed } = options
  refuseUnlessRunnable(pe)
  const { activation, scale } = pe.operands
  const { weights: model } = arrayWeights(opened, pe)
  const random = createRandom(seed)
  const wanted = Math.max(1, Math.round(macs / opened.model.config.dimension))
  const drawn: { readonly name: string; readonly groups: readonly Group[] }[] = []
  let seen = 0
  const linear: Linear = (matrix, input, tokens) => {
    const weights = weightsOf(model, matrix)
    const { codes, scales } = quantiseTokens(input, tokens, matrix.inputs, { bits: activation.width })
    const { outputs, inputs, groups } = weights
    const groupsOf = (token: number, output: number): Group[] =>
      Array.from({ length: groups }, (_, k): Group => {
        const [from, to] = [k * weights.group, Math.min((k + 1) * weights.group, inputs)]
        return {
          activations: [...codes.subarray(token * inputs + from, token * inputs + to)],
          weights: [...weights.codes.subarray(output * inputs + from, output * inputs + to)],
          zero: weights.signed ? 0 : weights.zeros[output * groups + k]!,
          ...(scale ? { scale: float16BitsOf(weights.scales[output * groups + k]!), continues: k + 1 < groups } : {}),
          idle: 0,
        }
      })
    for (let k = 0; k < tokens * outputs; k++) {
      seen++
      const place = drawn.length < wanted ? drawn.length : Math.floor(random() * seen)
      if (place < wanted) drawn[place] = { name: matrix.name, groups: groupsOf(Math.floor(k / outputs), k % outputs) }
    }
    const sums = groupSums(codes, tokens, weights)
    return applyTokenScales(applyGroupScales(sums, weights.scales, tokens, outputs, groups), scales, outputs)
  }
  const { model: whole, tokenizer } = opened
  await generate({ model: whole, tokenizer, prompt, tokens: count, linear, sampler: greedy })
  return {
    groups: drawn.flatMap(({ groups }) => groups),
    layers: drawn.map(({ name }) => name),
    outputs: seen,
  }
}
