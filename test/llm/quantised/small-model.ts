import type { ModelConfig } from '../../../src/llm/model.ts'

/** Heads of four numbers, of which three share keys and values; widths that groups of 8 and 16 do not divide. */
export const config: ModelConfig = {
  dimension: 24,
  hidden: 20,
  layers: 2,
  heads: 6,
  keyValueHeads: 2,
  vocabulary: 31,
  sequence: 16,
  sharedClassifier: true,
}
