import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { silent } from '../../../src/base/progress.ts'
import { cpuBackend } from '../../../src/llm/backend.ts'
import { floatLinear } from '../../../src/llm/float-linear.ts'
import { createSession, forward, type Linear } from '../../../src/llm/forward.ts'
import { perplexity } from '../../../src/llm/likelihood.ts'
import { linearLayersOf } from '../../../src/llm/model.ts'
import { openModel } from '../../../src/llm/open-model.ts'
import { calibrationWith } from '../../../src/llm/quantised/calibration.ts'
import { quantiseModel } from '../../../src/llm/quantised/quantised-linear.ts'
import { quantiserFamilies, quantiserOf } from '../../../src/llm/quantised/quantisers.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { roundActivations } from '../../../src/quant/activations.ts'
import { quantisedLinear } from '../integer-linear.ts'
import { config } from './small-model.ts'

const model = randomModel(config, 3)
const logitsOf = (linear: Linear | undefined, of = model): Promise<Float32Array> =>
  forward(createSession(of), [1, 7, 30, 0], linear)
const quantised = async (spec: string): Promise<Float32Array> => {
  const run = await quantiserOf(spec).prepare(model)
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

test('every matrix is prepared once and told', async () => {
  for (const spec of ['group-integer', 'bitmod', 'ant', 'olive', 'block']) {
    const told: number[] = []
    const { matrices } = await quantiserOf(spec).prepare(model, {
      progress: { ...silent, update: (done) => told.push(done) },
    })
    const names = linearLayersOf(model).map(({ name }) => name)
    expect(told).toEqual(names.map((_, at) => at + 1))
    expect([...matrices.keys()]).toEqual(names)
  }
})

const stretch = Array.from({ length: 60 }, (_, k) => (5 * k + (k % 3)) % 31)
const calibration = calibrationWith([0, 15, 30, 45].map((from) => stretch.slice(from, from + 15)))

test('transformed models without quantisation are what they were', async () => {
  for (const spec of ['awq(of=float)', 'smoothquant(of=float)', 'hadamard(of=float)']) {
    const run = await quantiserOf(spec).prepare(model, { calibration })
    const logits = await logitsOf(run.linear, run.model)
    logits.forEach((logit, at) => {
      expect(Math.abs(logit - float[at]!)).toBeLessThan(1e-4)
    })
  }
})

test('quantisers go into each other, and calibrated ones change codes', async () => {
  const codesOf = async (spec: string) => {
    const { matrices } = await quantiserOf(spec).prepare(model, { calibration })
    return [...matrices.values()].map(({ coded }) => coded)
  }
  const plain = await codesOf('group-integer(w=int3, group=8)')
  for (const spec of ['gptq', 'awq', 'smoothquant', 'hadamard']) {
    const coded = await codesOf(`${spec}(of=group-integer(w=int3, group=8))`)
    expect(coded.map((matrix) => matrix?.kind)).toEqual(plain.map((matrix) => matrix?.kind))
    expect(coded).not.toEqual(plain)
  }
  const deep = quantiserOf('hadamard(of=awq(of=gptq(of=bitmod(w=fp3, group=8), damp=5)), seed=3)')
  expect(deep.spec).toBe(
    'hadamard(of=awq(of=gptq(of=bitmod(w=fp3, group=8, a=float, clip=none), damp=5, order=columns)), seed=3)',
  )
  expect(quantiserOf(deep.spec).spec).toBe(deep.spec)
  expect(deep.calibrated).toBe(true)
  expect(deep.weights).toMatch(
    /^turned by Hadamard matrices, then AWQ input scales, then GPTQ with 5 % damping: BitMoD/,
  )
  const run = await deep.prepare(model, { calibration })
  expect(await logitsOf(run.linear, run.model)).not.toEqual(float)
})

test('GPTQ behind scaled inputs works with the inputs that it has then', async () => {
  const inside = 'gptq(of=group-integer(w=int3, group=8))'
  const { model: scaled, matrices } = await quantiserOf(`smoothquant(of=${inside}, strength=90)`).prepare(model, {
    calibration,
  })
  const run = await quantiserOf('smoothquant(of=float, strength=90)').prepare(model, { calibration })
  const direct = await quantiserOf(inside).prepare(run.model, { calibration })
  let [same, all] = [0, 0]
  for (const [name, { coded }] of matrices) {
    const other = direct.matrices.get(name)?.coded
    coded!.codes.forEach((code, at) => {
      if (code === other!.codes[at]) same++
      all++
    })
  }
  // Statistics that follow from others differ from their own by rounding, so that a code may, too.
  expect(same / all).toBeGreaterThan(0.99)
  expect(scaled.finalNorm).toEqual(run.model.finalNorm)
})

test('weights that go through integer sums are not made into floats', async () => {
  const run = await quantiserOf('group-integer(group=8, a=int8)').prepare(model)
  expect(run.model.layers[0]!.query.weights).toBe(model.layers[0]!.query.weights)
})

test('a calibrated quantiser asks for a text, and what cannot go inside is refused where it stands', async () => {
  for (const spec of ['gptq', 'awq', 'smoothquant', 'hadamard(of=gptq)'])
    await expect(quantiserOf(spec).prepare(model)).rejects.toThrow(
      /calibrates with a text, and none is given; add --calibrate file/,
    )
  await expect(quantiserOf('gptq').prepare(model, { calibration: calibrationWith([[]]) })).rejects.toThrow(
    /calibrates with a text/,
  )
  expect(() => quantiserOf('gptq(of=gptq)')).toThrow(
    /no quantiser to round with 'gptq'\n {2}gptq\(of=gptq\)\n {10}\^{4}\n.*quantisers that need no calibration: group-integer/,
  )
  expect(() => quantiserOf('awq(of=hadamard)')).toThrow(/no quantiser of one layer 'hadamard'/)
  expect(() => quantiserOf('awq(of=group-integer(w=int9))')).toThrow(/\^{4}\n/)
  expect(() => quantiserOf('gptq(damp=0)')).toThrow(/an integer from 1 to 100/)
})

test('formats of activations are applied where weights are no integers', async () => {
  const run = await quantiserOf('bitmod(group=8, a=int4)').prepare(model)
  const [query] = linearLayersOf(run.model)
  const input = Float32Array.from({ length: 2 * query!.inputs }, (_, k) => Math.sin(k))
  const rounded = roundActivations(input, 2, query!.inputs, { kind: 'integer', bits: 4 })
  expect(await run.linear!(query!, input, 2)).toEqual(floatLinear(query!, rounded, 2))
  expect((await quantiserOf('bitmod(group=8)').prepare(model)).linear).toBeUndefined()
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

test('the page of quantisers has each with its defaults', () => {
  const page = readFileSync(new URL('../../../docs/quantisers.md', import.meta.url), 'utf8')
  const cells = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, text]) => text!)
  for (const { id } of quantiserFamilies.slice(1)) {
    const cell = cells.find((text) => text.startsWith(`${id}(`))
    expect(quantiserOf(cell!).spec).toBe(quantiserOf(id).spec)
  }
})

