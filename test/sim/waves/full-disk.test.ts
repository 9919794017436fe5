import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { trace } from '../../../src/sim/waves/index.ts'
import { writeVcd } from '../../../src/sim/waves/vcd-file.ts'
import { loader } from './designs.ts'

const disk = vi.hoisted(() => ({ room: 0 }))
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>()
  return {
    ...real,
    writeFileSync: (file: number, text: string) => {
      disk.room -= text.length
      if (disk.room < 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      real.writeFileSync(file, text)
    },
  }
})

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bitloom-full-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a disk that fills up while waves are written is a UserError, and half a file is taken away', () => {
  const waves = trace(openEngine('js', loader), loader)
  waves.step(10_000)
  const path = join(folder, 'loader.vcd')
  const write = () => writeVcd(path, waves)
  disk.room = 100_000
  expect(write).toThrow(UserError)
  disk.room = 100_000
  expect(write).toThrow(`cannot write ${path}: the disk is full; choose another path`)
  expect(readdirSync(folder)).toEqual([])
  disk.room = 1_000_000
  write()
  expect(readdirSync(folder)).toEqual(['loader.vcd'])
})
