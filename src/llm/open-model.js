import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nearest } from '../base/suggestion.js';
import { UserError } from '../base/user-error.js';
import { sha256Of } from './cache.js';
import { ensureModel } from './fetch.js';
import { loadLlama2c } from './files/llama2c.js';
import { builtInModels } from './models.js';
import { loadTokenizer } from './tokenizer.js';
/** Opens a built-in model by its id (fetching it on first use) or a llama2.c checkpoint by its path. */
export const openModel = async (reference, options = {}) => {
    const builtIn = builtInModels.find(({ id }) => id === reference);
    if (builtIn) {
        const files = await ensureModel(builtIn, options);
        const model = loadLlama2c(files.checkpoint, builtIn.id);
        const tokenizer = loadTokenizer(options.tokenizer ?? files.tokenizer, model.config.vocabulary);
        return { model, tokenizer, source: builtIn.source, sha256: builtIn.checkpoint.sha256 };
    }
    if (!existsSync(reference))
        throw unknown(reference);
    const model = loadLlama2c(reference);
    const path = options.tokenizer ?? tokenizerBeside(reference, model);
    return {
        model,
        tokenizer: loadTokenizer(path, model.config.vocabulary),
        source: reference,
        sha256: sha256Of(readFileSync(reference)),
    };
};
const unknown = (reference) => {
    const ids = builtInModels.map(({ id }) => id);
    const allowed = `give ${ids.join(', ')} or the path of a llama2.c checkpoint`;
    if (/[/\\]|\.bin$/.test(reference))
        return new UserError('E-MODEL-MISSING', `there is no model file ${reference}; ${allowed}`);
    const near = nearest(reference, ids);
    const meant = near === undefined ? '' : `, did you mean ${near}`;
    return new UserError('E-MODEL-UNKNOWN', `there is no model ${reference}${meant}; ${allowed}`);
};
const tokenizerBeside = (path, model) => {
    const names = ['tokenizer.bin', `tok${model.config.vocabulary}.bin`];
    const found = names.map((name) => join(dirname(path), name)).find((candidate) => existsSync(candidate));
    if (!found)
        throw new UserError('E-TOKENIZER-MISSING', `there is no tokenizer (${names.join(' or ')}) beside ${path}; put it there or give --tokenizer file.bin`);
    return found;
};
