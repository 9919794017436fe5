import { expect, test } from 'vitest';
import { floatLinear } from '../../src/llm/float-linear.js';
import { createSession, forward } from '../../src/llm/forward.js';
import { linearLayersOf } from '../../src/llm/model.js';
import { quantisedLinear, quantiseModel } from '../../src/llm/quantised-linear.js';
import { randomModel } from '../../src/llm/random-model.js';
const config = {
    dimension: 24,
    hidden: 20,
    layers: 2,
    heads: 6,
    keyValueHeads: 2,
    vocabulary: 31,
    sequence: 16,
    sharedClassifier: false,
};
const model = randomModel(config, 3);
const tokens = [1, 7, 30, 0, 12, 7, 7, 19, 4];
test('the same seed gives the same model, another seed another one', () => {
    expect(randomModel(config, 3)).toEqual(model);
    expect(randomModel(config, 4).embedding).not.toEqual(model.embedding);
});
/** Llama by the book, in double precision: every position anew, every pair rotated by a complex number. */
const byTheBook = (m, sequence) => {
    const { dimension, heads, keyValueHeads } = m.config;
    const size = dimension / heads;
    const times = ({ data, outputs, inputs }, x) => Array.from({ length: outputs }, (_, row) => x.reduce((sum, value, k) => sum + value * data[row * inputs + k], 0));
    const norm = (x, weight) => {
        const rms = Math.sqrt(x.reduce((sum, value) => sum + value ** 2, 0) / dimension + 1e-5);
        return x.map((value, i) => (value / rms) * weight[i]);
    };
    const rope = (x, position) => x.map((value, i) => {
        const angle = position / 10_000 ** (((i - (i % 2)) % size) / size);
        const partner = i % 2 === 0 ? -x[i + 1] : x[i - 1];
        return value * Math.cos(angle) + partner * Math.sin(angle);
    });
    let stream = sequence.map((token) => [...m.embedding.subarray(token * dimension, (token + 1) * dimension)]);
    const plus = (addends) => stream.map((x, row) => x.map((value, i) => value + addends[row][i]));
    for (const layer of m.layers) {
        const normed = stream.map((x) => norm(x, layer.attentionNorm));
        const queries = normed.map((x, at) => rope(times(layer.query, x), at));
        const keys = normed.map((x, at) => rope(times(layer.key, x), at));
        const values = normed.map((x) => times(layer.value, x));
        const attended = queries.map((query, at) => query.map((_, i) => {
            const head = Math.floor(i / size);
            const shared = Math.floor(head / (heads / keyValueHeads));
            const weights = keys.slice(0, at + 1).map((key) => {
                let dot = 0;
                for (let j = 0; j < size; j++)
                    dot += query[head * size + j] * key[shared * size + j];
                return Math.exp(dot / Math.sqrt(size));
            });
            const total = weights.reduce((a, b) => a + b, 0);
            return (weights.reduce((sum, weight, past) => sum + weight * values[past][shared * size + (i % size)], 0) / total);
        }));
        stream = plus(attended.map((x) => times(layer.output, x)));
        const fed = stream.map((x) => {
            const input = norm(x, layer.feedForwardNorm);
            const up = times(layer.up, input);
            return times(layer.down, times(layer.gate, input).map((gate, i) => (gate / (1 + Math.exp(-gate))) * up[i]));
        });
        stream = plus(fed);
    }
    return stream.flatMap((x) => times(m.classifier, norm(x, m.finalNorm)));
};
test('the forward pass is Llama by the book: norms, rotary positions, grouped-query attention, SwiGLU', async () => {
    for (const shape of [config, { ...config, keyValueHeads: 6, sharedClassifier: true }]) {
        const any = randomModel(shape, 17);
        const logits = await forward(createSession(any), tokens, floatLinear, { all: true });
        const expected = byTheBook(any, tokens);
        expect(logits.length).toBe(expected.length);
        logits.forEach((logit, at) => {
            expect(Math.abs(logit - expected[at])).toBeLessThan(1e-4);
        });
    }
});
test('a batch gives bit for bit what token after token gives', async () => {
    const all = await forward(createSession(model), tokens, floatLinear, { all: true });
    const session = createSession(model);
    for (const [row, token] of tokens.entries()) {
        const logits = await forward(session, [token]);
        expect([...logits]).toEqual([...all.subarray(row * config.vocabulary, (row + 1) * config.vocabulary)]);
    }
    const split = createSession(model);
    await forward(split, tokens.slice(0, 5));
    const last = await forward(split, tokens.slice(5));
    expect([...last]).toEqual([...all.subarray((tokens.length - 1) * config.vocabulary)]);
});
test('the classifier is asked only for the last token unless all are wanted', async () => {
    const calls = [];
    const linear = async (matrix, input, count) => {
        calls.push(`${matrix.name} ${count}`);
        return floatLinear(matrix, input, count);
    };
    const last = await forward(createSession(model), tokens, linear);
    expect(last.length).toBe(config.vocabulary);
    expect(calls).toEqual(linearLayersOf(model)
        .map(({ name }) => `${name} ${name === 'classifier' ? 1 : 9}`)
        .sort(order));
    calls.length = 0;
    const all = await forward(createSession(model), tokens, linear, { all: true });
    expect(all.length).toBe(tokens.length * config.vocabulary);
    expect(calls.at(-1)).toBe('classifier 9');
});
/** `up` is used before `down`; everything else stays. */
const order = (a, b) => a.replace(/down.*/, '') === b.replace(/up.*/, '') ? 1 : b.replace(/down.*/, '') === a.replace(/up.*/, '') ? -1 : 0;
test('query heads share the keys and values of their group', async () => {
    const grouped = await forward(createSession(model), tokens);
    const repeated = randomModel({ ...config, keyValueHeads: 6 }, 3);
    const widen = ({ data, inputs, name }) => ({
        name,
        outputs: 24,
        inputs,
        data: Float32Array.from({ length: 24 * inputs }, (_, at) => {
            const row = Math.floor(at / inputs);
            const shared = Math.floor(Math.floor(row / 4) / 3) * 4 + (row % 4);
            return data[shared * inputs + (at % inputs)];
        }),
    });
    const full = {
        ...model,
        config: repeated.config,
        layers: model.layers.map((layer) => ({ ...layer, key: widen(layer.key), value: widen(layer.value) })),
    };
    expect([...(await forward(createSession(full), tokens))]).toEqual([...grouped]);
});
test('attention is causal: later tokens change no earlier logits', async () => {
    const width = config.vocabulary;
    const a = await forward(createSession(model), tokens, floatLinear, { all: true });
    const b = await forward(createSession(model), [...tokens.slice(0, 6), 2, 3, 5], floatLinear, { all: true });
    expect([...a.subarray(0, 6 * width)]).toEqual([...b.subarray(0, 6 * width)]);
    expect([...a.subarray(6 * width)]).not.toEqual([...b.subarray(6 * width)]);
});
test('position matters: the same token at another place has other logits', async () => {
    const logits = await forward(createSession(model), [5, 6, 5], floatLinear, { all: true });
    const swapped = await forward(createSession(model), [6, 5, 5], floatLinear, { all: true });
    expect([...logits.subarray(62)]).not.toEqual([...swapped.subarray(62)]);
});
test('the float linear layer equals the plain sum for every number of rows and tokens', () => {
    for (let outputs = 1; outputs <= 6; outputs++)
        for (let count = 1; count <= 9; count++) {
            const inputs = 5;
            const matrix = {
                name: 'm',
                outputs,
                inputs,
                data: Float32Array.from({ length: outputs * inputs }, (_, at) => Math.sin(at + 1)),
            };
            const x = Float32Array.from({ length: count * inputs }, (_, at) => Math.cos(3 * at));
            const y = floatLinear(matrix, x, count);
            expect(y.length).toBe(count * outputs);
            for (let token = 0; token < count; token++)
                for (let row = 0; row < outputs; row++) {
                    let sum = 0;
                    for (let k = 0; k < inputs; k++)
                        sum += matrix.data[row * inputs + k] * x[token * inputs + k];
                    expect(y[token * outputs + row]).toBe(Math.fround(sum));
                }
        }
});
test('8-bit weights and activations stay close to float, 4-bit weights less so, and are themselves repeatable', async () => {
    const float = await forward(createSession(model), tokens);
    const distance = async (linear) => {
        const logits = await forward(createSession(model), tokens, linear);
        return Math.hypot(...logits.map((logit, at) => logit - float[at])) / Math.hypot(...float);
    };
    const eight = quantisedLinear(quantiseModel(model, { bits: 8, group: 16, signed: true }));
    const four = quantisedLinear(quantiseModel(model, { bits: 4, group: 16, signed: false }));
    expect(await distance(eight)).toBeLessThan(0.05);
    expect(await distance(eight)).toBeLessThan(await distance(four));
    expect(await distance(four)).toBeLessThan(0.5);
    expect(await distance(four)).toBe(await distance(four));
});
test('tokens outside the vocabulary, none at all, and more than the sequence holds are refused', async () => {
    const session = createSession(model);
    await expect(forward(session, [31])).rejects.toThrow(/token 31 is outside the vocabulary .* 0 to 30/);
    await expect(forward(session, [])).rejects.toThrow(/no token to process/);
    await expect(forward(session, new Array(17).fill(1))).rejects.toThrow(/17 tokens do not fit .* holds 16; shorten/);
    await forward(session, new Array(16).fill(1));
    await expect(forward(session, [1])).rejects.toThrow(/17 tokens do not fit/);
});
