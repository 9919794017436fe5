import { HdlError } from './error.js';
import { fold, operations } from './ir.js';
import { simplified } from './simplify.js';
/**
 * The nodes of one component while it is being described. Equal operations are made once, operations on constants are
 * folded through their own definition, and those that come to nothing are not made at all.
 */
export class Graph {
    component;
    operations = [];
    /** Where a mistake is that shows up only after the description has run; undefined while it runs. */
    origin;
    #nodeCount = 0;
    #made = new Map();
    constructor(component) {
        this.component = component;
    }
    get nodeCount() {
        return this.#nodeCount;
    }
    takeId() {
        return this.#nodeCount++;
    }
    constant(value, bounds = { min: value, max: value }) {
        return this.#once(`const ${value} ${bounds.min} ${bounds.max}`, (id) => ({
            op: 'const',
            id,
            min: bounds.min,
            max: bounds.max,
            value,
        }));
    }
    operation(op, bounds, args, amount = 0) {
        if (operations[op].arity !== args.length)
            throw new TypeError(`${op} takes ${operations[op].arity} arguments`);
        const simpler = simplified(op, bounds, args);
        if (typeof simpler === 'bigint')
            return this.constant(simpler, bounds);
        if (simpler)
            return 'id' in simpler ? simpler : this.operation(simpler.op, bounds, simpler.args, simpler.amount);
        const made = { op, min: bounds.min, max: bounds.max, args, amount };
        if (args.every((node) => node.op === 'const')) {
            const value = fold({ ...made, id: -1 }, args.map((node) => node.value));
            return this.constant(value, bounds);
        }
        const key = `${op} ${args.map((node) => node.id).join(' ')} ${amount} ${bounds.min} ${bounds.max}`;
        return this.#once(key, (id) => {
            const node = { ...made, id };
            this.operations.push(node);
            return node;
        });
    }
    error(code, sentence, origin = this.origin) {
        return new HdlError(code, this.component, sentence, origin);
    }
    #once(key, make) {
        const known = this.#made.get(key);
        if (known)
            return known;
        const node = make(this.takeId());
        this.#made.set(key, node);
        return node;
    }
}
