import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { reasonOf, UserError } from '../../base/user-error.js';
/** First line of what a tool says about itself, or undefined where it is not installed. */
export const versionOf = (tool, flag = '--version') => {
    const { error, stdout, stderr } = spawnSync(tool, [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    if (error?.code === 'ENOENT')
        return undefined;
    if (error)
        throw new UserError('E-TOOL', `'${tool} ${flag}' fails: ${reasonOf(error)}`, { cause: error });
    return (stdout || stderr).split('\n')[0].trim();
};
/** Versions of what a Verilator build needs; a UserError with the cure where one is missing. */
export const buildTools = () => {
    const need = (tool, what) => {
        const version = versionOf(tool);
        if (version !== undefined)
            return version;
        throw new UserError('E-TOOL-MISSING', `the Verilator engine needs ${what}, and there is no '${tool}' on the PATH; install it with 'npm run setup:tools' or choose another engine`);
    };
    const verilator = need('verilator', 'Verilator');
    need('make', 'make');
    return { verilator, compiler: need('g++', 'a C++ compiler') };
};
/** Model and instruction sets of this machine's processor: what `-march=native` turns on. */
export const processorName = () => {
    const model = cpus()[0]?.model ?? 'unknown processor';
    try {
        const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
        return `${process.arch} ${model} ${flags?.[1] ?? ''}`;
    }
    catch {
        return `${process.arch} ${model}`;
    }
};
