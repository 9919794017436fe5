import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cpuBackend } from '../../src/llm/backend.ts'
import { floatLinear } from '../../src/llm/float-linear.ts'
import { createSession, forward, type Linear } from '../../src/llm/forward.ts'
import { perplexity } from '../../src/llm/likelihood.ts'
import { linearLayersOf, type ModelConfig } from '../../src/llm/model.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { quantisedLinear, quantiseModel } from '../../src/llm/quantised-linear.ts'
import { quantiserFamilies, quantiserOf } from '../../src/llm/quantisers.ts'
import { randomModel } from '../../src/llm/random-model.ts'

const config: ModelConfig = {
  dimension: 24,
  hidden: 20,
  layers: 2,
  heads: 6,
  keyValueHeads: 2,
  vocabulary: 31,
  sequence: 16,
  sharedClassifier: true,
}
const model = randomModel(config, 3)
const logitsOf = (linear: Linear | undefined, of = model): Promise<Float32Array> =>
  forward(createSession(of), [1, 7, 30, 0], linear)
const quantised = (spec: string): Promise<Float32Array> => {
  const run = quantiserOf(spec).prepare(model, () => {})
  return logitsOf(run.linear, run.model)
}
const float = await logitsOf(floatLinear)
const distance = async (spec: string): Promise<number> =>
  Math.hypot(...(await quantised(spec)).map((logit, at) => logit - float[at]!)) / Math.hypot(...float)

test('float changes nothing', async () => {
  expect(await quantised('float')).toEqual(float)
})

test('integer activations go through the integer reference, the same codes as run', async () => {
  const reference = quantisedLinear(quantiseModel(model, { bits: 4, group: 16, signed: false }))
  expect(await quantised('group-integer(group=16, a=int8)')).toEqual(await logitsOf(reference))
  const symmetric = quantisedLinear(quantiseModel(model, { bits: 8, group: 7, signed: true }), 5)
  expect(await quantised('group-integer(w=int8, group=7, weights=symmetric, a=int5)')).toEqual(
    await logitsOf(symmetric),
  )
})

test('fewer bits, larger groups and integer activations lose more', async () => {
  const distances = await Promise.all(
    [
      'group-integer(w=int7, group=8)',
      'group-integer(w=int7, group=8, a=int8)',
      'group-integer(w=int5, group=8)',
      'group-integer(w=int5, group=24)',
      'group-integer(w=int3, group=24)',
    ].map(distance),
  )
  expect(distances).toEqual(distances.toSorted((a, b) => a - b))
  expect(distances[0]).toBeLessThan(0.06)
  expect(distances.at(-1)).toBeGreaterThan(0.1)
  expect(await distance('bitmod(w=int8, group=8)')).toBeLessThan(await distance('bitmod(w=fp4, group=8)'))
  expect(await distance('bitmod(w=fp4, group=8)')).toBeLessThan(await distance('bitmod(w=fp3, group=8)'))
})

test('every matrix is prepared once and told', () => {
  for (const spec of ['group-integer', 'bitmod']) {
    const told: number[] = []
    quantiserOf(spec).prepare(model, (done) => told.push(done))
    expect(told).toEqual(linearLayersOf(model).map((_, at) => at + 1))
  }
})

test('a spec is told in full, and a wrong one is shown with what there is', () => {
  expect(quantiserOf('group-integer(a=int8)').spec).toBe(
    'group-integer(w=int4, per=group, group=128, weights=asymmetric, a=int8, clip=none)',
  )
  expect(quantiserOf('group-integer(a=int8)')).toMatchObject({
    weights: 'round to nearest, int4 asymmetric, groups of 128, FP16 scales',
    activations: 'int8 per token, scale = largest magnitude / 127',
  })
  expect(() => quantiserOf('bitmood')).toThrow(
    /no quantiser 'bitmood'[\s\S]*did you mean 'bitmod'\? known quantisers: float/,
  )
  expect(() => quantiserOf('float(w=int4)')).toThrow(/float takes no parameters/)
  for (const { id } of quantiserFamilies) expect(quantiserOf(id).spec.startsWith(`${id}(`)).toBe(true)
})

const data = new URL('../../../shared/data/', import.meta.url).pathname
describe.skipIf(!existsSync(data))('on the 260K model', () => {
  test('perplexities stand to float as they do elsewhere: int8 the same, int4 a tenth, BitMoD-3 before int3', async () => {
    const { model: small } = await openModel(`${data}stories260K/stories260K.bin`)
    const golden: { eval: { tokens: number[] }[] } = JSON.parse(readFileSync(`${data}stories260K/golden.json`, 'utf8'))
    const texts = golden.eval.map(({ tokens }) => tokens)
    const of = async (spec: string): Promise<number> => {
      const run = quantiserOf(spec).prepare(small, () => {})
      return (await perplexity(cpuBackend(run.model, run.linear), texts)).perplexity
    }
    const plain = await of('float')
    expect(plain).toBeCloseTo(3.27, 1)
    expect((await of('group-integer(w=int8, group=32, weights=symmetric)')) / plain).toBeCloseTo(1, 2)
    const int4 = (await of('group-integer(w=int4, group=32)')) / plain
    expect(int4).toBeGreaterThan(1.06)
    expect(int4).toBeLessThan(1.13)
    const [bitmod3, int3] = [await of('bitmod(w=fp3, group=32)'), await of('group-integer(w=int3, group=32)')]
    expect(bitmod3).toBeLessThan(int3)
    expect(int3 / plain).toBeLessThan(2)
  }, 300_000)
})
