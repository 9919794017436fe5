import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { catalogue, elementOf } from '../../src/pe/catalogue.ts'
import { checkReport } from '../../src/report/index.ts'
import { bitloom, scratch } from './bitloom.ts'
import { writeTinyModel } from './tiny-model.ts'

const folder = scratch()
afterAll(folder.dispose)
const tiny = writeTinyModel(folder.path, 23)

it('start prints and verifies every design of the catalogue, runs a model and writes the report', () => {
  const out = join(folder.path, 'out')
  const model = ['--model', tiny.model, '--tokenizer', tiny.tokenizer]
  const { status, stdout, stderr } = bitloom(['start', ...model, '--array', '2x2', '--tokens', '3', '--out', out])
  expect(status, stderr).toBe(0)
  for (const spec of catalogue) {
    const line = stdout.split('\n').find((text) => text.startsWith(`${elementOf(spec).spec}: `))
    expect(line, spec).toMatch(/ [1-9]\d* groups against the golden model, 0 mismatches$/)
    expect(existsSync(join(out, 'verilog', `${elementOf(spec).name}.v`)), spec).toBe(true)
  }
  const report = checkReport(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')), 'report.json')
  expect(report.verification).toHaveLength(catalogue.length)
  expect(report.verification.every(({ mismatches }) => mismatches === 0)).toBe(true)
  expect(report.notes.join(' ')).toMatch(/Ours, since the MixPE paper does not say: unsigned weights/)
  expect(existsSync(join(out, 'report.html'))).toBe(true)
}, 300_000)

it('a report says of a PE only what is ours in that PE', () => {
  const out = join(folder.path, 'mac')
  const model = ['--model', tiny.model, '--tokenizer', tiny.tokenizer]
  const run = ['run', '--pe', 'mac', ...model, '--array', '2x2', '--tokens', '2', '--out', out]
  expect(bitloom(run).status).toBe(0)
  const report = checkReport(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')), 'report.json')
  expect(report.notes.join(' ')).not.toMatch(/MixPE/)
}, 300_000)
