import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { llamaArchitecture } from '../../src/llm/architecture.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { huggingFaceConfig, huggingFaceTensors, safetensorsBytes } from '../llm/files/write-safetensors.ts'
import { tinyTokenizerJson, tinyVocabulary } from '../llm/tokenizer/tiny-tokenizer.ts'
import { bitloom, scratch } from './bitloom.ts'
import { writeTinyModel } from './tiny-model.ts'

const { path, dispose } = scratch()
afterAll(dispose)
const tiny = writeTinyModel(path, 1)
const spec = 'group-integer(w=int4, group=16, a=int8)'
const env = { BITLOOM_CACHE: join(path, 'cache') }
const run = (args: readonly string[]) => bitloom(args, { env, cwd: path })
const json = (args: readonly string[]) => {
  const { stdout, stderr, status } = run([...args, '--json'])
  expect(stderr.includes('bitloom:') ? stderr : '').toBe('')
  expect(status).toBe(0)
  return JSON.parse(stdout)
}
const made = json(['quantise', '--model', tiny.model, '--quant', spec, '--out', 'quantised'])

describe('the folder that quantise writes is a model', () => {
  it('has its tokenizer beside it', () => {
    expect(made.files).toEqual(['tokenizer.bin', 'weights.safetensors', 'manifest.json'])
    expect(readdirSync(join(path, 'quantised')).sort()).toEqual([...made.files].sort())
    expect(readFileSync(join(path, 'quantised', 'tokenizer.bin'))).toEqual(readFileSync(tiny.tokenizer))
  })

  it('has the perplexity of the model that it was made of with that quantiser, in float and in the arithmetic of a PE', () => {
    for (const more of [[], ['--pe', 'mixpe(w=int4, a=int8, group=16)'], ['--kv', 'kivi(keys=int4)']]) {
      const ppl = ['ppl', '--text', tiny.text, '--threads', '1', ...more]
      const before = json([...ppl, '--model', tiny.model, '--quant', spec])
      const after = json([...ppl, '--model', 'quantised'])
      expect(after.perplexity).toBe(before.perplexity)
      expect(after.quantiser).toBe(before.quantiser)
      expect(after.provenance).toEqual({ ...before.provenance, model: 'quantised', model_sha256: expect.any(String) })
    }
  })

  it('answers as that model does', () => {
    const chat = ['chat', '--prompt', 'Once', '--tokens', '8', '--threads', '1']
    const { exchanges, quantiser } = json([...chat, '--model', 'quantised'])
    expect(exchanges).toEqual(json([...chat, '--model', tiny.model, '--quant', spec]).exchanges)
    expect(quantiser).toBe(made.quantiser)
  })

  it('runs on an array of a PE that reads its codes, all of it or some layers', () => {
    const on = ['run', '--model', 'quantised', '--array', '2x8', '--prompt', 'On', '--tokens', '1', '--threads', '1']
    // With the usual cache, in which the synthesis of the usual PE may lie already.
    const whole = JSON.parse(bitloom([...on, '--json'], { cwd: path }).stdout)
    expect(whole.mismatches).toBe(0)
    expect(whole.provenance.weights).toBe(made.provenance.weights)
    expect(json([...on, '--layers', '*.down'])).toMatchObject({
      mismatches: 0,
      provenance: { quantiser: made.quantiser },
    })
    const other = run([...on, '--pe', 'mixpe(w=int2, a=int8, group=16)'])
    expect(other.status).toBe(2)
    expect(other.stderr).toMatch(/the codes of layers\.0\.query are uint4, which mixpe\(w=int2.* does not read/)
  })

  it('can be added, and is listed with the bits of a weight', () => {
    const added = json(['model', 'add', 'quantised', '--name', 'small'])
    expect(added.files.map((file: { name: string }) => file.name).sort()).toEqual([...made.files].sort())
    const { items } = json(['list', 'models'])
    const found = items.find(({ id }: { id: string }) => id === 'small')
    expect(found.summary).toMatch(new RegExp(`, quantised, ${made.bits_per_weight.toFixed(2)} bits a weight$`))
    const ppl = ['ppl', '--text', tiny.text, '--threads', '1']
    expect(json([...ppl, '--model', 'small']).perplexity).toBe(json([...ppl, '--model', 'quantised']).perplexity)
  })

  it.each([
    ['ppl', ['--text', tiny.text, '--quant', 'float']],
    ['chat', ['--prompt', 'x', '--quant', 'float']],
    ['quantise', ['--quant', 'bitmod', '--out', 'again']],
  ])('%s refuses to quantise it once more', (command, more) => {
    const { status, stderr } = run([command, '--model', 'quantised', ...more])
    expect(status).toBe(2)
    expect(stderr).toMatch(
      /^bitloom: model quantised is quantised already, by group-integer\(.*\); leave --quant out, or .*\n$/,
    )
  })

  it('does not mix with a Hugging Face directory', () => {
    const config = join(path, 'config.json')
    writeFileSync(config, '{}')
    const { status, stderr } = run(['quantise', '--model', tiny.model, '--quant', spec, '--out', '.'])
    renameSync(config, join(path, 'config.text'))
    expect(status).toBe(2)
    expect(stderr).toMatch(/^bitloom: \. holds a config\.json, .*; choose another folder with --out\n$/)
  })

  it('says where the tokenizer of a model is in no file, and takes --tokenizer', () => {
    const random = run(['quantise', '--model', 'random(shape=stories260k)', '--quant', 'bitmod', '--out', 'drawn'])
    expect(random.status).toBe(0)
    expect(random.stderr).toMatch(/tokenizer is in no file of its own.* give --tokenizer/)
    const { status, stderr } = run(['ppl', '--model', 'drawn', '--text', tiny.text])
    expect(status).toBe(2)
    expect(stderr).toMatch(/there is no tokenizer .* beside drawn; put it there or give --tokenizer file/)
  })

  it('takes what belongs to a tokenizer.json along, and the token that begins texts', async () => {
    const from = join(path, 'hugging-face')
    mkdirSync(from)
    const config = { dimension: 32, hidden: 64, layers: 1, heads: 4, keyValueHeads: 2, sequence: 40 }
    const shape = { ...config, vocabulary: tinyVocabulary, sharedClassifier: true }
    const model = randomModel(shape, 4, llamaArchitecture({ headSize: 8, pairs: 'halves' }))
    const files = {
      'model.safetensors': safetensorsBytes(huggingFaceTensors(model, 'llama', 'BF16')),
      'config.json': JSON.stringify(huggingFaceConfig(model, 'llama', { bos_token_id: 0, eos_token_id: [1, 3] })),
      'tokenizer.json': JSON.stringify(tinyTokenizerJson(false)),
      'tokenizer_config.json': JSON.stringify({ chat_template: 'the template' }),
    }
    for (const [name, content] of Object.entries(files)) writeFileSync(join(from, name), content)
    const { files: written } = json(['quantise', '--model', from, '--quant', 'bitmod', '--out', 'from-it'])
    expect(written.slice(0, -2)).toEqual(['tokenizer.json', 'tokenizer_config.json'])
    const [before, after] = [await openModel(from), await openModel(join(path, 'from-it'))]
    expect(after.prefix).toEqual(before.prefix)
    expect(after.prefix).toEqual([0])
    expect(after.text.ends).toEqual([1, 3])
    expect(after.chatTemplate()?.([])).toBe('the template')
    expect(after.tokenizer.encode('some text')).toEqual(before.tokenizer.encode('some text'))
    expect([...after.tokenizer.ends]).toEqual([...before.tokenizer.ends])
  })
})
