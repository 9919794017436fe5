import { digits, grouped } from './numbers.js';
/** One line per fact, `[key, value]`, with the key in words: `wire_load` becomes `wire load`. */
export const provenanceLines = (provenance) => Object.entries(provenance).map(([key, value]) => [key.replaceAll('_', ' '), provenanceText(value)]);
const provenanceText = (value) => {
    if (typeof value === 'number')
        return Number.isInteger(value) ? grouped(value) : digits(value, 6);
    return typeof value === 'string' ? value : value.join(', ');
};
