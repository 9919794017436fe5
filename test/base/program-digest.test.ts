import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { programDigest } from '../../src/base/program-digest.ts'
import { scratch } from '../cli/bitloom.ts'

const folder = scratch()
afterAll(folder.dispose)

test('the digest of a program changes with what is in its files, their names and their number, and with nothing else', () => {
  const put = (name: string, text: string): void => writeFileSync(join(folder.path, name), text)
  mkdirSync(join(folder.path, 'inner'))
  put('a.js', '1')
  put('inner/b.js', '2')
  const seen = [programDigest(folder.path)]
  put('a.d.ts', 'types')
  put('a.js.map', 'a map')
  expect(programDigest(folder.path)).toBe(seen[0])
  for (const change of [
    () => put('inner/b.js', '3'),
    () => put('a.js', '11'),
    () => put('c.ts', ''),
    () => renameSync(join(folder.path, 'a.js'), join(folder.path, 'aa.js')),
  ]) {
    change()
    const digest = programDigest(folder.path)
    expect(digest).toMatch(/^[0-9a-f]{64}$/)
    expect(seen).not.toContain(digest)
    seen.push(digest)
  }
  expect(programDigest()).toBe(programDigest())
})
