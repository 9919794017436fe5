import { join } from 'node:path'
import * as z from 'zod'
import { readLimited } from '../../base/files.ts'
import { parsedJson } from '../../base/plain-data.ts'
import { UserError } from '../../base/user-error.ts'
import type { Architecture } from '../architecture.ts'
import { headSizeOf, type Model, type ModelConfig } from '../model.ts'
import { shapeFault } from '../parts.ts'

export const weightsFile = 'weights.safetensors'
export const manifestFile = 'manifest.json'

/** Version of the description; 1 did not say the format of activations as a quantiser names it. */
export const manifestVersion = 2

const count = z.number().int().positive().max(Number.MAX_SAFE_INTEGER)
const whole = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const name = z.string().min(1).max(200)
const phrase = z.string().max(20_000)
const token = whole.max(2 ** 32)

const common = {
  name,
  outputs: count,
  inputs: count,
  /** Scales and all else included. */
  bits_per_weight: z.number().positive(),
  /** What becomes of the layer's inputs: `float`, `fp16`, `int8` and narrower, or the id of a format. */
  activations: name,
  /** Names of its arrays in the safetensors file. */
  tensors: z.array(name).min(1).max(8),
}

const layer = z.discriminatedUnion('kind', [
  /** The weights stayed. */
  z.strictObject({ kind: z.literal('float32'), ...common }),
  z.strictObject({
    kind: z.enum(['integer', 'bitmod', 'typed', 'pairs', 'blocks']),
    ...common,
    /** Weights along K that share a scale. */
    group: count,
    /** Bits of a code. */
    bits: count.max(16),
    formats: z.array(name).min(1).max(256),
  }),
])

const config = z.strictObject({
  dimension: count,
  hidden: count,
  layers: count,
  heads: count,
  keyValueHeads: count,
  headSize: count.optional(),
  vocabulary: count,
  sequence: count,
  sharedClassifier: z.boolean(),
})

const architecture = z.strictObject({
  norm: z.enum(['rms', 'layer']),
  normEpsilon: z.number().positive(),
  positions: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('rotary'),
      pairs: z.enum(['neighbours', 'halves']),
      frequencies: z
        .array(z.number().nonnegative())
        .min(1)
        .max(2 ** 12),
    }),
    z.strictObject({ kind: z.literal('learned'), offset: whole.max(2 ** 16) }),
  ]),
  block: z.enum(['sequential', 'parallel']),
  feedForward: z.enum(['gated-silu', 'relu', 'gelu-tanh']),
  biases: z.strictObject({
    queryKeyValue: z.boolean(),
    attentionOutput: z.boolean(),
    feedForward: z.boolean(),
    classifier: z.boolean(),
  }),
})

const schema = z.strictObject({
  version: z.literal(manifestVersion),
  model: name,
  /** The quantiser's spec, all parameters said. */
  quantiser: phrase,
  config,
  /** What the model's block does (`Architecture`), rotary frequencies as numbers. */
  architecture,
  text: z.strictObject({
    /** File of the tokenizer in the folder, where it was copied there. */
    tokenizer: z
      .string()
      .regex(/^tokenizer\.(json|bin)$/)
      .optional(),
    /** Tokens that begin and end a text, where the tokenizer does not say itself. */
    begin: token.optional(),
    ends: z.array(token).max(1000),
  }),
  weights: z.strictObject({
    file: z.literal(weightsFile),
    bytes: whole,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  /** Mean over the weights of all linear layers, scales included, codes packed. */
  bits_per_weight: z.number().positive(),
  /** In the order in which a forward pass uses them. */
  layers: z.array(layer).min(1).max(10_000),
  /** Tensors in float32 that belong to no linear layer: embedding, norms, biases. */
  others: z.array(name).max(50_000),
  provenance: z.record(name, phrase),
})

/** What lies in the folder of a quantised model. */
export type Manifest = z.infer<typeof schema>

/** What a linear layer became, as the manifest has it. */
export type ManifestLayer = Manifest['layers'][number]

/** A shared classifier has no bias, whatever the architecture says, and may have become one that is not shared. */
export const plainArchitecture = ({
  architecture: { positions, biases, ...others },
  classifier,
}: Pick<Model, 'architecture' | 'classifier'>): Manifest['architecture'] => ({
  ...others,
  biases: { ...biases, classifier: classifier.bias !== undefined },
  positions: positions.kind === 'rotary' ? { ...positions, frequencies: Array.from(positions.frequencies) } : positions,
})

/** The architecture and the shape that a manifest says. */
export const shapeOf = (manifest: Manifest): { readonly config: ModelConfig; readonly architecture: Architecture } => {
  const { headSize, ...sizes } = manifest.config
  const { positions, ...others } = manifest.architecture
  return {
    config: { ...sizes, ...(headSize === undefined ? {} : { headSize }) },
    architecture: {
      ...others,
      positions:
        positions.kind === 'rotary'
          ? { ...positions, frequencies: Float32Array.from(positions.frequencies) }
          : positions,
    },
  }
}

/** Longest manifest; that of 1000 layers takes 2 MB. */
const mostBytes = 2 ** 25

/** Reads the manifest of a folder; what is wrong with it is one sentence. */
export const readManifest = (folder: string): Manifest => {
  const path = join(folder, manifestFile)
  const refuse = (what: string): never => {
    throw new UserError(
      'E-MODEL-MANIFEST',
      `${path} describes no quantised model: ${what}; give a folder as \`bitloom quantise\` writes it`,
    )
  }
  const json = parsedJson(readLimited(path, 'the manifest', mostBytes).toString())
  if (json === undefined) return refuse('it is no JSON')
  const versioned = z.looseObject({ version: z.number() }).safeParse(json)
  if (versioned.success && versioned.data.version !== manifestVersion)
    return refuse(`it has version ${versioned.data.version}, and this bitloom reads ${manifestVersion}`)
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    return refuse(`${path.length > 0 ? `${path.join('.').slice(0, 100)}: ` : ''}${message.slice(0, 200)}`)
  }
  const manifest = parsed.data
  const fault = shapeFault(shapeOf(manifest).config)
  if (fault !== undefined) return refuse(fault)
  const { positions } = manifest.architecture
  const { frequencies } = positions.kind === 'rotary' ? positions : { frequencies: [] }
  const headSize = headSizeOf(shapeOf(manifest).config)
  if (2 * frequencies.length > headSize)
    return refuse(`${frequencies.length} rotary frequencies for heads of ${headSize} components`)
  return manifest
}
