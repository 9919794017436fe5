import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../../src/base/random.ts'
import { UserError } from '../../../src/base/user-error.ts'
import { llamaArchitecture, optArchitecture, phiArchitecture } from '../../../src/llm/architecture.ts'
import { cpuBackend } from '../../../src/llm/backend.ts'
import { perplexity } from '../../../src/llm/likelihood.ts'
import { linearLayersOf, type Model } from '../../../src/llm/model.ts'
import { openPath } from '../../../src/llm/open-model.ts'
import { calibrationWith } from '../../../src/llm/quantised/calibration.ts'
import { layerQuantiserOf } from '../../../src/llm/quantised/layer-quantisers.ts'
import type { Manifest } from '../../../src/llm/quantised/manifest.ts'
import type { Mixture } from '../../../src/llm/quantised/mixture.ts'
import { writeQuantisedModel } from '../../../src/llm/quantised/quantised-model-files.ts'
import type { QuantisedRun } from '../../../src/llm/quantised/quantised-run.ts'
import { mixedQuantiser, type Quantiser, quantiserOf } from '../../../src/llm/quantised/quantisers.ts'
import { readQuantisedModel } from '../../../src/llm/quantised/read-quantised-model.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { parseSpec } from '../../../src/spec/index.ts'
import { damaged, damagedText } from '../files/damage.ts'
import { config } from './small-model.ts'

const llama = randomModel(config, 3)
const folders = mkdtempSync(join(tmpdir(), 'quantised-'))
afterAll(() => rmSync(folders, { recursive: true }))
let made = 0
const newFolder = (): string => join(folders, String(made++))

const text = [[1, 7, 30, 0, 12, 7, 7, 19, 4]]
const calibration = calibrationWith([[1, 2, 3, 4, 5, 6, 7, 29, 13]])
const perplexityOf = async ({ model, linear }: QuantisedRun): Promise<number> => {
  const backend = cpuBackend(model, linear, { threads: 1 })
  try {
    return (await perplexity(backend, text)).perplexity
  } finally {
    backend.close()
  }
}

const save = async (quantiser: Quantiser, of: Model = llama, folder = newFolder()) => {
  const run = await quantiser.prepare(of, { calibration })
  const manifest = writeQuantisedModel(folder, run, {
    quantiser: quantiser.spec,
    text: { begin: 1, ends: [2, 5] },
    provenance: { weights: quantiser.weights, activations: quantiser.activations },
  })
  return { run, folder, manifest }
}
const read = async (folder: string) => (await readQuantisedModel(folder)).quantised

const expectSame = async (quantiser: Quantiser, of: Model = llama): Promise<void> => {
  const { run, folder } = await save(quantiser, of)
  const stored = await read(folder)
  expect(stored).toMatchObject({
    quantiser: quantiser.spec,
    weights: quantiser.weights,
    activations: quantiser.activations,
  })
  expect([...stored.run.matrices]).toEqual([...run.matrices])
  expect(stored.run.model.config).toEqual(run.model.config)
  const { architecture, classifier } = run.model
  const biases = { ...architecture.biases, classifier: classifier.bias !== undefined }
  expect(stored.run.model.architecture).toEqual({ ...architecture, biases })
  expect(await perplexityOf(stored.run)).toBe(await perplexityOf(run))
}

