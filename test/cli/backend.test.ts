import { expect, it } from 'vitest'
import { backendOf } from '../../src/cli/backend.ts'
import { terminalOutput } from '../../src/cli/context.ts'
import { cpuBackend } from '../../src/llm/backend.ts'
import { floatLinear } from '../../src/llm/float-linear.ts'
import { backendWithCache } from '../../src/llm/quantised/quantised-cache.ts'
import { randomModel } from '../../src/llm/random-model.ts'

const model = randomModel(
  {
    dimension: 16,
    hidden: 12,
    layers: 1,
    heads: 2,
    keyValueHeads: 1,
    vocabulary: 30,
    sequence: 12,
    sharedClassifier: true,
  },
  3,
)

const cache = { keys: undefined, values: undefined, per: 'token', group: 4 } as const

it.each([
  ['in WebAssembly', () => cpuBackend(model)],
  ['in JavaScript', () => cpuBackend(model, floatLinear)],
  ['with a quantised KV cache', () => backendWithCache(model, cache)],
])('a backend %s hears signals between two calls', async (_, make) => {
  const backend = make()
  const one = backend.open(12)
  /** What a call gives, and whether others had their turn before. */
  const within = async <T>(call: () => Promise<T>): Promise<readonly [T, boolean]> => {
    let heard = false
    setImmediate(() => {
      heard = true
    })
    return [await call(), heard]
  }
  for (const tokens of [[1, 2], [3]]) {
    const [logits, heard] = await within(() => backend.next([{ conversation: one, tokens }], { all: true }))
    expect(logits[0]).toHaveLength(tokens.length * 30)
    expect(heard).toBe(true)
  }
  const pieces = [{ conversation: one, tokens: [4, 5], targets: [5, 6] }]
  expect(await within(() => backend.score(pieces))).toEqual([[expect.any(Float64Array)], true])
  backend.close()
})

it('the CPU gets as many threads as are asked for', async () => {
  const run = { model, matrices: new Map() }
  const backend = await backendOf(run, { backend: 'cpu', threads: 1 }, terminalOutput(true))
  backend.close()
  await expect(backendOf(run, { backend: 'cpu', threads: 257 }, terminalOutput(true))).rejects.toThrow(/257 threads/)
})
