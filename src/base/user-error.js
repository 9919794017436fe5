/**
 * A mistake that the person at the keyboard can mend. The message is one sentence: what was found, where, what is
 * allowed, and the cure. The command line prints it without a stack trace and exits with `exitCode`.
 */
export class UserError extends Error {
    name = 'UserError';
    /** Stable short code, e.g. `E-SPEC-KEY`, for filters and tests. */
    code;
    /** 2 for bad input, 1 for a check that failed. */
    exitCode;
    constructor(code, message, options = {}) {
        super(message, options.cause === undefined ? undefined : { cause: options.cause });
        this.code = code;
        this.exitCode = options.exitCode ?? 2;
    }
}
/** The system's short reason of a failed call, e.g. `no such file or directory`. */
export const reasonOf = (error) => {
    if (!(error instanceof Error))
        return String(error);
    const code = error.code;
    const known = {
        ENOENT: 'no such file or folder',
        EACCES: 'permission denied',
        EPERM: 'operation not permitted',
        ENOTDIR: 'a part of the path is a file, not a folder',
        EISDIR: 'it is a folder, not a file',
        EROFS: 'the file system is read-only',
        ENOSPC: 'the disk is full',
        EEXIST: 'there is something of that name already',
    };
    return (code && known[code]) ?? error.message.split('\n')[0] ?? 'unknown reason';
};