describe('a quantised model out of its folder has the same codes, scales, activations and perplexity', () => {
  it.each([
    'group-integer(w=int4, group=7)',
    'group-integer(w=int8, group=7, a=int8)',
    'group-integer(w=int2, weights=symmetric, per=tensor, a=fp16)',
    'group-integer(w=int8, group=7, weights=symmetric, a=int5)',
    'mixpe(group=8)',
    'bitmod(w=fp4, group=8)',
    'bitmod(w=fp3, group=7, a=int8)',
    'bitmod(w=int6, group=32)',
    'ant(per=group, group=8, type=scale)',
    'ant(bits=4)',
    'olive(normal=int4, group=7, per=group)',
    'olive(normal=int8)',
    'scaled(w=e4m3, group=8, a=e4m3)',
    'scaled(w=posit(16,1), per=channel)',
    'scaled(w=nf4, group=128)',
    'xrnpe(w=posit(8,0), group=8, a=posit(8,0))',
    'block(w=mxfp4, a=mxfp8(e4m3))',
    'block(w=mxint8)',
    'block(w=nvfp4, a=nvfp4)',
    'block(w=nvint4)',
    'float',
    'gptq(of=bitmod(w=fp3, group=8))',
    'awq(of=group-integer(w=int4, group=8))',
    'smoothquant(of=group-integer(w=int8, weights=symmetric, a=int8))',
    'hadamard(of=awq(of=gptq(of=group-integer(w=int3, group=8))))',
    'hadamard(of=block(w=mxfp6(e3m2)))',
  ])('%s', async (spec) => {
    await expectSame(quantiserOf(spec))
  })

  const mixture: Mixture = {
    file: 'layers.json',
    rules: [
      { pattern: 'layers.0.*', quantiser: layerQuantiserOf(parseSpec('float')) },
      { pattern: '*.down', quantiser: layerQuantiserOf(parseSpec('gptq(of=group-integer(w=int6, group=5))')) },
      { pattern: '*.up', quantiser: layerQuantiserOf(parseSpec('olive(normal=int4)')) },
      { pattern: 'classifier', quantiser: layerQuantiserOf(parseSpec('group-integer(w=int8, a=int8)')) },
    ],
    rest: layerQuantiserOf(parseSpec('bitmod(w=fp4, group=8)')),
  }
  it('a mixture with layers that stayed', async () => {
    await expectSame(mixedQuantiser(mixture))
    await expectSame(
      mixedQuantiser({
        ...mixture,
        rules: [{ pattern: 'classifier', quantiser: layerQuantiserOf(parseSpec('float')) }],
      }),
    )
  })

  it.each([
    [
      'with wide heads, biases and a classifier of its own',
      randomModel(
        { ...config, headSize: 8, sharedClassifier: false },
        4,
        llamaArchitecture({ headSize: 8, pairs: 'halves', biases: { queryKeyValue: true, feedForward: true } }),
      ),
    ],
    ['OPT', randomModel({ ...config, keyValueHeads: 6 }, 5, optArchitecture)],
    ['Phi-2', randomModel({ ...config, heads: 3, keyValueHeads: 3 }, 6, phiArchitecture({ rotaryWidth: 4 }))],
    [
      'Phi-2 with a classifier of its own, which has a bias',
      randomModel(
        { ...config, heads: 3, keyValueHeads: 3, sharedClassifier: false },
        7,
        phiArchitecture({ rotaryWidth: 4 }),
      ),
    ],
  ])('%s', async (_, model) => {
    await expectSame(quantiserOf('group-integer(w=int4, group=8, a=int8)'), model)
    await expectSame(quantiserOf('awq(of=bitmod(w=fp4, group=8))'), model)
  })
})

it('a model is opened by its folder, its weights or its manifest, with the tokens that begin and end texts', async () => {
  const { folder } = await save(quantiserOf('bitmod(group=8)'))
  for (const path of [folder, join(folder, 'weights.safetensors'), join(folder, 'manifest.json')]) {
    const { model, quantised, begin, ends } = await openPath(path, 'mine')
    expect(model.name).toBe('mine')
    expect(quantised?.run.matrices.size).toBe(linearLayersOf(llama).length)
    expect({ begin, ends }).toEqual({ begin: 1, ends: [2, 5] })
  }
})

it('a folder with a config.json stays a Hugging Face directory', async () => {
  const { folder } = await save(quantiserOf('bitmod(group=8)'))
  writeFileSync(join(folder, 'config.json'), '{}')
  await expect(openPath(folder)).rejects.toThrow(/config\.json describes no model that bitloom runs/)
})

/** One field of the manifest changed. */
const changed = async (
  spec: string,
  change: (manifest: Record<string, Record<string, object>>, layer: Record<string, unknown>) => void,
) => {
  const { folder, manifest } = await save(quantiserOf(spec))
  const copy = JSON.parse(JSON.stringify(manifest))
  change(copy, copy.layers[0])
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(copy))
  return read(folder)
}
const integers = 'group-integer(w=int4, group=8)'

