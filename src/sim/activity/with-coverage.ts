import { type Encoding, type Module, widthOf } from '../../dsl/ir.ts'
import { type Engine, type Port, portLayout, portNamed, rowsOf } from '../engine.ts'
import { flatten } from '../flatten.ts'
import { openOwnEngine } from '../own-engines.ts'
import { declaredSignals, signalPaths, unknownSignal } from '../signals.ts'
import { designDigest } from '../state/digest.ts'
import { layOut } from '../watch.ts'
import { type SignalPattern, selected } from '../waves/select.ts'
import { broughtOut } from './brought-out.ts'
import { type Coverage, coverageFormat, type SignalToggles, type ValueCoverage } from './coverage.ts'
import { type SequenceCounter, sequenceCounter } from './sequences.ts'
import { successorsOf } from './successors.ts'
import { type ToggleCounter, toggleCounter } from './toggles.ts'

export interface CoverageOptions {
  /** Signals to count; by default all that have a name. Every 32 bits of each cost time in every cycle. */
  readonly signals?: readonly SignalPattern[]
  /** Opens the engine that runs; by default `wasm`. It is given a design of the same behaviour with more outputs. */
  readonly open?: (module: Module) => Engine
}

/** An engine that counts what it does. */
export interface CoverageEngine extends Engine {
  /** What was seen so far. */
  coverage(): Coverage
}

/** Words of a block of rows that are looked at together: they stay in the processor's cache. */
const blockWords = 2 ** 15

/**
 * An engine that counts how often each bit of each signal turns and which values enumerations and state machines take, from
 * cycle to cycle. A reset, and a state put back, begin a new sequence: nothing turns there. Values are those just before
 * the clock edge. Throws a UserError for a signal there is not.
 */
export const withCoverage = (module: Module, options: CoverageOptions = {}): CoverageEngine => {
  const { signals: patterns = ['**'], open = (observed) => openOwnEngine('wasm', observed) } = options
  const paths = signalPaths(module)
  const unknown = (path: string) => unknownSignal(module.name, paths, path)
  const wanted = selected(
    paths.map((path) => ({ path })),
    patterns,
    unknown,
  ).map(({ path }) => path)
  // What is always equal is looked at once.
  const { signals, writes } = layOut(flatten(module, wanted).watched)
  const observed = broughtOut(
    module,
    writes.map(({ port }) => port.name),
  )
  const engine = open(observed.module)
  const ports = portLayout(module)
  const stride = engine.ports.outputWords
  const placeOf = new Map(
    writes.map(({ port }) => [port.offset, portNamed(engine.ports.outputs, observed.outputs.get(port.name)!).offset]),
  )
  const placed = signals.map((signal): Port => ({ ...signal, offset: placeOf.get(signal.offset)! }))

  const blockCycles = Math.max(16, Math.floor(blockWords / stride))
  const toggles = toggleCounter(stride, blockCycles)
  const { rows } = toggles
  const placeByName = new Map(placed.map((port) => [port.name, port]))
  const sequences = encodedUnder(module).flatMap((encoded) => {
    const port = placeByName.get(encoded.path)
    return port ? [{ ...encoded, port, counter: sequenceCounter() }] : []
  })
  let cycles = 0
  const cut = (): void => {
    toggles.cut()
    for (const { counter } of sequences) counter.cut()
  }
  const outputs = new Int32Array(ports.outputWords)
  /** The design's own outputs come first in a row. */
  const ownOutputs = (from: Int32Array, count: number, response: Int32Array, row: number): void => {
    const { outputWords } = ports
    for (let k = 0, at = 0, to = row * outputWords; k < count; k++, at += stride)
      for (let word = 0; word < outputWords; word++) response[to++] = from[at + word]!
  }
  const run = (source: Int32Array, length: number, response?: Int32Array): void => {
    const sourceRows = rowsOf(ports, source)
    for (let done = 0; done < length; ) {
      const first = done % sourceRows
      const repeats = sourceRows === 1
      const count = Math.min(blockCycles, length - done, repeats ? blockCycles : sourceRows - first)
      const block = repeats ? source : source.subarray(first * ports.inputWords, (first + count) * ports.inputWords)
      engine.replay(block, count, rows)
      toggles.count(count)
      for (const { port, counter } of sequences) counter.count(rows, port.offset, stride, count)
      if (response) ownOutputs(rows, count, response, done)
      cycles += count
      done += count
      if (done === length) outputs.set(rows.subarray((count - 1) * stride, (count - 1) * stride + ports.outputWords))
    }
  }

  const { inside, fallback } = engine
  return {
    name: engine.name,
    ...(fallback !== undefined && { fallback }),
    ports,
    inputs: engine.inputs,
    outputs,
    step: (length = 1) => run(engine.inputs, length),
    replay: run,
    reset() {
      engine.reset()
      cut()
    },
    register: (path) => engine.register(path),
    ...(engine.watch && {
      watch(looked: readonly string[]) {
        for (const path of looked) if (!paths.includes(path)) throw unknown(path)
        return engine.watch!(looked)
      },
    }),
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
        module,
        resume(...from: Parameters<typeof inside.resume>) {
          inside.resume(...from)
          cut()
        },
      },
    }),
    close: () => engine.close(),
    coverage: () => ({
      ...coverageFormat,
      design: module.name,
      digest: designDigest(module),
      cycles,
      signals: sorted(placed.map((port) => [port.name, togglesOf(port, cycles, toggles)])),
      values: sorted(sequences.map(({ path, counter, ...of }) => [path, valuesOf(of, counter)])),
    }),
  }
}

