import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bitmodFormat, scalarFormatOf, toNumber } from '../../../src/formats/index.ts'
import { optArchitecture } from '../../../src/llm/architecture.ts'
import { safetensorsPieces } from '../../../src/llm/files/write-safetensors.ts'
import { linearLayersOf, type Model } from '../../../src/llm/model.ts'
import { calibrationWith } from '../../../src/llm/quantised/calibration.ts'
import type { Manifest } from '../../../src/llm/quantised/manifest.ts'
import { writeQuantisedModel } from '../../../src/llm/quantised/quantised-model-files.ts'
import { quantiserOf } from '../../../src/llm/quantised/quantisers.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { floatsOf } from '../../../src/llm/weights.ts'
import { float16FromBits } from '../../../src/quant/float16.ts'
import { config } from './small-model.ts'

const model = randomModel(config, 3)
const folder = mkdtempSync(join(tmpdir(), 'quantised-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A safetensors file read by its description alone. */
const readTensors = (path: string) => {
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE(0))
  expect((8 + length) % 8).toBe(0)
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >
  const { __metadata__: metadata, ...entries } = header
  let end = 0
  const tensors = new Map(
    Object.entries(entries).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        expect(from).toBe(end)
        end = to
        const size = { F32: 4, F16: 2, U16: 2, U8: 1, I8: 1 }[dtype]!
        expect(from % size).toBe(0)
        expect(to - from).toBe(size * shape.reduce((a, b) => a * b, 1))
        const view = new DataView(bytes.buffer, bytes.byteOffset + 8 + length + from, to - from)
        const values = Array.from({ length: (to - from) / size }, (_, k) => {
          if (dtype === 'F32') return view.getFloat32(4 * k, true)
          if (dtype === 'F16') return float16FromBits(view.getUint16(2 * k, true))
          if (dtype === 'U16') return view.getUint16(2 * k, true)
          return dtype === 'I8' ? view.getInt8(k) : view.getUint8(k)
        })
        return [name, { dtype, shape, values }] as const
      },
    ),
  )
  expect(8 + length + end).toBe(bytes.length)
  return { tensors, metadata }
}

const save = async (spec: string, of: Model = model) => {
  const run = await quantiserOf(spec).prepare(of, { calibration: calibrationWith([[1, 2, 3, 4, 5, 6, 7]]) })
  const manifest = writeQuantisedModel(folder, run, {
    quantiser: spec,
    text: { ends: [] },
    provenance: { model: 'random' },
  })
  const { tensors, metadata } = readTensors(join(folder, 'weights.safetensors'))
  return { run, manifest, tensors, metadata, values: (name: string) => tensors.get(name)!.values }
}

