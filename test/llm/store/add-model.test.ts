import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { llamaArchitecture, optArchitecture } from '../../../src/llm/architecture.ts'
import { generate } from '../../../src/llm/generate.ts'
import { openModel } from '../../../src/llm/open-model.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { type AddOptions, addModel, removeModel } from '../../../src/llm/store/add-model.ts'
import { addedModels, modelsFolder } from '../../../src/llm/store/added-models.ts'
import { sha256Of } from '../../../src/llm/store/cache.ts'
import type { PackageSource } from '../../../src/llm/store/npm.ts'
import { writeTinyModel } from '../../cli/tiny-model.ts'
import { ggufBytes, ggufMetadata, ggufTensors } from '../files/write-gguf.ts'
import { onnxBytes } from '../files/write-onnx.ts'
import { huggingFaceConfig, huggingFaceTensors, writeHuggingFace } from '../files/write-safetensors.ts'
import { tinyTokenizerJson, tinyVocabulary } from '../tokenizer/tiny-tokenizer.ts'
import { sendRange, temporaryFolder } from './fake-registry.ts'
import { integrityOf, tarballOf } from './npm-registry.ts'

const shape = {
  dimension: 32,
  hidden: 32,
  layers: 1,
  heads: 4,
  keyValueHeads: 4,
  vocabulary: tinyVocabulary,
  sequence: 40,
  sharedClassifier: true,
}
const llama = randomModel(shape, 4, llamaArchitecture({ headSize: 8, pairs: 'halves' }))
const opt = randomModel(shape, 4, optArchitecture)
const tokenizerJson = JSON.stringify(tinyTokenizerJson())
const template = JSON.stringify({ chat_template: '{{ messages[0].content }}:' })