describe('a manifest is refused in a sentence', () => {
  const assign = Object.assign
  it.each<[string, string, Parameters<typeof changed>[1], RegExp]>([
    [
      'an older version',
      integers,
      (of) => assign(of, { version: 1 }),
      /it has version 1, and this bitloom reads 2; give/,
    ],
    ['a field too many', integers, (of) => assign(of, { more: 1 }), /Unrecognized key: "more"; give/],
    ['absurd sizes', integers, (of) => assign(of.config!, { vocabulary: 2 ** 40 }), /vocabulary \d+, allowed are 1 to/],
    [
      'another size',
      integers,
      (of) => assign(of.config!, { vocabulary: 32 }),
      /embedding\.weight .*F32 of 31 x 24 where manifest\.json asks for F32 of 32 x 24/,
    ],
    ['more layers', integers, (of) => assign(of.config!, { layers: 3 }), /no tensor layers\.2\.attentionNorm\.weight/],
    [
      'an odd number of frequencies',
      integers,
      (of) => assign(of.architecture!.positions!, { frequencies: [1, 1, 1] }),
      /3 rotary frequencies for heads of 4/,
    ],
    [
      'a layer of another name',
      integers,
      (_, layer) => assign(layer, { name: 'layers.0.quern' }),
      /has 15 layers, and its shape 15/,
    ],
    [
      'a layer of another size',
      integers,
      (_, layer) => assign(layer, { outputs: 25 }),
      /layer layers\.0\.query .* is 25 x 24 where its shape has 24 x 24/,
    ],
    [
      'another group',
      integers,
      (_, layer) => assign(layer, { group: 12 }),
      /tensor layers\.0\.query\.scales .* is F16 of 24 x 3 where manifest\.json asks for F16 of 24 x 2/,
    ],
    ['a group of 0', integers, (_, layer) => assign(layer, { group: 0 }), /layers\.0\.group: /],
    [
      'too large a group',
      integers,
      (_, layer) => assign(layer, { group: 2 ** 17 }),
      /its group is 131072, allowed are 1 to 65536/,
    ],
    ['other bits', integers, (_, layer) => assign(layer, { bits: 5 }), /it has 5 bits where its formats have 4/],
    [
      'an unknown format',
      integers,
      (_, layer) => assign(layer, { formats: ['uint9'] }),
      /its formats are uint9, allowed are int2 to int8/,
    ],
    ['an unknown kind', integers, (_, layer) => assign(layer, { kind: 'constructor' }), /layers\.0\.kind: /],
    [
      'another kind',
      integers,
      (_, layer) => assign(layer, { kind: 'typed' }),
      /its tensors are .*\.zeros, and its kind has/,
    ],
    [
      'unknown activations',
      integers,
      (_, layer) => assign(layer, { activations: 'int99x' }),
      /its activations are int99x, allowed are float, fp16/,
    ],
    [
      'formats that are none of BitMoD',
      'bitmod(group=8)',
      (_, layer) => assign(layer, { formats: ['fp4'] }),
      /its formats fp4 are none of BitMoD's/,
    ],
    [
      'a typed format that is none',
      'scaled(w=nf4, group=8)',
      (_, layer) => assign(layer, { formats: ['nf5'] }),
      /its format nf5 is none of/,
    ],
    [
      'a format without a table',
      'scaled(w=nf4, group=8)',
      (_, layer) => assign(layer, { formats: ['fp32'], bits: 16 }),
      /its format fp32 has 32 bits, allowed are 1 to 16/,
    ],
    [
      'no pairs',
      'olive',
      (_, layer) => assign(layer, { formats: ['int4'] }),
      /its formats are int4, allowed is one of olive\(int4\)/,
    ],
    [
      'blocks of another length',
      'block',
      (_, layer) => assign(layer, { group: 16 }),
      /its group is 16 where a block of .* has 32/,
    ],
    ['a path', integers, (of) => assign(of.weights!, { file: '../weights.safetensors' }), /weights\.file: /],
  ])('%s', async (_, spec, change, message) => {
    const error = await changed(spec, change).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toMatch(message)
    expect((error as UserError).message).toMatch(/^[^\n]+; give [^\n]+$/)
  })

  it('no JSON, none at all, and files that do not belong together', async () => {
    const { folder } = await save(quantiserOf(integers))
    const other = await save(quantiserOf(integers), randomModel(config, 9))
    const weights = join(folder, 'weights.safetensors')
    writeFileSync(weights, readFileSync(join(other.folder, 'weights.safetensors')))
    await expect(read(folder)).rejects.toThrow(/has another sha256 than manifest\.json beside it says; give both/)
    rmSync(weights)
    await expect(read(folder)).rejects.toThrow(/cannot read the model .*weights\.safetensors/)
    writeFileSync(join(folder, 'manifest.json'), '{"version": 2')
    await expect(read(folder)).rejects.toThrow(/describes no quantised model: it is no JSON; give/)
  })
})

