import { UserError } from '../../base/user-error.ts'
import { clockPortsOf, domainsOf, parentDomain } from '../../dsl/domains.ts'
import type { Module } from '../../dsl/ir.ts'
import { type Engine, type Port, rowsOf } from '../engine.ts'
import { type DeclaredSignal, declaredSignals, signalPaths, unknownSignal } from '../signals.ts'
import { type SignalPattern, selected } from './select.ts'
import type { WaveClock, WaveScope, WaveSignal, Waves } from './waves.ts'

export interface TraceOptions {
  /** Signals to record; by default all that have a name: ports, registers, wires, `.named()` values of every instance. */
  readonly signals?: readonly SignalPattern[]
  /** First cycle to record, counted as the engine counts; default: from now on. */
  readonly from?: number
  /** Cycles kept, the last ones; default 10,000. Bounds the memory: a cycle takes 4 bytes for each 32 bits of each signal. */
  readonly keep?: number
}

/** An engine that records what it does. */
export interface Trace extends Engine, Waves {}

const defaultKeep = 10_000

/**
 * Records the waves of an engine: step the trace in the engine's place, and print it with `textWave` or `writeVcd`. Inputs,
 * outputs and registers of a cycle are those just before its clock edge. Throws a UserError for a signal there is not, and
 * for one inside the design where the engine sees ports only, as Verilator does.
 */
export const trace = (engine: Engine, module: Module, options: TraceOptions = {}): Trace => {
  const { keep = defaultKeep, from = engine.cycle } = options
  if (!Number.isSafeInteger(keep) || keep < 1) throw new RangeError(`a trace keeps at least 1 cycle, got ${keep}`)
  if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`a trace starts at a cycle from 0 on, got ${from}`)
  const { signals, ticks, rowWords, fill } = lookInside(engine, module, options.signals)
  const recorder = ring(rowWords, keep)
  const { inside } = engine
  const resets: number[] = []
  const clocks = domainsOf(module).map((domain, k): WaveClock => {
    const name = clockPortsOf(module, domain).clk
    const tick = ticks[k]
    return tick ? { name, tick } : { name }
  })
  let next = engine.cycle
  /** Keeps a cycle whose inputs stand in `source` from word `at` on. */
  const keepCycle = (source: Int32Array, at: number, response: Int32Array, to: number): void => {
    if (next++ < from) return
    const row = recorder.add()
    fill(recorder.rows(), row, source, at, response, to)
    while (resets.length > 0 && resets[0]! < next - recorder.cycles()) resets.shift()
  }
  const inStep = (): void => {
    if (engine.cycle !== next)
      throw new RangeError(
        `the engine is at cycle ${engine.cycle} and its trace at ${next}; step the trace, not the engine`,
      )
  }
  const replay = (stimulus: Int32Array, cycles: number, response?: Int32Array): void => {
    inStep()
    const { inputWords, outputWords } = engine.ports
    const rows = rowsOf(engine.ports, stimulus)
    if (!engine.watch) {
      const all = response ?? new Int32Array(cycles * outputWords)
      engine.replay(stimulus, cycles, all)
      for (let k = 0; k < cycles; k++) keepCycle(stimulus, (k % rows) * inputWords, all, k * outputWords)
      return
    }
    for (let k = 0; k < cycles; k++) {
      const at = (k % rows) * inputWords
      engine.replay(
        stimulus.subarray(at, at + inputWords),
        1,
        response?.subarray(k * outputWords, (k + 1) * outputWords),
      )
      keepCycle(stimulus, at, engine.outputs, 0)
    }
  }

  return {
    name: engine.name,
    ports: engine.ports,
    inputs: engine.inputs,
    outputs: engine.outputs,
    step(cycles = 1) {
      inStep()
      for (let k = 0; k < cycles; k++) {
        engine.step()
        keepCycle(engine.inputs, 0, engine.outputs, 0)
      }
    },
    replay,
    reset() {
      inStep()
      engine.reset()
      if (resets.at(-1) !== next) resets.push(next)
    },
    register: (path) => engine.register(path),
    ...(engine.watch && { watch: (paths: readonly string[]) => engine.watch!(paths) }),
    failures: engine.failures,
    get failedChecks() {
      return engine.failedChecks
    },
    get cycle() {
      return engine.cycle
    },
    ...(inside && {
      inside: {
        ...inside,
        // What was recorded is no part of what comes now.
        resume(...from: Parameters<typeof inside.resume>) {
          inside.resume(...from)
          recorder.clear()
          resets.length = 0
          next = engine.cycle
        },
      },
    }),
    close: () => engine.close(),
    top: scopeOf(
      module,
      module.name,
      '',
      domainsOf(module).map((domain, k) => [domain, k]),
      signals,
    )!,
    clocks,
    rowWords,
    resets,
    get firstCycle() {
      return next - recorder.cycles()
    },
    get cycles() {
      return recorder.cycles()
    },
    get rows() {
      return recorder.rows()
    },
    get firstRow() {
      return recorder.first()
    },
  }
}

