import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/base/user-error.js';
import { loadLlama2c, parseLlama2c } from '../../../src/llm/files/llama2c.js';
import { linearLayersOf, parameterCountOf } from '../../../src/llm/model.js';
import { randomModel } from '../../../src/llm/random-model.js';
import { temporaryFolder } from '../fake-registry.js';
const grouped = {
    dimension: 24,
    hidden: 20,
    layers: 3,
    heads: 6,
    keyValueHeads: 2,
    vocabulary: 30,
    sequence: 16,
    sharedClassifier: true,
};
/** Writes a model in the legacy format of llama2.c. */
const checkpointOf = (model) => {
    const { config, layers } = model;
    const { dimension, hidden, heads, keyValueHeads, vocabulary, sequence, sharedClassifier } = config;
    const header = Int32Array.of(dimension, hidden, config.layers, heads, keyValueHeads, sharedClassifier ? vocabulary : -vocabulary, sequence);
    const ropeTables = new Float32Array((sequence * dimension) / heads).fill(777);
    const floats = [
        model.embedding,
        ...layers.map((layer) => layer.attentionNorm),
        ...layers.map((layer) => layer.query.data),
        ...layers.map((layer) => layer.key.data),
        ...layers.map((layer) => layer.value.data),
        ...layers.map((layer) => layer.output.data),
        ...layers.map((layer) => layer.feedForwardNorm),
        ...layers.map((layer) => layer.gate.data),
        ...layers.map((layer) => layer.down.data),
        ...layers.map((layer) => layer.up.data),
        model.finalNorm,
        ropeTables,
        ...(sharedClassifier ? [] : [model.classifier.data]),
    ];
    const parts = [header, ...floats].map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    return Uint8Array.from(Buffer.concat(parts));
};
const codeOf = (bytes) => {
    try {
        parseLlama2c(bytes, 'm.bin', 'm');
        return 'accepted';
    }
    catch (error) {
        if (!(error instanceof UserError))
            throw error;
        expect(error.message).toMatch(/^m\.bin .*; give a legacy float32 checkpoint of llama2\.c/);
        return error.code;
    }
};
test('a checkpoint is read back as it was written, shared classifier or not, grouped-query attention included', () => {
    for (const sharedClassifier of [true, false]) {
        const model = randomModel({ ...grouped, sharedClassifier }, 5);
        const { name: _, ...expected } = model;
        const { name, ...read } = parseLlama2c(checkpointOf(model), 'm.bin', 'm');
        expect(name).toBe('m');
        expect(read).toEqual(expected);
        expect(parameterCountOf(model)).toBe(checkpointOf(model).length / 4 - 7 - 16 * 4);
    }
});
test('matrices are views into the one buffer, and the shared classifier is the embedding', () => {
    const bytes = checkpointOf(randomModel(grouped, 1));
    const model = parseLlama2c(bytes, 'm.bin', 'm');
    for (const matrix of linearLayersOf(model)) {
        expect(matrix.data.buffer).toBe(bytes.buffer);
        expect(matrix.data.length).toBe(matrix.outputs * matrix.inputs);
    }
    expect(model.classifier.data).toBe(model.embedding);
    expect(linearLayersOf(model).map(({ name }) => name)).toContain('layers.2.down');
});
test('a file read through an unaligned view gives the same model', () => {
    const bytes = checkpointOf(randomModel(grouped, 1));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(parseLlama2c(shifted.subarray(1), 'm.bin', 'm')).toEqual(parseLlama2c(bytes, 'm.bin', 'm'));
});
test('every truncation and every surplus is refused as a wrong size', () => {
    const bytes = checkpointOf(randomModel(grouped, 1));
    for (const length of [0, 1, 27, 28, 100, bytes.length - 4, bytes.length - 1])
        expect(codeOf(bytes.subarray(0, length))).toBe('E-MODEL-SIZE');
    expect(codeOf(Uint8Array.from([...bytes, 0]))).toBe('E-MODEL-SIZE');
});
test('absurd header numbers are refused before anything is allocated', () => {
    const bytes = checkpointOf(randomModel(grouped, 1));
    const withWord = (index, value) => {
        const copy = bytes.slice();
        new DataView(copy.buffer).setInt32(4 * index, value, true);
        return copy;
    };
    for (let index = 0; index < 7; index++)
        for (const value of [0, -(2 ** 31), 2 ** 31 - 1, ...(index === 5 ? [] : [-5])])
            expect(codeOf(withWord(index, value)), `word ${index} = ${value}`).toBe('E-MODEL-HEADER');
    expect(codeOf(withWord(3, 5))).toBe('E-MODEL-HEADER');
    expect(codeOf(withWord(3, 24))).toBe('E-MODEL-HEADER');
    expect(codeOf(withWord(4, 4))).toBe('E-MODEL-HEADER');
    expect(codeOf(withWord(6, 17))).toBe('E-MODEL-SIZE');
    expect(codeOf(withWord(5, -30))).toBe('E-MODEL-SIZE');
    expect(codeOf(Buffer.from('GGUF'.padEnd(100, 'x')))).toBe('E-MODEL-HEADER');
});
test('an infinite or undefined weight is refused by the name of its matrix', () => {
    const model = randomModel(grouped, 1);
    model.layers[1].up.data[7] = Number.NaN;
    expect(() => parseLlama2c(checkpointOf(model), 'm.bin', 'm')).toThrow(/undefined weight in layers\.1\.up/);
});
test('a file is named after its file name, and a missing one is one sentence', () => {
    const path = join(temporaryFolder(), 'tiny.bin');
    writeFileSync(path, checkpointOf(randomModel(grouped, 1)));
    expect(loadLlama2c(path).name).toBe('tiny');
    expect(() => loadLlama2c(`${path}x`)).toThrow(/cannot read the model .*: no such file or folder/);
});
