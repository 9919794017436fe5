/**
 * Yosys (WebAssembly, `@yowasp/yosys`) behind one function. It runs in a worker thread on files held in memory: the main
 * thread stays free for progress and Ctrl-C, nothing is left on disk, and the start-up (about a second) is paid once for
 * all runs of one `openYosys`.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
/** Plain JavaScript, because a worker's own file would have to be TypeScript in one place and JavaScript in another. */
const workerSource = `
const { parentPort, workerData } = require('node:worker_threads')
const { pathToFileURL } = require('node:url')
const loaded = import(workerData.module)
parentPort.on('message', async ({ script, files }) => {
  const lines = []
  const listen = () => {
    let rest = ''
    const decoder = new TextDecoder()
    return (bytes) => {
      const parts = (rest + (bytes === null ? '\\n' : decoder.decode(bytes, { stream: true }))).split('\\n')
      rest = parts.pop()
      for (const line of parts) {
        if (/\\bERROR:|^Warning:|: Warning:/.test(line)) lines.push(line)
      }
    }
  }
  const stdout = listen()
  const stderr = listen()
  try {
    const { runYosys } = await loaded
    const tree = await runYosys(['-Q', '-T', 'run.ys'], { ...files, 'run.ys': script }, { stdout, stderr })
    stdout(null)
    stderr(null)
    parentPort.postMessage({ tree, lines })
  } catch (error) {
    stdout(null)
    stderr(null)
    parentPort.postMessage({ failure: String(error?.message ?? error), lines })
  }
})
`;
const textFiles = (tree) => {
    const texts = new Map();
    for (const [name, content] of Object.entries(tree)) {
        if (typeof content === 'string')
            texts.set(name, content);
        else if (content instanceof Uint8Array)
            texts.set(name, new TextDecoder().decode(content));
    }
    return texts;
};
/** Begins the `error` of a run that ended without Yosys saying why, e.g. for want of memory. */
export const stopped = 'Yosys stopped without a message';
const errorSentence = (lines, failure) => {
    const line = lines.find((text) => text.includes('ERROR:'));
    return line === undefined ? `${stopped} (${failure})` : line.replace(/\s*ERROR:\s*/, ' ').trim();
};
const outcomeOf = (message) => {
    const lines = message.lines ?? [];
    const warnings = [...new Set(lines.filter((line) => line.includes('Warning:')))];
    return message.tree === undefined
        ? { ok: false, error: errorSentence(lines, message.failure ?? 'no reason given'), warnings }
        : { ok: true, files: textFiles(message.tree), warnings };
};
const startWorker = () => new Worker(workerSource, {
    eval: true,
    workerData: { module: pathToFileURL(createRequire(import.meta.url).resolve('@yowasp/yosys')).href },
});
const runIn = (worker, job) => new Promise((settle) => {
    const finish = (outcome) => {
        worker.off('message', onMessage);
        worker.off('error', onError);
        worker.off('exit', onExit);
        worker.unref();
        settle(outcome);
    };
    const onMessage = (message) => finish(outcomeOf(message));
    const onError = (error) => finish(outcomeOf({ failure: error.message }));
    const onExit = () => finish(outcomeOf({ failure: 'it was closed' }));
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.ref();
    worker.postMessage(job);
});
/** A Yosys that starts with its first run; an idle one does not keep the process alive. */
export const openYosys = () => {
    let worker;
    let last = Promise.resolve();
    const fresh = () => {
        const started = startWorker();
        started.on('exit', () => {
            if (worker === started)
                worker = undefined;
        });
        return started;
    };
    return {
        run(job) {
            const outcome = last.then(() => {
                worker ??= fresh();
                return runIn(worker, job);
            });
            last = outcome;
            return outcome;
        },
        async close() {
            await worker?.terminate();
        },
    };
};
