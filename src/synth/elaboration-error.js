/** Turns what Yosys says about the user's Verilog into one sentence. */
import { didYouMean } from '../base/suggestion.js';
import { UserError } from '../base/user-error.js';
import { stopped } from './yosys.js';
const modulesOf = (verilog) => [...verilog.matchAll(/^\s*module\s+(\w+)/gm)].map((match) => match[1]);
/** The error of a run on a user's design; `line` is Yosys' own sentence. */
export const elaborationError = (line, { verilog, top, sourceName, sourceFile }) => {
    if (/^Module [`'](.*)' not found/.test(line)) {
        const modules = modulesOf(verilog);
        const found = modules.length === 0 ? 'it has no module' : `it has ${modules.join(', ')}`;
        return new UserError('E-TOP', `${sourceName} has no module ${top}: ${found}${didYouMean(top, modules)}`);
    }
    if (line.startsWith(stopped))
        return new UserError('E-YOSYS', `${line} on ${sourceName}; the design may be too large to map flat, try a part of it`);
    const told = line
        .replaceAll(sourceFile, sourceName)
        .replace(/[.!]$/, '')
        .replace(/\\(?=\w)/g, '');
    const where = told.includes(sourceName) ? told : `${sourceName}: ${told}`;
    return new UserError('E-VERILOG', `${where}; Verilog-2001 that Yosys can synthesise is read`);
};
/** A net with two drivers is a short circuit; Yosys only warns of it. */
export const refuseConflicts = (warnings, sourceName) => {
    const conflict = warnings.find((line) => line.includes('multiple conflicting drivers'));
    const net = conflict?.match(/drivers for \S*?\.\\?(.+?):?$/)?.[1];
    if (conflict)
        throw new UserError('E-DRIVERS', `${sourceName} drives ${net ?? 'a net'} from two places; keep one of them`);
};
