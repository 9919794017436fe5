import { expect, test } from 'vitest'
import { type Backend, cpuBackend, oneByOne } from '../../src/llm/backend.ts'
import { type ChatOptions, openChat } from '../../src/llm/chat.ts'
import { generate } from '../../src/llm/generate.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { greedy } from '../../src/llm/sample.ts'
import type { ChatTemplate } from '../../src/llm/tokenizer/chat-template.ts'
import type { Tokenizer } from '../../src/llm/tokenizer/tokenizer.ts'

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
    ...oneByOne(model),
    close: () => {},
  }
  const says = answers.flatMap((text) => [...bytes(text), end])
  const sampler = (): number => says.shift()!
  return { backend, sampler, options: { backend, sampler }, given, timesOpened: () => opened }
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

test('messages without a template are no conversation: a long one forgets nothing', async () => {
  const { backend, sampler } = scripted(['x', 'y'])
  const chat = openChat(options({ backend, sampler, template: undefined, context: 12 }))
  await chat.say('ab')
  expect(await chat.say('abcdefgh')).toMatchObject({ answer: 'y', forgotten: 0 })
})

test('where a template writes what was said in another way, the conversation begins again', async () => {
  const { backend, sampler, given, timesOpened } = scripted(['x', '', ''])
  const counting: ChatTemplate = (messages) => `${messages.length}${messages.map(({ content }) => content).join('.')}:`
  const chat = openChat(options({ backend, sampler, template: counting }))
  await chat.say('a')
  expect(await chat.say('bcdef')).toMatchObject({ answer: '', promptTokens: 11 })
  expect(given).toEqual([bytes('1a:'), [122], bytes('3a.x.bcdef:')])
  expect(timesOpened()).toBe(2)
  // And where it writes the same text again, nothing of which is new.
  const same = scripted(['', ''])
  const again = openChat(options({ ...same.options, template: () => 'same' }))
  await again.say('a')
  expect(await again.say('b')).toMatchObject({ answer: '', promptTokens: 4 })
})

test('a long prompt is processed in pieces', async () => {
  const { backend, sampler, given } = scripted(['x'])
  const text = 'abcdefghij'.repeat(13)
  await openChat(options({ backend, sampler, template: undefined, context: 200 })).say(text)
  expect(given.map(({ length }) => length)).toEqual([64, 64, 3, 1])
  expect(given.flat()).toEqual([0, ...bytes(text), 122])
})

test('the answer is decoded behind its prompt, and a character that is cut off is shown as such', async () => {
  const half = scripted([])
  const says = [bytes('a')[0]!, bytes('é')[0]!, end]
  /** Marks where a text begins, as tokenizers drop a space there. */
  const marking: Tokenizer = {
    ...tokenizer,
    createDecoder: () => {
      const { next, end } = tokenizer.createDecoder()
      let begun = false
      return {
        next: (token) => {
          const text = next(token)
          const mark = begun ? '' : '^'
          begun = true
          return mark + text
        },
        end,
      }
    },
  }
  const opened = { tokenizer: marking, prefix: [0] }
  const chat = openChat(options({ ...half.options, sampler: () => says.shift()!, opened }))
  expect((await chat.say('x')).answer).toBe('a\ufffd')
})

test('an answer ends with enough tokens, or where the conversation is full', async () => {
  const long = scripted(['xxxxxxxxxxxxxxx'])
  expect(await openChat(options({ ...long.options, tokens: 3 })).say('a')).toMatchObject({
    answer: 'xxx',
    stopped: 'tokens',
  })
  const full = scripted(['xxxxxxxxxxxxxxx'])
  // Six tokens fit: four of the prompt, two of the answer; the third is said and not processed.
  expect(await openChat(options({ ...full.options, context: 6 })).say('a')).toMatchObject({
    answer: 'xxx',
    stopped: 'sequence',
  })
})

test('what does not fit pushes out the oldest exchanges; a message that does not fit alone is refused', async () => {
  const { backend, sampler, given } = scripted(['x', 'y', 'z'])
  const chat = openChat(options({ backend, sampler, context: 17, tokens: 4 }))
  await chat.say('1')
  await chat.say('2')
  // Ua.Ax.Ub.Ay.Uc.A has 16 tokens and 4 more are asked for.
  expect(await chat.say('3')).toMatchObject({ answer: 'z', forgotten: 1 })
  expect(given.at(-2)).toEqual(bytes('U2.Ay.U3.A'))
  await expect(chat.say('a'.repeat(15))).rejects.toThrow(
    /the prompt is 18 tokens long and the conversation may have 17; shorten it, or give --context up to 64$/,
  )
  const whole = openChat(options({ ...scripted([]).options, context: 64 }))
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
  const chat = openChat(options({ ...scripted([]).options, template: undefined, opened: { tokenizer, prefix: [] } }))
  await expect(chat.say('')).rejects.toMatchObject({ code: 'E-PROMPT-EMPTY' })
})
