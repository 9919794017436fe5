import { createRandom } from '../base/random.ts'
import { UserError } from '../base/user-error.ts'

/** Chooses the next token from the logits of one position. */
export type Sampler = (logits: Float32Array) => number

/** The token of the largest logit, the first of equals. */
export const greedy: Sampler = (logits) => {
  let best = 0
  for (let token = 1; token < logits.length; token++) if (logits[token]! > logits[best]!) best = token
  return best
}

/** How to draw a token. */
export interface SampleOptions {
  /** Divides the logits: 0 is greedy, 1 the model's own distribution. */
  readonly temperature: number
  /** Draw only from the likeliest tokens that together reach this probability, above 0 and up to 1. */
  readonly topP: number
  /** Same seed, same tokens. */
  readonly seed: number
}

/** A sampler with temperature and nucleus (top-p) truncation; deterministic for a seed. */
export const createSampler = ({ temperature, topP, seed }: SampleOptions): Sampler => {
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new UserError('E-TEMPERATURE', `temperature ${temperature} is not allowed; give 0 (greedy) or more`)
  if (!(topP > 0 && topP <= 1))
    throw new UserError('E-TOP-P', `top-p ${topP} is not allowed; give more than 0 and at most 1`)
  if (!Number.isSafeInteger(seed)) throw new UserError('E-SEED', `seed ${seed} is not allowed; give a whole number`)
  if (temperature === 0) return greedy
  const random = createRandom(seed)
  return (logits) => draw(nucleus(probabilities(logits, temperature), topP), random())
}

const probabilities = (logits: Float32Array, temperature: number): Float64Array => {
  const largest = logits[greedy(logits)]!
  const result = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature))
  const total = result.reduce((sum, value) => sum + value, 0)
  return result.map((value) => value / total)
}

interface Choice {
  readonly token: number
  readonly probability: number
}

/** The likeliest tokens, in falling order, that together reach `topP`; the lower token first among equals. */
const nucleus = (probability: Float64Array, topP: number): Choice[] => {
  // A token below this bound cannot be in the nucleus (llama2.c), so most of the vocabulary is never sorted.
  const bound = (1 - topP) / (probability.length - 1 || 1)
  const choices: Choice[] = []
  for (let token = 0; token < probability.length; token++)
    if (probability[token]! >= bound) choices.push({ token, probability: probability[token]! })
  choices.sort((a, b) => b.probability - a.probability || a.token - b.token)
  let total = 0
  const end = choices.findIndex((choice) => {
    total += choice.probability
    return total >= topP
  })
  return end < 0 ? choices : choices.slice(0, end + 1)
}

const draw = (choices: readonly Choice[], uniform: number): number => {
  const total = choices.reduce((sum, { probability }) => sum + probability, 0)
  let left = uniform * total
  for (const { token, probability } of choices) {
    left -= probability
    if (left < 0) return token
  }
  return choices.at(-1)!.token
}
