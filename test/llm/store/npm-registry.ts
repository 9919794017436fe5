import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { create } from 'tar'
import { temporaryFolder } from './fake-registry.ts'

/** The tarball of a package with these files. */
export const tarballOf = async (files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> => {
  const folder = temporaryFolder()
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, 'package', name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  await create({ gzip: true, cwd: folder, file: join(folder, 'made.tgz') }, ['package'])
  return readFileSync(join(folder, 'made.tgz'))
}

export const integrityOf = (tarball: Uint8Array): string =>
  `sha512-${createHash('sha512').update(tarball).digest('base64')}`

export interface NpmRegistry {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** A registry as npm knows them, with one package in one version; `answer` sends its tarball. */
export const startNpmRegistry = async (
  name: string,
  integrity: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<NpmRegistry> => {
  const server = createServer((request, response) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    if (request.url?.endsWith('.tgz')) return answer(request, response)
    if (request.url !== `/${name}`) {
      response.writeHead(404).end('{"error":"not_found"}')
      return
    }
    const version = { name, version: '1.2.3', license: 'MIT', dist: { tarball: `${url}/${name}-1.2.3.tgz`, integrity } }
    const versions = { '1.2.3': version, '1.2.0': { ...version, version: '1.2.0' } }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ name, 'dist-tags': { latest: '1.2.3' }, versions }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
