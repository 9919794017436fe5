import { terminalProgress } from './progress.js';
export const terminalOutput = (json) => {
    const live = !json && process.stdout.isTTY === true;
    return {
        json,
        live,
        progress: terminalProgress(),
        print: (text) => {
            if (!json)
                process.stdout.write(`${text}\n`);
        },
        write: (text) => {
            if (!json)
                process.stdout.write(text);
        },
        result: (value) => {
            if (json)
                process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
        },
    };
};
/** Columns side by side, the last one as long as it is. */
export const columns = (rows) => {
    const widths = rows[0]?.map((_, k) => Math.max(...rows.map((row) => row[k]?.length ?? 0))) ?? [];
    return rows
        .map((row) => row.map((cell, k) => (k === row.length - 1 ? cell : cell.padEnd(widths[k]))).join('  '))
        .join('\n');
};
