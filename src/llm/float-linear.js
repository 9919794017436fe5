/**
 * The float32 linear layer: products summed in double precision in order of k, rounded to float32 once. Blocks of
 * rows and tokens share their reads; every sum keeps its order, so one token or many give the same bits.
 */
export const floatLinear = (matrix, input, tokens) => {
    const result = new Float32Array(tokens * matrix.outputs);
    let token = 0;
    for (; token + 4 <= tokens; token += 4)
        fourTokens(matrix, interleave(input, token, matrix.inputs), token, result);
    for (; token < tokens; token++)
        oneToken(matrix, input.subarray(token * matrix.inputs, (token + 1) * matrix.inputs), token, result);
    return result;
};
/** Four rows at once keep the adders busy. */
const oneToken = ({ outputs, inputs, data }, x, token, result) => {
    const at = token * outputs;
    let row = 0;
    for (; row + 4 <= outputs; row += 4) {
        const base = row * inputs;
        let a = 0;
        let b = 0;
        let c = 0;
        let d = 0;
        for (let k = 0; k < inputs; k++) {
            const value = x[k];
            a += data[base + k] * value;
            b += data[base + inputs + k] * value;
            c += data[base + 2 * inputs + k] * value;
            d += data[base + 3 * inputs + k] * value;
        }
        result[at + row] = a;
        result[at + row + 1] = b;
        result[at + row + 2] = c;
        result[at + row + 3] = d;
    }
    for (; row < outputs; row++) {
        let a = 0;
        for (let k = 0; k < inputs; k++)
            a += data[row * inputs + k] * x[k];
        result[at + row] = a;
    }
};
/** Four tokens from `token` on, side by side per k, already as doubles. */
const interleave = (input, token, inputs) => {
    const result = new Float64Array(4 * inputs);
    for (let lane = 0; lane < 4; lane++)
        for (let k = 0; k < inputs; k++)
            result[4 * k + lane] = input[(token + lane) * inputs + k];
    return result;
};
/** Two rows times four tokens: eight products for six reads. An odd last row is computed twice. */
const fourTokens = ({ outputs, inputs, data }, x, token, result) => {
    for (let first = 0; first < outputs; first += 2) {
        const second = Math.min(first + 1, outputs - 1);
        const upper = first * inputs;
        const lower = second * inputs;
        let a = 0;
        let b = 0;
        let c = 0;
        let d = 0;
        let e = 0;
        let f = 0;
        let g = 0;
        let h = 0;
        for (let k = 0; k < inputs; k++) {
            const up = data[upper + k];
            const low = data[lower + k];
            const p = x[4 * k];
            const q = x[4 * k + 1];
            const r = x[4 * k + 2];
            const s = x[4 * k + 3];
            a += up * p;
            b += up * q;
            c += up * r;
            d += up * s;
            e += low * p;
            f += low * q;
            g += low * r;
            h += low * s;
        }
        const at = token * outputs;
        result[at + first] = a;
        result[at + outputs + first] = b;
        result[at + 2 * outputs + first] = c;
        result[at + 3 * outputs + first] = d;
        result[at + second] = e;
        result[at + outputs + second] = f;
        result[at + 2 * outputs + second] = g;
        result[at + 3 * outputs + second] = h;
    }
};
