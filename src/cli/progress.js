import cliProgress from 'cli-progress';
import { silent } from '../base/progress.js';
/**
 * Progress on stderr: a bar with the time left on a terminal, elsewhere a plain line after every further quarter of the
 * work or ten seconds, whichever comes first.
 */
export const terminalProgress = (options = {}) => {
    const { stream = process.stderr, quiet = false, now = () => performance.now() } = options;
    if (quiet)
        return silent;
    return stream.isTTY && process.env.TERM !== 'dumb' ? bars(stream, now) : lines(stream, now);
};
const bars = (stream, now) => {
    let active;
    const stop = () => {
        active?.bar.stop();
        active?.release();
        active = undefined;
    };
    return {
        start: (title, total, unit) => {
            stop();
            const bar = new cliProgress.SingleBar({
                stream,
                format: '{title} [{bar}] {percentage}% | {value}/{total} {unit}{left}{note}',
                barCompleteChar: '#',
                barIncompleteChar: '-',
                barsize: 28,
                fps: 5,
                hideCursor: true,
                forceRedraw: true,
            });
            active = { bar, started: now(), total: Math.max(1, total), release: restoreOnExit(stream) };
            bar.start(active.total, 0, { title, unit, left: '', note: '' });
        },
        update: (done, note = '') => {
            if (!active)
                return;
            const left = timeLeft(now() - active.started, done, active.total);
            active.bar.update(done, { left: left === '' ? '' : ` | ${left}`, note: note === '' ? '' : ` | ${note}` });
        },
        stop,
        say: (line) => {
            // The bar draws itself anew below the line.
            stream.write(active ? `\r\u001b[K${line}\n` : `${line}\n`);
        },
    };
};
const showCursorAndWrap = '\u001b[?25h\u001b[?7h';
/**
 * Puts the terminal right if the process ends while a bar is drawn; call the result when the bar is gone. A signal that
 * nobody else listens to ends the process as it would have without us.
 */
const restoreOnExit = (stream) => {
    const restore = () => {
        stream.write(`${showCursorAndWrap}\n`);
    };
    const onSignal = (signal) => {
        restore();
        release();
        if (process.listenerCount(signal) === 0)
            process.kill(process.pid, signal);
    };
    const release = () => {
        process.removeListener('exit', restore);
        process.removeListener('SIGINT', onSignal);
        process.removeListener('SIGTERM', onSignal);
    };
    process.once('exit', restore);
    process.once('SIGINT', onSignal);
    process.once('SIGTERM', onSignal);
    return release;
};
/** A plain line is due after this long, or after a further quarter of the work. */
const lineEveryMilliseconds = 10_000;
/** Work that is done sooner than this is not worth a line. */
const quietMilliseconds = 2_000;
const lines = (stream, now) => {
    let active;
    const say = (line) => {
        stream.write(`${line}\n`);
    };
    const stop = () => {
        if (!active)
            return;
        const { title, unit, total, done, started } = active;
        if (done < total || now() - started >= quietMilliseconds)
            say(`${title}: ${done >= total ? 'all ' : `stopped at ${done} of `}${total} ${unit} in ${duration(now() - started)}`);
        active = undefined;
    };
    return {
        start: (title, total, unit) => {
            stop();
            active = { title, unit, total, started: now(), done: 0, saidAt: now(), quarter: 0 };
        },
        update: (done, note = '') => {
            if (!active)
                return;
            active.done = done;
            const quarter = Math.floor((4 * done) / Math.max(1, active.total));
            const due = quarter > active.quarter || now() - active.saidAt >= lineEveryMilliseconds;
            if (!due || done >= active.total || now() - active.started < quietMilliseconds)
                return;
            const parts = [
                `${active.title}: ${done} of ${active.total} ${active.unit}`,
                timeLeft(now() - active.started, done, active.total),
                note,
            ];
            say(parts.filter((part) => part !== '').join(', '));
            active.saidAt = now();
            active.quarter = quarter;
        },
        stop,
        say,
    };
};
/** The time left if the rest goes as fast as what is done; nothing before anything is done. */
const timeLeft = (elapsed, done, total) => done <= 0 || done >= total ? '' : `${duration((elapsed * (total - done)) / done)} left`;
/** `12 s`, `3 min 5 s` or `2 h 10 min`, from milliseconds. */
const duration = (milliseconds) => {
    const seconds = Math.ceil(milliseconds / 1000);
    if (seconds < 60)
        return `${seconds} s`;
    if (seconds < 3600)
        return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
};
