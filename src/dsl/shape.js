import { HdlError } from './error.js';
import { isSigned, showRange, widthOf } from './ir.js';
/** Integers from `min` to `max`, both included. */
export class IntShape {
    kind = 'int';
    min;
    max;
    constructor(min, max) {
        if (min > max)
            throw shapeError('range', `a range runs from its smaller to its larger bound, got ${min} to ${max}; swap them`);
        this.min = min;
        this.max = max;
    }
    /** Wires needed. */
    get width() {
        return widthOf(this);
    }
    /** Range of every product of a value of this and one of the other. */
    times(other) {
        return hull([this.min * other.min, this.min * other.max, this.max * other.min, this.max * other.max]);
    }
    /** Range of every sum of a value of this and one of the other. */
    plus(other) {
        return new IntShape(this.min + other.min, this.max + other.max);
    }
    /** Range of every sum of 0 to `terms` values of this. */
    sumOf(terms) {
        const count = BigInt(whole('sumOf', 'terms', terms, 0, Number.MAX_SAFE_INTEGER));
        return hull([0n, this.min * count, this.max * count]);
    }
    /** `s8`, `u4`, or `m127_to_127` where the bounds are not those of a whole width; differs for every two ranges. */
    get tag() {
        const full = isSigned(this) ? s(this.width) : u(this.width);
        if (full.min === this.min && full.max === this.max)
            return `${isSigned(this) ? 's' : 'u'}${this.width}`;
        return `${this.min}_to_${this.max}`.replaceAll('-', 'm');
    }
    toString() {
        return showRange(this);
    }
}
/** Integers from `min` to `max`. A `number` must be exact. */
export const range = (min, max) => new IntShape(exact(min), exact(max));
/** Two's complement of `width` bits. */
export const s = (width) => {
    const half = 1n << BigInt(whole('s', 'bits', width, 1, mostBits) - 1);
    return new IntShape(-half, half - 1n);
};
/** Unsigned integers of `width` bits. */
export const u = (width) => new IntShape(0n, (1n << BigInt(whole('u', 'bits', width, 1, mostBits))) - 1n);
export const bool = { kind: 'bool', min: 0n, max: 1n, tag: 'bool' };
export const bits = (width) => {
    const max = (1n << BigInt(whole('bits', 'bits', width, 1, mostBits))) - 1n;
    return { kind: 'bits', width, min: 0n, max, tag: `b${width}` };
};
export const vec = (length, element) => {
    whole('vec', 'elements', length, 1, mostBits);
    return { kind: 'vector', length, element, tag: `${length}x${element.tag}` };
};
/** A literal as an exact integer; numbers beyond 2^53 are already wrong when they arrive. */
export const exact = (value) => {
    if (typeof value === 'bigint')
        return value;
    if (!Number.isSafeInteger(value))
        throw shapeError('a literal', `${value} is not an exact integer; write a whole number, beyond 2^53 as a bigint, 5n`);
    return BigInt(value);
};
/** Widest value the language takes, so that a slip of the pen does not fill the memory; ours. */
export const mostBits = 65536;
/** The number, if it is a whole one from `least` to `most`. */
const whole = (where, what, value, least, most) => {
    if (Number.isSafeInteger(value) && value >= least && value <= most)
        return value;
    throw shapeError(where, `${where} takes a whole number of ${what} from ${least} to ${most}, got ${value}`);
};
const shapeError = (where, sentence) => new HdlError('E-RANGE', where, sentence);
const hull = (values) => new IntShape(values.reduce((a, b) => (b < a ? b : a)), values.reduce((a, b) => (b > a ? b : a)));
