import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ChatMessage, chatTemplateBeside, chatTemplateOf } from '../../../src/llm/tokenizer/chat-template.ts'
import { temporaryFolder } from '../store/fake-registry.ts'

const messages: readonly ChatMessage[] = [
  { role: 'user', content: 'Hello {{ bos_token }}' },
  { role: 'assistant', content: 'Hi.' },
  { role: 'user', content: 'Why?' },
]
/** As most models have it, with a default system message. */
const template = `{% if messages[0]['role'] != 'system' %}{{ bos_token + 'system\\n' }}{% endif %}{% for message in messages %}{{- '[' + message.role + ']' + message.content + eos_token -}}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}`
const written = '<s>system\n[user]Hello {{ bos_token }}</s>[assistant]Hi.</s>[user]Why?</s>[assistant]'

const beside = (files: Readonly<Record<string, string>>) => {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return chatTemplateBeside(join(folder, 'tokenizer.json'))
}
const config = (more: object): string => JSON.stringify({ bos_token: '<s>', eos_token: { content: '</s>' }, ...more })

test('a template writes the conversation up to the answer, and what a message says is no template', () => {
  const tokens = { bos_token: '<s>', eos_token: '</s>' }
  expect(chatTemplateOf(template, tokens, 'x')(messages)).toBe(written)
})

test('it stands in tokenizer_config.json, alone or among several, or in a file of its own, which goes before', () => {
  const several = [
    { name: 'tool_use', template: 'wrong' },
    { name: 'default', template },
  ]
  expect(beside({ 'tokenizer_config.json': config({ chat_template: template }) })!(messages)).toBe(written)
  expect(beside({ 'tokenizer_config.json': config({ chat_template: several }) })!(messages)).toBe(written)
  const files = { 'tokenizer_config.json': config({ chat_template: 'wrong' }), 'chat_template.jinja': template }
  expect(beside(files)!(messages)).toBe(written)
  const rest = { pad_token: '<p>', unk_token: '<u>', chat_template: '{{ pad_token + unk_token }}' }
  expect(beside({ 'tokenizer_config.json': config(rest) })!(messages)).toBe('<p><u>')
  expect(beside({ 'chat_template.jinja': '{{ bos_token is defined }}' })!(messages)).toBe('false')
})

test('there may be none', () => {
  expect(beside({})).toBeUndefined()
  for (const more of [{}, { chat_template: null }, { chat_template: [] }])
    expect(beside({ 'tokenizer_config.json': config(more) })).toBeUndefined()
})

test.each([
  ['no JSON', '{', /its text/],
  ['a number', config({ chat_template: 3 }), /chat_template/],
  ['a template without an end', config({ chat_template: '{% if x %}' }), /tokenizer_config\.json holds/],
  ['a template that calls what is not there', config({ chat_template: '{{ nothing() }}' }), /./],
  [
    'a template that refuses',
    config({ chat_template: '{{ raise_exception("roles must alternate") }}' }),
    /roles must alternate/,
  ],
])('%s is refused in one sentence', (_, text, message) => {
  const run = (): unknown => beside({ 'tokenizer_config.json': text })?.(messages)
  expect(run).toThrow(message)
  expect(run).toThrow(/^\S+ holds no chat template that bitloom can use: [^\n]*; give the file [^\n]*$/)
})
