import * as z from 'zod'
import { UserError } from '../../base/user-error.ts'
import {
  type Architecture,
  llamaArchitecture,
  optArchitecture,
  phiArchitecture,
  type RotaryScaling,
} from '../architecture.ts'
import { headSizeOf, type ModelConfig } from '../model.ts'
import { shapeFault } from '../parts.ts'

/** What `config.json` of a Hugging Face directory says about a model. */
export interface HuggingFaceModel {
  readonly family: 'llama' | 'opt' | 'phi'
  readonly config: ModelConfig
  readonly architecture: Architecture
  /** Token that began texts in training, as far as the file says. */
  readonly begin: number | undefined
  /** Tokens after which a text is over, as far as the file says. */
  readonly ends: readonly number[]
}

/** Values of `model_type`. */
const families = ['llama', 'mistral', 'opt', 'phi'] as const
const count = z.number().int().positive()
const positive = z.number().positive().finite()
const ends = z.union([z.number().int(), z.array(z.number().int()), z.null()]).optional()

type Ends = z.infer<typeof ends>

const rope = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  factor: positive.optional(),
  low_freq_factor: positive.optional(),
  high_freq_factor: positive.optional(),
  original_max_position_embeddings: positive.optional(),
  rope_theta: positive.optional(),
  partial_rotary_factor: positive.optional(),
})
type Rope = z.infer<typeof rope>

const common = {
  vocab_size: count,
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  max_position_embeddings: count,
  bos_token_id: z.number().int().nullish(),
  eos_token_id: ends,
}
const rotary = {
  intermediate_size: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  rope_theta: positive.optional(),
  rope_scaling: rope.nullish(),
  rope_parameters: rope.nullish(),
  tie_word_embeddings: z.boolean().default(false),
}
const llama = z.looseObject({
  ...common,
  ...rotary,
  hidden_act: z.literal('silu').default('silu'),
  rms_norm_eps: positive.default(1e-6),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  sliding_window: count.nullish(),
})
const opt = z.looseObject({
  ...common,
  ffn_dim: count,
  word_embed_proj_dim: count.optional(),
  do_layer_norm_before: z.literal(true).default(true),
  enable_bias: z.literal(true).default(true),
  layer_norm_elementwise_affine: z.literal(true).default(true),
  activation_function: z.literal('relu').default('relu'),
  tie_word_embeddings: z.literal(true).default(true),
})
const phi = z.looseObject({
  ...common,
  ...rotary,
  hidden_act: z.enum(['gelu_new', 'gelu_pytorch_tanh']).default('gelu_new'),
  layer_norm_eps: positive.default(1e-5),
  partial_rotary_factor: positive.max(1).optional(),
  qk_layernorm: z.literal(false).default(false),
})

/** Reads the text of a `config.json`; what is wrong with it is one sentence. */
export const readHuggingFaceConfig = (text: string, where: string): HuggingFaceModel => {
  const refuse = (what: string): never => {
    throw new UserError(
      'E-MODEL-CONFIG',
      `${where} describes no model that bitloom runs: ${what}; give a directory of model_type ${families.join(', ')}`,
    )
  }
  const json = ((): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      return refuse('it is no JSON')
    }
  })()
  const { model_type: type } = check(z.looseObject({ model_type: z.enum(families) }), json, refuse)
  const found =
    type === 'opt' ? readOpt(json, refuse) : type === 'phi' ? readPhi(json, refuse) : readLlama(json, refuse)
  const fault = shapeFault(found.config)
  return fault === undefined ? found : refuse(fault)
}

type Refuse = (what: string) => never

const check = <T>(schema: z.ZodType<T>, json: unknown, refuse: Refuse): T => {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  return refuse(`${path.length === 0 ? 'its text' : path.join('.')}: ${message}`)
}

const readLlama = (json: unknown, refuse: Refuse): HuggingFaceModel => {
  const found = check(llama, json, refuse)
  const config: ModelConfig = {
    ...rotaryShape(found),
    // Beyond the window a model would see other keys than here (ours: shorter sequences instead).
    sequence: Math.min(found.max_position_embeddings, found.sliding_window ?? Number.POSITIVE_INFINITY),
  }
  const parameters = found.rope_parameters ?? found.rope_scaling ?? {}
  const architecture = llamaArchitecture({
    headSize: usableHead(config, refuse),
    pairs: 'halves',
    base: found.rope_theta ?? parameters.rope_theta ?? 10_000,
    scaling: scalingOf(parameters, refuse),
    normEpsilon: found.rms_norm_eps,
    biases: {
      queryKeyValue: found.attention_bias,
      attentionOutput: found.attention_bias,
      feedForward: found.mlp_bias,
    },
  })
  return { family: 'llama', config, architecture, ...controlTokens(found) }
}

