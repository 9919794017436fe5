import { clockPorts } from '../../dsl/domains.ts'
import { netsOf, type StreamShape } from '../../dsl/stream.ts'
import { type CheckFailure, type Engine, type Port, portNamed, readPort, type SignalValue } from '../engine.ts'
import { randomWords } from '../stimulus.ts'

export interface PauseOptions {
  /** Part of the cycles in which it waits although it could go on, from 0 (default) to less than 1, drawn at random. */
  readonly pause?: number
  /** Same seed, same pauses; default 1. */
  readonly seed?: number
}

/** What takes part in every cycle of a testbench. */
export interface Agent {
  /** Sets inputs of the cycle that comes. */
  before(): void
  /** Looks at the cycle that was, by its number. */
  after(cycle: number): void
  /** The design was reset by `Testbench.reset` after the cycle before. */
  reset?(): void
}

/** Offers elements to an input stream of the design, one after the other, and keeps the handshake. */
export interface StreamDriver<T> {
  /** Puts elements behind those that wait. */
  push(...elements: readonly T[]): void
  /** Elements that the design took. */
  readonly sent: number
  /** Elements it has not taken yet. */
  readonly waiting: number
}

/** Sees the elements of a stream as they are handed over. */
export interface StreamMonitor<T> {
  readonly elements: readonly T[]
  /** The cycle of each. */
  readonly cycles: readonly number[]
  /** Where what was offered was withdrawn or changed before it was taken, at most 100. */
  readonly violations: readonly CheckFailure[]
}

/** The nets of one stream port, as bits and words of an engine's rows. */
export interface StreamNets {
  readonly name: string
  readonly setValid: (valid: boolean) => void
  readonly setData: (data: unknown) => void
  readonly setReady: (ready: boolean) => void
  readonly valid: () => boolean
  readonly ready: () => boolean
  readonly data: () => unknown
  /** Words of the data, for comparing. */
  readonly dataPorts: readonly Port[]
  readonly dataWords: Int32Array
  /** True where the stream's clock has its edge. */
  readonly ticks: () => boolean
}

/** Whether a stream's clock ticks, from the inputs as they stand. */
export const tickOf = ({ ports, inputs }: Engine, { clock }: StreamShape): (() => boolean) => {
  if ((ports.clocks?.length ?? 1) < 2) return () => true
  const port = portNamed(ports.inputs, clockPorts(clock?.name ?? 'clk').tick)
  return () => inputs[port.offset] === 1
}

const pauses = ({ pause = 0, seed = 1 }: PauseOptions, name: string): (() => boolean) => {
  if (!(pause >= 0 && pause < 1))
    throw new RangeError(`stream '${name}' pauses in 0 to less than 1 of the cycles, got ${pause}`)
  if (pause === 0) return () => false
  // Streams of one seed pause in cycles of their own.
  const own = [...name].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0, 0)
  const random = randomWords(seed * 2 ** 32 + own)
  return () => random() < pause * 2 ** 32
}

export const streamDriver = <T>(
  nets: StreamNets,
  elements: Iterable<T>,
  options: PauseOptions,
): StreamDriver<T> & Agent => {
  const pausing = pauses(options, nets.name)
  const queue: T[] = [...elements]
  let sent = 0
  let offered = false
  return {
    push(...more) {
      for (const element of more) queue.push(element)
    },
    get sent() {
      return sent
    },
    get waiting() {
      return queue.length - sent
    },
    before() {
      if (offered) return
      offered = sent < queue.length && !pausing()
      if (offered) nets.setData(queue[sent])
      nets.setValid(offered)
    },
    after() {
      if (!offered || !nets.ready() || !nets.ticks()) return
      sent++
      offered = false
    },
  }
}

/** Makes an output stream ready at random; what goes on there a monitor sees. */
export const streamSink = (nets: StreamNets, options: PauseOptions): Agent => {
  const pausing = pauses(options, nets.name)
  return {
    before: () => nets.setReady(!pausing()),
    after() {},
  }
}

const keptViolations = 100

export const streamMonitor = <T>(
  nets: StreamNets,
  onElement?: (element: T, cycle: number) => void,
): StreamMonitor<T> & Agent => {
  const elements: T[] = []
  const cycles: number[] = []
  const violations: CheckFailure[] = []
  const before = new Int32Array(nets.dataWords.length)
  let waits = false
  const violation = (cycle: number, what: string): void => {
    if (violations.length === keptViolations) return
    const values = (words: Int32Array, suffix: string): SignalValue[] =>
      nets.dataPorts.map((port) => ({ path: `${port.name}${suffix}`, value: readPort(words, port) }))
    const signals = [
      { path: netsOf(nets.name).valid, value: BigInt(nets.valid()) },
      ...values(before, ' before'),
      ...values(nets.dataWords, ''),
    ]
    violations.push({ cycle, message: `stream '${nets.name}': ${what} before it is taken`, signals })
  }
  const sameData = (): boolean =>
    nets.dataPorts.every(({ offset, words }) => {
      for (let k = offset; k < offset + words; k++) if (before[k] !== nets.dataWords[k]) return false
      return true
    })
  return {
    elements,
    cycles,
    violations,
    reset() {
      waits = false
    },
    before() {},
    after(cycle) {
      // The handshake is about what stands at the edges of the stream's clock.
      if (!nets.ticks()) return
      const valid = nets.valid()
      if (waits && !valid) violation(cycle, 'valid is withdrawn')
      else if (waits && !sameData()) violation(cycle, 'data changes')
      waits = valid && !nets.ready()
      before.set(nets.dataWords)
      if (!valid || waits) return
      const element = nets.data() as T
      elements.push(element)
      cycles.push(cycle)
      onElement?.(element, cycle)
    },
  }
}
