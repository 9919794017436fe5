import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { calibrationWith } from '../../../src/llm/quantised/calibration.ts'
import { matchesPattern, readMixture } from '../../../src/llm/quantised/mixture.ts'
import { mixedQuantiser } from '../../../src/llm/quantised/quantisers.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { config } from './small-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'mixture-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'layers.json')
const mixtureOf = (content: unknown) => {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return readMixture(path)
}

const model = randomModel(config, 3)

describe('a pattern', () => {
  it.each([
    ['layers.0.down', 'layers.0.down', true],
    ['layers.0.down', 'layers.0.downs', false],
    ['*.down', 'layers.10.down', true],
    ['*.down', 'layers.0.up', false],
    ['layers.1.*', 'layers.1.up', true],
    ['layers.1.*', 'layers.10.up', false],
    ['*', 'classifier', true],
    ['layers.*.up', 'layers.3.up', true],
    ['layers.*.up', 'layers.up', false],
    ['a*b*b', 'ab', false],
    ['a*b*b', 'axbyb', true],
    ['*.*.*', 'a.b', false],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected)
  })
})

describe('a mixture', () => {
  it('gives each layer the quantiser of the first pattern that matches, and the others the default', async () => {
    const quantiser = mixedQuantiser(
      mixtureOf({
        default: 'bitmod(w=fp4, group=8)',
        layers: {
          'layers.1.down': 'float',
          '*.down': 'group-integer(w=int8, group=8, a=int8)',
          'layers.0.*': 'olive',
        },
      }),
    )
    expect(quantiser.calibrated).toBe(false)
    const { matrices, linear } = await quantiser.prepare(model)
    const kind = (name: string) => matrices.get(name)?.coded?.kind
    expect(kind('layers.1.down')).toBeUndefined()
    expect(kind('layers.0.down')).toBe('integer')
    expect(kind('layers.0.up')).toBe('pairs')
    expect(kind('layers.1.up')).toBe('bitmod')
    expect(kind('classifier')).toBe('bitmod')
    expect(linear).toBeDefined()
    expect(quantiser.weights).toMatch(/^layers\.1\.down: as the model file stores them; \*\.down: .*; else BitMoD fp4/)
    expect(quantiser.activations).toMatch(/\*\.down: int8 per token.*; else float32$/)
  })

  it('may be calibrated in part', async () => {
    const quantiser = mixedQuantiser(
      mixtureOf({ default: 'bitmod', layers: { '*.up': 'gptq(of=group-integer(w=int3, group=8))' } }),
    )
    expect(quantiser.calibrated).toBe(true)
    await expect(quantiser.prepare(model)).rejects.toThrow(/the mixture .*layers\.json calibrates with a text/)
    const { matrices } = await quantiser.prepare(model, { calibration: calibrationWith([[1, 2, 3, 4, 5]]) })
    expect(matrices.get('layers.0.up')?.coded?.kind).toBe('integer')
  })

  it('is refused with its place where something is wrong', async () => {
    const refused = (content: unknown, message: RegExp): void => {
      expect(() => mixtureOf(content)).toThrow(message)
    }
    refused('{', /layers\.json is no mixture of quantisers: it is no JSON; write such as/)
    refused({}, /default: .*write such as/)
    refused({ default: 'float', layer: {} }, /layer/)
    refused({ default: 'float', layers: { a: 3 } }, /layers\.a: /)
    refused({ default: 'flot' }, /layers\.json, default: there is no quantiser of one layer 'flot'/)
    refused({ default: 'float', layers: { '*.up': 'bitmod(w=fp5)' } }, /layers\.json, \*\.up: bitmod cannot have w=fp5/)
    refused({ default: 'hadamard' }, /no quantiser of one layer 'hadamard'/)
    expect(() => readMixture(join(folder, 'none.json'))).toThrow(/cannot read the mixture of quantisers/)
    await expect(
      mixedQuantiser(mixtureOf({ default: 'float', layers: { 'layers.2.*': 'float' } })).prepare(model),
    ).rejects.toThrow(
      /the pattern layers\.2\.\* matches no linear layer of the model; they are named layers\.0\.query to classifier/,
    )
  })
})
