/** The mapped netlist: Yosys' JSON, checked and reduced to what counting, timing and energy read. */
import { z } from 'zod';
const bit = z.union([z.number().int(), z.enum(['0', '1', 'x', 'z'])]);
const schema = z.object({
    creator: z.string(),
    modules: z.record(z.string(), z.object({
        ports: z.record(z.string(), z.object({ direction: z.enum(['input', 'output', 'inout']), bits: z.array(bit) })),
        cells: z.record(z.string(), z.object({ type: z.string(), connections: z.record(z.string(), z.array(bit)) })),
        netnames: z.record(z.string(), z.object({ hide_name: z.number().optional(), bits: z.array(bit) })),
    })),
});
/** Names that the user gave; of several the shortest. Nets that only the tool named get none. */
const nameNets = (nets) => {
    const names = new Map();
    for (const [net, { bits, hide_name }] of Object.entries(nets)) {
        if (hide_name === 1)
            continue;
        bits.forEach((at, index) => {
            if (typeof at !== 'number')
                return;
            const name = bits.length === 1 ? net : `${net}[${index}]`;
            if (name.length < (names.get(at)?.length ?? Number.POSITIVE_INFINITY))
                names.set(at, name);
        });
    }
    return names;
};
/** Reads module `top` of a file that Yosys' `write_json` wrote. */
export const parseNetlist = (json, top) => {
    const file = schema.parse(JSON.parse(json));
    const module = file.modules[top];
    if (!module)
        throw new Error(`the mapped netlist has no module ${top}`);
    return {
        ports: Object.entries(module.ports).map(([name, { direction, bits }]) => ({ name, direction, bits })),
        instances: Object.entries(module.cells).map(([name, { type, connections }]) => ({ name, cell: type, connections })),
        netNames: nameNets(module.netnames),
        creator: file.creator,
    };
};
/** What a single-bit pin is connected to; an open pin reads `x`. */
export const pinBit = (instance, pin) => instance.connections[pin]?.[0] ?? 'x';
/** The user's name of a net, or its number where there is none. */
export const netName = (netlist, net) => netlist.netNames.get(net) ?? `net ${net}`;
/** How often each kind of cell occurs, in alphabetical order. */
export const countCells = (netlist) => {
    const counts = new Map();
    for (const { cell } of netlist.instances)
        counts.set(cell, (counts.get(cell) ?? 0) + 1);
    return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
};
