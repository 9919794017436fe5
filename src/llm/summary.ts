import { type Model, parameterCountOf } from './model.ts'

/**
 * A model in one line, e.g. `Llama, 15.2 M parameters, dimension 288, 6 layers, 6 heads, vocabulary 32,000, sequence 256, float32`, or at last
 * the bits of a weight where it is quantised.
 */
export const summaryOf = (model: Model, bitsPerWeight?: number): string => {
  const { dimension, layers, heads, keyValueHeads, vocabulary, sequence } = model.config
  const grouped = keyValueHeads === heads ? '' : ` on ${keyValueHeads} key-value head${keyValueHeads === 1 ? '' : 's'}`
  return [
    familyOf(model),
    `${countText(parameterCountOf(model))} parameters`,
    `dimension ${dimension}`,
    `${layers} layer${layers === 1 ? '' : 's'}`,
    `${heads} head${heads === 1 ? '' : 's'}${grouped}`,
    `vocabulary ${vocabulary.toLocaleString('en')}`,
    `sequence ${sequence.toLocaleString('en')}`,
    bitsPerWeight === undefined
      ? (model.layers[0]?.query.weights.kind ?? 'float32')
      : `quantised, ${bitsPerWeight.toFixed(2)} bits a weight`,
  ].join(', ')
}

const familyOf = ({ architecture: { block, positions } }: Model): string =>
  block === 'parallel' ? 'Phi-2' : positions.kind === 'learned' ? 'OPT' : 'Llama'

const countText = (count: number): string => {
  const [unit, size] = count >= 1e9 ? ['G', 1e9] : count >= 1e6 ? ['M', 1e6] : ['k', 1e3]
  return `${(count / (size as number)).toFixed(1)} ${unit}`
}