/** Room for the last `keep` rows, which grows as they come. */
const ring = (rowWords: number, keep: number) => {
  let rows = new Int32Array(Math.min(keep, 64) * rowWords)
  let first = 0
  let cycles = 0
  return {
    rows: () => rows,
    first: () => first,
    cycles: () => cycles,
    clear(): void {
      first = 0
      cycles = 0
    },
    /** The place of a new row, in words. */
    add(): number {
      let capacity = rows.length / rowWords
      if (cycles === capacity && capacity < keep) {
        // Nothing was overwritten yet, so that rows stand in their order.
        capacity = Math.min(keep, 2 * capacity)
        const grown = new Int32Array(capacity * rowWords)
        grown.set(rows)
        rows = grown
      }
      if (cycles < capacity) return cycles++ * rowWords
      const row = first * rowWords
      first = (first + 1) % capacity
      return row
    },
  }
}

type Fill = (rows: Int32Array, row: number, inputs: Int32Array, at: number, outputs: Int32Array, to: number) => void
interface Inside {
  readonly signals: ReadonlyMap<string, WaveSignal>
  /** The tick of each clock, where there are several. */
  readonly ticks: readonly Port[]
  readonly rowWords: number
  readonly fill: Fill
}

/** What can be seen of a design, and how a row is filled with it. */
const lookInside = (engine: Engine, module: Module, patterns: readonly SignalPattern[] | undefined): Inside => {
  const all = declaredUnder(module)
  const wanted = patterns
    ? selected(all, patterns, (pattern) => unknownSignal(module.name, signalPaths(module), pattern))
    : all
  const inside = engine.watch ? [] : wanted.filter((signal) => !isPort(signal))
  if (patterns && inside.length > 0)
    throw new UserError(
      'E-WATCH',
      `the ${engine.name} engine sees the ports of ${module.name} only, not '${inside[0]!.path}'; trace the js or interpreter engine to look inside`,
    )
  const visible = engine.watch ? wanted : wanted.filter(isPort)
  const waveSignal = ({ path, declared }: Declared, place: Port): [string, WaveSignal] => {
    const { name, kind, range, encoding } = declared
    const { offset, words } = place
    return [path, { name, path, kind, range, offset, words, ...(encoding && { encoding }) }]
  }
  const { inputs, outputs, inputWords, outputWords } = engine.ports
  const tickPorts = inputs.slice(module.inputs.length)

  if (!engine.watch) {
    const places = new Map([
      ...inputs.map((port) => [port.name, port] as const),
      ...outputs.map((port) => [port.name, { ...port, offset: inputWords + port.offset }] as const),
    ])
    return {
      signals: new Map(visible.map((signal) => waveSignal(signal, places.get(signal.path)!))),
      ticks: tickPorts,
      rowWords: Math.max(1, inputWords + outputWords),
      fill(rows, row, source, at, response, to) {
        rows.set(source.subarray(at, at + inputWords), row)
        rows.set(response.subarray(to, to + outputWords), row + inputWords)
      },
    }
  }
  const watched = engine.watch(visible.map(({ path }) => path))
  const { length } = watched.words
  return {
    signals: new Map(visible.map((signal, k) => waveSignal(signal, watched.signals[k]!))),
    ticks: tickPorts.map((port, k) => ({ ...port, offset: length + k })),
    rowWords: Math.max(1, length + tickPorts.length),
    fill(rows, row, source, at) {
      rows.set(watched.words, row)
      tickPorts.forEach(({ offset }, k) => {
        rows[row + length + k] = source[at + offset]!
      })
    },
  }
}

interface Declared {
  readonly path: string
  readonly declared: DeclaredSignal
}
const isPort = ({ path, declared }: Declared): boolean =>
  !path.includes('.') && (declared.kind === 'input' || declared.kind === 'output')

const declaredUnder = (module: Module, prefix = ''): Declared[] => [
  ...declaredSignals(module).map((declared) => ({ path: prefix + declared.name, declared })),
  ...module.instances.flatMap(({ name, of }) => declaredUnder(of, `${prefix}${name}.`)),
]

/** An instance with those of its signals that are recorded; undefined where nothing in it is, except for the top. */
const scopeOf = (
  module: Module,
  name: string,
  prefix: string,
  clocks: readonly (readonly [domain: string, clock: number])[],
  recorded: ReadonlyMap<string, WaveSignal>,
): WaveScope | undefined => {
  const signals = declaredSignals(module).flatMap((declared) => recorded.get(prefix + declared.name) ?? [])
  const scopes = module.instances.flatMap((instance) => {
    const driven = domainsOf(instance.of).map((domain) => {
      const outer = parentDomain(instance, domain)
      return [domain, clocks.find(([known]) => known === outer)![1]] as const
    })
    return scopeOf(instance.of, instance.name, `${prefix}${instance.name}.`, driven, recorded) ?? []
  })
  if (prefix !== '' && signals.length === 0 && scopes.length === 0) return undefined
  const ports = clocks.map(([domain, clock]) => {
    const { clk, rst } = clockPortsOf(module, domain)
    return { clk, rst, clock }
  })
  return { name, clocks: ports, signals, scopes }
}
