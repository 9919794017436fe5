import { floatLinear } from './float-linear.js';
import { createSession, forward } from './forward.js';
/** Bounds the memory of the logits: 64 x 32,000 float32 values are 8 MB. */
const BATCH_TOKENS = 64;
/** Negative log-likelihood, in nats, of each token given all before it: one entry fewer than there are tokens. */
export const negativeLogLikelihoods = async (model, tokens, linear = floatLinear) => {
    const { vocabulary } = model.config;
    const result = new Float64Array(Math.max(0, tokens.length - 1));
    if (result.length === 0)
        return result;
    const session = createSession(model, result.length);
    for (let start = 0; start < result.length; start += BATCH_TOKENS) {
        const batch = tokens.slice(start, Math.min(start + BATCH_TOKENS, result.length));
        const logits = await forward(session, batch, linear, { all: true });
        for (let row = 0; row < batch.length; row++)
            result[start + row] = surprise(logits.subarray(row * vocabulary, (row + 1) * vocabulary), tokens[start + row + 1]);
    }
    return result;
};
/** `-log softmax(logits)[token]`. */
const surprise = (logits, token) => {
    let largest = Number.NEGATIVE_INFINITY;
    for (const logit of logits)
        if (logit > largest)
            largest = logit;
    let total = 0;
    for (const logit of logits)
        total += Math.exp(logit - largest);
    return Math.log(total) + largest - logits[token];
};
/** Perplexity of token lists (each begins with BOS); `onText` is called after each. */
export const perplexity = async (model, texts, linear = floatLinear, onText = () => { }) => {
    const perText = [];
    let total = 0;
    let tokens = 0;
    for (const text of texts) {
        const each = await negativeLogLikelihoods(model, text, linear);
        const sum = each.reduce((a, b) => a + b, 0);
        perText.push(each.length === 0 ? 0 : sum / each.length);
        total += sum;
        tokens += each.length;
        onText(perText.length);
    }
    const mean = tokens === 0 ? 0 : total / tokens;
    return { perplexity: Math.exp(mean), tokens, meanNegativeLogLikelihood: mean, perText };
};
