import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Yosys } from '../../src/synth/yosys.ts'
import { withCache } from '../../src/synth/yosys-cache.ts'
import { scratch } from '../cli/bitloom.ts'

const folder = scratch()
afterAll(folder.dispose)

/** Counts its runs and answers with the script. */
const counting = (ok = true): Yosys & { runs: number } => ({
  runs: 0,
  async run({ script }) {
    this.runs++
    return ok ? { ok, files: new Map([['out', script]]), warnings: ['careful'] } : { ok, error: 'no', warnings: [] }
  },
  async close() {},
})

const job = { script: 'stat', files: { 'a.v': 'module a; endmodule' } }

test('the same script and files are run once, across processes as it is on disk', async () => {
  const yosys = counting()
  const first = await withCache(yosys, folder.path).run(job)
  const second = await withCache(yosys, folder.path).run({ ...job })
  expect(second).toEqual(first)
  expect(yosys.runs).toBe(1)
})

test('another script or another file is another run', async () => {
  const yosys = counting()
  const cached = withCache(yosys, folder.path)
  await cached.run({ ...job, script: 'stat -tech' })
  await cached.run({ ...job, files: { 'a.v': 'module b; endmodule' } })
  await cached.run({ ...job, files: { 'b.v': 'module a; endmodule' } })
  expect(yosys.runs).toBe(3)
})

test('a damaged entry is run anew and mended', async () => {
  const here = join(folder.path, 'damaged')
  const yosys = counting()
  await withCache(yosys, here).run(job)
  const entry = join(here, readdirSync(here)[0]!)
  writeFileSync(entry, 'garbage')
  await withCache(yosys, here).run(job)
  await withCache(yosys, here).run(job)
  expect(yosys.runs).toBe(2)
})

test('failures are not kept', async () => {
  const yosys = counting(false)
  const cached = withCache(yosys, join(folder.path, 'failures'))
  await cached.run(job)
  await cached.run(job)
  expect(yosys.runs).toBe(2)
})

test('a folder that cannot be written costs only the time', async () => {
  const file = join(folder.path, 'a-file')
  writeFileSync(file, '')
  const yosys = counting()
  expect(await withCache(yosys, join(file, 'x')).run(job)).toMatchObject({ ok: true })
})