const sorted = <T>(entries: readonly (readonly [name: string, value: T])[]): Readonly<Record<string, T>> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))

const togglesOf = ({ range, offset }: Port, cycles: number, counter: ToggleCounter): SignalToggles => {
  const turns = Array.from({ length: widthOf(range) }, (_, bit) => counter.turns(offset + (bit >> 5), bit & 31))
  return { cycles, rises: turns.map(({ rises }) => rises), falls: turns.map(({ falls }) => falls) }
}

/** A signal whose values have names. */
interface Encoded {
  readonly path: string
  readonly encoding: Encoding
  /** The codes that may follow a code, of a register whose logic tells. */
  readonly successors: (code: number) => readonly number[] | undefined
}

const encodedUnder = (module: Module, prefix = ''): readonly Encoded[] => [
  ...declaredSignals(module).flatMap(({ name, node, encoding }): Encoded[] => {
    if (!encoding) return []
    const register = module.registers.find((each) => each.node === node)
    const successors = (code: number): readonly number[] | undefined => {
      const found = register && successorsOf(module, register, BigInt(code))
      return found && [...found].map(Number).sort((a, b) => a - b)
    }
    return [{ path: prefix + name, encoding, successors }]
  }),
  ...module.instances.flatMap(({ name, of }) => encodedUnder(of, `${prefix}${name}.`)),
]

const valuesOf = (
  { encoding, successors }: Pick<Encoded, 'encoding' | 'successors'>,
  { seen, changes }: SequenceCounter,
): ValueCoverage => {
  const names = encoding.values
  const nameOf = (code: number): string => names[code] ?? String(code)
  const inOrder = <T>(map: ReadonlyMap<number, T>): readonly (readonly [number, T])[] =>
    [...map].sort(([a], [b]) => a - b)
  const after = names.map((_, code) => successors(code))
  return {
    names,
    seen: inOrder(seen).map(([code, count]) => [nameOf(code), count]),
    transitions: inOrder(changes).flatMap(([from, counts]) =>
      inOrder(counts).map(([to, times]) => [nameOf(from), nameOf(to), times] as const),
    ),
    ...(after.every((codes) => codes !== undefined) && {
      possible: after.flatMap((codes, from) =>
        codes!.filter((to) => to !== from).map((to) => [nameOf(from), nameOf(to)] as const),
      ),
    }),
  }
}
