import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { reasonOf, UserError } from './user-error.js';
/** Creates the folder of `path` and writes the whole file or nothing: a temporary name in the same folder, renamed. */
export const writeWhole = (path, content) => {
    const target = resolve(path);
    const temporary = `${target}.${randomBytes(6).toString('hex')}.partial`;
    try {
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(temporary, content);
        renameSync(temporary, target);
    }
    catch (error) {
        removeQuietly(temporary);
        throw unwritable(path, error);
    }
};
/** Makes sure that files can be written into `folder`, before long work whose result would go there. */
export const ensureWritable = (folder) => {
    const probe = join(resolve(folder), `.${randomBytes(6).toString('hex')}.partial`);
    try {
        mkdirSync(resolve(folder), { recursive: true });
        writeFileSync(probe, '');
    }
    catch (error) {
        throw unwritable(folder, error);
    }
    finally {
        removeQuietly(probe);
    }
};
const unwritable = (path, error) => new UserError('E-WRITE', `cannot write ${path}: ${reasonOf(error)}; choose another folder with --out`, {
    cause: error,
});
const removeQuietly = (path) => {
    try {
        rmSync(path, { force: true });
    }
    catch {
        // It could not be written, so there is nothing to remove.
    }
};
/** Reads a file of at most `limit` bytes; `what` names it in the message, e.g. `the model`. */
export const readLimited = (path, what, limit) => {
    try {
        const size = statSync(path).size;
        if (size > limit)
            throw new UserError('E-READ-SIZE', `${what} ${path} holds ${size} bytes; at most ${limit} are read`);
        return readFileSync(path);
    }
    catch (error) {
        if (error instanceof UserError)
            throw error;
        throw new UserError('E-READ', `cannot read ${what} ${path}: ${reasonOf(error)}; check the path`, { cause: error });
    }
};
