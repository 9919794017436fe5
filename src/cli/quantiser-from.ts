import { UserError } from '../base/user-error.ts'
import type { OpenedModel } from '../llm/open-model.ts'
import { readMixture } from '../llm/quantised/mixture.ts'
import { mixedQuantiser, type Quantiser, quantiserOf, storedQuantiser } from '../llm/quantised/quantisers.ts'

/** The quantiser of `--quant`: a spec, or the path of a JSON file with one for each layer. */
export const quantiserFrom = (text: string): Quantiser =>
  text.endsWith('.json') ? mixedQuantiser(readMixture(text)) : quantiserOf(text)

/** That of the model itself where it is quantised, or undefined; `--quant` beside such a model is a UserError. */
export const ownQuantiser = (
  { model, quantised }: Pick<OpenedModel, 'model' | 'quantised'>,
  quant: unknown,
): Quantiser | undefined => {
  if (!quantised) return undefined
  if (quant === undefined) return storedQuantiser(quantised)
  throw new UserError(
    'E-QUANT-TWICE',
    `model ${model.name} is quantised already, by ${quantised.quantiser}; leave --quant out, or give it with the model that this one was made of`,
  )
}
