/**
 * The intermediate representation: what a component is once its TypeScript has run. Plain data; back ends (Verilog,
 * simulation, reports) read this file and never the front end.
 *
 * A node is a mathematical integer with exact bounds, not a bit vector. `add sub mul mux` cannot overflow, because the
 * bounds of a result follow from those of its arguments. Only `shr`, `wrap`, `sat` and `slice` lose information.
 * A truth value is the range [0, 1]; a bit field of width w is the range [0, 2^w - 1].
 */
/**
 * The definition of the language: every engine, every fold and every printed line of Verilog must agree with `fold`.
 */
export const operations = {
    /** a + b */
    add: { arity: 2, fold: ([a, b]) => a + b },
    /** a - b */
    sub: { arity: 2, fold: ([a, b]) => a - b },
    /** a * b */
    mul: { arity: 2, fold: ([a, b]) => a * b },
    /** a * 2^amount */
    shl: { arity: 1, fold: ([a], { amount }) => a << BigInt(amount) },
    /** floor(a / 2^amount) */
    shr: { arity: 1, fold: ([a], { amount }) => a >> BigInt(amount) },
    /** The one integer congruent to a modulo 2^width that the node's width and sign can write. */
    wrap: { arity: 1, fold: ([a], of) => wrapInto(a, of) },
    /** a clamped into the node's bounds. */
    sat: { arity: 1, fold: ([a], { min, max }) => clamp(a, min, max) },
    /** b where a is 1, else c */
    mux: { arity: 3, fold: ([a, b, c]) => (a ? b : c) },
    /** 1 where a = b */
    eq: { arity: 2, fold: ([a, b]) => (a === b ? 1n : 0n) },
    /** 1 where a < b */
    lt: { arity: 2, fold: ([a, b]) => (a < b ? 1n : 0n) },
    /** Bit by bit, on arguments of one width and no sign. */
    and: { arity: 2, fold: ([a, b]) => a & b },
    or: { arity: 2, fold: ([a, b]) => a | b },
    xor: { arity: 2, fold: ([a, b]) => a ^ b },
    /** Every bit turned, on an argument without sign. */
    not: { arity: 1, fold: ([a], { max }) => max - a },
    /** a's bits above b's; neither has a sign. */
    cat: { arity: 2, fold: ([a, b], { args }) => (a << BigInt(widthOf(args[1]))) | b },
    /** The node's width in bits of a, from bit `amount` upwards; a has no sign. */
    slice: { arity: 1, fold: ([a], { amount, max }) => (a >> BigInt(amount)) & max },
};
/** The value of an operation for given argument values. */
export const fold = (of, values) => operations[of.op].fold(values, of);
const clamp = (value, min, max) => {
    if (value < min)
        return min;
    return value > max ? max : value;
};
// ── bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────
/** Bits of a magnitude: 0 for 0. */
const magnitudeBits = (value) => (value === 0n ? 0 : value.toString(2).length);
/** True where the bounds need a sign bit. */
export const isSigned = (range) => range.min < 0n;
/** Wires needed to write every value of the range: two's complement where it has negative values, at least 1. */
export const widthOf = (range) => {
    if (range.min >= 0n)
        return Math.max(1, magnitudeBits(range.max));
    const below = magnitudeBits(~range.min);
    const above = range.max > 0n ? magnitudeBits(range.max) : 0;
    return Math.max(below, above) + 1;
};
export const fits = (inner, outer) => inner.min >= outer.min && inner.max <= outer.max;
/** Reads the low bits of `value` as an integer of the range's width and sign. */
export const wrapInto = (value, range) => isSigned(range) ? BigInt.asIntN(widthOf(range), value) : BigInt.asUintN(widthOf(range), value);
/** `[-8, 7] (s4)`: bounds first, then sign and width. */
export const showRange = (range) => `[${range.min}, ${range.max}] (${isSigned(range) ? 's' : 'u'}${widthOf(range)})`;