const onnxFiles = {
  'onnx/model.onnx': onnxBytes(llama),
  'config.json': JSON.stringify(huggingFaceConfig(llama, 'llama')),
  'tokenizer.json': tokenizerJson,
  'tokenizer_config.json': template,
  'README.md': 'nothing',
}
const write = (files: Readonly<Record<string, string | Uint8Array>>, name = 'Some Model'): string => {
  const folder = join(temporaryFolder(), name)
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

/** Nothing is in the cache but these models. */
const expectOnly = (cache: string, names: readonly string[]): void => {
  expect(existsSync(modelsFolder(cache)) ? readdirSync(modelsFolder(cache)) : []).toEqual(names)
  expect(existsSync(join(cache, 'downloads')) ? readdirSync(join(cache, 'downloads')) : []).toEqual([])
}

describe('a model from a path', () => {
  const make: readonly (readonly [string, () => string, string])[] = [
    ['llama2.c checkpoint', () => writeTinyModel(temporaryFolder(), 3).model, 'tiny'],
    [
      'Hugging Face directory',
      () => {
        const folder = join(temporaryFolder(), 'Tiny_OPT.v1')
        writeHuggingFace(folder, huggingFaceConfig(opt, 'opt'), huggingFaceTensors(opt, 'opt'), 2)
        writeFileSync(join(folder, 'tokenizer.json'), tokenizerJson)
        return folder
      },
      'tiny_opt.v1',
    ],
    [
      'GGUF file',
      () =>
        join(
          write({ 'm.gguf': ggufBytes(ggufMetadata(opt, 'opt'), ggufTensors(opt)), 'tokenizer.json': tokenizerJson }),
          'm.gguf',
        ),
      'm',
    ],
    ['ONNX file', () => join(write(onnxFiles), 'onnx', 'model.onnx'), 'model'],
    ['folder with an ONNX file', () => write(onnxFiles), 'some-model'],
  ]

  test.each(make)('%s: copied, listed, and the same under its name when the original is gone', async (_, at, name) => {
    const cache = temporaryFolder()
    const path = at()
    const direct = name === 'some-model' ? join(path, 'onnx', 'model.onnx') : path
    const before = await openModel(direct)
    const added = await addModel(path, { cache })
    expect(added).toMatchObject({ name, source: path, licence: 'not said', sha256: before.sha256 })
    expectOnly(cache, [name])
    rmSync(path, { recursive: true })
    expect(addedModels(cache)).toEqual([added])
    const after = await openModel(name, { cache })
    expect(after.model).toEqual({ ...before.model, name })
    const said = async (opened: typeof after) => (await generate({ ...opened, prompt: 'the', tokens: 6 })).newTokens
    expect(await said(after)).toEqual(await said(before))
    expect(after.chatTemplate()?.([{ role: 'user', content: 'x' }])).toBe(
      name === 'some-model' || name === 'model' ? 'x:' : undefined,
    )
    expect(await removeModel(name, { cache })).toBeGreaterThan(1000)
    expectOnly(cache, [])
    await expect(openModel(name, { cache })).rejects.toThrow(/there is no model/)
  })

  test('the summary says what it is', async () => {
    const added = await addModel(writeTinyModel(temporaryFolder(), 3).model, { cache: temporaryFolder() })
    expect(added.summary).toBe(
      'Llama, 23.0 k parameters, dimension 32, 2 layers, 4 heads on 2 key-value heads, vocabulary 259, sequence 32, float32',
    )
  })

  test('a tokenizer from elsewhere goes with it and before the one beside it', async () => {
    const cache = temporaryFolder()
    const folder = write({ ...onnxFiles, 'tokenizer.json': '{}' })
    await expect(addModel(folder, { cache })).rejects.toThrow(
      /tokenizer\.json is no tokenizer\.json that bitloom reads/,
    )
    expectOnly(cache, [])
    const elsewhere = write({ 'other.json': tokenizerJson, 'chat_template.jinja': 'ours' }, 'elsewhere')
    await addModel(folder, { cache, tokenizer: join(elsewhere, 'other.json') })
    const opened = await openModel('some-model', { cache })
    expect(opened.tokenizer.encode('the')).toHaveLength(2)
    expect(opened.chatTemplate()?.([])).toBe('ours')
    // What belongs to the tokenizer beside the model is left out with it.
    const plain = write({ 'other.json': tokenizerJson }, 'plain')
    const { files } = await addModel(folder, { cache, name: 'plain', tokenizer: join(plain, 'other.json') })
    expect(files.map(({ name }) => name)).toEqual(['model.onnx', 'config.json', 'tokenizer.json'])
    expect((await openModel('plain', { cache })).chatTemplate()).toBeUndefined()
  })

  test('of several *.safetensors only those are copied that the index names', async () => {
    const cache = temporaryFolder()
    const folder = join(temporaryFolder(), 'sharded')
    writeHuggingFace(folder, huggingFaceConfig(opt, 'opt'), huggingFaceTensors(opt, 'opt'), 2)
    writeFileSync(join(folder, 'tokenizer.json'), tokenizerJson)
    const needed = readdirSync(folder)
    expect(needed.filter((name) => name.endsWith('.safetensors'))).toHaveLength(2)
    writeFileSync(join(folder, 'consolidated.safetensors'), 'the same once more')
    const { files } = await addModel(folder, { cache })
    expect(files.map(({ name }) => name).sort()).toEqual(needed.sort())
    expect((await openModel('sharded', { cache })).model.config).toEqual(opt.config)
  })

  test('weights that are called as a tokenizer may be are copied all the same', async () => {
    const cache = temporaryFolder()
    const folder = write({
      'tok512.gguf': ggufBytes(ggufMetadata(opt, 'opt'), ggufTensors(opt)),
      'tokenizer.json': tokenizerJson,
      'tok9.bin': 'another tokenizer',
    })
    const elsewhere = write({ 't.json': tokenizerJson }, 'elsewhere')
    const given = { cache, tokenizer: join(elsewhere, 't.json') }
    const added = await addModel(join(folder, 'tok512.gguf'), given)
    expect(added.files.map(({ name }) => name)).toEqual(['tok512.gguf', 'tokenizer.json'])
    expect((await openModel('tok512', { cache })).sha256).toBe(added.sha256)

    const tiny = writeTinyModel(temporaryFolder(), 3)
    const other = write({ 'tok7.bin': readFileSync(tiny.model) })
    const { files } = await addModel(join(other, 'tok7.bin'), { cache, tokenizer: tiny.tokenizer })
    expect(files.map(({ name }) => name)).toEqual(['tok7.bin', 'tokenizer.bin'])
    await openModel('tok7', { cache })
  })

  test('a tokenizer from elsewhere goes before the one inside a GGUF file', async () => {
    const cache = temporaryFolder()
    const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
    const pieces = ['<unk>', '<s>', '</s>', ...bytes, '▁', 'x', 'y']
    const inside = {
      'tokenizer.ggml.model': { text: 'llama' },
      'tokenizer.ggml.tokens': { texts: pieces },
      'tokenizer.ggml.scores': { floats: new Float32Array(pieces.length) },
      'tokenizer.ggml.bos_token_id': { uint32: 1 },
      'tokenizer.ggml.eos_token_id': { uint32: 2 },
    }
    const files = { 'm.gguf': ggufBytes({ ...ggufMetadata(opt, 'opt'), ...inside }, ggufTensors(opt)) }
    expect(pieces).toHaveLength(tinyVocabulary)
    const path = join(write(files), 'm.gguf')
    await addModel(path, { cache })
    const elsewhere = write({ 'other.json': tokenizerJson }, 'elsewhere')
    await addModel(path, { cache, name: 'other', tokenizer: join(elsewhere, 'other.json') })
    const tokens = async (name: string) => (await openModel(name, { cache })).tokenizer.encode('h')
    expect(await tokens('m')).toEqual([1, 259, 3 + 104])
    expect(await tokens('other')).toEqual([0, 2 + 104])
  })

  test.each([
    [
      'a name that is taken',
      { name: 'tiny' },
      /there is a model tiny already; remove it with `bitloom model remove tiny`/,
    ],
    ['the name of a built-in model', { name: 'stories15m' }, /stories15m is the name of a built-in model/],
    ['the name of random models', { name: 'random' }, /random is the name of a built-in model/],
    ['a path as name', { name: '../x' }, /'\.\.\/x' is no name for a model; give --name with 1 to 64/],
    ['a file among one file', { name: 'new', file: 'x.bin' }, /--file chooses among the files of a package or folder/],
    [
      'a tokenizer that is not there',
      { name: 'new', tokenizer: '/nowhere/t.bin' },
      /cannot read the tokenizer \/nowhere/,
    ],
  ] as const)('%s is refused and leaves nothing', async (_, more, message) => {
    const cache = temporaryFolder()
    const { model } = writeTinyModel(temporaryFolder(), 3)
    await addModel(model, { cache })
    await expect(addModel(model, { cache, ...more })).rejects.toThrow(message)
    await expect(addModel(model, { cache, ...more })).rejects.toMatchObject({ exitCode: 2 })
    expectOnly(cache, ['tiny'])
  })

  test('of several models in a folder one is chosen, and a folder without any says what was looked for', async () => {
    const cache = temporaryFolder()
    const folder = write({ ...onnxFiles, 'onnx/second.onnx': onnxFiles['onnx/model.onnx'] })
    await expect(addModel(folder, { cache })).rejects.toThrow(
      /holds 2 models: onnx\/model\.onnx, onnx\/second\.onnx; choose one with --file onnx\/model\.onnx/,
    )
    await expect(addModel(folder, { cache, file: 'onnx/secnd.onnx' })).rejects.toThrow(
      /did you mean 'onnx\/second\.onnx'/,
    )
    await addModel(folder, { cache, file: 'onnx/second.onnx' })
    expect(readdirSync(join(modelsFolder(cache), 'some-model')).sort()).toEqual(
      ['added.json', 'config.json', 'second.onnx', 'tokenizer.json', 'tokenizer_config.json'].sort(),
    )
    await expect(addModel(write({ 'a.txt': '' }), { cache, name: 'x' })).rejects.toThrow(/holds no model: there is no/)
  })

  test('what cannot be read as a model is refused by the name the user gave, and leaves nothing', async () => {
    const cache = temporaryFolder()
    const path = join(write({ 'broken.gguf': 'GGUF and no more' }), 'broken.gguf')
    await expect(addModel(path, { cache })).rejects.toThrow(`${path} is no GGUF file`)
    await expect(addModel(join(path, '..', 'gone.gguf'), { cache })).rejects.toThrow(
      /there is no file or folder .*gone/,
    )
    expectOnly(cache, [])
  })

  test('a folder that cannot be written is one sentence', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const { model } = writeTinyModel(temporaryFolder(), 3)
    await expect(addModel(model, { cache: file })).rejects.toMatchObject({ code: 'E-CACHE-WRITE' })
  })

  test('what a killed process left is gone with the next one', async () => {
    const cache = temporaryFolder()
    mkdirSync(join(cache, 'downloads', 'models.stage', 'model'), { recursive: true })
    writeFileSync(join(cache, 'downloads', 'models.stage', 'model', 'half'), 'half')
    await addModel(writeTinyModel(temporaryFolder(), 3).model, { cache })
    expectOnly(cache, ['tiny'])
  })

  test('two at once wait for one another', async () => {
    const cache = temporaryFolder()
    const { model } = writeTinyModel(temporaryFolder(), 3)
    await Promise.all(['one', 'two', 'three'].map((name) => addModel(model, { cache, name })))
    expectOnly(cache, ['one', 'three', 'two'])
  })
})

