import { expect, it } from 'vitest'
import { floatLinear } from '../../../src/llm/float-linear.ts'
import { createSession, forward } from '../../../src/llm/forward.ts'
import { keyValueWidthOf } from '../../../src/llm/model.ts'
import { backendWithCache, cacheFamilies, cacheQuantiserOf } from '../../../src/llm/quantised/quantised-cache.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { roundKeys, roundValues } from '../../../src/quant/key-value.ts'
import { config } from './small-model.ts'

const model = randomModel({ ...config, sequence: 40 }, 3)
const tokens = Array.from({ length: 29 }, (_, k) => (11 * k + 3) % 31)
const logitsWith = async (spec: string, pieces: readonly number[] = [tokens.length]): Promise<Float32Array[]> => {
  const conversation = backendWithCache(model, cacheQuantiserOf(spec).options!).open(40)
  const results: Float32Array[] = []
  let at = 0
  for (const length of pieces) {
    results.push(await conversation.next(tokens.slice(at, at + length), { all: true }))
    at += length
  }
  return results
}
const joined = (pieces: readonly Float32Array[]): number[] => pieces.flatMap((piece) => [...piece])

it('changes nothing where keys and values stay in float32', async () => {
  const expected = await forward(createSession(model), tokens, floatLinear, { all: true })
  const [found] = await logitsWith('kivi(keys=float, values=float, group=8)')
  found!.forEach((logit, at) => {
    expect(Math.abs(logit - expected[at]!)).toBeLessThan(1e-5)
  })
})

it('each token sees whole groups before its own rounded, and its own group as it is', async () => {
  const { options } = cacheQuantiserOf('kivi(keys=int3, values=int2, group=8)')
  const session = createSession(model)
  const expected: number[] = []
  const width = keyValueWidthOf(model.config)
  for (const token of tokens) {
    expected.push(...(await forward(session, [token], floatLinear, { all: true })))
    if (session.position % 8 !== 0) continue
    const [from, to] = [(session.position - 8) * width, session.position * width]
    for (const keys of session.keys) roundKeys(keys.subarray(from, to), width, 4, options!)
    for (const values of session.values) roundValues(values.subarray(from, to), width, 4, options!)
  }
  const found = joined(await logitsWith('kivi(keys=int3, values=int2, group=8)'))
  expect(found).toHaveLength(expected.length)
  found.forEach((logit, at) => {
    expect(Math.abs(logit - expected[at]!)).toBeLessThan(1e-4)
  })
})

it('does not depend on how tokens come, and gives the last logits alone where no others are asked for', async () => {
  const spec = 'kivi(keys=int4, values=int4, group=8)'
  const whole = joined(await logitsWith(spec))
  expect(joined(await logitsWith(spec, [1, 1, 5, 3, 19]))).toEqual(whole)
  const conversation = backendWithCache(model, cacheQuantiserOf(spec).options!).open(40)
  expect([...(await conversation.next(tokens))]).toEqual(whole.slice(-31))
})

it('loses more with fewer bits', async () => {
  const float = joined(await logitsWith('kivi(keys=float, values=float, group=4)'))
  const distances: number[] = []
  for (const bits of ['int8', 'int4', 'int2']) {
    const found = joined(await logitsWith(`kivi(keys=${bits}, values=${bits}, group=4)`))
    distances.push(Math.hypot(...found.map((logit, at) => logit - float[at]!)))
  }
  expect(distances).toEqual(distances.toSorted((a, b) => a - b))
  expect(distances[0]).toBeGreaterThan(0)
})

it('is said in full, and a wrong one shown with what there is', () => {
  expect(cacheQuantiserOf('kivi').spec).toBe('kivi(keys=int4, values=int4, per=channel, group=32)')
  expect(cacheQuantiserOf('float')).toEqual({ spec: 'float()', options: undefined })
  expect(cacheQuantiserOf('kivi(keys=int8)').options).toEqual({ keys: 8, values: 4, per: 'channel', group: 32 })
  expect(() => cacheQuantiserOf('kiwi')).toThrow(/no quantised KV cache 'kiwi'[\s\S]*did you mean 'kivi'/)
  expect(() => cacheQuantiserOf('kivi(keys=int5)')).toThrow(/allowed for 'keys': int8, int6/)
  for (const { id } of cacheFamilies) expect(cacheQuantiserOf(id).spec.startsWith(`${id}(`)).toBe(true)
})
