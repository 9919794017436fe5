import { beforeAll, describe, expect, test } from 'vitest'
import { cacheFolder } from '../../src/base/cache-folder.ts'
import { cacheStateOf } from '../../src/llm/cache.ts'
import { floatLinear } from '../../src/llm/float-linear.ts'
import type { Linear } from '../../src/llm/forward.ts'
import { generate } from '../../src/llm/generate.ts'
import { parameterCountOf } from '../../src/llm/model.ts'
import { builtInModels } from '../../src/llm/models.ts'
import { type OpenedModel, openModel } from '../../src/llm/open-model.ts'
import { quantisedLinear, quantiseModel } from '../../src/llm/quantised-linear.ts'

const minimind = builtInModels.find(({ id }) => id === 'minimind2-small')!
const cached = cacheStateOf(cacheFolder(), minimind) === 'present'
const full = process.env.BITLOOM_FULL === '1'

const question = [
  '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n',
  '<|im_start|>user\nWhat is the capital of France?<|im_end|>\n',
  '<|im_start|>assistant\n',
].join('')

describe.skipIf(!cached)(
  `minimind2-small${cached ? '' : ' (skipped: run bitloom ppl --model minimind2-small once)'}`,
  () => {
    let opened: OpenedModel
    beforeAll(async () => {
      opened = await openModel('minimind2-small')
    })
    const answer = async (linear: Linear): Promise<string> => {
      const { text, stopped } = await generate({ ...opened, prompt: question, tokens: 20, linear })
      expect(stopped).toBe('end')
      return text.split('assistant\n').at(-1)!
    }

    test('has the parameters that its table says', () => {
      expect(minimind.summary).toContain(`${(parameterCountOf(opened.model) / 1e6).toFixed(1)} M parameters`)
    })

    test('knows the capital of France in float32', async () => {
      expect(await answer(floatLinear)).toBe('The capital of France is Paris.')
    })

    test.skipIf(!full)('and with an INT8 activation for each token', async () => {
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
  },
)
