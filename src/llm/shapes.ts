import { type Architecture, llamaArchitecture, optArchitecture, phiArchitecture } from './architecture.ts'
import { headSizeOf, type ModelConfig } from './model.ts'

/** The shape of a published model: what a workload study needs of it. */
export interface PublishedShape {
  readonly id: string
  /** Where the numbers stand. */
  readonly source: string
  readonly config: ModelConfig
  readonly architecture: Architecture
}

type Numbers = readonly [dimension: number, hidden: number, layers: number, heads: number, keyValueHeads: number]

const configOf = (
  [dimension, hidden, layers, heads, keyValueHeads]: Numbers,
  vocabulary: number,
  sequence: number,
  sharedClassifier: boolean,
): ModelConfig => ({ dimension, hidden, layers, heads, keyValueHeads, vocabulary, sequence, sharedClassifier })

const llama = (
  id: string,
  source: string,
  numbers: Numbers,
  vocabulary: number,
  sequence: number,
  { base = 10_000, sharedClassifier = false } = {},
): PublishedShape => {
  const config = configOf(numbers, vocabulary, sequence, sharedClassifier)
  return {
    id,
    source,
    config,
    architecture: llamaArchitecture({ headSize: headSizeOf(config), pairs: 'halves', base }),
  }
}

/** All with the same vocabulary and sequence (Zhang et al. 2022, Table 1). */
const opt = (size: string, numbers: Numbers): PublishedShape => ({
  id: `opt-${size}`,
  source: `config.json of facebook/opt-${size}`,
  config: configOf(numbers, 50_272, 2_048, true),
  architecture: optArchitecture,
})

/** Shapes of published models by id, smallest of each family first. */
export const publishedShapes: readonly PublishedShape[] = [
  llama('stories260k', 'tinyllamas of llama2.c', [64, 172, 5, 8, 4], 512, 512, { sharedClassifier: true }),
  llama('stories15m', 'tinyllamas of llama2.c', [288, 768, 6, 6, 6], 32_000, 256, { sharedClassifier: true }),
  llama('stories110m', 'tinyllamas of llama2.c', [768, 2_048, 12, 12, 12], 32_000, 1_024, { sharedClassifier: true }),
  llama('yi-6b', 'config.json of 01-ai/Yi-6B', [4_096, 11_008, 32, 32, 4], 64_000, 4_096, { base: 5_000_000 }),
  llama('llama-2-7b', 'Touvron et al. 2023', [4_096, 11_008, 32, 32, 32], 32_000, 4_096),
  llama('llama-2-13b', 'Touvron et al. 2023', [5_120, 13_824, 40, 40, 40], 32_000, 4_096),
  llama('llama-3-8b', 'config.json of meta-llama/Meta-Llama-3-8B', [4_096, 14_336, 32, 32, 8], 128_256, 8_192, {
    base: 500_000,
  }),
  opt('125m', [768, 3_072, 12, 12, 12]),
  opt('1.3b', [2_048, 8_192, 24, 32, 32]),
  opt('6.7b', [4_096, 16_384, 32, 32, 32]),
  {
    id: 'phi-2',
    source: 'config.json of microsoft/phi-2',
    config: configOf([2_560, 10_240, 32, 32, 32], 51_200, 2_048, false),
    architecture: phiArchitecture({ rotaryWidth: 32 }),
  },
]
