import type { CheckFailure, Engine, PortLayout } from './engine.ts'
import { type Build, type BuildOptions, buildSimulation, type VerilatorDesign } from './verilator/build.ts'
import { command, keptFailures } from './verilator/harness.ts'
import { type Link, startLink } from './verilator/link.ts'
import { openWaveFile, type WaveFile, waveFormatOf } from './verilator/wave-file.ts'

export type { Build, BuildOptions, VerilatorDesign } from './verilator/build.ts'
export type { WaveFile } from './verilator/wave-file.ts'

export interface VerilatorOptions extends Omit<BuildOptions, 'waveFormat'> {
  /** Waves that the model writes into a file, which appears when the engine is closed. Default: none. */
  readonly waves?: WaveFile
}

export interface VerilatorEngine extends Engine {
  readonly name: 'verilator'
  /** What was built or found in the cache, and how long that took. */
  readonly build: Build
  /** Process that runs the model; undefined where it could not be started. */
  readonly pid: number | undefined
}

/** Words of stimulus sent in one command: bounds the memory of the process. */
const wordsPerCommand = 2 ** 22
const cyclesPerCommand = 2 ** 30
const commandWords = 4

/**
 * Simulates printed Verilog with Verilator: an independent judge of our own engines, and their peer in benchmarks. Builds
 * the simulation on first use (seconds) and runs it as a process of its own. It cannot look inside: `register` knows
 * nothing. Throws a UserError without Verilator, make or g++, where the build fails, and when the process dies.
 */
export const verilatorEngine = (design: VerilatorDesign, options: VerilatorOptions = {}): VerilatorEngine => {
  const { ports, top } = design
  const { build, link, waves } = start(design, options)
  /** A command that runs the row of inputs, ready to be sent in one piece. */
  const stepMessage = new Int32Array(commandWords + ports.inputWords)
  const inputs = stepMessage.subarray(commandWords)
  const state = answerReader(link, ports, top)
  let cycle = 0
  let closed = false

  const finish = (cycles: number, response?: Int32Array): void => {
    if (response) link.receive(bytesOf(response))
    state.read()
    cycle += cycles
  }
  const step = (cycles = 1): void => {
    checkCycles(cycles)
    for (let left = cycles; left > 0; ) {
      const now = Math.min(left, cyclesPerCommand)
      stepMessage.set([command.run, now, 1, 0])
      link.send(bytesOf(stepMessage))
      finish(now)
      left -= now
    }
  }
  const replay = (stimulus: Int32Array, cycles: number, response?: Int32Array): void => {
    checkCycles(cycles)
    const rows = rowsOf(stimulus, cycles, response, ports)
    for (const { first, count, now, done } of parts(rows, cycles, ports.inputWords)) {
      link.send(bytesOf(Int32Array.of(command.run, now, count, response ? 1 : 0)))
      link.send(bytesOf(stimulus.subarray(first * ports.inputWords, (first + count) * ports.inputWords)))
      finish(now, response?.subarray(done * ports.outputWords, (done + now) * ports.outputWords))
    }
  }

  return {
    name: 'verilator',
    ports,
    build,
    pid: link.pid,
    inputs,
    outputs: state.outputs,
    failures: state.failures,
    get failedChecks() {
      return state.failedChecks()
    },
    get cycle() {
      return cycle
    },
    step,
    replay,
    reset() {
      link.send(bytesOf(Int32Array.of(command.reset, 0, 0, 0)))
      state.read()
    },
    register: () => undefined,
    close() {
      if (closed) return
      closed = true
      try {
        if (!waves) return
        link.send(bytesOf(Int32Array.of(command.finishWaves, 0, 0, 0)))
        state.read()
        waves.keep()
      } finally {
        waves?.drop()
        link.close()
      }
    },
  }
}

