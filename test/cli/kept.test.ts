import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { kept } from '../../src/cli/kept.ts'
import { scratch } from './bitloom.ts'

const folder = scratch()
afterAll(folder.dispose)
const schema = z.strictObject({ figure: z.number() })

/** The figure, and whether it was computed. */
const ask = async (key: unknown, figure: number, at = folder.path): Promise<[number, boolean, boolean]> => {
  let computed = false
  const compute = async () => {
    computed = true
    return { figure }
  }
  const { value, known } = await kept(key, schema, compute, at)
  return [value.figure, known, computed]
}

test('what is known is not computed again, and another key is another figure', async () => {
  expect(await ask(['a', 1], 5)).toEqual([5, false, true])
  expect(await ask(['a', 1], 6)).toEqual([5, true, false])
  expect(await ask(['a', 2], 7)).toEqual([7, false, true])
})

test('a damaged entry, or one of another shape, counts as none and is mended', async () => {
  const at = join(folder.path, 'damaged')
  await ask('b', 1, at)
  const file = join(at, readdirSync(at)[0]!)
  for (const damaged of ['{"figure":', '{"figure":"1"}', `{"figure":1}${' '.repeat(2 ** 20)}`]) {
    writeFileSync(file, damaged)
    expect(await ask('b', 2, at)).toEqual([2, false, true])
    expect(await ask('b', 3, at)).toEqual([2, true, false])
  }
})

test('what fails is not kept', async () => {
  const failed = kept('c', schema, () => Promise.reject(new Error('no')), folder.path)
  await expect(failed).rejects.toThrow('no')
  expect(await ask('c', 4)).toEqual([4, false, true])
})

test('a folder that cannot be written costs only the time', async () => {
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  expect(await ask('d', 1, file)).toEqual([1, false, true])
  expect(await ask('d', 2, file)).toEqual([2, false, true])
})
