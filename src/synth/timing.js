/**
 * Static timing of a mapped netlist with the library's delay model: the longest path from a register or input port to a
 * register or output port. Clock ideal, inputs there at time 0, no wires; asynchronous resets are not checked.
 */
import { UserError } from '../base/user-error.js';
import { connect, loadOf } from './connectivity.js';
import { cellsByName } from './library/library.js';
import { netName, pinBit } from './netlist.js';
import { rounded } from './rounded.js';
const provenance = 'static timing, linear delay model (mean of rise and fall), no wires, ideal clock, typical corner; this form reads ' +
    '20-24 % short of OpenSTA with full delay tables (four mappings of an INT8 MAC)';
/** Delay of a cell's output under a load. */
export const delayOf = (output, load_fF) => output.delay.d0_ps + output.delay.k_ps_per_fF * load_fF;
const inputNets = ({ instance, cell }) => cell.inputs.map((pin) => pinBit(instance, pin.name)).filter((net) => typeof net === 'number');
/** Combinational cells, every cell after those that feed it. */
const inOrder = (netlist, { placed, drivers, sinks }) => {
    const combinational = placed.filter(({ cell }) => !cell.flipFlop);
    const waiting = new Map();
    for (const at of combinational)
        waiting.set(at, inputNets(at).filter((net) => drivers.get(net) && !drivers.get(net).placed.cell.flipFlop).length);
    const order = combinational.filter((at) => waiting.get(at) === 0);
    for (const at of order) {
        for (const output of at.cell.outputs) {
            const net = pinBit(at.instance, output.name);
            if (typeof net !== 'number')
                continue;
            for (const { placed: next } of sinks.get(net) ?? []) {
                const left = waiting.get(next);
                if (left === undefined)
                    continue;
                waiting.set(next, left - 1);
                if (left === 1)
                    order.push(next);
            }
        }
    }
    if (order.length < combinational.length)
        refuseLoop(netlist, drivers, waiting);
    return order;
};
/** Walks backwards among the cells that never became ready until it meets itself: that is the loop. */
const refuseLoop = (netlist, drivers, waiting) => {
    const stuck = (net) => {
        const driver = drivers.get(net);
        return driver !== undefined && (waiting.get(driver.placed) ?? 0) > 0;
    };
    let net = [...drivers.keys()].find(stuck);
    const visited = [];
    while (!visited.includes(net)) {
        visited.push(net);
        net = inputNets(drivers.get(net).placed).find(stuck);
    }
    const loop = visited.slice(visited.indexOf(net)).reverse();
    const named = loop.filter((at) => netlist.netNames.has(at));
    const nets = (named.length > 0 ? named : loop).slice(0, 4).map((at) => netName(netlist, at));
    throw new UserError('E-COMB-LOOP', `the logic feeds back on itself through ${nets.join(', ')}; put a register into the loop`);
};
/** Longest path; `outputLoad_fF` hangs on every output port. */
export const analyseTiming = (netlist, library, outputLoad_fF = library.outputLoad_fF) => {
    const connectivity = connect(netlist, cellsByName(library));
    const arrivals = new Map();
    const arrivalAt = (net) => (typeof net === 'number' ? (arrivals.get(net)?.at ?? 0) : 0);
    const launch = (placed, from) => {
        for (const output of placed.cell.outputs) {
            const net = pinBit(placed.instance, output.name);
            if (typeof net !== 'number')
                continue;
            const load = loadOf(connectivity, net, outputLoad_fF);
            const delay = delayOf(output, load);
            const at = (from === undefined ? 0 : arrivalAt(from)) + delay;
            arrivals.set(net, { at, load, delay, driver: { placed, output }, from });
        }
    };
    for (const placed of connectivity.placed)
        if (placed.cell.flipFlop)
            launch(placed, undefined);
    for (const placed of inOrder(netlist, connectivity)) {
        const latest = inputNets(placed).reduce((late, net) => (late === undefined || arrivalAt(net) > arrivalAt(late) ? net : late), undefined);
        launch(placed, latest);
    }
    let worst = { total: 0, net: undefined, end: '', setup: 0 };
    const consider = (net, setup, end) => {
        if (typeof net !== 'number')
            return;
        const total = arrivalAt(net) + setup;
        if (total > worst.total)
            worst = { total, net, end: end(), setup };
    };
    for (const { instance, cell } of connectivity.placed) {
        if (!cell.flipFlop)
            continue;
        const q = pinBit(instance, cell.outputs[0].name);
        const end = () => `register ${typeof q === 'number' ? netName(netlist, q) : instance.name}`;
        consider(pinBit(instance, cell.flipFlop.data), cell.flipFlop.setup_ps, end);
    }
    for (const port of netlist.ports.filter(({ direction }) => direction !== 'input'))
        port.bits.forEach((net, index) => {
            consider(net, 0, () => `output ${port.bits.length === 1 ? port.name : `${port.name}[${index}]`}`);
        });
    const path = [];
    let net = worst.net;
    let start = '';
    while (net !== undefined) {
        start = netName(netlist, net);
        const arrival = arrivals.get(net);
        if (!arrival)
            break;
        path.push({
            cell: arrival.driver.placed.cell.name,
            net: start,
            load_fF: rounded(arrival.load),
            delay_ps: rounded(arrival.delay),
            arrival_ps: rounded(arrival.at),
        });
        net = arrival.from;
    }
    return {
        critical_path_ps: rounded(worst.total),
        fmax_mhz: worst.total > 0 ? rounded(1e6 / worst.total) : null,
        start,
        end: worst.end,
        setup_ps: worst.setup,
        path: path.reverse(),
        provenance: `${provenance}; ${outputLoad_fF} fF at each output, inputs at 0 ps`,
    };
};
