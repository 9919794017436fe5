import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../base/user-error.js';
/**
 * A mistake in a hardware description. `where` is the line of the user's file, if it is known; without an origin it is the
 * line that led here.
 */
export class HdlError extends UserError {
    name = 'HdlError';
    component;
    where;
    constructor(code, component, sentence, origin = originHere()) {
        const where = origin();
        super(code, `${code} in ${component}${where ? ` (${where})` : ''}: ${sentence}`);
        this.component = component;
        this.where = where;
    }
}
const here = dirname(fileURLToPath(import.meta.url));
/** Where a mistake is noticed, never made: the language and the engines. */
const inner = [here, join(dirname(here), 'sim')].map((folder) => folder + sep);
/** The nearest caller outside the language and the engines, remembered for an error that shows up later. Quick. */
export const originHere = () => {
    const holder = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 40;
    Error.captureStackTrace(holder);
    Error.stackTraceLimit = limit;
    return () => lineIn(holder);
};
const lineIn = (holder) => {
    for (const line of holder.stack?.split('\n').slice(1) ?? []) {
        const found = /\(?((?:file:\/\/)?[^()\s]+):(\d+):\d+\)?$/.exec(line.trim());
        if (!found)
            continue;
        const file = found[1].startsWith('file://') ? fileURLToPath(found[1]) : found[1];
        if (inner.some((folder) => file.startsWith(folder)) || file.startsWith('node:'))
            continue;
        return `${file.split('/').slice(-3).join('/')}:${found[2]}`;
    }
    return undefined;
};