/** The weights changed, and the digest with them. */
const withWeights = async (spec: string, change: (bytes: Buffer, header: Buffer) => Buffer | undefined) => {
  const { folder, manifest } = await save(quantiserOf(spec))
  const path = join(folder, 'weights.safetensors')
  const bytes = readFileSync(path)
  const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0)))
  const written = change(bytes, header) ?? bytes
  writeFileSync(path, written)
  const sha256 = createHash('sha256').update(written).digest('hex')
  const said: Manifest = { ...manifest, weights: { ...manifest.weights, sha256 } }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(said))
  return read(folder)
}
const withArray = (spec: string, key: string, change: (bytes: Buffer) => void) =>
  withWeights(spec, (bytes, header) => {
    const [from, to] = JSON.parse(header.toString())[`layers.0.query.${key}`].data_offsets
    change(bytes.subarray(8 + header.length + from, 8 + header.length + to))
    return undefined
  })

it('weights of another length, type or tensors than the manifest says are refused', async () => {
  await expect(withWeights(integers, (bytes) => Buffer.concat([bytes, Buffer.of(0)]))).rejects.toThrow(
    /holds \d+ bytes where manifest\.json says \d+; give the files whole/,
  )
  const type = withWeights(integers, (_, header) => {
    const at = header.indexOf('"I8"', header.indexOf('layers.0.query.codes'))
    header.write('"U8"', at)
    return undefined
  })
  await expect(type).rejects.toThrow(
    /layers\.0\.query\.codes .* is U8 of 24 x 24 where manifest\.json asks for I8 of 24 x 24/,
  )
  const opt = await save(quantiserOf(integers), randomModel({ ...config, keyValueHeads: 6 }, 5, optArchitecture))
  const { architecture } = opt.manifest
  const biases = { ...architecture.biases, feedForward: false }
  writeFileSync(
    join(opt.folder, 'manifest.json'),
    JSON.stringify({ ...opt.manifest, architecture: { ...architecture, biases } }),
  )
  await expect(read(opt.folder)).rejects.toThrow(/has a tensor layers\.0\.up\.bias, which no layer uses; give/)
})

