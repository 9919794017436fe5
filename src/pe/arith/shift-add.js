import { mux, sum } from '../../dsl/index.js';
/**
 * `value * weight` without a multiplier: one copy of `value` per weight bit, shifted and kept where the bit is 1, summed
 * by a balanced tree; a signed weight's top bit counts negative. (MixPE's shift-add, from the paper's abstract; that the
 * copies are added in parallel rather than over several cycles is ours, the paper does not say.)
 */
export const shiftAdd = (value, weight) => {
    const { width, min } = weight.shape;
    const copy = (bit) => mux(weight.bit(bit), value.shl(bit), 0);
    if (min >= 0n)
        return sum(Array.from({ length: width }, (_, bit) => copy(bit)));
    const top = copy(width - 1);
    return width === 1 ? top.neg() : sum(Array.from({ length: width - 1 }, (_, bit) => copy(bit))).sub(top);
};
