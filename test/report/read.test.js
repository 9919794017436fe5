import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/user-error.js';
import { checkReport, maximumReportBytes, readReport, reportSchema } from '../../src/report/index.js';
import { fixture } from './fixture.js';
const folder = mkdtempSync(join(tmpdir(), 'bitloom-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name, content) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
};
/** The report with one field changed, as somebody's editor would. */
const changed = (path, value) => {
    const copy = structuredClone(fixture);
    let holder = copy;
    for (const step of path.slice(0, -1))
        holder = holder[step];
    holder[path.at(-1)] = value;
    return copy;
};
const faultOf = (read) => {
    try {
        read();
    }
    catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return error;
    }
    throw new Error('the report was read without an error');
};
describe('reading a report', () => {
    it('gives back what was written', () => {
        expect(readReport(file('good.json', JSON.stringify(fixture)))).toEqual(fixture);
    });
    it.each([
        ['run.layers[3].cycles', ['run', 'layers', 3, 'cycles'], -1],
        ['run.utilisation', ['run', 'utilisation'], 1.01],
        ['run.array.rows', ['run', 'array', 'rows'], 0],
        ['pes[0].role', ['pes', 0, 'role'], 'hero'],
        ['pes', ['pes'], []],
        ['energy.total_uj', ['energy', 'low_uj'], 1e9],
        ['created', ['created'], 'yesterday'],
        ['story.tokens[0].text', ['story', 'tokens', 0, 'text'], 7],
        ['run.provenance', ['run', 'provenance'], undefined],
        ['pes[1].provenance.library', ['pes', 1, 'provenance', 'library'], { deep: 1 }],
        ['run', ['run', 'tpyo'], 1],
    ])('names the field %s when it is wrong', (field, path, value) => {
        const error = faultOf(() => checkReport(changed(path, value), 'out/report.json'));
        expect(error).toMatchObject({ code: 'E-REPORT-FIELD', exitCode: 2 });
        expect(error.message).toContain(`the report out/report.json has a fault in ${field}:`);
        expect(error.message).not.toContain('\n');
    });
    it('takes a layer without a phase and a token without a time', () => {
        const { phase: _phase, ...layer } = fixture.run.layers[0];
        const report = { ...fixture, run: { ...fixture.run, layers: [layer] } };
        expect(reportSchema.safeParse(report).success).toBe(true);
    });
    it('refuses files that are not there, not JSON, not a report, too large, or of another version', () => {
        expect(faultOf(() => readReport(join(folder, 'none.json'))).code).toBe('E-READ');
        expect(faultOf(() => readReport(folder)).code).toBe('E-READ');
        expect(faultOf(() => readReport(file('half.json', JSON.stringify(fixture).slice(0, 999))))).toMatchObject({
            code: 'E-REPORT-JSON',
            message: expect.stringContaining('half.json is not JSON'),
        });
        expect(faultOf(() => readReport(file('null.json', 'null'))).message).toContain('a fault in the whole file');
        expect(faultOf(() => readReport(file('next.json', '{"schema":2}')))).toMatchObject({ code: 'E-REPORT-VERSION' });
        const large = file('large.json', '');
        truncateSync(large, maximumReportBytes + 1);
        expect(faultOf(() => readReport(large)).code).toBe('E-READ-SIZE');
    });
});
