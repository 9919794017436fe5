import { processingElement } from '../pe/catalogue.js';
import { engineNamed, engineNames, openEngine } from '../sim/engines.js';
import { lonePe, verify } from '../verify/verify.js';
import { columns } from './context.js';
/** Runs one PE against its golden model on each engine in turn. */
export const verifyOn = async (pe, { engine, groups, seed }, output) => {
    const names = engine === 'all' ? engineNames : [engineNamed(engine)];
    const module = lonePe(pe);
    const results = [];
    for (const name of names) {
        if (name === 'verilator')
            output.progress.say(`${name}: building ${module.name}, unless it was built before`);
        const opened = openEngine(name, module, { checks: true });
        try {
            let started = false;
            const progress = (done, total) => {
                if (!started)
                    output.progress.start(`${pe.name} on ${name}`, total, 'groups');
                started = true;
                output.progress.update(done);
            };
            results.push(await verify(opened, pe, { groups, seed, progress }));
        }
        finally {
            output.progress.stop();
            opened.close();
        }
    }
    return results;
};
/** `bitloom verify`: exit code 1 where anything differs. */
export const verifyCommand = async (spec, request, output) => {
    const pe = processingElement(spec);
    const engines = await verifyOn(pe, request, output);
    const mismatches = engines.reduce((sum, result) => sum + result.mismatches, 0);
    output.result({
        spec: pe.spec,
        engines,
        provenance: {
            golden: 'integer definition of a group sum; the result must come in the cycle the timing contract names',
            seed: request.seed,
        },
    });
    output.print(columns([
        ['engine', 'groups', 'every product', 'mismatches', 'cycles', 'cycles/s'],
        ...engines.map((row) => [
            row.engine,
            String(row.vectors),
            row.exhaustive ? 'yes' : 'no',
            String(row.mismatches),
            String(row.cycles),
            row.cyclesPerSecond.toLocaleString('en-US'),
        ]),
    ]));
    for (const { first } of engines)
        if (first)
            output.print(first);
    return mismatches === 0 ? 0 : 1;
};
