import { distance } from 'fastest-levenshtein';
import { UserError } from './user-error.js';
/** The known word nearest to a mistyped one, if it is near enough to be meant: at most two edits and a third of it. */
export const nearest = (found, known) => {
    const wanted = found.toLowerCase();
    let best;
    let bestDistance = Math.min(2, Math.ceil(wanted.length / 3)) + 1;
    for (const candidate of known) {
        const edits = distance(wanted, candidate.toLowerCase());
        if (edits < bestDistance)
            [best, bestDistance] = [candidate, edits];
    }
    return best;
};
/** `; did you mean 'wasm'?`, or nothing where no known word is near. */
export const didYouMean = (found, known) => {
    const near = nearest(found, known);
    return near === undefined ? '' : `; did you mean '${near}'?`;
};
/** The error of a name that is none of the known ones, e.g. `there is no engine 'jss': there are js, verilator`. */
export const unknownName = (code, what, found, known) => new UserError(code, `there is no ${what} '${found.slice(0, 80)}': there are ${known.join(', ')}${didYouMean(found, known)}`);
