import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { download } from '../../../src/llm/store/download.ts'
import { sendRange, startRegistry, temporaryFolder } from './fake-registry.ts'

const bytes = Buffer.from(Uint8Array.from({ length: 5000 }, (_, k) => k))

test('a file of unknown size takes the size that the server says, and what an earlier call left is not continued', async () => {
  const registry = await startRegistry((request, response, count) =>
    sendRange(request, response, bytes, count === 1 ? 2000 : Number.POSITIVE_INFINITY),
  )
  const path = join(temporaryFolder(), 'file')
  writeFileSync(path, 'something else')
  const seen: (readonly [number, number | undefined])[] = []
  const onBytes = (done: number, total: number | undefined): void => void seen.push([done, total])
  const result = await download({ url: registry.url, path, onBytes, retryDelayMs: 1 })
  await registry.stop()
  expect(result).toEqual({ outcome: 'complete' })
  expect(readFileSync(path).equals(bytes)).toBe(true)
  expect(registry.ranges).toEqual([undefined, 'bytes=2000-'])
  expect([seen[0], seen.at(-1)]).toEqual([
    [0, undefined],
    [5000, 5000],
  ])
})

test('a connection that breaks behind the answer, before any byte, is tried again', async () => {
  const registry = await startRegistry((request, response, count) =>
    sendRange(request, response, bytes, count === 1 ? 0 : Number.POSITIVE_INFINITY),
  )
  const path = join(temporaryFolder(), 'file')
  const result = await download({ url: registry.url, path, bytes: bytes.length, retryDelayMs: 1 })
  await registry.stop()
  expect(result).toEqual({ outcome: 'complete' })
  expect(readFileSync(path).equals(bytes)).toBe(true)
  expect(registry.ranges).toEqual([undefined, undefined])
})

test('a server that says no size sends what it sends', async () => {
  const registry = await startRegistry((_, response) => {
    response.write(bytes.subarray(0, 100))
    response.end(bytes.subarray(100))
  })
  const path = join(temporaryFolder(), 'file')
  expect(await download({ url: registry.url, path })).toEqual({ outcome: 'complete' })
  await registry.stop()
  expect(readFileSync(path).equals(bytes)).toBe(true)
})

test('a connection that breaks before anybody knows how much is to come is not tried again', async () => {
  const registry = await startRegistry((_, response) => {
    response.write(bytes.subarray(0, 100), () => setTimeout(() => response.destroy(), 300))
  })
  const result = await download({ url: registry.url, path: join(temporaryFolder(), 'file'), retryDelayMs: 1 })
  await registry.stop()
  expect(result).toMatchObject({ outcome: 'cut', received: 100 })
  expect(registry.ranges).toEqual([undefined])
})
