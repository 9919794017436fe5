import { UserError } from '../base/user-error.js';
import { floatLinear } from './float-linear.js';
import { createSession, forward } from './forward.js';
import { greedy } from './sample.js';
import { BEGIN_TOKEN, createDecoder, decode, END_TOKEN, encode } from './tokenizer.js';
/** Processes the prompt as one batch, then one token at a time until BOS, EOS, `tokens` or the sequence limit. */
export const generate = async (options) => {
    const { model, tokenizer, linear = floatLinear, sampler = greedy, onToken } = options;
    checkCount(options.tokens);
    const promptTokens = encode(tokenizer, options.prompt);
    const session = createSession(model);
    const decoder = createDecoder(tokenizer);
    for (const token of promptTokens)
        decoder.next(token);
    const newTokens = [];
    const finish = (stopped) => ({
        promptTokens,
        newTokens,
        text: decode(tokenizer, [...promptTokens, ...newTokens]),
        stopped,
    });
    let pending = promptTokens;
    for (;;) {
        if (newTokens.length === options.tokens)
            return finish('tokens');
        if (newTokens.length > 0 && session.position === model.config.sequence)
            return finish('sequence');
        const token = sampler(await forward(session, pending, linear));
        if (token === BEGIN_TOKEN || token === END_TOKEN)
            return finish('end');
        newTokens.push(token);
        onToken?.(token, decoder.next(token));
        pending = [token];
    }
};
const checkCount = (tokens) => {
    if (!(Number.isInteger(tokens) && tokens >= 1))
        throw new UserError('E-TOKENS', `${tokens} tokens cannot be generated; give a whole number of at least 1`);
};
