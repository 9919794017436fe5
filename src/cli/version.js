import { readFileSync } from 'node:fs';
/** Version of this package. */
export const packageVersion = () => {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    return JSON.parse(text).version;
};
