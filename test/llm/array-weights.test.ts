import { expect, test } from 'vitest'
import { arrayWeights } from '../../src/llm/array-weights.ts'
import { linearLayersOf } from '../../src/llm/model.ts'
import { type OpenedModel, openModel } from '../../src/llm/open-model.ts'
import { quantiseModel } from '../../src/llm/quantised/quantised-linear.ts'
import { quantiserOf } from '../../src/llm/quantised/quantisers.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { processingElement } from '../../src/pe/catalogue.ts'

const config = { dimension: 24, hidden: 20, layers: 1, heads: 6, keyValueHeads: 2, vocabulary: 31, sequence: 16 }
const model = randomModel({ ...config, sharedClassifier: true }, 3)
const plain: OpenedModel = { ...(await openModel('random(shape=stories260k)')), model }
const quantised = async (spec: string): Promise<OpenedModel> => {
  const run = await quantiserOf(spec).prepare(model)
  return { ...plain, quantised: { quantiser: spec, weights: 'mine', activations: '', bitsPerWeight: 4, run } }
}
const mixpe = processingElement('mixpe(w=int4, a=int8, group=16)')

test('an array reads weights rounded to nearest in its own format', () => {
  const { weights, described } = arrayWeights(plain, mixpe)
  expect([...weights]).toEqual([...quantiseModel(model, { bits: 4, group: 16, signed: false })])
  expect(described).toBe('round to nearest, 4 bit with zero point, groups of 16, FP16 scales')
})

test('of a quantised model an array reads the codes that it has', async () => {
  const opened = await quantised('group-integer(w=int3, group=8, a=int8)')
  const { weights, described } = arrayWeights(opened, mixpe)
  expect(described).toBe('mine')
  expect([...weights.keys()]).toEqual(linearLayersOf(model).map(({ name }) => name))
  for (const [name, codes] of weights) expect(codes).toBe(opened.quantised!.run.matrices.get(name)!.coded)
})

test.each([
  ['float', 'mixpe', /layers\.0\.query of model .* has no codes, and on the array are all linear layers; name those/],
  ['bitmod(group=8)', 'mixpe', /the codes of layers\.0\.query are .*, which mixpe.* does not read/],
  [
    'group-integer(w=int4, group=256)',
    'mixpe(group=16)',
    /has groups of 256 weights, and a group of mixpe.* at most 16/,
  ],
  ['group-integer(w=int4, a=fp16)', 'mixpe', /activations rounded to FP16, and mixpe.* reads int8/],
  ['group-integer(w=int4, weights=symmetric)', 'mixpe', /which mixpe.* does not read/],
  [
    'group-integer(w=int4)',
    'mac(w=int8, a=int8)',
    /layers\.0\.query of model .* has zero points, which an array of mac/,
  ],
])('codes of %s are refused on %s', async (spec, pe, message) => {
  const opened = await quantised(spec)
  expect(() => arrayWeights(opened, processingElement(pe))).toThrow(message)
})
