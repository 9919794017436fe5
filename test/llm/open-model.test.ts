import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { cacheFolder } from '../../src/base/cache-folder.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { temporaryFolder } from './fake-registry.ts'

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
  await expect(openModel(path)).rejects.toThrow(/no tokenizer \(tokenizer\.bin or tok1\.bin\) beside .*--tokenizer/)
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
