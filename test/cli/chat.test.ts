import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llamaArchitecture } from '../../src/llm/architecture.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { huggingFaceConfig, huggingFaceTensors, writeHuggingFace } from '../llm/files/write-safetensors.ts'
import { tinyTokenizerJson, tinyVocabulary } from '../llm/tokenizer/tiny-tokenizer.ts'
import { bitloom, program, scratch } from './bitloom.ts'
import { writeTinyModel } from './tiny-model.ts'

const folder = scratch()
afterAll(folder.dispose)
const tiny = writeTinyModel(folder.path, 11)

/** A model that chats, in nonsense. */
const chatty = join(folder.path, 'chatty')
const shape = {
  dimension: 32,
  hidden: 40,
  layers: 1,
  heads: 4,
  keyValueHeads: 2,
  sequence: 200,
  sharedClassifier: true,
}
const model = randomModel(
  { ...shape, vocabulary: tinyVocabulary },
  3,
  llamaArchitecture({ headSize: 8, pairs: 'halves' }),
)
mkdirSync(chatty)
writeHuggingFace(chatty, huggingFaceConfig(model, 'llama', { eos_token_id: 1 }), huggingFaceTensors(model, 'llama'))
writeFileSync(join(chatty, 'tokenizer.json'), JSON.stringify(tinyTokenizerJson(false)))
writeFileSync(
  join(chatty, 'chat_template.jinja'),
  '<s>{% for message in messages %}{{ message.role[0] + message.content + ";" }}{% endfor %}a',
)

