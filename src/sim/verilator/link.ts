import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reasonOf, UserError } from '../../base/user-error.ts'
import { greetingMagic, protocolVersion } from './harness.ts'

/** A process that answers every command before the next is sent. All calls block; none returns after the process died. */
export interface Link {
  readonly pid: number | undefined
  send(bytes: Uint8Array): void
  /** Fills `bytes` from what the process sends. */
  receive(bytes: Uint8Array): void
  /** Ends the process, which quits as soon as it sees its command pipe closed. */
  close(): void
}

/**
 * Starts `executable` with its commands on file descriptor 3 and its answers on 4, and takes its greeting.
 *
 * Both pipes are named FIFOs, because those can be read and written synchronously. Both ends are opened here before the
 * process exists, and removed from the file system: the process inherits its ends, and this side closes its copies. From
 * then on a dead process, even one that never came to run, is an end of file and never a wait, and a dead parent ends the
 * process in the same way.
 */
export const startLink = (
  executable: string,
  words: { inputs: number; outputs: number },
  what: string,
  processArguments: readonly string[] = [],
): Link => {
  const { commands, answers, log } = openPipes(what)
  const child = spawn(executable, processArguments, { stdio: ['ignore', log, log, commands.read, answers.write] })
  // Node reports a failed start through this event, later; here it shows as an answer pipe without a writer.
  child.on('error', () => {})
  child.unref()
  closeSync(commands.read)
  closeSync(answers.write)

  let ended: UserError | undefined
  const end = (reason: UserError): void => {
    ended = reason
    for (const fd of [commands.write, answers.read, log]) closeSync(fd)
  }
  const died = (cause: unknown): UserError => {
    const why =
      child.pid === undefined
        ? `${executable} cannot be started; set BITLOOM_CACHE to a folder that programs may run from`
        : `${lastLine(log) || 'it was killed or ran out of memory'}; run it again`
    const reason = new UserError('E-SIMULATION-DIED', `the process of ${what} ended unexpectedly: ${why}`, { cause })
    end(reason)
    return reason
  }
  const transfer = (bytes: Uint8Array, move: (offset: number) => number): void => {
    if (ended) throw ended
    for (let done = 0; done < bytes.length; ) {
      let moved = 0
      try {
        moved = move(done)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EINTR') continue
        throw died(error)
      }
      if (moved === 0) throw died(undefined)
      done += moved
    }
  }
  const link: Link = {
    pid: child.pid,
    send: (bytes) => transfer(bytes, (at) => writeSync(commands.write, bytes, at, bytes.length - at)),
    receive: (bytes) => transfer(bytes, (at) => readSync(answers.read, bytes, at, bytes.length - at, null)),
    close() {
      if (!ended) end(new UserError('E-SIMULATION-CLOSED', `${what} is closed; make a new engine`))
    },
  }
  greet(link, words, what)
  return link
}

const greet = (link: Link, words: { inputs: number; outputs: number }, what: string): void => {
  const greeting = new Uint32Array(4)
  link.receive(new Uint8Array(greeting.buffer))
  const expected = [greetingMagic, protocolVersion, words.inputs, words.outputs]
  if (expected.every((word, k) => greeting[k] === word)) return
  link.close()
  throw new UserError('E-SIMULATION-GREETING', `the process of ${what} is of another version; empty the build cache`)
}

interface Pipe {
  readonly read: number
  readonly write: number
}

/** Two pipes and a log for whatever the process prints, all without a name by the time they are returned. */
const openPipes = (what: string): { commands: Pipe; answers: Pipe; log: number } => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-'))
  try {
    const paths = [join(folder, 'commands'), join(folder, 'answers')] as const
    execFileSync('mkfifo', paths, { stdio: 'ignore' })
    const [commands, answers] = [openBothEnds(paths[0]), openBothEnds(paths[1])]
    return { commands, answers, log: openSync(join(folder, 'log'), 'w+') }
  } catch (error) {
    throw new UserError('E-PIPE', `cannot make named pipes for ${what} in ${folder}: ${reasonOf(error)}`, {
      cause: error,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Opens a FIFO for reading and for writing without waiting for anybody: only the first opening must not block. */
const openBothEnds = (path: string): Pipe => {
  const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const write = openSync(path, constants.O_WRONLY)
  const read = openSync(path, constants.O_RDONLY)
  closeSync(first)
  return { read, write }
}

const lastLine = (log: number): string => {
  const { size } = fstatSync(log)
  const tail = Buffer.alloc(Math.min(size, 4096))
  readSync(log, tail, 0, tail.length, size - tail.length)
  return tail.toString('utf8').trimEnd().split('\n').at(-1)!.trim()
}
