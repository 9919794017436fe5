/** Ends a run with one plain line, `N passed, N failed, N skipped`, that a build server can read. */
export default class ClosingLine {
    onTestRunEnd(modules, errors) {
        let passed = 0;
        let failed = errors.length;
        let skipped = 0;
        for (const module of modules) {
            failed += module.errors().length;
            for (const test of module.children.allTests()) {
                const state = test.result().state;
                if (state === 'passed')
                    passed++;
                else if (state === 'failed')
                    failed++;
                else
                    skipped++;
            }
        }
        process.on('exit', () => process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`));
    }
}
