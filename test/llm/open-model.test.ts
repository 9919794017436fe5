import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { cacheFolder } from '../../src/base/cache-folder.ts'
import { llamaArchitecture } from '../../src/llm/architecture.ts'
import { sha256Of } from '../../src/llm/cache.ts'
import { generate } from '../../src/llm/generate.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { temporaryFolder } from './fake-registry.ts'
import { huggingFaceConfig, huggingFaceTensors, writeHuggingFace } from './files/write-safetensors.ts'
import { tinyTokenizerJson, tinyVocabulary } from './tiny-tokenizer.ts'

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
  for (const path of [folder, `${folder}/`, join(folder, 'model.safetensors')]) {
    const opened = await openModel(path)
    expect(opened).toMatchObject({ model: { name: 'tiny', config }, source: path, tokenizer: { ends: [1] } })
    expect(opened.sha256).toBe(sha256Of(readFileSync(join(folder, 'model.safetensors'))))
    const { text, newTokens } = await generate({ ...opened, prompt: 'the', tokens: 5 })
    expect(text.startsWith('the')).toBe(true)
    expect(newTokens.length).toBeGreaterThan(0)
  }
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
