import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { openEngine } from '../sim/engines.js';
import { groupsOf, runProduct } from './gemm.js';
import { drainCycles, outputStationaryArray } from './output-stationary.js';
/** Threads that pay: one a core. */
export const defaultThreads = () => availableParallelism();
/** Opens the array on an engine. Cycles are those of one array, however many threads simulate it. */
export const productRunner = (options) => {
    const { threads = 1 } = options;
    return threads > 1 ? threadedRunner(options, threads) : runnerInThread(options);
};
const runnerInThread = ({ pe, size, engine: name }) => {
    const engine = openEngine(name, outputStationaryArray(pe, size), { checks: false });
    return {
        run: async (product) => runProduct(engine, pe, size, product),
        close: async () => engine.close(),
    };
};
const threadedRunner = ({ pe, size, engine }, threads) => {
    const pool = new Piscina({
        filename: fileURLToPath(new URL('./product-worker.js', import.meta.url)),
        minThreads: threads,
        maxThreads: threads,
        idleTimeout: 600_000,
    });
    return {
        run: async (product) => {
            const shared = { ...product, weights: inSharedMemory(product.weights), activations: product.activations };
            const slices = slicesOf(product.outputs, size.columns, threads);
            const parts = await Promise.all(slices.map((outputs) => {
                const task = { spec: pe.spec, ...size, engine, product: shared, outputs };
                return pool.run(task);
            }));
            return joined(product, slices, parts, drainCycles(pe, size));
        },
        close: () => pool.destroy(),
    };
};
/** Contiguous slices of whole tiles, as even as tiles allow. */
const slicesOf = (outputs, columns, threads) => {
    const tiles = Math.ceil(outputs / columns);
    const count = Math.min(threads, tiles);
    return Array.from({ length: count }, (_, k) => {
        const edge = (index) => Math.min(outputs, Math.round((index * tiles) / count) * columns);
        return [edge(k), edge(k + 1)];
    });
};
/** One array would have streamed the slices without a gap, and drained once. */
const joined = (product, slices, parts, drain) => {
    const { tokens, outputs } = product;
    const groups = groupsOf(product);
    const sums = new Int32Array(tokens * outputs * groups);
    slices.forEach(([from, to], k) => {
        const width = (to - from) * groups;
        for (let token = 0; token < tokens; token++)
            sums.set(parts[k].sums.subarray(token * width, (token + 1) * width), (token * outputs + from) * groups);
    });
    const cycles = parts.reduce((sum, part) => sum + part.cycles, 0) - (parts.length - 1) * drain;
    return { sums, cycles };
};
/** The same codes in memory that threads see without a copy; done once per array of codes. */
const sharedCopies = new WeakMap();
const inSharedMemory = (codes) => {
    if (codes.buffer instanceof SharedArrayBuffer)
        return codes;
    let copy = sharedCopies.get(codes);
    if (!copy) {
        const memory = new SharedArrayBuffer(codes.byteLength);
        copy = codes instanceof Int8Array ? new Int8Array(memory) : new Uint8Array(memory);
        copy.set(codes);
        sharedCopies.set(codes, copy);
    }
    return copy;
};
