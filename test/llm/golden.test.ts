import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { cacheFolder } from '../../src/base/cache-folder.ts'
import { cpuBackend } from '../../src/llm/backend.ts'
import { createSession, forward } from '../../src/llm/forward.ts'
import { generate } from '../../src/llm/generate.ts'
import { perplexity } from '../../src/llm/likelihood.ts'
import { parameterCountOf } from '../../src/llm/model.ts'
import { type OpenedModel, openModel } from '../../src/llm/open-model.ts'
import { cacheStateOf } from '../../src/llm/store/cache.ts'
import { builtInModels } from '../../src/llm/store/models.ts'
import { decodeAll } from '../../src/llm/tokenizer/tokenizer.ts'

/** What an independent NumPy float32 forward computed; all figures to 2e-3. */
interface Golden {
  readonly params: number
  readonly prompt: string
  readonly prompt_and_greedy_tokens: readonly number[]
  readonly text: string
  readonly logits_after_16_tokens_top5: readonly (readonly [number, number])[]
  readonly eval: readonly { readonly tokens: readonly number[]; readonly nll_sum: number }[]
}

const TOLERANCE = 2e-3
const data = new URL('../../../shared/data/', import.meta.url).pathname
const full = process.env.BITLOOM_FULL === '1'
const stories15m = builtInModels.find(({ id }) => id === 'stories15m')!
const shared = existsSync(data)
const cached = cacheStateOf(cacheFolder(), stories15m) === 'present'

const cases = [
  {
    name: 'stories260K',
    missing: shared ? '' : 'needs ../shared/data',
    open: () => openModel(`${data}stories260K/stories260K.bin`),
    stories: 10,
  },
  {
    name: 'stories15M',
    missing: !shared ? 'needs ../shared/data' : cached ? '' : 'needs the model in the cache: run npm start once',
    open: () => openModel('stories15m'),
    stories: full ? 10 : 2,
  },
]

for (const { name, missing, open, stories } of cases)
  describe.skipIf(missing !== '')(`${name} agrees with the golden file${missing && ` (skipped: ${missing})`}`, () => {
    let golden: Golden
    let opened: OpenedModel
    beforeAll(async () => {
      golden = JSON.parse(readFileSync(`${data}${name}/golden.json`, 'utf8'))
      opened = await open()
    })

    test('the number of parameters', () => {
      expect(parameterCountOf(opened.model)).toBe(golden.params)
    })

    test('greedy tokens and text are equal', async () => {
      const { model, tokenizer } = opened
      const result = await generate({ model, tokenizer, prompt: golden.prompt, tokens: 64 })
      expect([...result.promptTokens, ...result.newTokens]).toEqual(golden.prompt_and_greedy_tokens)
      expect(result.text).toBe(golden.text)
    })

    test('the five largest logits after 16 tokens', async () => {
      const logits = await forward(createSession(opened.model), golden.prompt_and_greedy_tokens.slice(0, 16))
      const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!)
      expect(order.slice(0, 5)).toEqual(golden.logits_after_16_tokens_top5.map(([token]) => token))
      for (const [token, value] of golden.logits_after_16_tokens_top5)
        expect(Math.abs(logits[token]! - value)).toBeLessThan(TOLERANCE)
    })

    test(`the likelihood of each of ${stories} stories`, async () => {
      const texts = golden.eval.slice(0, stories)
      const { perText } = await perplexity(
        cpuBackend(opened.model),
        texts.map(({ tokens }) => tokens),
      )
      texts.forEach(({ tokens, nll_sum }, at) => {
        expect(Math.abs(perText[at]! - nll_sum / (tokens.length - 1))).toBeLessThan(TOLERANCE)
      })
    }, 600_000)

    test('a hundred stories survive encoding and decoding, and the golden ones get their golden tokens', () => {
      const { tokenizer } = opened
      const texts: string[] = JSON.parse(readFileSync(`${data}text/tinystories-once-100.json`, 'utf8'))
      const encoded = texts.map((text) => tokenizer.encode(text))
      encoded.forEach((tokens, at) => {
        expect(decodeAll(tokenizer, tokens)).toBe(texts[at])
      })
      const known = new Set(encoded.map((tokens) => tokens.slice(0, 256).join()))
      for (const { tokens } of golden.eval) expect(known.has(tokens.join())).toBe(true)
    })
  })