const data = new URL('../../../../shared/data/', import.meta.url).pathname
describe.skipIf(!existsSync(data))('on the 260K model', () => {
  test('perplexities stand to float as they do elsewhere: int8 the same, int4 a tenth, BitMoD-3 before int3', async () => {
    const { model: small } = await openModel(`${data}stories260K/stories260K.bin`)
    const golden: { eval: { tokens: number[] }[] } = JSON.parse(readFileSync(`${data}stories260K/golden.json`, 'utf8'))
    const texts = golden.eval.map(({ tokens }) => tokens)
    const of = async (spec: string): Promise<number> => {
      const run = await quantiserOf(spec).prepare(small)
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

  test('the published orders hold: zero points, groups, special values, GPTQ and AWQ each before what is without', async () => {
    const { model: small } = await openModel(`${data}stories260K/stories260K.bin`)
    const golden: { eval: { tokens: number[] }[] } = JSON.parse(readFileSync(`${data}stories260K/golden.json`, 'utf8'))
    const texts = golden.eval.map(({ tokens }) => tokens)
    const [measured, others] = [texts.slice(0, 6), texts.slice(6)]
    const calibration = calibrationWith(others)
    const known = new Map<string, number>()
    const of = async (spec: string): Promise<number> => {
      const found = known.get(spec)
      if (found !== undefined) return found
      const run = await quantiserOf(spec).prepare(small, { calibration })
      const backend = cpuBackend(run.model, run.linear, { threads: 1 })
      const { perplexity: result } = await perplexity(backend, measured)
      backend.close()
      known.set(spec, result)
      return result
    }
    for (const bits of [4, 3]) {
      const integers = `group-integer(w=int${bits}, group=32)`
      const symmetric = `group-integer(w=int${bits}, group=32, weights=symmetric)`
      const bitmod = `bitmod(w=fp${bits}, group=32)`
      for (const [better, worse] of [
        [integers, symmetric],
        [integers, `group-integer(w=int${bits}, per=channel)`],
        [bitmod, symmetric],
        [`gptq(of=${integers})`, integers],
        [`gptq(of=${bitmod})`, bitmod],
        [`awq(of=${integers})`, integers],
      ] as const)
        expect(await of(better), `${better} before ${worse}`).toBeLessThan(await of(worse))
    }
  }, 300_000)
})
