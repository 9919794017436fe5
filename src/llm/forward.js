import { UserError } from '../base/user-error.js';
import { floatLinear } from './float-linear.js';
import { headSizeOf, keyValueWidthOf } from './model.js';
/** RMSNorm epsilon of llama2.c. */
const NORM_EPSILON = 1e-5;
/** RoPE base of llama2.c. */
const ROPE_BASE = 10_000;
/** An empty conversation with `model`; `sequence` (at most the model's) bounds the memory of the KV cache. */
export const createSession = (model, sequence = model.config.sequence) => {
    const { config } = model;
    const length = Math.min(sequence, config.sequence);
    const half = headSizeOf(config) / 2;
    const cosine = new Float32Array(length * half);
    const sine = new Float32Array(length * half);
    for (let position = 0; position < length; position++)
        for (let pair = 0; pair < half; pair++) {
            const angle = Math.fround(position * Math.fround(ROPE_BASE ** (-pair / half)));
            cosine[position * half + pair] = Math.cos(angle);
            sine[position * half + pair] = Math.sin(angle);
        }
    const rows = () => model.layers.map(() => new Float32Array(length * keyValueWidthOf(config)));
    return { model, position: 0, keys: rows(), values: rows(), cosine, sine };
};
/** Longest sequence the session can hold, in tokens. */
export const sequenceOf = (session) => (2 * session.cosine.length) / headSizeOf(session.model.config);
/**
 * Processes `tokens` as one batch after those already in the session and returns logits: 1 x vocabulary for the last
 * token, or tokens x vocabulary with `all`. Everything but the linear layers is float32 with double sums.
 */
export const forward = async (session, tokens, linear = floatLinear, options = {}) => {
    const { model } = session;
    const { dimension } = model.config;
    const count = tokens.length;
    checkTokens(session, tokens);
    const stream = new Float32Array(count * dimension);
    tokens.forEach((token, row) => {
        stream.set(model.embedding.subarray(token * dimension, (token + 1) * dimension), row * dimension);
    });
    for (const [index, layer] of model.layers.entries()) {
        const normed = rmsNorm(stream, layer.attentionNorm, count);
        const query = await linear(layer.query, normed, count);
        const key = await linear(layer.key, normed, count);
        const value = await linear(layer.value, normed, count);
        rotate(session, query, count);
        rotate(session, key, count);
        const start = session.position * keyValueWidthOf(model.config);
        session.keys[index].set(key, start);
        session.values[index].set(value, start);
        addTo(stream, await linear(layer.output, attend(session, index, query, count), count));
        const normedAgain = rmsNorm(stream, layer.feedForwardNorm, count);
        const gate = await linear(layer.gate, normedAgain, count);
        const up = await linear(layer.up, normedAgain, count);
        addTo(stream, await linear(layer.down, swiGlu(gate, up), count));
    }
    session.position += count;
    const rows = options.all ? count : 1;
    const last = stream.subarray((count - rows) * dimension);
    return linear(model.classifier, rmsNorm(last, model.finalNorm, rows), rows);
};
const checkTokens = (session, tokens) => {
    const { vocabulary } = session.model.config;
    const limit = sequenceOf(session);
    if (tokens.length === 0)
        throw new UserError('E-PROMPT-EMPTY', 'there is no token to process; give a prompt');
    if (session.position + tokens.length > limit)
        throw new UserError('E-SEQUENCE', `${session.position + tokens.length} tokens do not fit model ${session.model.name}, which holds ${limit}; shorten the prompt or ask for fewer tokens`);
    for (const token of tokens)
        if (!(Number.isInteger(token) && token >= 0 && token < vocabulary))
            throw new UserError('E-TOKEN', `token ${token} is outside the vocabulary of model ${session.model.name}, 0 to ${vocabulary - 1}; use the tokenizer that belongs to the model`);
};
/** `x / rms(x) * weight` for each row of `x`. */
const rmsNorm = (x, weight, rows) => {
    const width = weight.length;
    const result = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
        const base = row * width;
        let squares = 0;
        for (let i = 0; i < width; i++)
            squares += x[base + i] * x[base + i];
        const scale = 1 / Math.sqrt(squares / width + NORM_EPSILON);
        for (let i = 0; i < width; i++)
            result[base + i] = weight[i] * (scale * x[base + i]);
    }
    return result;
};
/** Rotary position embedding in place, neighbouring pairs as in llama2.c. */
const rotate = (session, x, rows) => {
    const half = headSizeOf(session.model.config) / 2;
    const width = x.length / rows;
    for (let row = 0; row < rows; row++) {
        const table = (session.position + row) * half;
        for (let i = 0; i < width; i += 2) {
            const at = table + ((i / 2) % half);
            const cosine = session.cosine[at];
            const sine = session.sine[at];
            const even = x[row * width + i];
            const odd = x[row * width + i + 1];
            x[row * width + i] = even * cosine - odd * sine;
            x[row * width + i + 1] = even * sine + odd * cosine;
        }
    }
};
/** Causal attention of `rows` new tokens over all cached ones: rows x dimension. */
const attend = (session, layer, query, rows) => {
    const { config } = session.model;
    const { dimension, heads, keyValueHeads } = config;
    const headSize = headSizeOf(config);
    const width = keyValueWidthOf(config);
    const keys = session.keys[layer];
    const values = session.values[layer];
    const result = new Float32Array(rows * dimension);
    const weights = new Float64Array(session.position + rows);
    const mixed = new Float64Array(headSize);
    for (let row = 0; row < rows; row++) {
        const seen = session.position + row + 1;
        for (let head = 0; head < heads; head++) {
            const queryAt = row * dimension + head * headSize;
            const shared = Math.floor((head * keyValueHeads) / heads) * headSize;
            let largest = Number.NEGATIVE_INFINITY;
            for (let past = 0; past < seen; past++) {
                let dot = 0;
                const keyAt = past * width + shared;
                for (let i = 0; i < headSize; i++)
                    dot += query[queryAt + i] * keys[keyAt + i];
                dot /= Math.sqrt(headSize);
                weights[past] = dot;
                if (dot > largest)
                    largest = dot;
            }
            let total = 0;
            mixed.fill(0);
            for (let past = 0; past < seen; past++) {
                const weight = Math.exp(weights[past] - largest);
                total += weight;
                const valueAt = past * width + shared;
                for (let i = 0; i < headSize; i++)
                    mixed[i] += weight * values[valueAt + i];
            }
            for (let i = 0; i < headSize; i++)
                result[queryAt + i] = mixed[i] / total;
        }
    }
    return result;
};
/** `silu(gate) * up`, element by element, into `gate`. */
const swiGlu = (gate, up) => {
    for (let i = 0; i < gate.length; i++)
        gate[i] = (gate[i] / (1 + Math.exp(-gate[i]))) * up[i];
    return gate;
};
const addTo = (stream, addend) => {
    for (let i = 0; i < stream.length; i++)
        stream[i] += addend[i];
};
