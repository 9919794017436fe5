var _a, _b, _c;
import { HdlError } from './error.js';
import { fits, showRange, widthOf } from './ir.js';
import { bits, bool, exact, IntShape, mostBits, range, } from './shape.js';
class Signal {
    graph;
    node;
    constructor(graph, node) {
        this.graph = graph;
        this.node = node;
    }
}
/** An integer with exact bounds. Arithmetic cannot overflow: the result's bounds grow as they must. */
export class Int extends Signal {
    kind = 'int';
    get shape() {
        return new IntShape(this.node.min, this.node.max);
    }
    add(other) {
        const b = intNode(this.graph, other);
        return this.#make('add', { min: this.node.min + b.min, max: this.node.max + b.max }, b);
    }
    sub(other) {
        const b = intNode(this.graph, other);
        return this.#make('sub', { min: this.node.min - b.max, max: this.node.max - b.min }, b);
    }
    mul(other) {
        const b = intNode(this.graph, other);
        return this.#make('mul', this.shape.times(b), b);
    }
    /** 0 - this */
    neg() {
        return new _a(this.graph, this.graph.constant(0n)).sub(this);
    }
    /** this * 2^places */
    shl(places) {
        const by = this.#places('shl', places);
        if (places === 0)
            return this;
        return new _a(this.graph, this.graph.operation('shl', { min: this.node.min << by, max: this.node.max << by }, [this.node], places));
    }
    /** floor(this / 2^places) */
    shr(places) {
        const by = this.#places('shr', places);
        if (places === 0)
            return this;
        return new _a(this.graph, this.graph.operation('shr', { min: this.node.min >> by, max: this.node.max >> by }, [this.node], places));
    }
    lt(other) {
        return this.#compare('lt', this.node, intNode(this.graph, other));
    }
    gt(other) {
        return this.#compare('lt', intNode(this.graph, other), this.node);
    }
    le(other) {
        return this.gt(other).not();
    }
    ge(other) {
        return this.lt(other).not();
    }
    eq(other) {
        return this.#compare('eq', this.node, intNode(this.graph, other));
    }
    ne(other) {
        return this.eq(other).not();
    }
    /** Keeps the low bits, as hardware would: the value modulo 2^width, read with the shape's sign. */
    wrap(to) {
        if (fits(this.node, to))
            return this;
        const whole = to.min < 0n ? { min: -(1n << BigInt(to.width - 1)), max: (1n << BigInt(to.width - 1)) - 1n } : bits(to.width);
        if (whole.min !== to.min || whole.max !== to.max)
            throw this.graph.error('E-RANGE', `wrap keeps whole bits, and ${showRange(to)} is not every value of its width; wrap into ${to.min < 0n ? 's' : 'u'}(${to.width}) or use .sat()`);
        return new _a(this.graph, this.graph.operation('wrap', to, [this.node]));
    }
    /** Clamps into the shape's bounds. */
    sat(to) {
        return fits(this.node, to) ? this : new _a(this.graph, this.graph.operation('sat', to, [this.node]));
    }
    /** The low `width` bits of the two's complement; as many as the bounds need unless said. */
    bits(width = widthOf(this.node)) {
        const field = bits(width);
        if (this.node.min === field.min && this.node.max === field.max)
            return new Bits(this.graph, this.node);
        return new Bits(this.graph, this.graph.operation('wrap', field, [this.node]));
    }
    /** Bit `index` of the two's complement, 0 the lowest. */
    bit(index) {
        return this.bits().bit(index);
    }
    #places(op, places) {
        if (Number.isInteger(places) && places >= 0 && places <= mostBits)
            return BigInt(places);
        throw this.graph.error('E-RANGE', `${op} takes a whole number of places from 0 to ${mostBits}, got ${places}`);
    }
    #make(op, bounds, other) {
        return new _a(this.graph, this.graph.operation(op, bounds, [this.node, other]));
    }
    #compare(op, a, b) {
        return new Bool(this.graph, this.graph.operation(op, bool, [a, b]));
    }
}
_a = Int;
/** A condition: the only thing `when` and `mux` decide on. */
export class Bool extends Signal {
    kind = 'bool';
    and(other) {
        return this.#make('and', other);
    }
    or(other) {
        return this.#make('or', other);
    }
    xor(other) {
        return this.#make('xor', other);
    }
    not() {
        return new _b(this.graph, this.graph.operation('not', bool, [this.node]));
    }
    /** 1 where true, 0 where false. */
    int() {
        return new Int(this.graph, this.node);
    }
    bits() {
        return new Bits(this.graph, this.node);
    }
    #make(op, other) {
        return new _b(this.graph, this.graph.operation(op, bool, [this.node, boolNode(this.graph, other)]));
    }
}
_b = Bool;
/** A field of fixed width without sign, for codes and packed words. */
export class Bits extends Signal {
    kind = 'bits';
    get width() {
        return widthOf(this.node);
    }
    and(other) {
        return this.#make('and', other);
    }
    or(other) {
        return this.#make('or', other);
    }
    xor(other) {
        return this.#make('xor', other);
    }
    not() {
        return new _c(this.graph, this.graph.operation('not', this.node, [this.node]));
    }
    /** Bits `high` down to `low`, both included. */
    slice(high, low) {
        if (!(Number.isInteger(low) && low >= 0 && high >= low && high < this.width))
            throw this.graph.error('E-WIDTH', `a slice of ${this.width} bits runs from at most ${this.width - 1} down to 0, got ${high} down to ${low}; choose bits that are there`);
        if (low === 0 && high === this.width - 1)
            return this;
        return new _c(this.graph, this.graph.operation('slice', bits(high - low + 1), [this.node], low));
    }
    bit(index) {
        return new Bool(this.graph, this.slice(index, index).node);
    }
    /** These bits above the other's. */
    cat(other) {
        return new _c(this.graph, this.graph.operation('cat', bits(this.width + other.width), [this.node, own(this.graph, other).node]));
    }
    eq(other) {
        return new Bool(this.graph, this.graph.operation('eq', bool, [this.node, bitsNode(this.graph, other, this.width)]));
    }
    ne(other) {
        return this.eq(other).not();
    }
    /** True where at least one bit is 1. */
    any() {
        return this.ne(0);
    }
    /** True where every bit is 1. */
    all() {
        return this.eq(this.node.max);
    }
    /** The bits read as an unsigned integer. */
    unsigned() {
        return new Int(this.graph, this.node);
    }
    /** The bits read as two's complement. */
    signed() {
        const half = 1n << BigInt(this.width - 1);
        return new Int(this.graph, this.graph.operation('wrap', { min: -half, max: half - 1n }, [this.node]));
    }
    #make(op, other) {
        return new _c(this.graph, this.graph.operation(op, this.node, [this.node, bitsNode(this.graph, other, this.width)]));
    }
}
_c = Bits;
export function mux(condition, then, otherwise) {
    const graph = condition.graph;
    if (isKind(then, 'bits')) {
        const arms = [own(graph, then).node, bitsNode(graph, otherwise, then.width)];
        return new Bits(graph, graph.operation('mux', bits(then.width), [condition.node, ...arms]));
    }
    if (isKind(then, 'bool') || typeof then === 'boolean') {
        const arms = [boolNode(graph, then), boolNode(graph, otherwise)];
        return new Bool(graph, graph.operation('mux', bool, [condition.node, ...arms]));
    }
    const a = intNode(graph, then);
    const b = intNode(graph, otherwise);
    const bounds = { min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max };
    return new Int(graph, graph.operation('mux', bounds, [condition.node, a, b]));
}
/** The sum of all, added as a balanced tree. */
export const sum = (terms) => {
    if (terms.length === 0)
        throw new HdlError('E-RANGE', 'sum', 'sum takes at least one term, got none; pass some');
    let level = [...terms];
    while (level.length > 1) {
        const pairs = [];
        for (let k = 0; k < level.length; k += 2)
            pairs.push(level[k + 1] ? level[k].add(level[k + 1]) : level[k]);
        level = pairs;
    }
    return level[0];
};
/** All fields side by side, the first one highest. */
export const cat = (...fields) => {
    if (fields.length === 0)
        throw new HdlError('E-RANGE', 'cat', 'cat takes at least one field, got none; pass some');
    return fields.reduce((above, below) => above.cat(below));
};
export const signalFor = (graph, shape, node) => {
    if (shape.kind === 'int')
        return new Int(graph, node);
    return shape.kind === 'bool' ? new Bool(graph, node) : new Bits(graph, node);
};
/** The node of an operand for a place of the given shape; literals take the shape's width. */
export const nodeFor = (graph, shape, operand) => {
    if (shape.kind === 'int')
        return intNode(graph, operand);
    if (shape.kind === 'bool')
        return boolNode(graph, operand);
    return bitsNode(graph, operand, shape.width);
};
/** The signal, if it belongs to the component that reads it. */
export const own = (graph, signal) => {
    if (signal.graph === graph)
        return signal;
    throw graph.error('E-FOREIGN', `a signal of ${signal.graph.component} cannot be read here; pass it through a port`);
};
const isKind = (value, kind) => typeof value === 'object' && value.kind === kind;
const intNode = (graph, value) => typeof value === 'object' ? own(graph, value).node : graph.constant(exact(value));
const boolNode = (graph, value) => typeof value === 'object' ? own(graph, value).node : graph.constant(value ? 1n : 0n, bool);
const bitsNode = (graph, value, width) => {
    if (typeof value === 'object') {
        if (value.width !== width)
            throw graph.error('E-WIDTH', `this place takes ${width} bits, got ${value.width}; use .slice() or cat()`);
        return own(graph, value).node;
    }
    const literal = exact(value);
    const field = range(0, (1n << BigInt(width)) - 1n);
    if (!fits({ min: literal, max: literal }, field))
        throw graph.error('E-WIDTH', `a field of ${width} bits takes 0 to ${field.max}, got ${literal}; mask it or widen the field`);
    return graph.constant(literal, bits(width));
};
