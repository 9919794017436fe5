import { defaultThreads, productRunner } from '../accel/product-runner.js';
import { silent } from '../base/progress.js';
import { UserError } from '../base/user-error.js';
import { generate } from './generate.js';
import { hardwareLinear, utilisationOf } from './hardware-linear.js';
import { parameterCountOf } from './model.js';
import { quantiseModel } from './quantised-linear.js';
/** Group length where the PE itself sets none. */
const defaultGroup = 128;
/**
 * Quantises a model to the codes the PE reads and generates text with every linear layer, the classifier included, on a
 * simulated array of the PE. Attention, norms and the embedding look-up stay in float32 on the host.
 */
export const runModel = async (options) => {
    const { opened, pe, size, engine, prompt, sampler, progress = silent, onText = () => { } } = options;
    const { activation, weight, zero } = pe.operands;
    if (activation.width !== 8)
        throw new UserError('E-RUN-PE', `${pe.spec} takes ${activation.width}-bit activations; a model runs with a=int8`);
    const group = pe.operands.group ?? defaultGroup;
    const weights = quantiseModel(opened.model, { bits: weight.width, group, signed: zero === undefined });
    const threads = options.threads ?? defaultThreads();
    const runner = productRunner({ pe, size, engine, threads });
    const started = performance.now();
    const tokens = [];
    try {
        const hardware = hardwareLinear(runner, weights, activation.width);
        progress.start(`${opened.model.name} on ${size.rows} x ${size.columns} ${pe.family}`, options.tokens, 'tokens');
        onText(prompt);
        let last = started;
        const generated = await generate({
            model: opened.model,
            tokenizer: opened.tokenizer,
            prompt,
            tokens: options.tokens,
            linear: hardware.linear,
            sampler,
            onToken: (_, text) => {
                const now = performance.now();
                tokens.push({ text, milliseconds: Math.round(now - last) });
                last = now;
                onText(text);
                progress.update(tokens.length);
            },
        });
        const { layers } = hardware;
        const sum = (key) => layers.reduce((total, layer) => total + layer[key], 0);
        const totals = { macs: sum('macs'), cycles: sum('cycles') };
        return {
            text: generated.text,
            promptTokens: generated.promptTokens.length,
            tokens,
            parameters: parameterCountOf(opened.model),
            layers,
            ...totals,
            compared: sum('compared'),
            mismatches: sum('mismatches'),
            firstMismatch: hardware.firstMismatch(),
            utilisation: utilisationOf(size, totals),
            seconds: (performance.now() - started) / 1000,
            provenance: {
                cycles: `simulated clock cycles of one ${size.rows} x ${size.columns} array, padding and drain included; memory is ideal`,
                engine,
                threads,
                weights: `round to nearest, ${weight.width} bit ${zero ? 'with zero point' : 'symmetric'}, groups of ${group}, FP16 scales`,
                activations: `int${activation.width} per token, scale = largest magnitude / ${activation.max}`,
                comparison: 'every integer group sum with a software reference written from the definition',
            },
        };
    }
    finally {
        progress.stop();
        await runner.close();
    }
};