describe('an added model whose files changed', () => {
  const added = async () => {
    const cache = temporaryFolder()
    await addModel(writeTinyModel(temporaryFolder(), 3).model, { cache })
    return { cache, folder: join(modelsFolder(cache), 'tiny') }
  }
  const cure = /^model tiny is damaged \(.*\); remove it with `bitloom model remove tiny` and add it again$/

  test('is damaged: a file gone, of another length or with other weights, or no description', async () => {
    const changes: readonly (readonly [RegExp, (folder: string) => void])[] = [
      [/tiny\.bin is gone/, (folder) => rmSync(join(folder, 'tiny.bin'))],
      [/tokenizer\.bin has 3 bytes where it had/, (folder) => writeFileSync(join(folder, 'tokenizer.bin'), 'abc')],
      [
        /its weights have changed/,
        (folder) => {
          const bytes = readFileSync(join(folder, 'tiny.bin'))
          bytes[5000]! ^= 1
          writeFileSync(join(folder, 'tiny.bin'), bytes)
        },
      ],
      [/added\.json does not describe it/, (folder) => writeFileSync(join(folder, 'added.json'), '{}')],
      [
        /added\.json does not describe it/,
        (folder) => {
          const path = join(folder, 'added.json')
          writeFileSync(path, readFileSync(path, 'utf8').replace('"main": "tiny.bin"', '"main": "../x"'))
        },
      ],
    ]
    for (const [message, change] of changes) {
      const { cache, folder } = await added()
      change(folder)
      await expect(openModel('tiny', { cache })).rejects.toThrow(message)
      await expect(openModel('tiny', { cache })).rejects.toThrow(cure)
      // And it can be removed.
      await removeModel('tiny', { cache })
      expectOnly(cache, [])
    }
  })

  test('is listed as damaged where its description is, and others beside it', async () => {
    const { cache, folder } = await added()
    cpSync(folder, join(folder, '..', 'other'), { recursive: true })
    expect(addedModels(cache)).toMatchObject([
      { message: expect.stringMatching(/^model other is damaged/) },
      { name: 'tiny' },
    ])
  })
})

