import { isSigned, widthOf } from '../dsl/ir.js';
export const portLayout = (module) => {
    const place = (ports) => {
        let offset = 0;
        const placed = ports.map(({ name, range }) => {
            const words = Math.ceil(widthOf(range) / 32);
            offset += words;
            return { name, range, offset: offset - words, words };
        });
        return [placed, offset];
    };
    const [inputs, inputWords] = place(module.inputs.map((node) => ({ name: node.name, range: node })));
    const [outputs, outputWords] = place(module.outputs);
    return { inputs, outputs, inputWords, outputWords };
};
/** Rows in a stimulus; a design without inputs has one empty row. */
export const rowsOf = (ports, stimulus) => {
    if (ports.inputWords === 0)
        return 1;
    const rows = stimulus.length / ports.inputWords;
    if (rows < 1 || !Number.isInteger(rows))
        throw new RangeError(`a stimulus holds whole rows of ${ports.inputWords} words, got ${stimulus.length} words`);
    return rows;
};
/** The port of that name, or a RangeError that lists what there is. */
export const portNamed = (ports, name) => {
    const found = ports.find((port) => port.name === name);
    if (!found)
        throw new RangeError(`no port '${name}'; there are ${ports.map((port) => port.name).join(', ')}`);
    return found;
};
/** Reads a port's value out of a row that starts at word `row`. */
export const readPort = (words, port, row = 0) => {
    let value = 0n;
    for (let k = 0; k < port.words; k++)
        value |= BigInt(words[row + port.offset + k] >>> 0) << BigInt(32 * k);
    const width = widthOf(port.range);
    return isSigned(port.range) ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
};
/** Writes a value into a port's words of a row that starts at word `row`; throws a RangeError outside the port's range. */
export const writePort = (words, port, value, row = 0) => {
    if (value < port.range.min || value > port.range.max)
        throw new RangeError(`port '${port.name}' takes ${port.range.min} to ${port.range.max}, got ${value}`);
    for (let k = 0; k < port.words; k++)
        words[row + port.offset + k] = Number(BigInt.asIntN(32, value >> BigInt(32 * k)));
};
