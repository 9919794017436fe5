import { UserError } from '../base/user-error.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { GroupQuantised } from '../quant/group-integer.ts'
import { hardwareLayer } from './arithmetic/hardware-layer.ts'
import { linearLayersOf } from './model.ts'
import type { OpenedModel } from './open-model.ts'
import { type QuantisedModel, quantiseModel } from './quantised/quantised-linear.ts'

/** Group length where the PE itself sets none. */
const defaultGroup = 128

/** The integers of all linear layers on an array, and where they come from, one phrase. */
export interface ArrayWeights {
  readonly weights: QuantisedModel
  readonly described: string
}

/**
 * The weights that an array of a PE reads: the codes of a quantised model, else those of rounding to nearest. A UserError where the PE does
 * not read the codes.
 */
export const arrayWeights = ({ model, quantised }: OpenedModel, pe: ProcessingElement): ArrayWeights => {
  const { weight, zero, group = defaultGroup } = pe.operands
  if (!quantised) {
    return {
      weights: quantiseModel(model, { bits: weight.width, group, signed: zero === undefined }),
      described: `round to nearest, ${weight.width} bit ${zero ? 'with zero point' : 'symmetric'}, groups of ${group}, FP16 scales`,
    }
  }
  const weights = new Map<string, GroupQuantised>()
  for (const { name } of linearLayersOf(model)) {
    const { coded, activations } = quantised.run.matrices.get(name)!
    if (!coded)
      throw new UserError(
        'E-RUN-CODES',
        `${name} of model ${model.name} has no codes, and on the array are all linear layers; name those that have some with --layers, or quantise all`,
      )
    hardwareLayer(pe, name, coded, activations)
    if (coded.kind !== 'integer' || coded.signed !== (zero === undefined))
      throw new UserError(
        'E-RUN-CODES',
        `${name} of model ${model.name} has zero points, which an array of ${pe.spec} does not take; take a PE that has them, as mixpe does, or --layers "*"`,
      )
    weights.set(name, coded)
  }
  return { weights, described: quantised.weights }
}
