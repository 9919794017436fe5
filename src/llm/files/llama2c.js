import { basename } from 'node:path';
import { readLimited } from '../../base/files.js';
import { UserError } from '../../base/user-error.js';
import { headSizeOf, keyValueWidthOf, linearLayersOf } from '../model.js';
const HEADER_BYTES = 28;
/** Largest checkpoint read: what one `Buffer` of Node 20 surely holds. */
const LARGEST_FILE_BYTES = 2 ** 31 - 1;
const CURE = 'give a legacy float32 checkpoint of llama2.c (version 0), whole and unchanged';
/** Limits of the header; far above any model of this format, low enough that all sizes below stay exact integers. */
const LIMITS = [
    ['dimension', 2 ** 16],
    ['hidden', 2 ** 18],
    ['layers', 2 ** 10],
    ['heads', 2 ** 10],
    ['keyValueHeads', 2 ** 10],
    ['vocabulary', 2 ** 22],
    ['sequence', 2 ** 20],
];
/** Reads and checks a legacy float32 checkpoint of llama2.c; the weights are views into the file's one buffer. */
export const loadLlama2c = (path, name = basename(path).replace(/\.bin$/, '')) => parseLlama2c(readLimited(path, 'the model', LARGEST_FILE_BYTES), path, name);
/**
 * Parses a legacy float32 checkpoint of llama2.c (`export.py`, version 0). `where` names it in messages.
 * Header, int32 little-endian: dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size (negative: the classifier
 * is not shared), seq_len.
 */
export const parseLlama2c = (bytes, where, name) => {
    const config = readHeader(bytes, where);
    const expected = HEADER_BYTES + 4 * floatCountOf(config);
    if (bytes.byteLength !== expected) {
        const found = bytes.byteLength < expected ? 'truncated' : 'too long or of another format';
        throw new UserError('E-MODEL-SIZE', `${where} is ${found}: it holds ${bytes.byteLength} bytes where its header (${describe(config)}) asks for ${expected}; ${CURE}`);
    }
    const model = readWeights(bytes, config, name);
    checkFinite(model, where);
    return model;
};
const describe = (config) => `dimension ${config.dimension}, hidden ${config.hidden}, layers ${config.layers}, vocabulary ${config.vocabulary}`;
const readHeader = (bytes, where) => {
    if (bytes.byteLength < HEADER_BYTES)
        throw new UserError('E-MODEL-SIZE', `${where} is truncated: it holds ${bytes.byteLength} bytes, less than the ${HEADER_BYTES} of a header; ${CURE}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    const word = (index) => view.getInt32(4 * index, true);
    const config = {
        dimension: word(0),
        hidden: word(1),
        layers: word(2),
        heads: word(3),
        keyValueHeads: word(4),
        vocabulary: Math.abs(word(5)),
        sequence: word(6),
        sharedClassifier: word(5) > 0,
    };
    const refuse = (what) => {
        throw new UserError('E-MODEL-HEADER', `${where} is no llama2.c checkpoint: ${what}; ${CURE}`);
    };
    for (const [key, limit] of LIMITS) {
        const value = config[key];
        if (value < 1 || value > limit)
            refuse(`its header says ${key} ${value}, allowed are 1 to ${limit}`);
    }
    if (config.dimension % (2 * config.heads) !== 0)
        refuse(`its header says dimension ${config.dimension}, which is no even multiple of ${config.heads} heads`);
    if (config.heads % config.keyValueHeads !== 0)
        refuse(`its header says ${config.heads} heads, no multiple of ${config.keyValueHeads} key-value heads`);
    return config;
};
/** Number of float32 values after the header, the two unused RoPE tables of the format included. */
const floatCountOf = (config) => {
    const { dimension, hidden, layers, vocabulary, sequence, sharedClassifier } = config;
    const attention = 2 * dimension * dimension + 2 * dimension * keyValueWidthOf(config);
    const perLayer = 2 * dimension + attention + 3 * dimension * hidden;
    const classifier = sharedClassifier ? 0 : vocabulary * dimension;
    return vocabulary * dimension + layers * perLayer + dimension + sequence * headSizeOf(config) + classifier;
};
const readWeights = (bytes, config, name) => {
    const { dimension, hidden, layers, vocabulary, sequence, sharedClassifier } = config;
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
    let offset = aligned.byteOffset + HEADER_BYTES;
    const take = (count) => {
        const view = new Float32Array(aligned.buffer, offset, count);
        offset += 4 * count;
        return view;
    };
    const takeEach = (count) => Array.from({ length: layers }, () => take(count));
    const keyValueWidth = keyValueWidthOf(config);
    const embedding = take(vocabulary * dimension);
    const attentionNorms = takeEach(dimension);
    const queries = takeEach(dimension * dimension);
    const keys = takeEach(keyValueWidth * dimension);
    const values = takeEach(keyValueWidth * dimension);
    const outputs = takeEach(dimension * dimension);
    const feedForwardNorms = takeEach(dimension);
    const gates = takeEach(hidden * dimension);
    const downs = takeEach(dimension * hidden);
    const ups = takeEach(hidden * dimension);
    const finalNorm = take(dimension);
    take(sequence * headSizeOf(config));
    const classifier = sharedClassifier ? embedding : take(vocabulary * dimension);
    const layerAt = (index) => {
        const matrix = (part, rows, columns, data) => ({
            name: `layers.${index}.${part}`,
            outputs: rows,
            inputs: columns,
            data,
        });
        return {
            attentionNorm: attentionNorms[index],
            query: matrix('query', dimension, dimension, queries[index]),
            key: matrix('key', keyValueWidth, dimension, keys[index]),
            value: matrix('value', keyValueWidth, dimension, values[index]),
            output: matrix('output', dimension, dimension, outputs[index]),
            feedForwardNorm: feedForwardNorms[index],
            gate: matrix('gate', hidden, dimension, gates[index]),
            down: matrix('down', dimension, hidden, downs[index]),
            up: matrix('up', hidden, dimension, ups[index]),
        };
    };
    return {
        name,
        config,
        embedding,
        layers: Array.from({ length: layers }, (_, index) => layerAt(index)),
        finalNorm,
        classifier: { name: 'classifier', outputs: vocabulary, inputs: dimension, data: classifier },
    };
};
const checkFinite = (model, where) => {
    const parts = [
        ['embedding', model.embedding],
        ['finalNorm', model.finalNorm],
        ...model.layers.flatMap((layer, index) => [
            [`layers.${index}.attentionNorm`, layer.attentionNorm],
            [`layers.${index}.feedForwardNorm`, layer.feedForwardNorm],
        ]),
        ...linearLayersOf(model).map(({ name, data }) => [name, data]),
    ];
    for (const [name, data] of parts) {
        // A sum is finite only if every term is: 2^31 float32 values cannot overflow a double.
        let sum = 0;
        for (let index = 0; index < data.length; index++)
            sum += data[index];
        if (!Number.isFinite(sum))
            throw new UserError('E-MODEL-VALUE', `${where} holds an infinite or undefined weight in ${name}; ${CURE}`);
    }
};
