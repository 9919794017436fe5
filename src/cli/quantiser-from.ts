import { readMixture } from '../llm/quantised/mixture.ts'
import { mixedQuantiser, type Quantiser, quantiserOf } from '../llm/quantised/quantisers.ts'

/** The quantiser of `--quant`: a spec, or the path of a JSON file with one for each layer. */
export const quantiserFrom = (text: string): Quantiser =>
  text.endsWith('.json') ? mixedQuantiser(readMixture(text)) : quantiserOf(text)