describe('a model that is removed', () => {
  test('must be there, and the name must be near enough to be meant', async () => {
    const cache = temporaryFolder()
    await expect(removeModel('tiny', { cache })).rejects.toThrow(
      /there is no model tiny to remove: .*models holds none/,
    )
    await addModel(writeTinyModel(temporaryFolder(), 3).model, { cache })
    await expect(removeModel('tinny', { cache })).rejects.toThrow(/did you mean 'tiny'/)
    await expect(removeModel('../downloads', { cache })).rejects.toThrow(/there is no model to remove/)
    expectOnly(cache, ['tiny'])
  })
})

describe('a model from npm', () => {
  let stop: (() => void) | undefined
  afterEach(() => {
    stop?.()
    stop = undefined
  })
  const serve = async (
    tarball: Buffer,
    { integrity = integrityOf(tarball), cutAfter = Number.POSITIVE_INFINITY, answers = 99, status = 200 } = {},
  ): Promise<PackageSource & { readonly asked: string[] }> => {
    let count = 0
    const server = createServer((request, response) => {
      if (++count > answers) response.destroy()
      else if (status !== 200) response.writeHead(status).end()
      else sendRange(request, response, tarball, cutAfter)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    stop = () => {
      server.closeAllConnections()
      server.close()
    }
    const asked: string[] = []
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.tgz`
    return {
      asked,
      find: async (spec) => {
        asked.push(spec)
        return { id: 'tiny-onnx@1.2.3', name: 'tiny-onnx', licence: 'MIT', tarball: url, integrity }
      },
      tarballUrl: async () => url,
      pack: async (id, folder) => {
        asked.push(`pack ${id}`)
        mkdirSync(folder)
        const path = join(folder, 'packed.tgz')
        writeFileSync(path, tarball)
        return path
      },
    }
  }
  const options = (source: PackageSource, cache: string): AddOptions => ({ source, cache, retryDelayMs: 1 })

  test('is fetched, checked and named after its package; only what it needs is kept', async () => {
    const cache = temporaryFolder()
    const source = await serve(await tarballOf(onnxFiles))
    const added = await addModel('@some/tiny-onnx@1.2.3', options(source, cache))
    expect(source.asked).toEqual(['@some/tiny-onnx@1.2.3'])
    expect(added).toMatchObject({ name: 'tiny-onnx', source: 'npm package tiny-onnx@1.2.3', licence: 'MIT' })
    expect(added.files.map(({ name }) => name).sort()).toEqual(
      ['config.json', 'model.onnx', 'tokenizer.json', 'tokenizer_config.json'].sort(),
    )
    expect(added.sha256).toBe(sha256Of(onnxFiles['onnx/model.onnx']))
    expectOnly(cache, ['tiny-onnx'])
    expect((await openModel('tiny-onnx', { cache })).model.config).toEqual(llama.config)
  })

  test('is fetched by npm itself where a plain download is refused', async () => {
    const cache = temporaryFolder()
    const source = await serve(await tarballOf(onnxFiles), { status: 401 })
    await addModel('tiny-onnx', options(source, cache))
    expect(source.asked).toEqual(['tiny-onnx', 'pack tiny-onnx@1.2.3'])
    expectOnly(cache, ['tiny-onnx'])
  })

  test('other bytes than the published ones, a cut download, no digest, no model, or a broken one leave nothing', async () => {
    const tarball = await tarballOf(onnxFiles)
    const attempt = async (source: PackageSource, message: RegExp): Promise<void> => {
      const cache = temporaryFolder()
      await expect(addModel('tiny-onnx', options(source, cache))).rejects.toThrow(message)
      expectOnly(cache, [])
      stop?.()
    }
    await attempt(
      await serve(tarball, { integrity: integrityOf(Buffer.from('other')) }),
      /what came for tiny-onnx@1\.2\.3 is not the published package/,
    )
    await attempt(await serve(tarball, { integrity: '' }), /the registry has no sha512 of tiny-onnx@1\.2\.3/)
    await attempt(await serve(await tarballOf({ 'a.txt': 'x' })), /tiny-onnx@1\.2\.3 holds no model/)
    await attempt(await serve(Buffer.from('no tarball at all, but its digest is right')), /cannot be unpacked/)
    const broken = { ...onnxFiles, 'onnx/model.onnx': onnxFiles['onnx/model.onnx'].subarray(0, 500) }
    // The error names the package and the path in it, not the folder in which it was looked at.
    await attempt(await serve(await tarballOf(broken)), /^tiny-onnx@1\.2\.3\/onnx\/model\.onnx is no ONNX file/)
    const source = await serve(tarball, { status: 404 })
    const offline = { ...source, pack: () => Promise.reject(new Error('npm says ENOTFOUND')) }
    await attempt(offline, /package tiny-onnx@1\.2\.3 cannot be fetched \(npm says ENOTFOUND\)/)
    const missing = { ...source, find: () => Promise.reject(new Error('npm says E404')) }
    await attempt(missing, /npm finds no package tiny-onnx \(npm says E404\)/)
  })

  test('a connection that breaks is continued; one that breaks for good says how far it came, and leaves nothing', async () => {
    const tarball = await tarballOf(onnxFiles)
    const cache = temporaryFolder()
    await addModel('tiny-onnx', options(await serve(tarball, { cutAfter: 4000 }), cache))
    expectOnly(cache, ['tiny-onnx'])
    stop?.()
    const cut = await serve(tarball, { cutAfter: 4000, answers: 2 })
    await expect(addModel('tiny-onnx', { ...options(cut, cache), name: 'other' })).rejects.toThrow(
      /the download of tiny-onnx@1\.2\.3 broke off \(.*\) after 0\.0 MB; run the same command again/,
    )
    expectOnly(cache, ['tiny-onnx'])
  })

  test.each(['--foo', '-x', 'a b', 'git+ssh://x', 'user/repository', 'https://x.org/y.tgz', '@x', 'x@^1', ''])(
    "'%s' is no package and is never given to npm",
    async (spec) => {
      const source: PackageSource = {
        find: () => Promise.reject(new Error('asked')),
        tarballUrl: () => Promise.reject(new Error('asked')),
        pack: () => Promise.reject(new Error('asked')),
      }
      await expect(addModel(spec, options(source, temporaryFolder()))).rejects.toThrow(/there is no file or folder/)
    },
  )

  test('what lies outside the package in a tarball is not unpacked', async () => {
    const folder = temporaryFolder()
    const inside = write(onnxFiles, 'package')
    copyFileSync(join(inside, 'config.json'), join(folder, 'config.json'))
    const { create } = await import('tar')
    const file = join(folder, 'bad.tgz')
    const evil = 'evil/../../../../../../../../tmp/bitloom-evil.gguf'
    await create(
      {
        gzip: true,
        cwd: join(inside, '..'),
        file,
        prefix: '',
        onWriteEntry: (entry) => {
          if (entry.path.endsWith('README.md')) entry.path = evil
        },
      },
      ['package'],
    )
    const cache = temporaryFolder()
    const source = await serve(readFileSync(file))
    await addModel('tiny-onnx', options(source, cache))
    expect(existsSync('/tmp/bitloom-evil.gguf')).toBe(false)
    expectOnly(cache, ['tiny-onnx'])
  })
})
