import { describe, expect, it } from 'vitest';
import { component, s, u } from '../../src/dsl/index.js';
import { shiftAdd } from '../../src/pe/arith/shift-add.js';
import { portNamed, readPort, writePort } from '../../src/sim/engine.js';
import { javascriptEngine } from '../../src/sim/javascript/engine.js';
const ShiftAdd = component('shift_add', (p) => ({
    in: { value: p.value, weight: p.weight },
    out: { product: s(p.value.width + p.weight.width) },
    logic: ({ value, weight }) => ({ product: shiftAdd(value, weight) }),
}));
describe('shift-add is multiplication, for every pair of operands', () => {
    it.each([u(1), u(2), u(3), u(4), u(8), s(1), s(2), s(3), s(4), s(8)])('INT8 times %s', (weight) => {
        const value = s(8);
        const engine = javascriptEngine(ShiftAdd({ value, weight }).module);
        const [x, w] = ['value', 'weight'].map((name) => portNamed(engine.ports.inputs, name));
        const product = portNamed(engine.ports.outputs, 'product');
        let wrong = 0;
        for (let a = value.min; a <= value.max; a++)
            for (let b = weight.min; b <= weight.max; b++) {
                writePort(engine.inputs, x, a);
                writePort(engine.inputs, w, b);
                engine.step();
                if (readPort(engine.outputs, product) !== a * b)
                    wrong++;
            }
        expect(wrong).toBe(0);
    });
});
