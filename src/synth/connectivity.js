import { pinBit } from './netlist.js';
/** Every cell of the netlist has to be in `cells`. */
export const connect = (netlist, cells) => {
    const drivers = new Map();
    const sinks = new Map();
    const outputPorts = new Map();
    const placed = netlist.instances.map((instance) => {
        const cell = cells.get(instance.cell);
        if (!cell)
            throw new Error(`cell ${instance.cell} of ${instance.name} is not in the library`);
        return { instance, cell };
    });
    for (const at of placed) {
        for (const output of at.cell.outputs) {
            const net = pinBit(at.instance, output.name);
            if (typeof net === 'number')
                drivers.set(net, { placed: at, output });
        }
        for (const pin of at.cell.inputs) {
            const net = pinBit(at.instance, pin.name);
            if (typeof net !== 'number')
                continue;
            const list = sinks.get(net);
            if (list)
                list.push({ placed: at, pin });
            else
                sinks.set(net, [{ placed: at, pin }]);
        }
    }
    for (const port of netlist.ports.filter(({ direction }) => direction !== 'input'))
        for (const net of port.bits)
            if (typeof net === 'number')
                outputPorts.set(net, (outputPorts.get(net) ?? 0) + 1);
    return { placed, drivers, sinks, outputPorts };
};
/** Capacitance on a net: the pins it feeds and `outputLoad_fF` for each output port; no wires. */
export const loadOf = (connectivity, net, outputLoad_fF) => {
    let load = (connectivity.outputPorts.get(net) ?? 0) * outputLoad_fF;
    for (const { pin } of connectivity.sinks.get(net) ?? [])
        load += pin.capacitance_fF;
    return load;
};
