import { writePort } from './engine.js';
/** Seeded generator sfc32 (Chris Doty-Humphrey, PractRand): same seed, same words, on every machine. */
export const randomWords = (seed) => {
    let [a, b, c, counter] = [0, seed | 0, Math.floor(seed / 2 ** 32) | 0, 1];
    const next = () => {
        const sum = (a + b + counter) | 0;
        counter = (counter + 1) | 0;
        a = b ^ (b >>> 9);
        b = (c + (c << 3)) | 0;
        c = (((c << 21) | (c >>> 11)) + sum) | 0;
        return sum >>> 0;
    };
    for (let k = 0; k < 12; k++)
        next();
    return next;
};
/** The values of a range at which arithmetic tends to break: its ends and their neighbours, 0 and 1 and -1. */
const cornersOf = ({ min, max }) => [...new Set([min, max, min + 1n, max - 1n, 0n, 1n, -1n])].filter((value) => value >= min && value <= max);
/** Uniform over the range up to a bias of 2^-64. */
const uniform = ({ min, max }, random) => {
    const span = max - min + 1n;
    let value = 0n;
    for (let bits = 0; bits < span.toString(2).length + 64; bits += 32)
        value = (value << 32n) | BigInt(random());
    return min + (value % span);
};
/**
 * `cycles` rows of inputs, every value inside its port's range; one value in four is a corner of the range. Same ports,
 * cycles and seed, same rows; fewer cycles give the first rows of more.
 */
export const randomStimulus = (ports, cycles, seed) => {
    const random = randomWords(seed);
    const rows = new Int32Array(cycles * ports.inputWords);
    const fillers = ports.inputs.map((port) => {
        const { min, max } = port.range;
        const corners = cornersOf(port.range);
        const span = Number(max - min) + 1;
        if (port.words === 1) {
            const [low, edges] = [Number(min), corners.map(Number)];
            return (row) => {
                const edge = random();
                const value = random();
                rows[row + port.offset] = edge & 3 ? low + Math.floor((value / 2 ** 32) * span) : edges[value % edges.length];
            };
        }
        return (row) => {
            const value = random() & 3 ? uniform(port.range, random) : corners[random() % corners.length];
            writePort(rows, port, value, row);
        };
    });
    for (let cycle = 0; cycle < cycles; cycle++)
        for (const fill of fillers)
            fill(cycle * ports.inputWords);
    return rows;
};
