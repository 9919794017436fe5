import { unknownName } from '../src/base/suggestion.js';
import { UserError } from '../src/base/user-error.js';
import { terminalProgress } from '../src/cli/progress.js';
import { simBench } from './sim.bench.js';
import { printRows } from './table.js';
const benches = {
    sim: { peer: 'Verilator', run: simBench },
};
const [name, ...flags] = process.argv.slice(2);
try {
    const bench = name !== undefined && Object.hasOwn(benches, name) ? benches[name] : undefined;
    if (!bench)
        throw unknownName('E-BENCH', 'benchmark', name ?? '', Object.keys(benches));
    const result = await bench.run(terminalProgress());
    process.stdout.write(flags.includes('--json') ? `${JSON.stringify(result, undefined, 2)}\n` : `${printRows(result, bench.peer)}\n`);
}
catch (error) {
    if (!(error instanceof UserError))
        throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    process.exitCode = error.exitCode;
}
