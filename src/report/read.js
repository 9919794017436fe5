import { readLimited } from '../base/files.js';
import { UserError } from '../base/user-error.js';
import { reportSchema } from './schema.js';
/** Largest report file that is read, in bytes. */
export const maximumReportBytes = 16 * 1024 * 1024;
const cure = "write it anew with 'bitloom start'";
/** Reads a report file; a fault is one sentence that names the file and the field. */
export const readReport = (path) => {
    const bytes = readLimited(path, 'the report', maximumReportBytes);
    let value;
    try {
        value = JSON.parse(bytes.toString('utf8'));
    }
    catch (error) {
        throw new UserError('E-REPORT-JSON', `the report ${path} is not JSON (${bytes.length} bytes read); ${cure}`, {
            cause: error,
        });
    }
    return checkReport(value, path);
};
/** The value as a report; `path` names it in the message of a fault. */
export const checkReport = (value, path) => {
    const found = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
    if (typeof found === 'number' && found !== 1)
        throw new UserError('E-REPORT-VERSION', `the report ${path} has schema ${found}; this bitloom reads schema 1: ${cure}, or use the bitloom that wrote it`);
    const result = reportSchema.safeParse(value);
    if (result.success)
        return result.data;
    const issue = result.error.issues[0];
    const more = result.error.issues.length - 1;
    throw new UserError('E-REPORT-FIELD', `the report ${path} has a fault in ${fieldName(issue?.path ?? [])}: ${issue?.message ?? 'unknown'}${more > 0 ? ` (and ${more} more)` : ''}; ${cure}`);
};
/** `run.layers[3].cycles` from the path of a fault; the whole file has an empty path. */
const fieldName = (path) => path.length === 0
    ? 'the whole file'
    : path
        .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index ? '.' : ''}${printable(step)}`))
        .join('');
const printable = (step) => String(step)
    .slice(0, 60)
    .replace(/[^\x20-\x7e]/g, '?');
