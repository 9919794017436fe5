import { UserError } from '../base/user-error.js';
/** Largest array a run accepts: 64 x 64 cells, or as many in another shape. */
const mostCells = 4096;
/** `8x8`: rows and columns, at least 1 each. */
export const arraySize = (text) => {
    const match = /^(\d{1,5})x(\d{1,5})$/i.exec(text.trim());
    const [rows, columns] = match ? [Number(match[1]), Number(match[2])] : [0, 0];
    if (rows < 1 || columns < 1 || rows * columns > mostCells)
        throw new UserError('E-ARRAY', `--array ${short(text)} is not an array: give rows x columns, at least 1x1 and at most ${mostCells} cells, e.g. --array 8x8`);
    return { rows, columns };
};
/** A whole number from `least` to `most`. */
export const integer = (option, least, most) => (text) => {
    const value = /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
        throw new UserError('E-OPTION', `${option} ${short(text)} is out of range: give a whole number from ${least} to ${most}`);
    return value;
};
/** A decimal number from `least` to `most`. */
export const decimal = (option, least, most) => (text) => {
    const value = /^\d{0,9}(\.\d{0,9})?$/.test(text.trim()) && text.trim() !== '' ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
        throw new UserError('E-OPTION', `${option} ${short(text)} is out of range: give a number from ${least} to ${most}`);
    return value;
};
const short = (text) => (text.length > 40 ? `${text.slice(0, 40)}...` : text);
