import type { Linear } from '../../src/llm/forward.ts'
import { type QuantisedModel, weightsOf } from '../../src/llm/quantised/quantised-linear.ts'
import { integerLinear } from '../../src/quant/integer-reference.ts'
import { quantiseTokens } from '../../src/quant/token-integer.ts'

/** A linear layer on the software reference: activations to integer codes per token, integer sums, scales. */
export const quantisedLinear =
  (model: QuantisedModel, activationBits = 8): Linear =>
  (matrix, input, tokens) =>
    integerLinear(
      quantiseTokens(input, tokens, matrix.inputs, { bits: activationBits }),
      tokens,
      weightsOf(model, matrix),
    )
