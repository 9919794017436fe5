/**
 * What the block of a decoder-only language model does, as plain data: one forward pass reads it, and the parts that a model file
 * must hold follow from it (`parts.ts`).
 */
export interface Architecture {
  /** RMSNorm (a weight), or LayerNorm (a weight and a bias). */
  readonly norm: 'rms' | 'layer'
  /** Added to the mean square or the variance. */
  readonly normEpsilon: number
  readonly positions: RotaryPositions | LearnedPositions
  /** Attention and feed-forward one after the other, each with a norm, or side by side behind one norm (Phi-2). */
  readonly block: 'sequential' | 'parallel'
  /** `down(silu(gate x) * up x)`, or `down(f(up x))` with ReLU or the tanh form of GELU. */
  readonly feedForward: 'gated-silu' | 'relu' | 'gelu-tanh'
  readonly biases: Biases
}

/** Which linear layers add a bias. */
export interface Biases {
  readonly queryKeyValue: boolean
  readonly attentionOutput: boolean
  readonly feedForward: boolean
  readonly classifier: boolean
}

/** Rotary position embedding: pairs of a head's first components turn by the position times a frequency. */
export interface RotaryPositions {
  readonly kind: 'rotary'
  /** Components 2i and 2i+1 are a pair (llama2.c, GGUF), or i and i + half of those that turn (Hugging Face). */
  readonly pairs: 'neighbours' | 'halves'
  /** Radians per position of each pair; a head's components beyond twice as many do not turn. */
  readonly frequencies: Float32Array
}

/** A table of position embeddings that is added to the token's; position 0 has row `offset`. */
export interface LearnedPositions {
  readonly kind: 'learned'
  readonly offset: number
}

/** How rotary frequencies are stretched for sequences longer than those of the training. */
export type RotaryScaling =
  | { readonly kind: 'none' }
  /** All by the same factor. */
  | { readonly kind: 'linear'; readonly factor: number }
  /**
   * Llama 3.1: waves longer than `originalSequence / lowFrequencyFactor` positions by `factor`, those shorter than
   * `originalSequence / highFrequencyFactor` not at all, those between in part.
   */
  | {
      readonly kind: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalSequence: number
    }

/** Frequencies of the pairs among `width` components that turn: `base^(-2i / width)`, scaled. */
export const rotaryFrequencies = (
  width: number,
  base: number,
  scaling: RotaryScaling = { kind: 'none' },
): Float32Array => {
  const pairs = width / 2
  return Float32Array.from({ length: pairs }, (_, pair) => scaled(base ** (-pair / pairs), scaling))
}

const scaled = (frequency: number, scaling: RotaryScaling): number => {
  if (scaling.kind === 'none') return frequency
  if (scaling.kind === 'linear') return frequency / scaling.factor
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalSequence } = scaling
  const waves = (originalSequence * frequency) / (2 * Math.PI)
  const kept = (waves - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
  const share = Math.min(1, Math.max(0, kept))
  return (1 - share) * (frequency / factor) + share * frequency
}

const noBiases: Biases = { queryKeyValue: false, attentionOutput: false, feedForward: false, classifier: false }

/** RoPE base and norm epsilon of llama2.c, and of Llama 1 and 2. */
const [usualRotaryBase, usualNormEpsilon] = [10_000, 1e-5]

/** Llama: RMSNorm, rotary positions, gated SiLU. Pairs are neighbours and numbers llama2.c's unless given. */
export const llamaArchitecture = ({
  headSize,
  pairs = 'neighbours',
  base = usualRotaryBase,
  scaling = { kind: 'none' },
  normEpsilon = usualNormEpsilon,
  biases = {},
}: {
  readonly headSize: number
  readonly pairs?: RotaryPositions['pairs']
  readonly base?: number
  readonly scaling?: RotaryScaling
  readonly normEpsilon?: number
  readonly biases?: Partial<Biases>
}): Architecture => ({
  norm: 'rms',
  normEpsilon,
  positions: { kind: 'rotary', pairs, frequencies: rotaryFrequencies(headSize, base, scaling) },
  block: 'sequential',
  feedForward: 'gated-silu',
  biases: { ...noBiases, ...biases },
})

/** OPT (Zhang et al. 2022): LayerNorm, learned positions from row 2 on, ReLU, biases in all layers but the tied classifier. */
export const optArchitecture: Architecture = {
  norm: 'layer',
  normEpsilon: 1e-5,
  positions: { kind: 'learned', offset: 2 },
  block: 'sequential',
  feedForward: 'relu',
  biases: { queryKeyValue: true, attentionOutput: true, feedForward: true, classifier: false },
}

/** Phi-2: attention and feed-forward side by side behind one LayerNorm, the first `rotaryWidth` components of a head turn. */
export const phiArchitecture = ({
  rotaryWidth,
  base = usualRotaryBase,
  normEpsilon = 1e-5,
}: {
  readonly rotaryWidth: number
  readonly base?: number
  readonly normEpsilon?: number
}): Architecture => ({
  norm: 'layer',
  normEpsilon,
  positions: { kind: 'rotary', pairs: 'halves', frequencies: rotaryFrequencies(rotaryWidth, base) },
  block: 'parallel',
  feedForward: 'gelu-tanh',
  biases: { queryKeyValue: true, attentionOutput: true, feedForward: true, classifier: true },
})
