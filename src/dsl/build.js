import { findLoop, loopNames } from './check/loops.js';
import { originHere } from './error.js';
import { Graph } from './graph.js';
import { fits, showRange, } from './ir.js';
import { NameTable, nameFault } from './names.js';
import { Int, nodeFor, own, signalFor, } from './signal.js';
/** Runs a description and returns its IR; `declared` is where its component is written. */
export const buildModule = (name, parameters, description, declared) => {
    const graph = new Graph(name);
    const names = new NameTable();
    const registers = [];
    const wires = [];
    const instances = [];
    const checks = [];
    let condition;
    const claim = (wanted, what) => {
        const fault = nameFault(wanted);
        if (fault)
            throw graph.error('E-NAME', `${what} cannot be called '${wanted}': ${fault}; choose another name`);
        const holder = names.take(wanted, what);
        if (holder)
            throw graph.error('E-NAME', `${what} cannot be called '${wanted}': ${holder} has that name; choose another one`);
    };
    const narrowing = 'narrow it with .wrap(), .sat() or checked()';
    const place = (what, shape, operand) => {
        const node = nodeFor(graph, shape, operand);
        if (fits(node, shape))
            return node;
        const found = node.op === 'const' ? `${node.value}` : showRange(node);
        throw graph.error('E-RANGE', `${what} holds ${showRange(shape)}, got ${found}; ${narrowing}`);
    };
    // What the innermost branch has assigned so far, with the value each place had before it.
    let branch;
    const assign = (place, value) => {
        if (branch && !branch.has(place))
            branch.set(place, place.value);
        place.value = value;
    };
    /** Runs one branch under a condition; gives what it assigned and leaves every place as it was. */
    const inBranch = (test, body) => {
        const [outerCondition, outerBranch] = [condition, branch];
        const before = new Map();
        condition = outerCondition ? outerCondition.and(test) : test;
        branch = before;
        try {
            body();
        }
        finally {
            condition = outerCondition;
            branch = outerBranch;
        }
        const after = new Map();
        for (const [place, value] of before) {
            after.set(place, place.value);
            place.value = value;
        }
        return after;
    };
    const makeRegister = (key, shape) => {
        claim(key, 'a register');
        const node = { op: 'reg', id: graph.takeId(), name: key, min: shape.min, max: shape.max };
        const reset = shape.min > 0n ? shape.min : shape.max < 0n ? shape.max : 0n;
        const becomes = { what: `register '${key}'`, value: node };
        registers.push({ node, reset, becomes });
        return Object.defineProperty(signalFor(graph, shape, node), 'next', {
            set: (operand) => {
                assign(becomes, place(becomes.what, shape, operand));
            },
        });
    };
    const makeWire = (key, shape) => {
        claim(key, 'a wire');
        const node = { op: 'wire', id: graph.takeId(), name: key, min: shape.min, max: shape.max };
        const driver = { what: `wire '${key}'`, value: undefined };
        wires.push({ node, driver, origin: originHere() });
        return Object.defineProperty(signalFor(graph, shape, node), 'value', {
            set: (operand) => {
                assign(driver, place(driver.what, shape, operand));
            },
        });
    };
    const builder = {
        regs: ((shapes) => mapShapes(shapes, makeRegister)),
        wires: ((shapes) => mapShapes(shapes, makeWire)),
        when(test, then, otherwise) {
            own(graph, test);
            const yes = inBranch(test, then);
            const no = otherwise ? inBranch(test.not(), otherwise) : new Map();
            for (const target of new Set([...yes.keys(), ...no.keys()])) {
                const whenTrue = yes.has(target) ? yes.get(target) : target.value;
                const whenFalse = no.has(target) ? no.get(target) : target.value;
                if (!whenTrue || !whenFalse)
                    throw graph.error('E-UNDRIVEN', `${target.what} has no value where the condition is ${whenTrue ? 'false' : 'true'}; drive it in both branches or once before`);
                assign(target, graph.operation('mux', hull(whenTrue, whenFalse), [test.node, whenTrue, whenFalse]));
            }
        },
        use(instance, child, inputs) {
            claim(instance, 'an instance');
            const module = child.module;
            onlyKnown(`instance '${instance}'`, 'input', inputs, child.in, graph);
            const drivers = new Map();
            for (const [port, shape] of Object.entries(child.in)) {
                const operand = inputs[port];
                for (const [leaf, value] of leaves(port, shape, operand, `input '${port}' of '${instance}'`, graph))
                    drivers.set(leaf, place(`input '${leaf}' of '${instance}'`, elementOf(shape), value));
            }
            const outputs = new Map();
            const signals = mapShapes(child.out, (port, shape) => {
                const node = { op: 'out', id: graph.takeId(), instance, port, min: shape.min, max: shape.max };
                outputs.set(port, node);
                return signalFor(graph, shape, node);
            });
            instances.push({ name: instance, of: module, inputs: drivers, outputs });
            return signals;
        },
        checked(value, shape, promise) {
            if (fits(value.node, shape))
                return value;
            builder.check(value.lt(shape.min).or(value.gt(shape.max)).not(), promise);
            return new Int(graph, graph.operation('wrap', shape, [value.node]));
        },
        check(holds, promise) {
            own(graph, holds);
            const inContext = condition ? condition.not().or(holds) : holds;
            if (inContext.node.op !== 'const' || inContext.node.value === 0n)
                checks.push({ holds: inContext.node, message: promise });
        },
    };
    graph.origin = declared;
    const inputs = [];
    const inputSignals = mapShapes(description.in, (port, shape) => {
        claim(port, 'an input');
        const node = { op: 'in', id: graph.takeId(), name: port, min: shape.min, max: shape.max };
        inputs.push(node);
        return signalFor(graph, shape, node);
    });
    mapShapes(description.out, (port) => claim(port, 'an output'));
    graph.origin = undefined;
    const driven = description.logic(inputSignals, builder);
    graph.origin = declared;
    onlyKnown('logic', 'output', driven, description.out, graph);
    const outputs = [];
    for (const [port, shape] of Object.entries(description.out))
        for (const [leaf, value] of leaves(port, shape, driven[port], `output '${port}'`, graph)) {
            const element = elementOf(shape);
            outputs.push({ name: leaf, node: place(`output '${leaf}'`, element, value), range: bounds(element) });
        }
    const module = {
        name,
        parameters,
        inputs,
        outputs,
        registers: registers.map(({ node, reset, becomes }) => ({ name: node.name, node, reset, next: becomes.value })),
        wires: wires.map(({ node, driver, origin }) => {
            if (!driver.value)
                throw graph.error('E-UNDRIVEN', `wire '${node.name}' is never driven; set its .value`, origin);
            return { name: node.name, node, driver: driver.value };
        }),
        instances,
        checks,
        operations: graph.operations,
        nodeCount: graph.nodeCount,
    };
    const loop = findLoop(module);
    if (loop)
        throw graph.error('E-LOOP', `${loopNames(loop).join(' -> ')} depends on itself within one cycle; put a register into the path`, wires.find(({ node }) => loop.includes(node))?.origin);
    return module;
};
const hull = (a, b) => ({ min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max });
const bounds = ({ min, max }) => ({ min, max });
const elementOf = (shape) => (shape.kind === 'vector' ? shape.element : shape);
/** One `make` per scalar; a vector's elements are called `key_0` upwards. */
const mapShapes = (shapes, make) => Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [
    key,
    shape.kind === 'vector'
        ? Array.from({ length: shape.length }, (_, k) => make(`${key}_${k}`, shape.element))
        : make(key, shape),
]));
/** A port nobody declared is a slip that types miss where an object is spread into another. */
const onlyKnown = (whose, what, given, ports, graph) => {
    const stranger = Object.keys(given).find((key) => !(key in ports));
    if (stranger === undefined)
        return;
    const known = Object.keys(ports).join(', ') || 'none';
    throw graph.error('E-NAME', `${whose} has no ${what} '${stranger}'; the ${what}s are ${known}`);
};
/** Leaf name and operand of every scalar of a port. */
const leaves = (port, shape, operand, what, graph) => {
    if (operand === undefined)
        throw graph.error('E-UNDRIVEN', `${what} has no value; give it one`);
    if (shape.kind !== 'vector')
        return [[port, operand]];
    const elements = operand;
    if (elements.length !== shape.length)
        throw graph.error('E-RANGE', `${what} takes ${shape.length} elements, got ${elements.length}; pass as many`);
    return elements.map((element, k) => [`${port}_${k}`, element]);
};
