import { totalmem } from 'node:os'
import { UserError } from '../base/user-error.ts'
import { fullSpec, type ParameterSchema, parseSpec, readParameters } from '../spec/index.ts'
import type { Model } from './model.ts'
import { partsOf } from './parts.ts'
import { type RandomKind, randomKinds, randomModel } from './random-model.ts'
import { type PublishedShape, publishedShapes } from './shapes.ts'
import { pieceTokenizerOf, tokenizerOfPieces } from './tokenizer/piece-tokenizer.ts'
import type { Tokenizer } from './tokenizer/tokenizer.ts'
import { bytesOfWeights } from './weights.ts'

/** Parameters of `random(...)`. */
const parameters = {
  shape: {
    kind: 'choice',
    allowed: publishedShapes.map(({ id }) => id),
    default: 'stories15m',
    summary: 'whose sizes it has',
  },
  weights: { kind: 'choice', allowed: randomKinds, default: 'float32', summary: 'how weights are stored' },
  seed: { kind: 'integer', min: 0, max: 2 ** 32 - 1, default: 1, summary: 'same seed, same weights' },
} as const satisfies ParameterSchema

/** The line of `list models`. */
export const randomListing = {
  id: 'random(shape=stories15m, weights=float32, seed=1)',
  summary: `random weights in a published shape (${publishedShapes.map(({ id }) => id).join(', ')}), stored as ${randomKinds.join(', ')}`,
  source: 'ours',
  licence: 'none',
}

/** Whether a reference to a model is a random one's spec, right or wrong. */
export const isRandomReference = (reference: string): boolean => /^random($|[\s(])/.test(reference)

/** The random model of a spec such as `random(shape=opt-1.3b, weights=q8_0)`, with a tokenizer that spells in bytes. */
export const openRandom = (
  text: string,
): { readonly model: Model; readonly tokenizer: Tokenizer; readonly spec: string } => {
  const values = readParameters(parseSpec(text), parameters)
  const shape = publishedShapes.find(({ id }) => id === values.shape)!
  const kind = values.weights
  refuseBeyondMemory(shape, kind)
  const model = randomModel(shape.config, values.seed, shape.architecture, kind)
  return {
    model: { ...model, name: `random-${shape.id}` },
    tokenizer: tokenizerOfPieces(byteTokenizer(shape.config.vocabulary)),
    spec: fullSpec('random', parameters, values),
  }
}

/** Bytes that the weights of a shape take. */
export const bytesOfShape = ({ config, architecture }: PublishedShape, kind: RandomKind): number =>
  partsOf(config, architecture).reduce(
    (sum, part) => sum + bytesOfWeights(part.kind === 'vector' ? 'float32' : kind, part.outputs * part.inputs),
    0,
  )

/** Share of the machine's memory that weights may take. */
const mostOfMemory = 0.8

const refuseBeyondMemory = (shape: PublishedShape, kind: RandomKind): void => {
  const [needed, there] = [bytesOfShape(shape, kind), totalmem()]
  if (needed <= mostOfMemory * there) return
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
  throw new UserError(
    'E-MODEL-MEMORY',
    `the weights of ${shape.id} as ${kind} take ${gigabytes(needed)}, and this machine has ${gigabytes(there)}; give weights=q4_0 or a smaller shape`,
  )
}

/** Three control tokens and 256 bytes, then tokens that print their number: any text can be spelled, and any token printed. */
const byteTokenizer = (vocabulary: number) =>
  pieceTokenizerOf(
    Array.from({ length: vocabulary }, (_, token) =>
      token >= 3 && token < 259 ? Uint8Array.of(token - 3) : new Uint8Array(Buffer.from(`<${token}>`)),
    ),
    new Float32Array(vocabulary),
  )
