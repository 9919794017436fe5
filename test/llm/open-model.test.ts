import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { cacheFolder } from '../../src/base/cache-folder.ts'
import { llamaArchitecture } from '../../src/llm/architecture.ts'
import { generate } from '../../src/llm/generate.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { sha256Of } from '../../src/llm/store/cache.ts'
import { ggufBytes, ggufMetadata, ggufTensors } from './files/write-gguf.ts'
import { onnxBytes } from './files/write-onnx.ts'
import { huggingFaceConfig, huggingFaceTensors, writeHuggingFace } from './files/write-safetensors.ts'
import { temporaryFolder } from './store/fake-registry.ts'
import { beginToken, tinyTokenizerJson, tinyVocabulary } from './tokenizer/tiny-tokenizer.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('an unknown id is answered with the nearest one, a missing file as a file', async () => {
  await expect(openModel('stories51m')).rejects.toThrow(/no model stories51m, did you mean stories15m; give stories15m/)
  await expect(openModel('llama')).rejects.toThrow(/no model llama; give stories15m/)
  await expect(openModel('./nowhere/model.bin')).rejects.toMatchObject({ code: 'E-MODEL-MISSING', exitCode: 2 })
})

test('a file that is no model is refused in one sentence', async () => {
  const path = join(temporaryFolder(), 'model.bin')
  writeFileSync(path, 'this is not a model but a text of more than a header')
  await expect(openModel(path)).rejects.toMatchObject({ code: 'E-MODEL-HEADER' })
})

test('a model file without its tokenizer names the files that are looked for', async () => {
  const path = join(temporaryFolder(), 'model.bin')
  const words = Int32Array.of(2, 1, 1, 1, 1, 1, 1)
  const floats = new Float32Array(2 + 2 + 8 + 8 + 2 + 6 + 2 + 2)
  writeFileSync(path, Buffer.concat([Buffer.from(words.buffer), Buffer.from(floats.buffer)]))
  await expect(openModel(path)).rejects.toThrow(
    /no tokenizer \(tokenizer\.json, tokenizer\.bin, tok1\.bin\) beside .*--tokenizer/,
  )
})

test('a Hugging Face directory is opened with its tokenizer, by itself or by its weights', async () => {
  const folder = join(temporaryFolder(), 'tiny')
  const config = {
    dimension: 16,
    hidden: 20,
    layers: 1,
    heads: 2,
    keyValueHeads: 1,
    vocabulary: tinyVocabulary,
    sequence: 24,
    sharedClassifier: true,
  }
  const model = randomModel(config, 3, llamaArchitecture({ headSize: 8, pairs: 'halves' }))
  writeHuggingFace(folder, huggingFaceConfig(model, 'llama', { eos_token_id: 1 }), huggingFaceTensors(model, 'llama'))
  await expect(openModel(folder)).rejects.toThrow(/no tokenizer \(tokenizer\.json, /)
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizerJson()))
  expect((await openModel(folder)).prefix).toEqual([beginToken])
  for (const path of [folder, `${folder}/`, join(folder, 'model.safetensors')]) {
    const opened = await openModel(path)
    expect(opened).toMatchObject({ model: { name: 'tiny', config }, source: path, tokenizer: { ends: [1] } })
    expect(opened.sha256).toBe(sha256Of(readFileSync(join(folder, 'model.safetensors'))))
    const { text, newTokens } = await generate({ ...opened, prompt: 'the', tokens: 5 })
    expect(text.startsWith('the')).toBe(true)
    expect(newTokens.length).toBeGreaterThan(0)
  }
})

const hexadecimal = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')
const tiny = { dimension: 32, hidden: 32, layers: 1, heads: 4, keyValueHeads: 2, sequence: 40, sharedClassifier: true }