describe('codes and scales that no quantiser writes are refused', () => {
  it.each<[string, string, (bytes: Buffer) => void, RegExp]>([
    [integers, 'codes', (bytes) => bytes.writeInt8(16, 5), /entry 5 of its codes is 16, allowed are 0 to 15/],
    [integers, 'codes', (bytes) => bytes.writeInt8(-1, 5), /entry 5 of its codes is -1, allowed are 0 to 15/],
    [integers, 'zeros', (bytes) => bytes.writeUInt8(16, 1), /entry 1 of its zeros is 16, allowed are 0 to 15/],
    [
      integers,
      'scales',
      (bytes) => bytes.writeUInt16LE(0, 2),
      /entry 1 of its scales is 0, allowed are finite numbers above 0/,
    ],
    [integers, 'scales', (bytes) => bytes.writeUInt16LE(0x7c00, 0), /entry 0 of its scales is Infinity/],
    ['group-integer(weights=symmetric)', 'codes', (bytes) => bytes.writeInt8(-8, 0), /is -8, allowed are -7 to 7/],
    [
      'bitmod(w=fp3, group=8)',
      'codes',
      (bytes) => bytes.writeUInt8(8, 3),
      /entry 3 of its codes is 8, allowed are 0 to 7/,
    ],
    [
      'bitmod(w=fp3, group=8)',
      'selectors',
      (bytes) => bytes.writeUInt8(4, 3),
      /its selectors is 4, allowed are 0 to 3/,
    ],
    ['bitmod(w=fp3, group=8)', 'channel_scales', (bytes) => bytes.writeUInt16LE(0xbc00, 0), /its channel_scales is -1/],
    ['bitmod(w=int4, group=8)', 'codes', (bytes) => bytes.writeUInt8(8, 3), /its code 3 is -8, which is not used/],
    ['ant(type=scale)', 'types', (bytes) => bytes.writeUInt8(3, 0), /entry 0 of its types is 3, allowed are 0 to 2/],
    [
      'scaled(w=posit(8,0))',
      'codes',
      (bytes) => bytes.writeUInt8(0x80, 9),
      /entry 9 of its codes is 128, which stands for no/,
    ],
    [
      'scaled(w=fp3)',
      'codes',
      (bytes) => bytes.writeUInt8(8, 9),
      /entry 9 of its codes is 8, which stands for no number/,
    ],
    ['olive', 'codes', (bytes) => bytes.writeUInt8(16, 9), /entry 9 of its codes is 16, allowed are 0 to 15/],
    ['block(w=mxfp4)', 'codes', (bytes) => bytes.writeUInt8(16, 9), /entry 9 of its codes is 16, which stands for no/],
    [
      'block(w=mxfp4)',
      'scales',
      (bytes) => bytes.writeUInt8(255, 1),
      /entry 1 of its scales is code 255, which is no scale/,
    ],
    [
      'block(w=mxfp4)',
      'scales',
      (bytes) => bytes.writeUInt8(254, 1),
      /holds an infinite or undefined weight in layers\.0\.query/,
    ],
    [
      'block(w=nvfp4)',
      'scales',
      (bytes) => bytes.writeUInt8(0xb8, 1),
      /entry 1 of its scales is code 184, which is no scale/,
    ],
    ['block(w=nvfp4)', 'outer', (bytes) => bytes.writeUInt32LE(0x7fc00000, 0), /its outer scale is not above 0/],
    [
      'float',
      'weight',
      (bytes) => bytes.writeUInt32LE(0x7fc00000, 8),
      /an infinite or undefined weight in layers\.0\.query/,
    ],
  ])('%s: %s', async (spec, key, change, message) => {
    await expect(withArray(spec, key, change)).rejects.toThrow(message)
  })
})

it('40 damaged folders are opened or refused in a sentence', async () => {
  const specs = [integers, 'bitmod(group=8, a=int8)', 'ant(type=scale)', 'olive', 'block(w=nvfp4)']
  const saved = await Promise.all(specs.map((spec) => save(quantiserOf(spec))))
  let refused = 0
  for (let round = 0; round < 40; round++) {
    const seed = Number(process.env.BITLOOM_SEED ?? 1) * 1000 + round
    const where = `BITLOOM_SEED=${seed / 1000}, round ${round}`
    const random = createRandom(seed)
    const { folder, manifest } = saved[round % saved.length]!
    const bytes = new Uint8Array(readFileSync(join(folder, 'weights.safetensors')))
    const written = JSON.stringify(manifest)
    const inWeights = round % 2 === 0
    const weights = inWeights ? damaged(bytes, random, round % 4 === 0 ? 200 : bytes.length) : bytes
    // As one who makes both files would, so that it is not the digest that refuses.
    const digest = createHash('sha256').update(weights).digest('hex')
    const said = { ...manifest, weights: { ...manifest.weights, bytes: weights.length, sha256: digest } }
    const target = newFolder()
    mkdirSync(target)
    writeFileSync(join(target, 'weights.safetensors'), weights)
    writeFileSync(join(target, 'manifest.json'), inWeights ? JSON.stringify(said) : damagedText(written, random))
    const started = performance.now()
    const outcome = await read(target).catch((error: unknown) => error)
    expect(performance.now() - started, where).toBeLessThan(3000)
    if (!(outcome instanceof Error)) continue
    expect(outcome, where).toBeInstanceOf(UserError)
    expect(outcome.message, where).toMatch(/^[^\n]{20,900}[;,] [^\n]{4,400}$/)
    refused++
  }
  expect(refused).toBeGreaterThan(20)
})