describe('a saved model', () => {
  it('has codes and scales that give its weights back: integers with zero points', async () => {
    const { run, manifest, values } = await save('group-integer(w=int4, group=7)')
    for (const { name, inputs, weights } of linearLayersOf(run.model)) {
      const [codes, scales, zeros] = ['codes', 'scales', 'zeros'].map((key) => values(`${name}.${key}`))
      const groups = Math.ceil(inputs / 7)
      const restored = codes!.map((code, at) => {
        const slot = Math.floor(at / inputs) * groups + Math.floor((at % inputs) / 7)
        return Math.fround(scales![slot]! * (code - zeros![slot]!))
      })
      expect(restored.map((value) => value + 0)).toEqual([...floatsOf(weights)].map((value) => value + 0))
      expect(manifest.layers.find((layer) => layer.name === name)).toMatchObject({
        bits: 4,
        group: 7,
        formats: ['uint4'],
      })
    }
  })

  it('has codes and scales that give its weights back: BitMoD with its selectors and two levels of scales', async () => {
    const { run, values } = await save('bitmod(w=fp3, group=8)')
    const grids = bitmodFormat(3, 8).grids
    for (const { name, inputs, weights } of linearLayersOf(run.model)) {
      const groups = Math.ceil(inputs / 8)
      const restored = values(`${name}.codes`).map((code, at) => {
        const row = Math.floor(at / inputs)
        const slot = row * groups + Math.floor((at % inputs) / 8)
        const value = toNumber(grids[values(`${name}.selectors`)[slot]!]!.values[code]!)
        return Math.fround(values(`${name}.channel_scales`)[row]! * values(`${name}.scales`)[slot]! * value)
      })
      expect(restored.map((value) => value + 0)).toEqual([...floatsOf(weights)].map((value) => value + 0))
    }
  })

  it('has codes and scales that give its weights back: posits of 16 bits', async () => {
    const { run, values } = await save('scaled(w=posit(16,1), per=channel)')
    const format = scalarFormatOf('posit(16,1)')
    const { name, inputs, weights } = run.model.layers[0]!.up
    const restored = values(`${name}.codes`).map((code, at) =>
      Math.fround(values(`${name}.scales`)[Math.floor(at / inputs)]! * toNumber(format.decode(BigInt(code)))),
    )
    expect(restored).toEqual([...floatsOf(weights)])
  })

  it('has everything else in float32, as the quantiser left it', async () => {
    const { run, manifest, tensors, values } = await save('hadamard(of=gptq(of=bitmod(group=8)))')
    expect(values('embedding.weight')).toEqual([...floatsOf(run.model.embedding.weights)])
    expect(values('finalNorm.weight')).toEqual(new Array(24).fill(1))
    expect(manifest.others).toContain('layers.1.feedForwardNorm.weight')
    const named = [...manifest.others, ...manifest.layers.flatMap((layer) => layer.tensors)]
    expect([...tensors.keys()].toSorted()).toEqual(named.toSorted())
    expect(manifest.config.sharedClassifier).toBe(false)
  })

  it('has biases, LayerNorms, positions and layers that stayed', async () => {
    const opt = randomModel({ ...config, keyValueHeads: 6 }, 5, optArchitecture)
    const { manifest, values, run } = await save('float', opt)
    expect(values('layers.0.up.weight')).toEqual([...floatsOf(opt.layers[0]!.up.weights)])
    expect(values('layers.0.up.bias')).toEqual([...opt.layers[0]!.up.bias!])
    expect(values('layers.0.attentionNorm.bias')).toEqual([...opt.layers[0]!.attentionNorm.bias!])
    expect(values('positions.weight')).toEqual([...floatsOf(opt.positions!.weights)])
    expect(manifest.layers[0]).toMatchObject({ kind: 'float32', bits_per_weight: 32, activations: 'float' })
    expect(run.matrices.size).toBe(linearLayersOf(opt).length)
  })

  it('has a manifest that says what the files are', async () => {
    const spec = 'group-integer(w=int3, group=12, a=int8)'
    const { manifest, metadata } = await save(spec)
    const read = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest
    expect(read).toEqual(JSON.parse(JSON.stringify(manifest)))
    const bytes = readFileSync(join(folder, 'weights.safetensors'))
    expect(read.weights).toEqual({
      file: 'weights.safetensors',
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
    expect(metadata).toEqual({ quantiser: spec })
    expect(read).toMatchObject({ version: 2, model: model.name, quantiser: spec, provenance: { model: 'random' } })
    expect(read.architecture).toMatchObject({ norm: 'rms', positions: { kind: 'rotary', pairs: 'neighbours' } })
    expect(read.layers[0]!.activations).toBe('int8')
    // Rows of 24 have two groups of 19 bits, those of 20 as well.
    const weights = linearLayersOf(model).map(({ outputs, inputs }) => ({
      count: outputs * inputs,
      bits: outputs * (3 * inputs + 38),
    }))
    const sum = (key: 'count' | 'bits'): number => weights.reduce((total, each) => total + each[key], 0)
    expect(read.bits_per_weight).toBeCloseTo(sum('bits') / sum('count'), 9)
  })

  it('appears whole or not at all', async () => {
    const run = await quantiserOf('bitmod').prepare(model)
    const file = join(folder, 'file')
    writeFileSync(file, 'in the way')
    expect(() =>
      writeQuantisedModel(join(file, 'inside'), run, { quantiser: '', text: { ends: [] }, provenance: {} }),
    ).toThrow(/cannot write .*; choose another folder with --out/)
    expect(existsSync(join(file, 'inside'))).toBe(false)
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([])
  })
})

it('a tensor of another shape than its data is refused', () => {
  const tensors = { a: { type: 'F32', shape: [2, 3], data: new Float32Array(5) } } as const
  expect(() => [...safetensorsPieces(tensors)]).toThrow(/tensor a of shape 2 x 3 does not have 5 elements/)
})