test('a GGUF file is opened by what it begins with, with the tokenizer inside it, or one beside it of another kind', async () => {
  const path = join(temporaryFolder(), 'tiny-model.q8')
  const pieces = ['<unk>', '<s>', '</s>', ...Array.from({ length: 256 }, (_, byte) => `<0x${hexadecimal(byte)}>`), '▁']
  const model = randomModel({ ...tiny, vocabulary: pieces.length }, 4, llamaArchitecture({ headSize: 8 }))
  const metadata = ggufMetadata(model, 'llama')
  const inside = {
    'tokenizer.ggml.model': { text: 'llama' },
    'tokenizer.ggml.tokens': { texts: pieces },
    'tokenizer.ggml.scores': { floats: new Float32Array(pieces.length) },
    'tokenizer.ggml.bos_token_id': { uint32: 1 },
    'tokenizer.ggml.eos_token_id': { uint32: 2 },
  }
  writeFileSync(path, ggufBytes({ ...metadata, ...inside }, ggufTensors(model, 'Q8_0')))
  const opened = await openModel(path)
  expect(opened).toMatchObject({ model: { name: 'tiny-model', config: model.config }, tokenizer: { ends: [1, 2] } })
  expect(opened.tokenizer.encode('a')).toEqual([1, 259, 3 + 97])
  expect((await generate({ ...opened, prompt: 'a', tokens: 3 })).text.startsWith('a')).toBe(true)

  expect(opened.chatTemplate()).toBeUndefined()
  const template = '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}'
  const chatting = { ...metadata, ...inside, 'tokenizer.chat_template': { text: template } }
  writeFileSync(path, ggufBytes(chatting, ggufTensors(model)))
  const written = (await openModel(path)).chatTemplate()!([{ role: 'user', content: 'a' }])
  expect(written).toBe('<s>a</s>')
  expect(opened.tokenizer.encode(written)).toEqual([1, 1, 259, 3 + 97, 2])

  const other = { ...chatting, 'tokenizer.ggml.model': { text: 'gpt2' } }
  writeFileSync(path, ggufBytes(other, ggufTensors(model)))
  await expect(openModel(path)).rejects.toThrow(/no tokenizer \(tokenizer\.json, .*\) beside .*q8/)
  writeFileSync(join(dirname(path), 'tokenizer.json'), JSON.stringify(tinyTokenizerJson()))
  const beside = await openModel(path)
  expect(beside.tokenizer).toMatchObject({ ends: [2] })
  // What lies beside the tokenizer goes before the template in the file.
  expect(beside.chatTemplate()!([{ role: 'user', content: 'b' }])).toBe('<s>b</s>')
  writeFileSync(join(dirname(path), 'chat_template.jinja'), '[{{ messages[0].content }}]')
  expect(beside.chatTemplate()!([{ role: 'user', content: 'b' }])).toBe('[b]')
})

test('an ONNX file is opened with the config.json beside it, or above its folder', async () => {
  const folder = temporaryFolder()
  const architecture = llamaArchitecture({ headSize: 8, pairs: 'halves' })
  const model = randomModel({ ...tiny, vocabulary: tinyVocabulary }, 4, architecture)
  mkdirSync(join(folder, 'onnx'))
  const path = join(folder, 'onnx', 'model.onnx')
  writeFileSync(path, onnxBytes(model))
  await expect(openModel(path)).rejects.toThrow(/cannot read the model .*onnx.config\.json: no such file/)
  writeFileSync(join(folder, 'config.json'), JSON.stringify(huggingFaceConfig(model, 'llama', { eos_token_id: 1 })))
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizerJson()))
  const opened = await openModel(path, { tokenizer: join(folder, 'tokenizer.json') })
  expect(opened).toMatchObject({ model: { name: 'model', config: model.config }, tokenizer: { ends: [1] } })
  expect(opened.prefix).toEqual([beginToken])
  // What the tokenizer puts in front goes before what the configuration names; without both there is nothing.
  for (const [begins, bos, prefix] of [
    [true, 5, [beginToken]],
    [false, 5, [5]],
    [false, undefined, []],
  ] as const) {
    writeFileSync(join(folder, 'config.json'), JSON.stringify(huggingFaceConfig(model, 'llama', { bos_token_id: bos })))
    writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizerJson(begins)))
    expect((await openModel(path, { tokenizer: join(folder, 'tokenizer.json') })).prefix).toEqual(prefix)
  }
  writeFileSync(join(folder, 'onnx', 'config.json'), '{}')
  await expect(openModel(path)).rejects.toThrow(/onnx.config\.json describes no model/)
})

test('the cache folder is BITLOOM_CACHE, else the XDG cache, and looking for it creates nothing', () => {
  const folder = temporaryFolder()
  vi.stubEnv('BITLOOM_CACHE', join(folder, 'chosen'))
  expect(cacheFolder()).toBe(join(folder, 'chosen'))
  vi.stubEnv('BITLOOM_CACHE', undefined)
  if (process.platform === 'linux') {
    vi.stubEnv('XDG_CACHE_HOME', folder)
    expect(cacheFolder()).toBe(join(folder, 'bitloom'))
  }
  expect(existsSync(join(folder, 'chosen'))).toBe(false)
})
