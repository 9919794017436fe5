import { expect, it } from 'vitest'
import { interruptible } from '../../src/cli/backend.ts'
import { cpuBackend } from '../../src/llm/backend.ts'
import { randomModel } from '../../src/llm/random-model.ts'

it('a backend hears signals between two calls, and computes the same', async () => {
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
  const plain = cpuBackend(model).open(12)
  const wrapped = interruptible(cpuBackend(model))
  expect(wrapped).toMatchObject({ name: 'cpu', model })
  const conversation = wrapped.open(12)
  for (const tokens of [[1, 2], [3]]) {
    let heard = false
    setImmediate(() => {
      heard = true
    })
    const logits = await conversation.next(tokens, { all: true })
    expect(heard).toBe(true)
    expect(logits).toEqual(await plain.next(tokens, { all: true }))
  }
})