const readPhi = (json: unknown, refuse: Refuse): HuggingFaceModel => {
  const found = check(phi, json, refuse)
  const config = rotaryShape(found)
  const parameters = found.rope_parameters ?? found.rope_scaling ?? {}
  if (scalingOf(parameters, refuse).kind !== 'none') refuse('its rotary positions are scaled')
  const factor = found.partial_rotary_factor ?? parameters.partial_rotary_factor ?? 0.5
  const headSize = usableHead(config, refuse)
  const rotaryWidth = Math.floor(factor * headSize)
  if (rotaryWidth < 2 || rotaryWidth % 2 !== 0 || rotaryWidth > headSize)
    refuse(
      `partial_rotary_factor ${factor} turns ${rotaryWidth} of ${headSize} components, which is no even number of them`,
    )
  const architecture = phiArchitecture({
    rotaryWidth,
    base: found.rope_theta ?? parameters.rope_theta ?? 10_000,
    normEpsilon: found.layer_norm_eps,
  })
  return { family: 'phi', config, architecture, ...controlTokens(found) }
}

const readOpt = (json: unknown, refuse: Refuse): HuggingFaceModel => {
  const found = check(opt, json, refuse)
  const { hidden_size: dimension, word_embed_proj_dim: embedded = dimension } = found
  if (embedded !== dimension) refuse(`its embeddings are ${embedded} wide and its layers ${dimension}`)
  const config: ModelConfig = {
    dimension,
    hidden: found.ffn_dim,
    layers: found.num_hidden_layers,
    heads: found.num_attention_heads,
    keyValueHeads: found.num_attention_heads,
    vocabulary: found.vocab_size,
    sequence: found.max_position_embeddings,
    sharedClassifier: true,
  }
  return { family: 'opt', config, architecture: optArchitecture, ...controlTokens(found) }
}

const rotaryShape = (found: z.infer<typeof llama> | z.infer<typeof phi>): ModelConfig => ({
  dimension: found.hidden_size,
  hidden: found.intermediate_size,
  layers: found.num_hidden_layers,
  heads: found.num_attention_heads,
  keyValueHeads: found.num_key_value_heads ?? found.num_attention_heads,
  ...(found.head_dim && found.head_dim * found.num_attention_heads !== found.hidden_size
    ? { headSize: found.head_dim }
    : {}),
  vocabulary: found.vocab_size,
  sequence: found.max_position_embeddings,
  sharedClassifier: found.tie_word_embeddings,
})

/** The width of a head, checked before tables of that size are made. */
const usableHead = (config: ModelConfig, refuse: Refuse): number => {
  const fault = shapeFault(config)
  return fault === undefined ? headSizeOf(config) : refuse(fault)
}

const scalingOf = (parameters: Rope, refuse: Refuse): RotaryScaling => {
  const kind = parameters.rope_type ?? parameters.type ?? 'default'
  const {
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: original,
  } = parameters
  if (kind === 'default') return { kind: 'none' }
  if (kind === 'linear' && factor !== undefined) return { kind: 'linear', factor }
  if (kind === 'llama3' && factor !== undefined && low !== undefined && high !== undefined && original !== undefined)
    return high > low
      ? { kind: 'llama3', factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalSequence: original }
      : refuse(`high_freq_factor ${high} is not above low_freq_factor ${low}`)
  return refuse(`rope scaling '${kind.slice(0, 20)}' is none of default, linear and llama3 with all their numbers`)
}

const controlTokens = (found: { readonly bos_token_id?: number | null | undefined; readonly eos_token_id?: Ends }) => ({
  begin: found.bos_token_id ?? undefined,
  ends: endsOf(found.eos_token_id),
})

/** `eos_token_id` is a number, several, or none. */
const endsOf = (found: Ends): readonly number[] =>
  found === undefined || found === null ? [] : typeof found === 'number' ? [found] : found

/** `eos_token_id` of a `generation_config.json`, which goes before that of `config.json`; undefined where it says none. */
export const generationEnds = (text: string): readonly number[] | undefined => {
  try {
    const result = z.looseObject({ eos_token_id: ends }).safeParse(JSON.parse(text))
    return result.success && result.data.eos_token_id != null ? endsOf(result.data.eos_token_id) : undefined
  } catch {
    return undefined
  }
}
