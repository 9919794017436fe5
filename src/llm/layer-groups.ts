/** What a PE computes while a model runs: outputs of its linear layers, drawn at random, as groups of the numbers that it reads. */

import { createRandom } from '../base/random.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { Group } from '../pe/group.ts'
import type { TiledElement } from '../pe/tile.ts'
import type { Linear } from './forward.ts'
import { generate } from './generate.ts'
import { layerOperands, type OutputOperands } from './layer-operands.ts'
import type { OpenedModel } from './open-model.ts'
import { greedy } from './sample.ts'

export interface LayerGroupsOptions {
  readonly opened: OpenedModel
  readonly pe: ProcessingElement | TiledElement
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
  /** How layers became what the PE reads, one phrase. */
  readonly described: string
}

/**
 * Generates greedily with the layers as they are for the PE and draws outputs of all of them, each as likely (reservoir sampling), so that a
 * layer comes as often as it computes. The groups of an output follow each other as they do in an array.
 */
export const layerGroups = async (options: LayerGroupsOptions): Promise<LayerGroups> => {
  const { opened, pe, prompt, tokens: count, macs, seed } = options
  const operands = layerOperands(opened, pe)
  const random = createRandom(seed)
  const wanted = Math.max(1, Math.round(macs / opened.model.config.dimension))
  const drawn: { readonly name: string; readonly groups: readonly Group[] }[] = []
  let seen = 0
  const linear: Linear = (matrix, input, tokens) => {
    for (const { k, place } of draw(tokens * matrix.outputs, drawn.length)) {
      const [token, output] = [Math.floor(k / matrix.outputs), k % matrix.outputs]
      const inputs = input.subarray(token * matrix.inputs, (token + 1) * matrix.inputs)
      drawn[place] = { name: matrix.name, groups: groupsOf(operands.of(matrix, output, inputs)) }
    }
    return operands.linear(matrix, input, tokens)
  }
  /** Which of so many outputs are kept, and where. */
  const draw = (outputs: number, kept: number): { readonly k: number; readonly place: number }[] => {
    const places: { readonly k: number; readonly place: number }[] = []
    let filled = kept
    for (let k = 0; k < outputs; k++) {
      seen++
      const place = filled < wanted ? filled++ : Math.floor(random() * seen)
      if (place < wanted) places.push({ k, place })
    }
    return places
  }
  const { tokenizer } = opened
  await generate({ model: operands.model, tokenizer, prompt, tokens: count, linear, sampler: greedy })
  return {
    groups: drawn.flatMap(({ groups }) => groups),
    layers: drawn.map(({ name }) => name),
    outputs: seen,
    described: operands.described,
  }
}

const groupsOf = ({ weights, activations }: OutputOperands): readonly Group[] => {
  const { inputs, group, codes, zeros, selectors, scales } = weights
  const groups = Math.ceil(inputs / group)
  const part = (of: ArrayLike<number>, k: number): readonly number[] => {
    const from = k * group
    return Array.from({ length: Math.min(group, inputs - from) }, (_, n) => of[from + n]!)
  }
  return Array.from(
    { length: groups },
    (_, k): Group => ({
      activations: part(activations, k),
      weights: part(codes, k),
      zero: zeros?.[k] ?? 0,
      ...(selectors ? { selector: selectors[k]! } : {}),
      ...(scales ? { scale: scales[k]!, continues: k + 1 < groups } : {}),
      idle: 0,
    }),
  )
}
