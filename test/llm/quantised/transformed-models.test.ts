import { describe, expect, it } from 'vitest'
import { silent } from '../../../src/base/progress.ts'
import { createRandom } from '../../../src/base/random.ts'
import { llamaArchitecture, optArchitecture, phiArchitecture } from '../../../src/llm/architecture.ts'
import { floatLinear } from '../../../src/llm/float-linear.ts'
import { createSession, forward, type Linear } from '../../../src/llm/forward.ts'
import { linearLayersOf, type Model } from '../../../src/llm/model.ts'
import { calibrate, calibrationWith } from '../../../src/llm/quantised/calibration.ts'
import { rotatedModel } from '../../../src/llm/quantised/rotated-model.ts'
import { scalingPlacesOf, withInputScales, withScaledStatistics } from '../../../src/llm/quantised/scaled-inputs.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { floatsOf } from '../../../src/llm/weights.ts'
import { addInputs, emptyStatistics } from '../../../src/quant/input-statistics.ts'
import { config as small } from './small-model.ts'

const config = { ...small, sequence: 100 }
const everyHead = { ...config, keyValueHeads: 6 }
const biased = llamaArchitecture({
  headSize: 8,
  pairs: 'halves',
  biases: { queryKeyValue: true, attentionOutput: true, feedForward: true },
})
const models: readonly (readonly [string, Model])[] = [
  ['Llama', randomModel(config, 3)],
  ['Llama with wide heads and biases', randomModel({ ...config, headSize: 8 }, 4, biased)],
  ['OPT', randomModel(everyHead, 5, optArchitecture)],
  ['Phi-2', randomModel({ ...everyHead, heads: 3, keyValueHeads: 3 }, 6, phiArchitecture({ rotaryWidth: 4 }))],
]
const tokens = [1, 7, 30, 0, 12, 7, 7, 19, 4]
const logitsOf = (model: Model): Promise<Float32Array> =>
  forward(createSession(model), tokens, floatLinear, { all: true })
const expectSame = async (changed: Model, model: Model): Promise<void> => {
  const [found, expected] = [await logitsOf(changed), await logitsOf(model)]
  found.forEach((logit, at) => {
    expect(Math.abs(logit - expected[at]!)).toBeLessThan(2e-4)
  })
}

describe.each(models)('%s', (_, model) => {
  /** Random scales from 1/8 to 8 for every place. */
  const placed = (seed: number) => {
    const random = createRandom(seed)
    return scalingPlacesOf(model).map((place) => ({
      place,
      scales: Float64Array.from({ length: Math.max(...place.sources) + 1 }, () => 2 ** (6 * random() - 3)),
    }))
  }

  it('is the same function with its inputs scaled, at every place alone and at all', async () => {
    const all = placed(1)
    expect(all.length).toBeGreaterThanOrEqual(5)
    for (const some of [...all.map((one) => [one]), all]) {
      const scaled = withInputScales(model, some)
      await expectSame(scaled, model)
      const changed = linearLayersOf(scaled).filter(({ weights }, at) => linearLayersOf(model)[at]!.weights !== weights)
      for (const { place } of some)
        for (const name of place.readers) expect(changed.map((matrix) => matrix.name)).toContain(name)
    }
  })

  it('has statistics of what goes into each linear layer, and of the scaled model those that follow from them', async () => {
    const windows = [tokens, Array.from({ length: 90 }, (_, k) => (7 * k) % 31)]
    const found = await calibrate(model, windows, silent)
    const expected = new Map(linearLayersOf(model).map(({ name, inputs }) => [name, emptyStatistics(inputs)]))
    const noting: Linear = (matrix, input, count) => {
      addInputs(expected.get(matrix.name)!, input, count)
      return floatLinear(matrix, input, count)
    }
    for (const window of windows) await forward(createSession(model), window, noting, { all: true })
    expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted())
    const expectNear = (a: Float64Array, b: Float64Array): void => {
      expect(a.length).toBe(b.length)
      const most = Math.max(...b.map(Math.abs))
      a.forEach((value, at) => {
        expect(Math.abs(value - b[at]!)).toBeLessThan(1e-4 * most)
      })
    }
    for (const [name, statistics] of expected) {
      expect(found.get(name)!.tokens).toBe(99)
      expectNear(found.get(name)!.moments, statistics.moments)
    }
    const scales = placed(2)
    const direct = await calibrate(withInputScales(model, scales), windows, silent)
    const derived = withScaledStatistics(found, scales)
    for (const [name, statistics] of direct) {
      expectNear(derived.get(name)!.moments, statistics.moments)
      expectNear(derived.get(name)!.magnitudes, statistics.magnitudes)
      expectNear(derived.get(name)!.largest, statistics.largest)
    }
  })

  it.runIf(model.architecture.norm === 'rms')('is the same function turned', async () => {
    const turned = rotatedModel(model, 1)
    await expectSame(turned, model)
    const before = linearLayersOf(model)
    for (const [at, { weights, name }] of linearLayersOf(turned).entries()) {
      const [old, now] = [floatsOf(before[at]!.weights), floatsOf(weights)]
      expect(now.filter((weight, k) => weight === old[k]).length, name).toBeLessThan(now.length / 10)
    }
    expect(turned.finalNorm.weight.every((weight) => weight === 1)).toBe(true)
    expect(rotatedModel(model, 1)).toEqual(turned)
    expect(floatsOf(rotatedModel(model, 2).embedding.weights)).not.toEqual(floatsOf(turned.embedding.weights))
  })

  it.runIf(model.architecture.norm === 'layer')('cannot be turned', () => {
    expect(() => rotatedModel(model, 1)).toThrow(/has a LayerNorm; take smoothquant or awq/)
  })
})

it('a model is calibrated once with a text', async () => {
  const [, model] = models[0]!
  const told: number[] = []
  const calibration = calibrationWith([tokens, tokens])
  expect(calibration.tokens).toBe(18)
  const progress = { ...silent, update: (done: number) => told.push(done) }
  const first = await calibration.statisticsOf(model, progress)
  expect(told).toEqual([9, 18])
  expect(await calibration.statisticsOf(model, progress)).toBe(first)
  expect(told).toHaveLength(2)
  expect(await calibration.statisticsOf(models[1]![1], progress)).not.toBe(first)
})

it('values that heads share have one scale, and GELU lets none through', () => {
  const [, llama] = models[0]!
  const value = scalingPlacesOf(llama).find(({ source }) => source === 'value')!
  expect(value.sources).toHaveLength(24)
  // Six query heads of 4, two value heads: heads 0 to 2 read the first.
  expect([...value.sources]).toEqual([0, 0, 0, 1, 1, 1].flatMap((head) => [0, 1, 2, 3].map((i) => 4 * head + i)))
  expect(scalingPlacesOf(models[3]![1]).map(({ source }) => source)).not.toContain('up')
  expect(scalingPlacesOf(models[3]![1])[0]!.readers).toHaveLength(4)
})
