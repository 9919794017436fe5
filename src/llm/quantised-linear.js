import { quantiseWeights } from '../quant/group-integer.js';
import { integerLinear } from '../quant/integer-reference.js';
import { quantiseTokens } from '../quant/token-integer.js';
import { linearLayersOf } from './model.js';
/** Quantises every linear layer, the classifier included; embedding lookups and norms stay float32. */
export const quantiseModel = (model, options) => new Map(linearLayersOf(model).map((matrix) => [matrix.name, quantiseMatrix(matrix, options)]));
/** Quantises one linear layer. */
export const quantiseMatrix = ({ data, outputs, inputs, name }, options) => quantiseWeights(data, outputs, inputs, options, name);
/** The weights of `matrix` in a quantised model. */
export const weightsOf = (model, matrix) => {
    const weights = model.get(matrix.name);
    if (!weights)
        throw new RangeError(`the quantised model has no matrix ${matrix.name}`);
    return weights;
};
/** A linear layer on the software reference: activations to integer codes per token, integer sums, scales. */
export const quantisedLinear = (model, activationBits = 8) => (matrix, input, tokens) => integerLinear(quantiseTokens(input, tokens, matrix.inputs, { bits: activationBits }), tokens, weightsOf(model, matrix));
