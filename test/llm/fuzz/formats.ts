import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { llamaArchitecture, optArchitecture } from '../../../src/llm/architecture.ts'
import { writeQuantisedModel } from '../../../src/llm/quantised/quantised-model-files.ts'
import { quantiserOf } from '../../../src/llm/quantised/quantisers.ts'
import { randomModel } from '../../../src/llm/random-model.ts'
import { damaged, damagedText } from '../files/damage.ts'
import { ggufBytes, ggufMetadata, ggufTensors } from '../files/write-gguf.ts'
import { llama2cBytes } from '../files/write-model.ts'
import { onnxBytes } from '../files/write-onnx.ts'
import { huggingFaceConfig, huggingFaceTensors, safetensorsBytes } from '../files/write-safetensors.ts'
import { tinyTokenizerJson, tinyVocabulary } from '../tokenizer/tiny-tokenizer.ts'

/** A whole model as its files by name, and ways to damage one of them. */
export interface FuzzedFormat {
  readonly name: string
  readonly files: Readonly<Record<string, string | Uint8Array>>
  /** What is opened, by its path in the folder. */
  readonly main: string
  readonly tokenizer?: string
  readonly damages: readonly Damage[]
}

interface Damage {
  readonly file: string
  readonly apply: (content: string | Uint8Array, random: () => number) => string | Uint8Array
}

/** Writes the files with one of them damaged; gives the path to open and the bytes of all files. */
export const writeDamaged = (format: FuzzedFormat, folder: string, random: () => number) => {
  const { file, apply } = format.damages[Math.floor(random() * format.damages.length)]!
  let bytes = 0
  for (const [name, content] of Object.entries(format.files)) {
    const path = join(folder, name)
    const written = name === file ? apply(content, random) : content
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, written)
    bytes += typeof written === 'string' ? Buffer.byteLength(written) : written.length
  }
  return { path: join(folder, format.main), bytes }
}

/** Cut off, lengthened, with flipped bits or absurd numbers, mostly in the first `front` bytes. */
const anyBytes = (file: string, front: number): Damage => ({
  file,
  apply: (content, random) => damaged(bytesOf(content), random, front),
})
const anyText = (file: string): Damage => ({
  file,
  apply: (content, random) => damagedText(String(content), random),
})

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? new Uint8Array(Buffer.from(content)) : content

const pick = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)]!

/** The header of a safetensors file changed as JSON: tensors over one another, or of absurd shapes, types and places. */
const safetensorsHeader = (file: string): Damage => ({
  file,
  apply: (content, random) => {
    const bytes = Buffer.from(bytesOf(content))
    const length = Number(bytes.readBigUInt64LE(0))
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, Record<string, unknown>>
    const entries = Object.values(header).filter((entry) => 'shape' in entry)
    const [one, other] = [pick(entries, random), pick(entries, random)]
    const [from, to] = one.data_offsets as [number, number]
    const [start] = other.data_offsets as [number, number]
    const changes: readonly (() => void)[] = [
      () => Object.assign(one, { data_offsets: [start, start + to - from] }),
      () => Object.assign(one, { data_offsets: [from, to + 4], shape: [(to - from) / 2 + 2] }),
      () => Object.assign(one, { data_offsets: [to, from] }),
      () => Object.assign(one, { data_offsets: [from, 2 ** 53] }),
      () => Object.assign(one, { shape: [2 ** 31, 2 ** 31, 2 ** 31] }),
      () => Object.assign(one, { shape: Array.from({ length: 50 }, () => 1) }),
      () => Object.assign(one, { dtype: pick(['F32', 'F16', 'I8', 'F64', '__proto__', 3, { toString: 1 }], random) }),
      () => Object.assign(header, { __proto__: null, constructor: one }),
    ]
    pick(changes, random)()
    const text = Buffer.from(JSON.stringify(header))
    const head = Buffer.alloc(8)
    head.writeBigUInt64LE(BigInt(text.length))
    return new Uint8Array(Buffer.concat([head, text, bytes.subarray(8 + length)]))
  },
})

/** The table of a GGUF file: a tensor where another lies, of absurd dimensions, or of another kind. */
const ggufTable = (file: string, tensors: readonly string[]): Damage => ({
  file,
  apply: (content, random) => {
    const bytes = Buffer.from(bytesOf(content))
    /** Where the entry of a tensor goes on behind its name. */
    const entry = (name: string): number => bytes.indexOf(`${name}`, bytes.indexOf(tensors[0]!)) + name.length
    const [at, other] = [entry(pick(tensors, random)), entry(pick(tensors, random))]
    const offsetOf = (place: number): number => place + 4 + 8 * bytes.readUInt32LE(place) + 4
    const absurd = pick([0n, 1n, 2n ** 31n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 4_294_967_296n], random)
    const changes: readonly (() => void)[] = [
      () => bytes.writeBigUInt64LE(bytes.readBigUInt64LE(offsetOf(other)), offsetOf(at)),
      () => bytes.writeBigUInt64LE(bytes.readBigUInt64LE(offsetOf(other)) + 32n, offsetOf(at)),
      () => bytes.writeBigUInt64LE(absurd, offsetOf(at)),
      () => bytes.writeBigUInt64LE(absurd, at + 4),
      () => bytes.writeUInt32LE(Number(absurd & 0xffn), at),
      () => bytes.writeUInt32LE(pick([0, 1, 2, 8, 12, 30, 99], random), offsetOf(at) - 4),
    ]
    pick(changes, random)()
    return new Uint8Array(bytes)
  },
})

