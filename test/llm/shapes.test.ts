import { totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { createSession, forward } from '../../src/llm/forward.ts'
import { generate } from '../../src/llm/generate.ts'
import { memoryOf } from '../../src/llm/model.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { bytesOfShape, openRandom } from '../../src/llm/open-random.ts'
import { partsOf } from '../../src/llm/parts.ts'
import { publishedShapes } from '../../src/llm/shapes.ts'
import { decodeAll } from '../../src/llm/tokenizer/tokenizer.ts'

/** As their authors or the files count them. */
const parameters: Readonly<Record<string, number>> = {
  stories260k: 260_032,
  stories15m: 15_191_712,
  stories110m: 109_529_856,
  'yi-6b': 6_061_035_520,
  'llama-2-7b': 6_738_415_616,
  'llama-2-13b': 13_015_864_320,
  'llama-3-8b': 8_030_261_248,
  'opt-125m': 125_239_296,
  'opt-1.3b': 1_315_758_080,
  'opt-6.7b': 6_658_473_984,
  'phi-2': 2_779_683_840,
}

test('every published shape has as many parameters as its model', () => {
  for (const { id, config, architecture } of publishedShapes) {
    const count = partsOf(config, architecture).reduce((sum, { outputs, inputs }) => sum + outputs * inputs, 0)
    expect(count, id).toBe(parameters[id])
  }
  expect(Object.keys(parameters)).toHaveLength(publishedShapes.length)
})

test('a random model says what it is, runs, and has a tokenizer that spells any text', async () => {
  const opened = await openModel('random(shape=stories260k, seed=3)')
  const { model, tokenizer, source } = opened
  expect(source).toBe('random(shape=stories260k, weights=float32, seed=3)')
  expect(model.name).toBe('random-stories260k')
  expect(decodeAll(tokenizer, tokenizer.encode('Größe 7'))).toBe('Größe 7')
  expect(decodeAll(tokenizer, [300])).toBe('<300>')
  const { newTokens } = await generate({ ...opened, prompt: 'a', tokens: 4 })
  expect(newTokens.length).toBeGreaterThan(0)
  expect((await openModel('random(shape=stories260k, seed=3)')).model).toEqual(model)
  expect((await openModel('random(shape=stories260k, seed=4)')).sha256).not.toBe(opened.sha256)
})

test('weights may be stored in blocks, and logits keep a size that a softmax can use', async () => {
  const shape = publishedShapes.find(({ id }) => id === 'stories15m')!
  for (const kind of ['q8_0', 'q4_0'] as const) {
    const { model } = openRandom(`random(weights=${kind})`)
    expect(memoryOf(model)).toBe(bytesOfShape(shape, kind))
    const logits = await forward(createSession(model), [1, 2, 3])
    const deviation = Math.hypot(...logits) / Math.sqrt(logits.length)
    expect(deviation).toBeGreaterThan(0.3)
    expect(deviation).toBeLessThan(3)
  }
})

test('a wrong shape is shown with what there is, and one that does not fit the memory is not made', async () => {
  await expect(openModel('random(shape=opt125)')).rejects.toThrow(/did you mean 'opt-125m'/)
  await expect(openModel('random(')).rejects.toThrow(/random\(/)
  await expect(openModel('random(layers=3)')).rejects.toThrow(/no parameter 'layers'/)
  const largest = publishedShapes.find(({ id }) => id === 'llama-2-13b')!
  if (bytesOfShape(largest, 'float32') > totalmem())
    await expect(openModel('random(shape=llama-2-13b)')).rejects.toThrow(
      /llama-2-13b as float32 take 52\.1 GB, and this machine has .*; give weights=q4_0 or a smaller shape/,
    )
})

test('blocks that rows do not fill are refused', async () => {
  await expect(openModel('random(shape=stories260k, weights=q8_0)')).rejects.toThrow(
    /rows of 172 weights.*weights=float32/,
  )
})
