import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
/** Few and short retries: without a network the answer should come in seconds. */
const IMPATIENT = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--loglevel=error'];
const run = promisify(execFile);
const npm = async (args) => {
    try {
        // npm is a batch file on Windows, which only a shell starts; the arguments hold nothing to quote but the folder.
        const { stdout } = await run('npm', [...args, ...IMPATIENT], { shell: process.platform === 'win32' });
        return stdout;
    }
    catch (error) {
        throw new Error(reasonOfNpm(error), { cause: error });
    }
};
/** `npm error code ENOTFOUND` and the like, as short as npm says it. */
const reasonOfNpm = (error) => {
    const failure = error;
    if (failure.code === 'ENOENT')
        return 'npm was not found';
    const code = /npm (?:error|ERR!) code (\S+)/.exec(failure.stderr ?? '')?.[1];
    return code ? `npm says ${code}` : 'npm failed';
};
/** The npm registry that the user's configuration names, with its proxies, certificates and credentials for `pack`. */
export const npmSource = {
    tarballUrl: async (packageAtVersion) => {
        const url = JSON.parse(await npm(['view', packageAtVersion, 'dist.tarball', '--json']));
        if (typeof url !== 'string')
            throw new Error(`npm knows no tarball of ${packageAtVersion}`);
        return url;
    },
    pack: async (packageAtVersion, folder) => {
        mkdirSync(folder, { recursive: true });
        await npm(['pack', packageAtVersion, '--ignore-scripts', '--pack-destination', folder]);
        const file = readdirSync(folder).find((name) => name.endsWith('.tgz'));
        if (!file)
            throw new Error('npm pack wrote no tarball');
        return join(folder, file);
    },
};