/** The model built, and its process started. */
const start = (design: VerilatorDesign, { waves: wanted, ...options }: VerilatorOptions) => {
  const { ports, top } = design
  const waveFormat = wanted && waveFormatOf(wanted.file)
  const waves = wanted && openWaveFile(wanted)
  try {
    const build = buildSimulation(design, waveFormat ? { ...options, waveFormat } : options)
    const words = { inputs: ports.inputWords, outputs: ports.outputWords }
    const link = startLink(build.executable, words, `the Verilator simulation of ${top}`, waves?.processArguments ?? [])
    return { build, link, waves }
  } catch (error) {
    waves?.drop()
    throw error
  }
}

const bytesOf = (words: Int32Array | Uint32Array): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset, words.byteLength)

const checkCycles = (cycles: number): void => {
  if (!Number.isSafeInteger(cycles) || cycles < 0) throw new RangeError(`cannot run ${cycles} cycles`)
}

/** Cuts a replay into commands: `now` cycles from cycle `done` on, over `count` rows of the stimulus from `first` on. */
function* parts(rows: number, cycles: number, inputWords: number) {
  const rowsAtOnce = Math.max(1, Math.floor(wordsPerCommand / Math.max(1, inputWords)))
  const repeats = rows <= rowsAtOnce
  for (let done = 0; done < cycles; ) {
    const left = cycles - done
    const first = done % rows
    const count = repeats ? Math.min(rows, left) : Math.min(rows - first, rowsAtOnce, left)
    const now = repeats ? Math.min(left, Math.floor(cyclesPerCommand / rows) * rows) : count
    yield { first, count, now, done }
    done += now
  }
}

/** Rows in a stimulus; a RangeError where the arrays do not fit the ports and cycles. */
const rowsOf = (stimulus: Int32Array, cycles: number, response: Int32Array | undefined, ports: PortLayout): number => {
  const rows = ports.inputWords === 0 ? 1 : stimulus.length / ports.inputWords
  if (!Number.isInteger(rows) || rows === 0)
    throw new RangeError(`a stimulus holds whole rows of ${ports.inputWords} words, got ${stimulus.length} words`)
  if (response && response.length < cycles * ports.outputWords)
    throw new RangeError(
      `a response to ${cycles} cycles needs ${cycles * ports.outputWords} words, got ${response.length}`,
    )
  return rows
}

/** Reads what ends every answer (see `harnessText`) and keeps the latest. */
const answerReader = (link: Link, ports: PortLayout, top: string) => {
  const answer = new Uint32Array(ports.outputWords + 3)
  const failureHead = new Uint32Array(3)
  const outputs = new Int32Array(ports.outputWords)
  const failures: CheckFailure[] = []
  const whole = (low: number, high: number): number => low + high * 2 ** 32
  let failedChecks = 0
  const readFailure = (): CheckFailure => {
    link.receive(bytesOf(failureHead))
    const [low, high, bytes] = failureHead
    const text = Buffer.alloc(bytes!)
    link.receive(text)
    return { cycle: whole(low!, high!), message: withoutTop(text.toString('utf8'), top) }
  }
  return {
    outputs,
    failures,
    failedChecks: () => failedChecks,
    read(): void {
      link.receive(bytesOf(answer))
      outputs.set(answer.subarray(0, ports.outputWords))
      const [low, high, fresh] = answer.subarray(ports.outputWords)
      failedChecks = whole(low!, high!)
      for (let k = 0; k < fresh!; k++) {
        const failure = readFailure()
        if (failures.length < keptFailures) failures.push(failure)
      }
    },
  }
}

/**
 * Verilator writes `TOP.mac.pe_0_1: message`, and the path twice where the Verilog asks for it with `%m`; it becomes
 * `pe_0_1: message`, or `message` alone for a check of the top module.
 */
const withoutTop = (text: string, top: string): string => {
  const end = text.indexOf(': ')
  const path = text.slice(0, end).replace(/^TOP\./, '')
  let message = text.slice(end + 2).replace(/^TOP\./, '')
  if (message.startsWith(`${path}: `)) message = message.slice(path.length + 2)
  return path === top ? message : `${path.slice(top.length + 1)}: ${message}`
}