const chat = (args: readonly string[], input?: string) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'chat', ...args], {
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

interface Said {
  readonly exchanges: readonly { prompt: string; answer: string; prompt_tokens: number; tokens: number }[]
  readonly [key: string]: unknown
}
const json = (args: readonly string[], input?: string): Said => {
  const { status, stdout, stderr } = chat([...args, '--json'], input)
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as Said
}

describe('chat', () => {
  const one = ['--model', tiny.model, '--prompt', 'Once', '--tokens', '5']

  it('continues a text where the model has no chat template, and says on stderr how fast', () => {
    const said = json(one)
    expect(said).toMatchObject({
      model: 'tiny',
      quantiser: 'float()',
      backend: 'cpu',
      template: false,
      tokens: 5,
      // BOS, a space and four letters.
      promptTokens: 6,
      exchanges: [{ prompt: 'Once', prompt_tokens: 6, tokens: 5, stopped: 'tokens' }],
      provenance: { model: tiny.model, sampling: 'greedy', context_tokens: 32 },
    })
    const { status, stdout, stderr } = chat(one)
    expect(status).toBe(0)
    expect(stdout).toBe(`Once${said.exchanges[0]!.answer}\n`)
    expect(stderr).toMatch(/^5 tokens at [\d.]+ tokens\/s behind 6 of prompts at [\d.]+ tokens\/s \(cpu\)\n$/)
  })

  it('shows a text that the model ends at once', () => {
    const silent = join(folder.path, 'silent')
    mkdirSync(silent)
    const ends = Array.from({ length: tinyVocabulary }, (_, token) => token)
    const config = huggingFaceConfig(model, 'llama', { eos_token_id: ends })
    writeHuggingFace(silent, config, huggingFaceTensors(model, 'llama'))
    writeFileSync(join(silent, 'tokenizer.json'), JSON.stringify(tinyTokenizerJson(false)))
    const { status, stdout, stderr } = chat(['--model', silent], 'hello\nagain')
    expect(status, stderr).toBe(0)
    expect(stdout).toBe('hello\nagain\n')
  })

  it('is deterministic for a seed, and another with another', () => {
    const drawn = (seed: string): string =>
      json([...one, '--temperature', '1.5', '--top-p', '1', '--tokens', '20', '--seed', seed]).exchanges[0]!.answer
    expect(drawn('1')).toBe(drawn('1'))
    expect(drawn('1')).not.toBe(drawn('2'))
  })

  it('answers each line of standard input that is not empty; a model with a template remembers what was said', () => {
    const args = ['--model', chatty, '--tokens', '4']
    const said = json(args, 'hello\n\n \r\nagain')
    expect(said).toMatchObject({ template: true, exchanges: [{ prompt: 'hello' }, { prompt: 'again' }] })
    // <s>, u, `he` and three letters, a semicolon, a.
    expect(said.exchanges[0]!.prompt_tokens).toBe(8)
    const alone = json([...args, '--prompt', 'again'])
    expect(alone.exchanges[0]!.prompt_tokens).toBe(9)
    const { stdout } = chat(args, 'hello\n\n \r\nagain')
    expect(stdout).toBe(said.exchanges.map(({ answer }) => `${answer}\n`).join(''))
  })

  it('without a template each line is a text of its own, and that is said', () => {
    const args = ['--model', tiny.model, '--tokens', '3']
    const { status, stdout, stderr } = chat(args, 'ab\nab\n')
    expect(status).toBe(0)
    const [first, second] = stdout.split('\n')
    expect(second).toBe(first)
    expect(first!.startsWith('ab')).toBe(true)
    expect(stderr).toMatch(/^tiny has no chat template: each line is the beginning of a text, which it continues$/m)
  })

  it('runs a quantised model, which says something else', () => {
    const said = json([...one, '--tokens', '20', '--quant', 'group-integer(w=int2, group=16, a=int8)'])
    expect(said).toMatchObject({
      quantiser: 'group-integer(w=int2, per=group, group=16, weights=asymmetric, a=int8, clip=none)',
      provenance: { activations: expect.stringMatching(/int8/) },
    })
    expect(said.exchanges[0]!.answer).not.toBe(json([...one, '--tokens', '20']).exchanges[0]!.answer)
  })

  it('takes a quantiser that is calibrated, with a text', () => {
    const args = ['--model', tiny.model, '--prompt', 'ab', '--tokens', '2', '--quant', 'gptq(of=bitmod(group=16))']
    expect(bitloom(['chat', ...args]).stderr).toMatch(
      /gptq calibrates with a text, and none is given; add --calibrate file/,
    )
    expect(json([...args, '--calibrate', tiny.text])).toMatchObject({ quantiser: expect.stringMatching(/^gptq/) })
  })

  it('says why it runs on the CPU where there is no GPU', () => {
    const { stderr, status } = bitloom(['chat', ...one, '--backend', 'webgpu'], {
      env: { VK_DRIVER_FILES: '/nowhere' },
    })
    expect(status).toBe(0)
    expect(stderr).toMatch(/^(WebGPU found no adapter; |the package webgpu ).*; running on the CPU$/m)
  })

  it.each([
    [
      'no message at all',
      ['--model', tiny.model],
      '',
      /there is no message: give --prompt, or lines on standard input/,
    ],
    [
      'a prompt that is too long',
      [...one, '--prompt', 'a'.repeat(40)],
      '',
      /the prompt is 42 tokens long and the conversation may have 32; shorten it$/m,
    ],
    [
      'a context beyond the model',
      [...one, '--context', '33'],
      '',
      /--context 33 does not fit model tiny; give 2 to 32/,
    ],
    ['a negative temperature', [...one, '--temperature', '-1'], '', /--temperature -1 is out of range/],
    ['a top-p of 0', [...one, '--top-p', '0'], '', /top-p 0 is not allowed; give more than 0/],
    ['an unknown backend', [...one, '--backend', 'gpu'], '', /there is no backend 'gpu'/],
    ['an unknown quantiser', [...one, '--quant', 'x'], '', /no quantiser 'x'/],
    [
      'a missing model',
      ['--model', 'nowhere/model.gguf', '--prompt', 'x'],
      '',
      /there is no model file nowhere\/model\.gguf/,
    ],
    [
      'a line without an end',
      ['--model', tiny.model],
      'a'.repeat(200_000),
      /line 1 of standard input has more than 100000/,
    ],
  ])('%s is one sentence and exit code 2', (_, args, input, message) => {
    const { status, stdout, stderr } = chat(args, input)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stdout).toBe('')
    expect(status).toBe(2)
  })

  it('a template that cannot be used is one sentence', () => {
    writeFileSync(join(chatty, 'tokenizer_config.json'), '{"chat_template": 7}')
    const { status, stderr } = chat(['--model', chatty, '--prompt', 'x'])
    expect(stderr).toMatch(/^bitloom: .*tokenizer_config\.json holds no chat template .*; give the file /)
    expect(status).toBe(2)
  })

  it.each([[[]], [['--json']]])('ends cleanly when it is interrupted, %s', async (more) => {
    const args = ['chat', '--model', 'random(shape=stories260k)', '--tokens', '500', ...more]
    const child = spawn(process.execPath, [program, ...args], { stdio: 'pipe' })
    let [out, err] = ['', '']
    child.stdout.on('data', (piece) => {
      out += piece
    })
    child.stderr.on('data', (piece) => {
      err += piece
    })
    const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)))
    child.stdin.write('a\n')
    // With --json nothing of the answer is seen before the end.
    await new Promise((resolve) => (more.length > 0 ? child.stderr : child.stdout).once('data', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(out).toMatch(more.length > 0 ? /^$/ : /^a(.|\n)*\n$/)
    expect(err).toMatch(
      /^random-stories260k has no chat template: .*\ninterrupted; \d+ tokens?( at [\d.]+ tokens\/s)? \(cpu\)\n$/,
    )
  })
})
