import { expect, test } from 'vitest'
import { type Backend, cpuBackend } from '../../src/llm/backend.ts'
import { type ChatOptions, openChat } from '../../src/llm/chat.ts'
import type { ChatTemplate } from '../../src/llm/chat-template.ts'
import { generate } from '../../src/llm/generate.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { greedy } from '../../src/llm/sample.ts'
import type { Tokenizer } from '../../src/llm/tokenizer.ts'

const end = 1
/** BOS 0, end 1, and a token for each byte. */
const tokenizer: Tokenizer = {
  ends: [end],
  encode: (text) => [0, ...Buffer.from(text).map((byte) => byte)].map((token, at) => (at === 0 ? 0 : token + 2)),
  createDecoder: () => {
    const utf8 = new TextDecoder()
    return {
      next: (token) => utf8.decode(token < 2 ? new Uint8Array(0) : Uint8Array.of(token - 2), { stream: true }),
      end: () => utf8.decode(),
    }
  },
}
const bytes = (text: string): number[] => tokenizer.encode(text).slice(1)
const model = randomModel(
  {
    dimension: 16,
    hidden: 12,
    layers: 2,
    heads: 2,
    keyValueHeads: 1,
    vocabulary: 258,
    sequence: 64,
    sharedClassifier: true,
  },
  3,
)
const template: ChatTemplate = (messages) =>
  `${messages.map(({ role, content }) => `${role === 'user' ? 'U' : 'A'}${content}.`).join('')}A`

/** A backend that writes down what it is given, and a sampler that says what it is told. */
const scripted = (answers: readonly string[]) => {
  const given: number[][] = []
  let opened = 0
  const backend: Backend = {
    name: 'test',
    model,
    open: () => {
      opened++
      return {
        next: async (tokens) => {
          given.push([...tokens])
          return new Float32Array(258)
        },
        close: () => {},
      }
    },
    close: () => {},
  }
  const says = answers.flatMap((text) => [...bytes(text), end])
  return { backend, sampler: () => says.shift()!, given, timesOpened: () => opened }
}
const options = (more: Partial<ChatOptions> & Pick<ChatOptions, 'backend' | 'sampler'>): ChatOptions => ({
  opened: { tokenizer, prefix: [0] },
  template,
  tokens: 10,
  context: 64,
  ...more,
})

test('a conversation goes on where it was: only what is new is processed', async () => {
  const { backend, sampler, given, timesOpened } = scripted(['hé', 'no'])
  const chat = openChat(options({ backend, sampler }))
  const heard: string[] = []
  const first = await chat.say('a', (text) => heard.push(text))
  expect(first).toMatchObject({ answer: 'hé', promptTokens: 4, tokens: 3, stopped: 'end', forgotten: 0 })
  // One call a token; the two bytes of a letter make it together.
  expect(heard).toEqual(['h', '', 'é'])
  expect(await chat.say('b')).toMatchObject({ answer: 'no', promptTokens: 5, tokens: 2 })
  expect(given).toEqual([bytes('Ua.A'), [106], [197], [171], bytes('.Ub.A'), [112], [113]])
  expect(timesOpened()).toBe(1)
})

test('without a template each message begins a text of its own, behind the tokens that begin every text', async () => {
  const { backend, sampler, given } = scripted(['x', 'y'])
  const chat = openChat(options({ backend, sampler, template: undefined }))
  await chat.say('ab')
  expect(await chat.say('ac')).toMatchObject({ answer: 'y', promptTokens: 3 })
  expect(given).toEqual([[0, ...bytes('ab')], [122], [0, ...bytes('ac')], [123]])
})

test('an answer ends with enough tokens, or where the conversation is full', async () => {
  const long = scripted(['xxxxxxxxxxxxxxx'])
  expect(await openChat(options({ ...long, tokens: 3 })).say('a')).toMatchObject({ answer: 'xxx', stopped: 'tokens' })
  const full = scripted(['xxxxxxxxxxxxxxx'])
  // Six tokens fit: four of the prompt, two of the answer; the third is said and not processed.
  expect(await openChat(options({ ...full, context: 6 })).say('a')).toMatchObject({
    answer: 'xxx',
    stopped: 'sequence',
  })
})

test('what does not fit pushes out the oldest exchanges; a message that does not fit alone is refused', async () => {
  const { backend, sampler, given } = scripted(['x', 'y', 'z'])
  const chat = openChat(options({ backend, sampler, context: 16, tokens: 4 }))
  await chat.say('1')
  await chat.say('2')
  // Ua.Ax.Ub.Ay.Uc.A has 16 tokens and 4 more are asked for.
  expect(await chat.say('3')).toMatchObject({ answer: 'z', forgotten: 1 })
  expect(given.at(-2)).toEqual(bytes('U2.Ay.U3.A'))
  await expect(chat.say('a'.repeat(14))).rejects.toThrow(
    /the prompt is 17 tokens long and the conversation may have 16; shorten it, or give --context up to 64$/,
  )
  const whole = openChat(options({ ...scripted([]), context: 64 }))
  await expect(whole.say('a'.repeat(80))).rejects.toThrow(/may have 64; shorten it$/)
})

test('on a real model it says what generate says, for long prompts too, which are processed in pieces', async () => {
  const prompt = 'a'.repeat(50)
  const deep = { ...model, config: { ...model.config, sequence: 300 } }
  const backend = cpuBackend(deep)
  const plain = { ...tokenizer, ends: [] }
  for (const text of [prompt, prompt.repeat(4)]) {
    const chat = openChat(
      options({
        backend,
        sampler: greedy,
        opened: { tokenizer: plain, prefix: [0] },
        template: undefined,
        context: 300,
      }),
    )
    const { answer } = await chat.say(text)
    const whole = await generate({ model: deep, tokenizer: plain, prompt: text, tokens: 10 })
    expect(text + answer).toBe(whole.text)
  }
})

test('a prompt without a token is refused', async () => {
  const chat = openChat(options({ ...scripted([]), template: undefined, opened: { tokenizer, prefix: [] } }))
  await expect(chat.say('')).rejects.toMatchObject({ code: 'E-PROMPT-EMPTY' })
})
