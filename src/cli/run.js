import { join } from 'node:path';
import { ensureWritable, writeWhole } from '../base/files.js';
import { UserError } from '../base/user-error.js';
import { openModel } from '../llm/open-model.js';
import { runModel } from '../llm/run-model.js';
import { createSampler, greedy } from '../llm/sample.js';
import { processingElement } from '../pe/catalogue.js';
import { assembleReport } from '../report/assemble.js';
import { reportHtml, reportTable, terminalStyle } from '../report/index.js';
import { engineNamed } from '../sim/engines.js';
import { synthesiseParts } from './synth.js';
import { packageVersion } from './version.js';
/** Library whose cells the energy of a run is counted in. */
export const energyTarget = 'generic45';
const yardstickSpec = 'mac(w=int8, a=int8)';
/** `bitloom run`: a model's text on simulated hardware; exit code 1 where a result differs. */
export const runCommand = async (request, output) => {
    if (request.out !== undefined)
        ensureWritable(request.out);
    // The yardstick is for the page alone.
    const { run, report } = await runAndReport(request, output, { yardstick: request.out !== undefined });
    if (request.out !== undefined)
        writeReport(report, request.out);
    output.result(runJson(report, run));
    output.print(`\n${reportTable(report, terminalStyle(process.stdout))}`);
    if (run.firstMismatch)
        output.print(run.firstMismatch);
    return run.mismatches === 0 ? 0 : 1;
};
/** The JSON of `run`. */
const runJson = (report, run) => ({
    text: run.text,
    tokens: run.tokens.length,
    prompt_tokens: run.promptTokens,
    macs: run.macs,
    cycles: run.cycles,
    compared: run.compared,
    mismatches: run.mismatches,
    utilisation: run.utilisation,
    seconds: run.seconds,
    pe: report.run.pe,
    array: report.run.array,
    engine: report.run.engine,
    layers: report.run.layers,
    energy: report.energy,
    provenance: report.run.provenance,
});
/** Generates, synthesises what the energy needs, and puts the report together. */
export const runAndReport = async (request, output, { verification = [], catalogue = [], yardstick = true } = {}) => {
    const pe = processingElement(request.pe);
    const engine = engineNamed(request.engine);
    const sampler = samplerOf(request);
    const opened = await openModel(request.model, {
        progress: output.progress,
        ...(request.tokenizer === undefined ? {} : { tokenizer: request.tokenizer }),
    });
    const run = await runModel({
        opened,
        pe,
        size: request.array,
        engine,
        prompt: request.prompt,
        tokens: request.tokens,
        sampler,
        ...(request.threads === undefined ? {} : { threads: request.threads }),
        // Where people watch the text itself come, a bar would only tear it.
        ...(output.live ? { onText: output.write } : { progress: output.progress }),
    });
    output.print(output.live ? '' : run.text);
    const subject = await synthesisOf(pe, output);
    const measure = processingElement(yardstickSpec);
    const yardsticks = yardstick && measure.spec !== pe.spec ? [await synthesisOf(measure, output)] : [];
    const report = assembleReport({
        created: new Date().toISOString(),
        versions: { bitloom: packageVersion() },
        opened,
        prompt: request.prompt,
        sampling: request.temperature === 0
            ? { method: 'greedy' }
            : { method: 'top-p', temperature: request.temperature, top_p: request.topP, seed: request.seed },
        pe,
        size: request.array,
        engine,
        run,
        subject,
        yardsticks,
        verification,
        catalogue: catalogue.map(({ spec, name, file, ports, lines }) => ({
            spec,
            module: name,
            file,
            ports: ports.length,
            lines,
        })),
    });
    return { run, report };
};
/** Writes the report's data and its page. */
export const writeReport = (report, folder) => {
    const data = join(folder, 'report.json');
    const page = join(folder, 'report.html');
    writeWhole(data, `${JSON.stringify(report, undefined, 2)}\n`);
    writeWhole(page, reportHtml(report));
    return { data, page };
};
const samplerOf = ({ temperature, topP, seed }) => temperature === 0 ? greedy : createSampler({ temperature, topP, seed });
const synthesisOf = async (pe, output) => {
    const parts = await synthesiseParts(pe, energyTarget, output);
    const part = (name) => {
        const result = parts.find((candidate) => candidate.name === name)?.result;
        return result?.kind === 'asic' ? result : undefined;
    };
    const [cell, rowEdge, columnEdge] = [part('cell'), part('row edge'), part('column edge')];
    if (!cell)
        throw new UserError('E-TARGET', `${energyTarget} is no standard-cell target`);
    return { pe, cell, ...(rowEdge ? { rowEdge } : {}), ...(columnEdge ? { columnEdge } : {}) };
};
