import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const program = fileURLToPath(new URL('../../bin/bitloom.mjs', import.meta.url))

/** Runs the built command line as a user would. */
export const bitloom = (
  args: readonly string[],
  {
    env = {},
    cwd,
    timeout = 300_000,
  }: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly timeout?: number } = {},
): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout,
    maxBuffer: 1 << 28,
    ...(cwd === undefined ? {} : { cwd }),
  })

/** A folder that is gone when `dispose` was called. */
export const scratch = (): { readonly path: string; readonly dispose: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'bitloom-cli-'))
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) }
}
