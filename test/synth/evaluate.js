import { cellsByName } from '../../src/synth/library/library.js';
import { pinBit } from '../../src/synth/netlist.js';
/** Liberty's `! & | ^` are JavaScript's `~ & | ^` on integers, with the same precedence where parentheses say so. */
const compile = (formula, inputs) => new Function(...inputs, `return ${formula.replaceAll('!', '~')}`);
export const evaluator = (netlist, library) => {
    const cells = cellsByName(library);
    const nets = new Map([
        ['0', 0],
        ['1', -1],
        ['x', 0],
    ]);
    const state = new Map();
    const read = (bit) => nets.get(bit);
    const gates = netlist.instances.flatMap((instance) => {
        const cell = cells.get(instance.cell);
        if (cell.flipFlop)
            return [];
        const pins = cell.inputs.map((pin) => pin.name);
        return cell.outputs.map((output) => ({
            inputs: pins.map((pin) => pinBit(instance, pin)),
            net: pinBit(instance, output.name),
            formula: compile(output.function, pins),
        }));
    });
    const flipFlops = netlist.instances.filter((instance) => cells.get(instance.cell).flipFlop);
    const settle = (inputs) => {
        for (const key of [...nets.keys()])
            if (typeof key === 'number')
                nets.delete(key);
        for (const port of netlist.ports.filter(({ direction }) => direction === 'input'))
            port.bits.forEach((bit, index) => {
                nets.set(bit, inputs[port.name]?.[index] ?? 0);
            });
        for (const instance of flipFlops)
            nets.set(pinBit(instance, 'Q'), state.get(instance.name) ?? 0);
        let waiting = gates;
        while (waiting.length > 0) {
            const left = waiting.filter(({ inputs: from, net, formula }) => {
                const lanes = from.map(read);
                if (lanes.some((value) => value === undefined))
                    return true;
                nets.set(net, formula(...lanes));
                return false;
            });
            if (left.length === waiting.length)
                throw new Error('the netlist has a loop');
            waiting = left;
        }
    };
    return {
        /** Output ports with these inputs and the present state. */
        outputs(inputs) {
            settle(inputs);
            return Object.fromEntries(netlist.ports
                .filter(({ direction }) => direction === 'output')
                .map((port) => [port.name, port.bits.map((bit) => read(bit) ?? 0)]));
        },
        /** One rising clock edge under these inputs. */
        clock(inputs) {
            settle(inputs);
            for (const instance of flipFlops) {
                const clear = cells.get(instance.cell).flipFlop.clearLow;
                const keep = clear === undefined ? -1 : (read(pinBit(instance, clear)) ?? -1);
                state.set(instance.name, (read(pinBit(instance, 'D')) ?? 0) & keep);
            }
        },
    };
};
/** The numbers of 32 stimuli as lanes of `width` bits. */
export const toLanes = (numbers, width) => Array.from({ length: width }, (_, bit) => numbers.reduce((lanes, value, lane) => lanes | (((value >> bit) & 1) << lane), 0));
/** The signed number that each of 32 lanes holds, at most 32 bits. */
export const fromLanes = (lanes) => Array.from({ length: 32 }, (_, lane) => {
    const raw = lanes.reduce((value, bits, bit) => value | (((bits >>> lane) & 1) << bit), 0);
    return (raw << (32 - lanes.length)) >> (32 - lanes.length);
});
/** A seeded source of integers in [0, 2^32). */
export const random = (seed) => {
    let state = seed >>> 0;
    return () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return (state ^ (state >>> 15)) >>> 0;
    };
};
