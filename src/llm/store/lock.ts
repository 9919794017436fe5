import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unwritable } from './cache.ts'

/** The owner touches the lock this often; a lock untouched for `STALE_MS` belongs to a process that died. */
const HEARTBEAT_MS = 5_000
const STALE_MS = 60_000
const POLL_MS = 200

/**
 * Runs `work` while this process holds the lock file `path`; waits for another living process, after telling
 * `onWait` once. A lock whose owner died, here or on another machine, is taken over.
 */
export const withLock = async <T>(path: string, onWait: () => void, work: () => Promise<T>): Promise<T> => {
  const owner = `${process.pid} ${hostname()} ${randomBytes(6).toString('hex')}\n`
  mkdirSync(dirname(path), { recursive: true })
  for (let waited = false; !tryLock(path, owner); waited = true) {
    if (removeIfStale(path)) continue
    if (!waited) onWait()
    await sleep(POLL_MS)
  }
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS)
  heartbeat.unref()
  const release = (): void => {
    if (ownerOf(path) === owner) rmSync(path, { force: true })
  }
  // A process that is interrupted leaves no lock.
  process.once('exit', release)
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    process.removeListener('exit', release)
    release()
  }
}

const tryLock = (path: string, owner: string): boolean => {
  try {
    writeFileSync(path, owner, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    // A full disk takes the name and not the owner.
    rmSync(path, { force: true })
    throw unwritable(dirname(path), error)
  }
}

const ownerOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const touch = (path: string): void => {
  try {
    utimesSync(path, new Date(), new Date())
  } catch {
    // The lock is gone only if someone deleted it by hand; the digests still guard the result.
  }
}

/** Moves a dead lock aside under a name of its own, so that of several waiting processes only one removes it. */
const removeIfStale = (path: string): boolean => {
  const owner = ownerOf(path)
  if (owner === undefined || !isStale(path, owner)) return false
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    renameSync(path, aside)
    // Another process may have taken the lock over between the look and the move: give it back.
    if (ownerOf(aside) !== owner) renameSync(aside, path)
    else rmSync(aside, { force: true })
    return true
  } catch {
    return false
  }
}

const isStale = (path: string, owner: string): boolean => {
  const [pid, host] = owner.trim().split(' ')
  if (host === hostname() && pid !== undefined && !isAlive(Number(pid))) return true
  try {
    return Date.now() - statSync(path).mtimeMs > STALE_MS
  } catch {
    return false
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
