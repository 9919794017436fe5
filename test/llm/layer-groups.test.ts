import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { layerGroups } from '../../src/llm/layer-groups.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { recordGroups } from '../../src/verify/recorded.ts'
import { writeTinyModel } from '../cli/tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'bitloom-layers-'))
afterAll(() => rmSync(folder, { recursive: true }))
const files = writeTinyModel(folder, 5)

const drawn = async (spec: string, seed: number) => {
  const opened = await openModel(files.model, { tokenizer: files.tokenizer })
  const pe = processingElement(spec)
  return { pe, ...(await layerGroups({ opened, pe, prompt: 'Once', tokens: 3, macs: 2000, seed })) }
}

it.each([
  ['mixpe(group=16)', { zero: true, scale: false }],
  ['mac', { zero: false, scale: false }],
  ['mixpe(group=16, output=fp32)', { zero: true, scale: true }],
])('outputs of the layers of a model are groups that %s computes as its golden model', async (spec, has) => {
  const { pe, groups, layers, outputs } = await drawn(spec, 7)
  const run = recordGroups(pe, groups)
  const macs = groups.reduce((sum, { activations }) => sum + activations.length, 0)
  expect(run.macs).toBe(macs)
  expect(macs).toBeGreaterThan(1500)
  expect(macs).toBeLessThan(3000)
  expect(run.cycles).toBeGreaterThanOrEqual(macs)
  expect(groups.some(({ zero }) => zero > 0)).toBe(has.zero)
  expect(groups.every(({ scale }) => (scale !== undefined) === has.scale)).toBe(true)
  // Weights of a group are not all alike, nor are activations, and int8 activations reach their largest.
  expect(Math.max(...groups.flatMap(({ activations }) => activations.map(Math.abs)))).toBeGreaterThan(100)
  expect(new Set(groups.flatMap(({ weights }) => weights)).size).toBeGreaterThan(8)
  // 259 of some 500 outputs a token are the classifier's.
  expect(layers.length).toBe(Math.round(2000 / 32))
  expect(new Set(layers).size).toBeGreaterThan(6)
  expect(outputs).toBeGreaterThan(1000)
  const lengths = spec === 'mac' ? [32, 44] : [16, 12]
  for (const length of lengths) expect(groups.some(({ activations }) => activations.length === length)).toBe(true)
})

it('the same seed draws the same outputs, another one others', async () => {
  const [one, same, other] = [await drawn('mac', 1), await drawn('mac', 1), await drawn('mac', 2)]
  expect(same.groups).toEqual(one.groups)
  expect(other.groups).not.toEqual(one.groups)
})
