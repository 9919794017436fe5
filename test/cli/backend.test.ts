import { expect, it } from 'vitest'
import { backendOf, interruptible } from '../../src/cli/backend.ts'
import { terminalOutput } from '../../src/cli/context.ts'
import { cpuBackend } from '../../src/llm/backend.ts'
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

it('a backend hears signals between two calls, and computes the same', async () => {
  const plain = cpuBackend(model)
  const wrapped = interruptible(cpuBackend(model))
  expect(wrapped).toMatchObject({ name: 'cpu', model })
  const [one, other] = [plain.open(12), wrapped.open(12)]
  /** What a call gives, and whether others had their turn before. */
  const within = async <T>(call: () => Promise<T>): Promise<readonly [T, boolean]> => {
    let heard = false
    setImmediate(() => {
      heard = true
    })
    return [await call(), heard]
  }
  for (const tokens of [[1, 2], [3]]) {
    const piece = { conversation: other, tokens }
    expect(await within(() => wrapped.next([piece], { all: true }))).toEqual([
      await plain.next([{ conversation: one, tokens }], { all: true }),
      true,
    ])
  }
  const targets = [5, 6]
  expect(await within(() => wrapped.score([{ conversation: other, tokens: [4, 5], targets }]))).toEqual([
    await plain.score([{ conversation: one, tokens: [4, 5], targets }]),
    true,
  ])
  plain.close()
  wrapped.close()
})

it('the CPU gets as many threads as are asked for', async () => {
  const run = { model, matrices: new Map() }
  const backend = await backendOf(run, { backend: 'cpu', threads: 1 }, terminalOutput(true))
  backend.close()
  await expect(backendOf(run, { backend: 'cpu', threads: 257 }, terminalOutput(true))).rejects.toThrow(/257 threads/)
})
