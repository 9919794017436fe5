import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type ByteSource, bytesSource, withFile } from '../../../src/llm/files/byte-source.ts'
import { temporaryFolder } from '../store/fake-registry.ts'

const bytes = Uint8Array.from({ length: 100 }, (_, k) => k)

/** Pieces come whole and new, and what goes beyond the end is refused, however far. */
const hold = async (source: ByteSource): Promise<void> => {
  expect(source.size).toBe(100)
  expect(await source.read(40, 3)).toEqual(Uint8Array.of(40, 41, 42))
  expect((await source.read(8, 8)).byteOffset).toBe(0)
  const there = new Uint8Array(5)
  const piece = await source.read(97, 3, there)
  expect(piece).toEqual(Uint8Array.of(97, 98, 99))
  expect(piece.buffer).toBe(there.buffer)
  expect(there).toEqual(Uint8Array.of(97, 98, 99, 0, 0))
  expect(await source.read(100, 0)).toHaveLength(0)
  for (const [offset, length] of [
    [99, 2],
    [101, 0],
    [0, 2 ** 45],
  ] as const)
    await expect(source.read(offset, length)).rejects.toMatchObject({
      code: 'E-MODEL-SIZE',
      message: `${source.where} is truncated: it holds 100 bytes where ${offset + length} are needed; give the file whole and unchanged`,
    })
}

test('an array is read in pieces', async () => {
  await hold(bytesSource(bytes, 'm.bin'))
})

test('a file is read in pieces, and is closed afterwards even where the work fails', async () => {
  const path = join(temporaryFolder(), 'm.bin')
  writeFileSync(path, bytes)
  await withFile(path, 'the model', hold)
  let kept: ByteSource | undefined
  const failing = withFile(path, 'the model', async (source) => {
    kept = source
    throw new RangeError('work')
  })
  await expect(failing).rejects.toThrow('work')
  await expect(kept!.read(0, 1)).rejects.toThrow(/cannot read the model/)
})

test('a file that becomes shorter while it is read is one sentence', async () => {
  const path = join(temporaryFolder(), 'm.bin')
  writeFileSync(path, bytes)
  const reading = withFile(path, 'the model', async (source) => {
    writeFileSync(path, bytes.subarray(0, 10))
    await source.read(5, 20)
  })
  await expect(reading).rejects.toThrow(/cannot read the model .*: it became shorter while it was read; check the path/)
})

test('a piece that no memory holds is one sentence, even of a file that is as long', async () => {
  const path = join(temporaryFolder(), 'm.bin')
  writeFileSync(path, bytes)
  // Nothing is written: the file is sparse.
  truncateSync(path, 2 ** 43)
  const reading = withFile(path, 'the model', (source) => source.read(0, 2 ** 43))
  await expect(reading).rejects.toThrow(/m\.bin has 8796\.1 GB in one piece, which the memory .*; give a smaller model/)
})
