import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { llamaArchitecture } from '../../src/llm/architecture.ts'
import { randomModel } from '../../src/llm/random-model.ts'
import { onnxBytes } from '../llm/files/write-onnx.ts'
import { huggingFaceConfig } from '../llm/files/write-safetensors.ts'
import { integrityOf, type NpmRegistry, startNpmRegistry, tarballOf } from '../llm/store/npm-registry.ts'
import { tinyTokenizerJson, tinyVocabulary } from '../llm/tokenizer/tiny-tokenizer.ts'
import { program, scratch } from './bitloom.ts'
import { writeTinyModel } from './tiny-model.ts'

const folder = scratch()
afterAll(folder.dispose)
const tiny = writeTinyModel(folder.path, 11)
let registry: NpmRegistry | undefined
afterEach(async () => {
  await registry?.stop()
  registry = undefined
})

let caches = 0
const freshCache = (): string => join(folder.path, `cache-${++caches}`)

interface Ended {
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

/** Starts the command without waiting, since the registry answers in this process. */
const start = (args: readonly string[], cache: string) => {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      BITLOOM_CACHE: cache,
      npm_config_registry: registry?.url ?? 'http://127.0.0.1:9',
      npm_config_fetch_retries: '0',
      npm_config_cache: join(folder.path, 'npm'),
      npm_config_update_notifier: 'false',
    },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (piece) => {
    stdout += piece
  })
  child.stderr.on('data', (piece) => {
    stderr += piece
  })
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => resolve({ status: code ?? String(signal), stdout, stderr })),
  )
  return { child, ended }
}
const run = (args: readonly string[], cache: string): Promise<Ended> => start(args, cache).ended

const llama = randomModel(
  {
    dimension: 32,
    hidden: 32,
    layers: 1,
    heads: 4,
    keyValueHeads: 4,
    vocabulary: tinyVocabulary,
    sequence: 40,
    sharedClassifier: true,
  },
  4,
  llamaArchitecture({ headSize: 8, pairs: 'halves' }),
)
const files = {
  'onnx/model.onnx': onnxBytes(llama),
  'config.json': JSON.stringify(huggingFaceConfig(llama, 'llama')),
  'tokenizer.json': JSON.stringify(tinyTokenizerJson()),
}

describe('model add and remove', () => {
  it('give a model a name that list models, chat and ppl know, and take it away', async () => {
    const cache = freshCache()
    const added = await run(['model', 'add', tiny.model, '--name', 'mine'], cache)
    expect(added).toMatchObject({ status: 0, stderr: '' })
    expect(added.stdout).toMatch(/^mine: Llama, .*\n0\.1 MB in .*mine\nuse it with --model mine\n$/)
    const listed = await run(['list', 'models', '--json'], cache)
    expect(JSON.parse(listed.stdout).items).toContainEqual({
      id: 'mine',
      summary: expect.stringMatching(/^Llama, 23\.0 k parameters/),
      source: tiny.model,
      licence: 'not said',
    })
    for (const args of [
      ['chat', '--model', 'mine', '--prompt', 'a', '--tokens', '2'],
      ['ppl', '--model', 'mine', '--text', tiny.text],
    ])
      expect(await run(args, cache), args[0]).toMatchObject({ status: 0 })
    const removed = await run(['model', 'remove', 'mine', '--json'], cache)
    expect(JSON.parse(removed.stdout)).toEqual({ name: 'mine', bytes: expect.any(Number) })
    expect(readdirSync(join(cache, 'models'))).toEqual([])
    expect(await run(['chat', '--model', 'mine', '--prompt', 'a'], cache)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^bitloom: there is no model mine; give stories15m, /),
    })
  }, 120_000)

  it('take a package from the registry that npm is configured for', async () => {
    const tarball = await tarballOf(files)
    registry = await startNpmRegistry('tiny-onnx', integrityOf(tarball), (_, response) => response.end(tarball))
    const cache = freshCache()
    const { status, stdout, stderr } = await run(['model', 'add', 'tiny-onnx', '--json'], cache)
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'tiny-onnx',
      source: 'npm package tiny-onnx@1.2.3',
      licence: 'MIT',
      folder: join(cache, 'models', 'tiny-onnx'),
    })
    expect(await run(['model', 'add', 'tiny-onnx@7', '--name', 'x'], cache)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^bitloom: npm finds no package tiny-onnx@7 \(npm says \w+\); check name/),
    })
    expect(await run(['model', 'add', 'no-such'], cache)).toMatchObject({
      status: 2,
      stderr:
        'bitloom: npm finds no package no-such (npm says E404); check name and version, or give the path of a model\n',
    })
    expect(readdirSync(join(cache, 'downloads'))).toEqual([])
  })

  it('leave nothing where they are interrupted in the middle of a download', async () => {
    const tarball = await tarballOf(files)
    let begun: () => void = () => {}
    const half = new Promise<void>((resolve) => {
      begun = resolve
    })
    registry = await startNpmRegistry('tiny-onnx', integrityOf(tarball), (_, response) => {
      response.writeHead(200, { 'content-length': tarball.length })
      response.write(tarball.subarray(0, tarball.length / 2), () => setTimeout(begun, 300))
    })
    const cache = freshCache()
    const { child, ended } = start(['model', 'add', 'tiny-onnx'], cache)
    await half
    expect(existsSync(join(cache, 'downloads', 'models.stage', 'package.tgz'))).toBe(true)
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ status: 130, stdout: '' })
    expect(readdirSync(cache)).toEqual(['downloads'])
    expect(readdirSync(join(cache, 'downloads'))).toEqual([])
  })

  it.each([
    ['no argument', ['add'], /missing required argument 'package\|path'/],
    ['an option for a name', ['add', '--', '--global'], /there is no file or folder --global/],
    ['a path that is not there', ['add', './gone.gguf'], /there is no file or folder \.\/gone\.gguf; give the path of/],
    ['an unreachable registry', ['add', 'tiny-onnx'], /npm finds no package tiny-onnx \(npm says ECONNREFUSED\)/],
    ['a name that is no name', ['add', tiny.model, '--name', 'A B'], /'A B' is no name for a model; give --name/],
    ['removing what is not there', ['remove', 'mine'], /there is no model mine to remove/],
    ['an unknown subcommand', ['ad'], /unknown command 'ad'/],
  ])('%s is one sentence and exit code 2', async (_, args, message) => {
    const cache = freshCache()
    mkdirSync(cache)
    const { status, stdout, stderr } = await run(['model', ...args], cache)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(stdout).toBe('')
    expect(status).toBe(2)
  })

  it('a damaged model is listed as such', async () => {
    const cache = freshCache()
    await run(['model', 'add', tiny.model], cache)
    writeFileSync(join(cache, 'models', 'tiny', 'added.json'), '')
    const { status, stdout } = await run(['list', 'models'], cache)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^damaged +model tiny is damaged \(.*\); remove it with `bitloom model remove tiny`/m)
  })
})
