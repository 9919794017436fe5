import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../base/user-error.js';
const RETRIES = 4;
/** Downloads over HTTP, continuing a partial file by a Range request; a cut connection is continued a few times. */
export const download = async (options) => {
    const { retryDelayMs = 1_000 } = options;
    let received = 0;
    for (let fruitless = 0;;) {
        const result = await attempt(options);
        if (result.outcome !== 'cut')
            return result;
        received += result.received;
        fruitless = result.received > 0 ? 0 : fruitless + 1;
        if (received === 0 || fruitless > RETRIES)
            return { ...result, received };
        await sleep(retryDelayMs * (fruitless + 1));
    }
};
const attempt = async (options) => {
    const { url, path, bytes, onBytes = () => { }, idleMs = 30_000 } = options;
    let have = await sizeOf(path);
    if (have > bytes) {
        await rm(path);
        have = 0;
    }
    onBytes(have);
    if (have === bytes)
        return { outcome: 'complete' };
    const controller = new AbortController();
    const giveUp = () => controller.abort(new Error(`nothing came for ${idleMs / 1000} s`));
    let idle = setTimeout(giveUp, idleMs);
    let received = 0;
    try {
        const response = await fetch(url, {
            headers: { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
            signal: controller.signal,
        }).catch((error) => networkFailure(error));
        if (response instanceof NetworkFailure)
            return { outcome: 'cut', reason: response.message, received };
        const start = startOf(response, have);
        if (start === undefined || !response.body) {
            await response.body?.cancel();
            // A server that refuses the range (416) is asked for the whole file next time.
            if (response.status === 416)
                await rm(path, { force: true });
            return { outcome: 'refused', reason: `the server answered ${response.status}` };
        }
        const file = await open(path, start === 0 ? 'w' : 'a');
        try {
            have = start;
            const chunks = response.body.getReader();
            for (;;) {
                const chunk = await chunks.read().catch((error) => networkFailure(error));
                if (chunk instanceof NetworkFailure)
                    return { outcome: 'cut', reason: chunk.message, received };
                if (chunk.done)
                    break;
                clearTimeout(idle);
                idle = setTimeout(giveUp, idleMs);
                have += chunk.value.length;
                received += chunk.value.length;
                if (have > bytes)
                    return await refuseSurplus(file, controller);
                await writeAll(file, chunk.value);
                onBytes(have);
            }
        }
        finally {
            await file.close();
        }
        return have === bytes ? { outcome: 'complete' } : { outcome: 'cut', reason: 'the connection ended early', received };
    }
    finally {
        clearTimeout(idle);
    }
};
/** A failure of the network, told apart from one of the disk, which is thrown on. */
class NetworkFailure extends Error {
}
const networkFailure = (error) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause.code;
    return new NetworkFailure(code ?? reasonOf(cause));
};
/** First byte of the file that the response brings, or undefined where it does not bring the file. */
const startOf = (response, wanted) => {
    if (response.status === 200)
        return 0;
    if (response.status !== 206)
        return undefined;
    const range = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
    return range && Number(range[1]) === wanted ? wanted : undefined;
};
const refuseSurplus = async (file, controller) => {
    controller.abort();
    await file.truncate(0);
    return { outcome: 'refused', reason: 'the server sent more bytes than the package has' };
};
const writeAll = async (file, chunk) => {
    for (let at = 0; at < chunk.length;)
        at += (await file.write(chunk, at)).bytesWritten;
};
const sizeOf = async (path) => {
    try {
        return (await stat(path)).size;
    }
    catch {
        return 0;
    }
};
