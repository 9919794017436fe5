import { resolve } from 'node:path'
import envPaths from 'env-paths'

/** Where fetched and built things are kept: `$BITLOOM_CACHE`, else the system's cache folder (`$XDG_CACHE_HOME/bitloom`, `~/.cache/bitloom`). */
export const cacheFolder = (): string => {
  const chosen = process.env.BITLOOM_CACHE
  return chosen ? resolve(chosen) : envPaths('bitloom', { suffix: '' }).cache
}
