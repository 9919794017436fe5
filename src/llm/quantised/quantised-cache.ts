import { type CacheOptions, roundKeys, roundValues } from '../../quant/key-value.ts'
import { familyNamed, fullSpec, type ParameterSchema, parseSpec, readParameters } from '../../spec/index.ts'
import { type Backend, oneByOne } from '../backend.ts'
import { floatLinear } from '../float-linear.ts'
import { createSession, forward, type Linear, type Session } from '../forward.ts'
import { headSizeOf, keyValueWidthOf, type Model } from '../model.ts'

/** A quantised KV cache by its text. */
export interface CacheQuantiser {
  /** All parameters said. */
  readonly spec: string
  /** Undefined where everything stays in float32. */
  readonly options: CacheOptions | undefined
}

const widths = ['int8', 'int6', 'int4', 'int3', 'int2', 'float'] as const
const kiviParameters = {
  keys: { kind: 'choice', allowed: widths, default: 'int4', summary: 'keys' },
  values: { kind: 'choice', allowed: widths, default: 'int4', summary: 'values, a scale for each head of a token' },
  per: {
    kind: 'choice',
    allowed: ['channel', 'token'],
    default: 'channel',
    summary: 'what shares a scale of the keys: a channel over a group of tokens, or a head of a token',
  },
  group: {
    kind: 'integer',
    min: 1,
    max: 4096,
    default: 32,
    summary: 'tokens that are quantised together; those behind the last whole group stay as they are',
  },
} as const satisfies ParameterSchema

/** What `--kv` takes. */
export const cacheFamilies = [
  { id: 'float', summary: 'keys and values in float32', source: 'ours', parameters: {} },
  {
    id: 'kivi',
    summary: 'KV cache of integers with zero points: keys by channel, values by token',
    source:
      'KIVI, arXiv 2402.02750 (keys by channel, values by token); a scale for each head of a token, residual of a group: ours',
    parameters: kiviParameters,
  },
] as const

const bitsOf = (name: (typeof widths)[number]): number | undefined =>
  name === 'float' ? undefined : Number(name.slice('int'.length))

/** The quantised cache that a text names, such as `kivi(keys=int8)`; anything wrong in it is a SpecError. */
export const cacheQuantiserOf = (text: string): CacheQuantiser => {
  const spec = parseSpec(text)
  const { id } = familyNamed(spec, cacheFamilies, ['quantised KV cache', 'KV caches'])
  if (id === 'float') {
    readParameters(spec, {})
    return { spec: 'float()', options: undefined }
  }
  const values = readParameters(spec, kiviParameters)
  const { per, group } = values
  return {
    spec: fullSpec('kivi', kiviParameters, values),
    options: { keys: bitsOf(values.keys), values: bitsOf(values.values), per, group },
  }
}

/**
 * The CPU with a quantised KV cache (KIVI, arXiv 2402.02750): keys are rounded behind their rotation, each channel over a group of
 * tokens, values each head of a token, when a group of tokens is whole. Tokens go through in such groups, so that each sees all
 * groups before its own rounded and its own in float32, as when generating.
 */
export const backendWithCache = (model: Model, options: CacheOptions, linear: Linear = floatLinear): Backend => ({
  name: 'cpu',
  model,
  open: (sequence) => {
    const session = createSession(model, sequence)
    return {
      next: async (tokens, { all = false } = {}) => {
        const logits: Float32Array[] = []
        for (let from = 0; from < tokens.length; ) {
          const piece = tokens.slice(from, from + options.group - (session.position % options.group))
          from += piece.length
          const found = await forward(session, piece, linear, { all })
          if (all || from === tokens.length) logits.push(found)
          if (session.position % options.group === 0) roundGroup(session, options)
        }
        return joined(logits)
      },
      close: () => {},
    }
  },
  ...oneByOne(model),
  close: () => {},
})

/** Rounds the last group of a session. */
const roundGroup = (session: Session, options: CacheOptions): void => {
  const { config } = session.model
  const [width, headSize] = [keyValueWidthOf(config), headSizeOf(config)]
  const [from, to] = [(session.position - options.group) * width, session.position * width]
  for (const keys of session.keys) roundKeys(keys.subarray(from, to), width, headSize, options)
  for (const values of session.values) roundValues(values.subarray(from, to), width, headSize, options)
}

const joined = (pieces: readonly Float32Array[]): Float32Array => {
  const [first] = pieces
  if (pieces.length === 1 && first) return first
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}
