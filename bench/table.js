import { cpus } from 'node:os';
export const median = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
/** A row from the rounds' figures, taken in turn so that a drifting machine hits both alike. */
export const rowOf = (name, unit, rounds) => {
    const ratios = rounds.map(({ ours, peer }) => ours / peer);
    const three = (value) => Number(value.toPrecision(3));
    return {
        name,
        ours: three(median(rounds.map(({ ours }) => ours))),
        peer: three(median(rounds.map(({ peer }) => peer))),
        ratio: three(median(ratios)),
        min: three(Math.min(...ratios)),
        max: three(Math.max(...ratios)),
        unit,
        rounds: rounds.length,
    };
};
export const machine = () => `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`;
export const printRows = ({ rows, machine, versions }, peer) => {
    const header = ['design', 'js', peer, 'ratio', 'min to max', 'unit'];
    const cells = rows.map((row) => [row.name, row.ours, row.peer, row.ratio, `${row.min} to ${row.max}`, row.unit].map(String));
    const widths = header.map((head, k) => Math.max(head.length, ...cells.map((row) => row[k].length)));
    const line = (row) => row
        .map((cell, k) => cell.padEnd(widths[k]))
        .join('  ')
        .trimEnd();
    const facts = Object.entries(versions).map(([key, value]) => `${key}: ${value}`);
    return [line(header), ...cells.map(line), '', machine, ...facts].join('\n');
};