const shape = {
  dimension: 32,
  hidden: 64,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  sequence: 40,
  sharedClassifier: true,
}
const hexadecimal = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')
const pieces = ['<unk>', '<s>', '</s>', ...Array.from({ length: 256 }, (_, byte) => `<0x${hexadecimal(byte)}>`), '▁']
/** As llama2.c stores it. */
const tokenizerBin = ((): Uint8Array => {
  const head = Buffer.alloc(4)
  head.writeInt32LE(7)
  const entries = pieces.map((piece) => {
    const text = Buffer.from(piece.replace('▁', ' '))
    const entry = Buffer.alloc(8)
    entry.writeInt32LE(text.length, 4)
    return Buffer.concat([entry, text])
  })
  return new Uint8Array(Buffer.concat([head, ...entries]))
})()
const tokenizerJson = JSON.stringify(tinyTokenizerJson())
const tokenizerConfig = JSON.stringify({
  bos_token: '<s>',
  eos_token: { content: '</s>', lstrip: false },
  add_bos_token: true,
  chat_template: '{% for message in messages %}{{ message.role + message.content }}{% endfor %}',
})

const llama2c = randomModel({ ...shape, vocabulary: pieces.length }, 3)
const llama = randomModel(
  { ...shape, vocabulary: tinyVocabulary },
  4,
  llamaArchitecture({ headSize: 8, pairs: 'halves' }),
)
const opt = randomModel({ ...shape, keyValueHeads: 4, vocabulary: tinyVocabulary }, 5, optArchitecture)
const llamaConfig = JSON.stringify(
  huggingFaceConfig(llama, 'llama', {
    rope_scaling: { type: 'linear', factor: 2 },
    bos_token_id: 0,
    eos_token_id: [1],
  }),
)

const checkpoint = (version: 0 | 1 | 2): FuzzedFormat => ({
  name: `llama2.c version ${version}`,
  files: { 'model.bin': llama2cBytes(llama2c, version), 'tokenizer.bin': tokenizerBin },
  main: 'model.bin',
  damages: [anyBytes('model.bin', version === 0 ? 28 : 48), anyBytes('model.bin', 256)],
})

const gguf = ggufTensors(llama2c, 'Q8_0')

/** As `bitloom quantise` writes it. */
const quantised = await (async (): Promise<FuzzedFormat['files']> => {
  const folder = mkdtempSync(join(tmpdir(), 'quantised-'))
  try {
    const run = await quantiserOf('group-integer(w=int4, group=16)').prepare(llama)
    writeQuantisedModel(folder, run, { quantiser: 'ours', text: { ends: [1] }, provenance: {} })
    return {
      'weights.safetensors': new Uint8Array(readFileSync(join(folder, 'weights.safetensors'))),
      'manifest.json': readFileSync(join(folder, 'manifest.json'), 'utf8'),
      'tokenizer.json': tokenizerJson,
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})()

/** Every format that a model or its tokenizer comes in. */
export const fuzzedFormats: readonly FuzzedFormat[] = [
  checkpoint(0),
  checkpoint(1),
  checkpoint(2),
  {
    name: 'safetensors with config.json',
    files: {
      'model.safetensors': safetensorsBytes(huggingFaceTensors(opt, 'opt', 'BF16')),
      'config.json': JSON.stringify(huggingFaceConfig(opt, 'opt', { eos_token_id: 1 })),
      'tokenizer.json': tokenizerJson,
    },
    main: '.',
    damages: [
      anyBytes('model.safetensors', 3000),
      safetensorsHeader('model.safetensors'),
      safetensorsHeader('model.safetensors'),
      anyText('config.json'),
    ],
  },
  {
    name: 'quantised model',
    files: quantised,
    main: '.',
    damages: [
      anyBytes('weights.safetensors', 3000),
      safetensorsHeader('weights.safetensors'),
      anyText('manifest.json'),
      anyText('manifest.json'),
    ],
  },
  {
    name: 'GGUF',
    files: {
      'model.gguf': ggufBytes(
        {
          ...ggufMetadata(llama2c, 'llama'),
          'tokenizer.ggml.model': { text: 'llama' },
          'tokenizer.ggml.tokens': { texts: pieces },
          'tokenizer.ggml.scores': { floats: new Float32Array(pieces.length) },
          'tokenizer.ggml.bos_token_id': { uint32: 1 },
          'tokenizer.ggml.eos_token_id': { uint32: 2 },
        },
        gguf,
      ),
    },
    main: 'model.gguf',
    damages: [
      anyBytes('model.gguf', 600),
      anyBytes('model.gguf', 9000),
      ggufTable('model.gguf', [...gguf.keys()]),
      ggufTable('model.gguf', [...gguf.keys()]),
    ],
  },
  {
    name: 'ONNX with config.json',
    files: { 'model.onnx': onnxBytes(llama), 'config.json': llamaConfig, 'tokenizer.json': tokenizerJson },
    main: 'model.onnx',
    damages: [
      anyBytes('model.onnx', 60),
      anyBytes('model.onnx', 100_000),
      anyBytes('model.onnx', 100_000),
      anyText('config.json'),
    ],
  },
  {
    name: 'tokenizer.json',
    files: {
      'model.onnx': onnxBytes(llama),
      'config.json': llamaConfig,
      'tokenizer.json': tokenizerJson,
      'tokenizer_config.json': tokenizerConfig,
    },
    main: 'model.onnx',
    damages: [
      anyText('tokenizer.json'),
      anyText('tokenizer.json'),
      anyBytes('tokenizer.json', tokenizerJson.length),
      anyText('tokenizer_config.json'),
    ],
  },
  {
    name: 'llama2.c tokenizer',
    files: { 'model.bin': llama2cBytes(llama2c), 'tokenizer.bin': tokenizerBin },
    main: 'model.bin',
    damages: [anyBytes('tokenizer.bin', 16), anyBytes('tokenizer.bin', 4000)],
  },
]
