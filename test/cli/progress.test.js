import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { terminalProgress } from '../../src/cli/progress.js';
const root = fileURLToPath(new URL('../..', import.meta.url));
/** The module and what it imports as JavaScript that Node 20 runs, in a folder under node_modules. */
const compiled = () => {
    const folder = join(root, 'node_modules/.cache/bitloom-progress-test');
    const flags = '--ignoreConfig --target ES2023 --module NodeNext --types node --skipLibCheck --rewriteRelativeImportExtensions';
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, ...flags.split(' '), '--rootDir', 'src', '--outDir', folder, 'src/cli/progress.ts'], {
        cwd: root,
    });
    return folder;
};
/** A stream that keeps what is written, and a clock that the test moves. */
const harness = (options = {}) => {
    const stream = Object.assign(new PassThrough(), { isTTY: options.isTTY ?? false, columns: 100 });
    let text = '';
    stream.on('data', (chunk) => {
        text += chunk.toString();
    });
    const clock = { milliseconds: 0 };
    const progress = terminalProgress({
        stream,
        quiet: options.quiet ?? false,
        now: () => clock.milliseconds,
    });
    return { progress, clock, text: () => text, lines: () => text.split('\n').filter((line) => line !== '') };
};
describe('progress away from a terminal', () => {
    it('writes a line per quarter and one at the end, with the time left', () => {
        const { progress, clock, lines } = harness();
        progress.start('download', 100, 'MB');
        for (let done = 1; done <= 100; done++) {
            clock.milliseconds += 200;
            progress.update(done);
        }
        progress.stop();
        expect(lines()).toEqual([
            'download: 25 of 100 MB, 15 s left',
            'download: 50 of 100 MB, 10 s left',
            'download: 75 of 100 MB, 5 s left',
            'download: all 100 MB in 20 s',
        ]);
    });
    it('says nothing of work that is done within two seconds', () => {
        const { progress, clock, lines } = harness();
        progress.start('download', 100, 'MB');
        for (let done = 1; done <= 100; done++) {
            clock.milliseconds += 19;
            progress.update(done);
        }
        progress.stop();
        expect(lines()).toEqual([]);
    });
    it('writes a line after ten seconds where a quarter takes longer', () => {
        const { progress, clock, lines } = harness();
        progress.start('story', 1000, 'tokens');
        for (let done = 1; done <= 25; done++) {
            clock.milliseconds += 1000;
            progress.update(done, 'layer 3');
        }
        expect(lines()).toEqual([
            'story: 10 of 1000 tokens, 16 min 30 s left, layer 3',
            'story: 20 of 1000 tokens, 16 min 20 s left, layer 3',
        ]);
    });
    it('says where it stopped when the work was not finished', () => {
        const { progress, lines } = harness();
        progress.start('story', 8, 'tokens');
        progress.update(1);
        progress.stop();
        progress.stop();
        expect(lines()).toEqual(['story: stopped at 1 of 8 tokens in 0 s']);
    });
    it('writes no escape sequences, and news as plain lines', () => {
        const { progress, text } = harness();
        progress.start('a', 4, 'b');
        progress.say('the model is in the cache');
        progress.update(3);
        progress.stop();
        expect(text()).toContain('the model is in the cache\n');
        expect(text()).not.toContain('\u001b');
    });
    it('survives work of no steps and updates without a start', () => {
        const { progress, lines } = harness();
        progress.update(5);
        progress.start('nothing', 0, 'files');
        progress.update(0);
        progress.stop();
        expect(lines()).toEqual([]);
    });
});
describe('quiet progress', () => {
    it('writes nothing at all', () => {
        for (const isTTY of [true, false]) {
            const { progress, text } = harness({ isTTY, quiet: true });
            progress.start('a', 2, 'b');
            progress.update(1);
            progress.say('news');
            progress.stop();
            expect(text()).toBe('');
        }
    });
});
describe('progress on a terminal', () => {
    it('draws a bar with the time left and gives the cursor back', () => {
        const { progress, clock, text } = harness({ isTTY: true });
        const listeners = process.listenerCount('SIGINT');
        progress.start('story', 10, 'tokens');
        expect(process.listenerCount('SIGINT')).toBe(listeners + 1);
        clock.milliseconds = 20_000;
        progress.update(5, 'layer 3');
        progress.say('a line of news');
        progress.stop();
        expect(text()).toContain('story [##############--------------] 50% | 5/10 tokens | 20 s left | layer 3');
        expect(text()).toContain('a line of news\n');
        expect(text().lastIndexOf('\u001b[?25h')).toBeGreaterThan(text().lastIndexOf('\u001b[?25l'));
        expect(process.listenerCount('SIGINT')).toBe(listeners);
    });
    it('gives the cursor back and still ends the process on Ctrl-C', async () => {
        const folder = compiled();
        const code = `
      import { terminalProgress } from ${JSON.stringify(pathToFileURL(join(folder, 'cli/progress.js')).href)}
      const stream = Object.assign(process.stderr, { isTTY: true, columns: 80 })
      terminalProgress({ stream }).start('story', 10, 'tokens')
      process.stdout.write('ready')
      setInterval(() => {}, 1000)`;
        const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { cwd: root });
        let drawn = '';
        child.stderr.on('data', (chunk) => {
            drawn += chunk.toString();
        });
        await once(child.stdout, 'data');
        child.kill('SIGINT');
        const [status, signal] = await once(child, 'close');
        expect(signal ?? status).toBe('SIGINT');
        expect(drawn.lastIndexOf('\u001b[?25h')).toBeGreaterThan(drawn.lastIndexOf('\u001b[?25l'));
    });
});
