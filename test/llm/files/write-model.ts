import type { Model } from '../../../src/llm/model.ts'
import { floatsOf } from '../../../src/llm/weights.ts'

/** All tensors of a model as float32 by the names of `partsOf`. */
export const floatParts = (model: Model): ReadonlyMap<string, Float32Array> => {
  const found = new Map<string, Float32Array>()
  const put = (name: string, weight: Float32Array, bias: Float32Array | undefined): void => {
    found.set(name, weight)
    if (bias) found.set(`${name}.bias`, bias)
  }
  const { embedding, positions, layers, finalNorm, classifier } = model
  put('embedding', floatsOf(embedding.weights), undefined)
  if (positions) put('positions', floatsOf(positions.weights), undefined)
  put('finalNorm', finalNorm.weight, finalNorm.bias)
  put('classifier', floatsOf(classifier.weights), classifier.bias)
  layers.forEach(({ attentionNorm, feedForwardNorm, query, key, value, output, gate, up, down }, index) => {
    put(`layers.${index}.attentionNorm`, attentionNorm.weight, attentionNorm.bias)
    if (feedForwardNorm) put(`layers.${index}.feedForwardNorm`, feedForwardNorm.weight, feedForwardNorm.bias)
    for (const matrix of [query, key, value, output, ...(gate ? [gate] : []), up, down])
      put(matrix.name, floatsOf(matrix.weights), matrix.bias)
  })
  return found
}

/** Bytes of arrays, one after the other. */
export const joined = (...parts: readonly ArrayBufferView[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))))

const attention = ['query', 'key', 'value', 'output']
const feedForward = ['gate', 'down', 'up']

/** A model in one of the formats of llama2.c; version 2 rounds its matrices to int8 in groups of `group`. */
export const llama2cBytes = (model: Model, version: 0 | 1 | 2 = 0, group = 4): Uint8Array<ArrayBuffer> => {
  const { dimension, hidden, layers, heads, keyValueHeads, vocabulary, sequence, sharedClassifier } = model.config
  const parts = floatParts(model)
  const each = (kinds: readonly string[]): Float32Array[] =>
    kinds.flatMap((kind) => model.layers.map((_, index) => parts.get(`layers.${index}.${kind}`)!))
  const classifier = sharedClassifier ? [] : [parts.get('classifier')!]
  if (version === 0) {
    const signed = sharedClassifier ? vocabulary : -vocabulary
    return joined(
      Int32Array.of(dimension, hidden, layers, heads, keyValueHeads, signed, sequence),
      parts.get('embedding')!,
      ...each(['attentionNorm', ...attention, 'feedForwardNorm', ...feedForward]),
      parts.get('finalNorm')!,
      new Float32Array((sequence * dimension) / heads).fill(777),
      ...classifier,
    )
  }
  const header = Buffer.alloc(256)
  const words = [0x616b3432, version, dimension, hidden, layers, heads, keyValueHeads, vocabulary, sequence]
  words.forEach((word, at) => {
    header.writeInt32LE(word, 4 * at)
  })
  header.writeUInt8(sharedClassifier ? 1 : 0, 36)
  if (version === 2) header.writeInt32LE(group, 37)
  return joined(
    header,
    ...each(['attentionNorm', 'feedForwardNorm']),
    parts.get('finalNorm')!,
    ...[parts.get('embedding')!, ...each([...attention, ...feedForward]), ...classifier].flatMap((data) =>
      version === 2 ? int8Groups(data, group) : [data],
    ),
  )
}

/** Codes and scales of int8 groups, as `quantize_q80` of llama2.c makes them. */
export const int8Groups = (data: Float32Array, group: number): [Int8Array, Float32Array] => {
  const scales = Float32Array.from({ length: data.length / group }, (_, at) => {
    const largest = Math.max(...data.subarray(at * group, (at + 1) * group).map(Math.abs))
    return largest / 127
  })
  const codes = Int8Array.from(data, (value, k) => {
    const scale = scales[Math.floor(k / group)]!
    return scale === 0 ? 0 : Math.round(value / scale)
  })
  return [codes, scales]
}
