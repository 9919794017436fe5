import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { hardwareOperands } from '../../src/llm/arithmetic/hardware-layer.ts'
import { usualQuantiserOf } from '../../src/llm/arithmetic/usual-quantiser.ts'
import { layerGroups } from '../../src/llm/layer-groups.ts'
import { layerOperands } from '../../src/llm/layer-operands.ts'
import { linearLayersOf } from '../../src/llm/model.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { quantiserOf } from '../../src/llm/quantised/quantisers.ts'
import { elementOf } from '../../src/pe/catalogue.ts'
import { recordGroups } from '../../src/verify/recorded.ts'
import { writeTinyModel } from '../cli/tiny-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'bitloom-layers-'))
afterAll(() => rmSync(folder, { recursive: true }))
const files = writeTinyModel(folder, 5)

const drawn = async (spec: string, seed: number) => {
  const opened = await openModel(files.model, { tokenizer: files.tokenizer })
  const pe = elementOf(spec)
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

/** What reads other codes than integers: its groups, and what of a tile goes with each. */
it.each([
  ['fmac(format=fp16)', /rounded to fp16/],
  ['fmac(format=fp16, acc=fp16, subnormals=flushed)', /rounded to fp/],
  ['fmac(format=e4m3)', /by scaled\(w=e4m3/],
  ['mixpe(a=fp16, acc=exact)', /by group-integer\(w=int4/],
  ['figna(w=int4)', /by group-integer\(w=int4/],
  ['bitmod(w=fp4)', /by bitmod\(w=fp4/],
  ['bitmod(w=int6)', /by bitmod\(w=int6/],
  ['xrnpe(mode=fp4)', /by scaled\(w=fp4/],
  ['xrnpe(mode=posit(16,1), lanes=separate, result=quire)', /by scaled\(w=posit\(16,1\)/],
  ['posit(format=posit(8,0))', /by scaled\(w=posit\(8,0\)/],
  ['ant(w=flint4, a=flint4)', /by scaled\(w=flint4/],
  ['bitfusion(w=int4, a=int4)', /by group-integer\(w=int4/],
  ['olive(w=olive(flint4))', /by olive\(normal=flint4.*activations by olive\(normal=int4/],
])(
  'outputs of the layers of a model are groups that %s computes as its golden model, in its own codes',
  async (spec, by) => {
    const { pe, groups, outputs, described } = await drawn(spec, 7)
    const run = recordGroups(pe, groups)
    expect(run.macs).toBe(groups.reduce((sum, { activations }) => sum + activations.length, 0))
    expect(described).toMatch(by)
    expect(outputs).toBeGreaterThan(1000)
    for (const { activations, weights } of groups) expect(weights.length).toBe(activations.length)
    for (const length of [32, 44]) expect(groups.some(({ activations }) => activations.length === length)).toBe(true)
    expect(new Set(groups.flatMap(({ activations }) => activations)).size).toBeGreaterThan(8)
    expect(new Set(groups.flatMap(({ weights }) => weights)).size).toBeGreaterThan(8)
    expect(groups.every(({ scale }) => (scale === undefined) === !('tile' in pe))).toBe(true)
    expect(groups.some(({ selector = 0 }) => selector > 0)).toBe(spec === 'bitmod(w=fp4)')
  },
)

it('codes of layers one row at a time are those of the whole matrix', async () => {
  const opened = await openModel(files.model, { tokenizer: files.tokenizer })
  for (const spec of ['bitmod(w=fp4)', 'posit(format=posit(8,0))', 'figna(w=int4)']) {
    const pe = elementOf(spec)
    const { of } = layerOperands(opened, pe)
    const whole = await quantiserOf(usualQuantiserOf(pe)).prepare(opened.model)
    for (const matrix of linearLayersOf(opened.model).slice(0, 4)) {
      const { coded, activations } = whole.matrices.get(matrix.name)!
      const { weights } = hardwareOperands(pe, matrix.name, coded!, activations)
      const inputs = Float32Array.from({ length: matrix.inputs }, (_, k) => Math.sin(k))
      const output = 5
      const row = of(matrix, output, inputs).weights
      const from = output * matrix.inputs
      expect([...(row.codes as number[])]).toEqual(
        Array.from({ length: matrix.inputs }, (_, k) => weights.codes[from + k]),
      )
      if (weights.scales) expect(row.scales![0]).toBe(weights.scales[output])
      if (weights.selectors) expect(row.selectors![0]).toBe(weights.selectors[output])
    }
  }
})

it('of a quantised model the codes are those that it brings along', async () => {
  const opened = await openModel(files.model, { tokenizer: files.tokenizer })
  const pe = elementOf('bitmod(w=fp4)')
  const spec = 'bitmod(w=fp4, group=16, a=fp16)'
  const run = await quantiserOf(spec).prepare(opened.model)
  const quantised = { run, quantiser: spec, weights: 'w', activations: 'a', bitsPerWeight: 4 }
  const { of, described } = layerOperands({ ...opened, model: run.model, quantised }, pe)
  expect(described).toBe(spec)
  const matrix = linearLayersOf(run.model)[3]!
  const { coded, activations } = run.matrices.get(matrix.name)!
  const whole = hardwareOperands(pe, matrix.name, coded!, activations).weights
  const row = of(matrix, 7, new Float32Array(matrix.inputs)).weights
  const [at, groups] = [7 * matrix.inputs, Math.ceil(matrix.inputs / 16)]
  expect(groups).toBeGreaterThan(1)
  expect(row.codes).toEqual(Array.from({ length: matrix.inputs }, (_, k) => whole.codes[at + k]))
  expect(row.scales).toEqual(Array.from({ length: groups }, (_, k) => whole.scales![7 * groups + k]))
  expect(row.selectors).toEqual(Array.from({ length: groups }, (_, k) => whole.selectors![7 * groups + k]))
})

it('a PE whose codes no quantiser makes is refused with the way out', async () => {
  await expect(drawn('bitfusion(w=uint4)', 1)).rejects.toThrow(
    /^no layers of a model go through bitfusion\(w=uint4.*: its weights have neither a sign nor a zero point; give --workload random$/,
  )
})

it('the same seed draws the same outputs, another one others', async () => {
  const [one, same, other] = [await drawn('mac', 1), await drawn('mac', 1), await drawn('mac', 2)]
  expect(same.groups).toEqual(one.groups)
  expect(other.groups).not.toEqual(one.groups)
})
