import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Progress } from '../src/base/progress.ts'
import { printVerilog } from '../src/dsl/index.ts'
import { type Engine, portLayout } from '../src/sim/engine.ts'
import { openOwnEngine } from '../src/sim/own-engines.ts'
import { buildTools } from '../src/sim/verilator/tools.ts'
import { verilatorEngine } from '../src/sim/verilator.ts'
import { arrayDesign, type Design, nameOf, otherDesigns, specs, stimulusRows } from './sim-designs.ts'
import { type BenchResult, type BenchRow, machine, median, othersAtWork, printTable, rowOf } from './table.ts'

/** Rows and columns; 32 only where asked for, since Verilator builds it for minutes. */
const sizes = [4, 8, 16] as const
const largestSize = 32
/** An array that is only made ready, and not compared. */
const readySize = 64

/** What is compared with Verilator. */
const ours = [
  { label: 'wasm', engine: 'wasm', checks: false, asked: 'off' },
  { label: 'wasm, checks on', engine: 'wasm', checks: true, asked: 'on' },
  { label: 'js', engine: 'js', checks: false, asked: undefined },
] as const

export const rounds = 5
/** Milliseconds within which an engine is to be ready, for arrays up to 16 x 16 and beyond. */
const askedReady = { small: 100, large: 300 } as const
/** Of processor time. */
export const secondsPerMeasure = 0.5

export interface SimRow extends BenchRow {
  /**
   * Milliseconds of processor time from the elaborated module to the end of the first cycle, the median of three, once the
   * code that makes the engine has run.
   */
  readonly ready_ms: number
  /**
   * Milliseconds on the clock for Verilator and the compiler, which print, build and start a program; null where an earlier build
   * was taken.
   */
  readonly peer_ready_ms: number | null
  /** The ratio that is asked for and whether the row reaches it; null where nothing is asked. */
  readonly asked: number | null
  readonly reached: boolean | null
  /** The same of `ready_ms`, at most. */
  readonly asked_ready_ms: number | null
  readonly reached_ready: boolean | null
  /** Why it is another engine's row; null where it is not. */
  readonly fallback: string | null
  /** What else ran meanwhile. */
  readonly others_at_work: string
}
/** An engine made ready, without a peer. */
interface ReadyRow extends Pick<SimRow, 'name' | 'ready_ms' | 'others_at_work'> {
  readonly asked_ready_ms: number
  readonly reached_ready: boolean
}
export interface SimResult extends BenchResult {
  readonly rows: readonly SimRow[]
  readonly ready: readonly ReadyRow[]
  /** Designs that are compared only where a flag asks for them. */
  readonly left_out: readonly string[]
}

export interface SimOptions {
  readonly progress: Progress
  /** Only designs whose name has this in it, such as `mac` or `8 x 8`. Default: all. */
  readonly only?: string
  /** Also arrays that Verilator builds for many minutes. Default false. */
  readonly largest?: boolean
  /** Called when a design is measured, so that a run that is stopped keeps what it had. */
  readonly onRows?: (result: SimResult) => void
}

/**
 * Simulated megacycles per second of processor time of our engines and of Verilator at its best flags, one thread each, new random inputs in
 * every cycle, all outputs read in every cycle, checks off unless the row says so; engines take turns, round by round. All run
 * the logic of components that have gates. Verilator's build is timed, unless BITLOOM_CACHE names a folder whose builds may be taken.
 */
export const simBench = async ({ progress, only = '', largest = false, onRows }: SimOptions): Promise<SimResult> => {
  const rows: SimRow[] = []
  const ready: ReadyRow[] = []
  const asked = (name: string): boolean => name.includes(only)
  const arrays = [...sizes, ...(largest ? [largestSize] : [])].flatMap((size) => specs.map((spec) => ({ spec, size })))
  const result = (): SimResult => ({
    ...{ rows, ready, left_out: largest ? [] : leftOut(asked), machine: machine() },
    versions: {
      node: process.version,
      ...buildTools(),
      verilator_flags: '-O3 --x-assign fast --noassert -fno-const-bit-op-tree, C++ -O3 -march=native',
    },
  })
  const keep = (): void => onRows?.(result())
  for (const spec of specs.filter((spec) => asked(nameOf(spec, readySize))))
    ready.push(readyRow(arrayDesign(spec, readySize)))
  const given = process.env.BITLOOM_CACHE
  const cache = given ?? mkdtempSync(join(tmpdir(), 'bitloom-bench-'))
  process.env.BITLOOM_CACHE = cache
  try {
    for (const { spec, size } of arrays.filter(({ spec, size }) => asked(nameOf(spec, size)))) {
      rows.push(...compare(arrayDesign(spec, size), size, progress))
      keep()
    }
    for (const design of otherDesigns().filter(({ name }) => asked(name))) {
      rows.push(...compare(design, undefined, progress))
      keep()
    }
  } finally {
    if (given === undefined) rmSync(cache, { recursive: true, force: true })
  }
  return result()
}

const leftOut = (which: (name: string) => boolean): readonly string[] =>
  specs
    .map((spec) => nameOf(spec, largestSize))
    .filter(which)
    .map((name) => `${name}: with --largest`)

/** Rows of an earlier run that this one did not measure stay, in the order of a whole run. */
export const withEarlier = (result: SimResult, earlier: SimResult | undefined): SimResult => {
  const order = [...sizes, largestSize]
    .flatMap((size) => specs.map((spec) => nameOf(spec, size)))
    .concat(otherDesigns().map(({ name }) => name))
    .flatMap((name) => ours.map(({ label }) => `${name}, ${label}`))
  const place = (name: string): number => order.indexOf(name)
  const measured = new Set([...result.rows, ...result.ready].map(({ name }) => name))
  const stays = <Row extends { readonly name: string }>(rows: readonly Row[] = []): Row[] =>
    rows.filter(({ name }) => !measured.has(name))
  const rows = [...result.rows, ...stays(earlier?.rows).filter(({ name }) => place(name) >= 0)]
  const there = new Set(rows.map(({ name }) => name))
  return {
    ...result,
    rows: rows.sort((a, b) => place(a.name) - place(b.name)),
    ready: [...result.ready, ...stays(earlier?.ready)].sort((a, b) => a.name.localeCompare(b.name)),
    left_out: leftOut((name) => !there.has(`${name}, ${ours[0].label}`)),
  }
}

const readyRow = ({ name, module }: Design): ReadyRow => {
  const ready = Math.round(readyTime(() => openOwnEngine('wasm', module)))
  const asked = askedReady.large
  return {
    ...{ name: `${name}, wasm, checks on`, ready_ms: ready, asked_ready_ms: asked, reached_ready: ready <= asked },
    others_at_work: othersAtWork(),
  }
}

const compare = (
  { name, module, stimulus, asked }: Design,
  size: number | undefined,
  progress: Progress,
): readonly SimRow[] => {
  progress.say(`${name}: building with Verilator`)
  const started = performance.now()
  const verilog = printVerilog(module, { gates: false })
  const peer = verilatorEngine({ verilog, top: module.name, ports: portLayout(module) }, { dataFlow: true })
  peer.step()
  const peerReady = performance.now() - started
  const engines = ours.map(({ engine, checks }) => {
    const open = (): Engine => openOwnEngine(engine, module, { checks })
    return { engine: open(), ready: readyTime(open) }
  })
  peer.reset()
  for (const { engine } of engines) {
    peer.reset()
    sameOutputs(engine, peer, stimulus)
    if (engine.failedChecks > 0) throw new Error('a check failed; the figures would be those of reporting it')
  }
  // All warm: V8 has optimised, the process has its pages.
  for (const { engine } of engines) measure(engine, stimulus)
  measure(peer, stimulus)
  const figures: { ours: number; peer: number }[][] = engines.map(() => [])
  progress.start(name, rounds, 'rounds')
  for (let round = 0; round < rounds; round++) {
    const theirs = measure(peer, stimulus)
    engines.forEach(({ engine }, k) => {
      figures[k]!.push({ ours: measure(engine, stimulus), peer: theirs })
    })
    progress.update(round + 1)
  }
  progress.stop()
  for (const { engine } of [...engines, { engine: peer }]) engine.close()
  return ours.map(({ label, asked: checks }, k) => {
    const row = rowOf(`${name}, ${label}`, 'Mcycles/s', figures[k]!)
    const wanted = (checks && asked[checks]) ?? null
    const ready = Math.round(engines[k]!.ready)
    const wantedReady =
      checks === undefined || size === undefined ? null : size <= 16 ? askedReady.small : askedReady.large
    return {
      ...row,
      ready_ms: ready,
      peer_ready_ms: peer.build.cached ? null : Math.round(peerReady),
      asked: wanted,
      reached: wanted === null ? null : row.ratio >= wanted,
      asked_ready_ms: wantedReady,
      reached_ready: wantedReady === null ? null : ready <= wantedReady,
      fallback: engines[k]!.engine.fallback ?? null,
      others_at_work: othersAtWork(),
    }
  })
}

/** Milliseconds, as in `ready_ms`. */
const readyTime = (open: () => Engine): number => {
  const once = (): number => {
    const started = ownTime()
    const engine = open()
    engine.step()
    const elapsed = ownTime() - started
    engine.close()
    return 1000 * elapsed
  }
  // V8 compiles what makes the engine.
  once()
  return median(Array.from({ length: 3 }, once))
}

/** Megacycles per second of processor time of the process that simulates, so that other work on the machine counts less. */
const measure = (engine: Engine, stimulus: Int32Array): number => {
  const response = new Int32Array(stimulusRows * engine.ports.outputWords)
  const processorTime = 'pid' in engine ? timeOfProcess(engine.pid as number) : ownTime
  const started = processorTime()
  let cycles = 0
  let elapsed = 0
  while (elapsed < secondsPerMeasure) {
    engine.replay(stimulus, stimulusRows, response)
    cycles += stimulusRows
    elapsed = processorTime() - started
  }
  return cycles / elapsed / 1e6
}

/** Seconds of processor time so far, in Node's threads together. */
export const ownTime = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** The same of another process, from Linux, which counts hundredths of a second. */
export const timeOfProcess =
  (pid: number): (() => number) =>
  () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number)
    return (user! + system!) / 100
  }

const sameOutputs = (engine: Engine, peer: Engine, stimulus: Int32Array): void => {
  const [a, b] = [engine, peer].map((each) => {
    const response = new Int32Array(stimulusRows * each.ports.outputWords)
    each.replay(stimulus, stimulusRows, response)
    return response
  })
  if (a!.some((word, k) => word !== b![k])) throw new Error('the engines differ; no figure is worth anything')
}

export const printSim = ({ rows, ready, left_out: left, ...where }: SimResult): string => {
  const header = [
    'design, engine',
    'ours',
    'Verilator',
    'ratio',
    'min to max',
    'asked',
    'unit',
    'ready ms',
    'Verilator',
  ]
  const judged = (asked: number | null, reached: boolean | null): string =>
    asked === null ? '' : `${asked} ${reached ? 'reached' : 'NOT REACHED'}`
  const cells = rows.map((row) =>
    [
      row.fallback === null ? row.name : `${row.name} (fell back to js)`,
      ...[row.ours, row.peer, row.ratio, `${row.min} to ${row.max}`, judged(row.asked, row.reached), row.unit],
      ...[
        `${row.ready_ms}${row.reached_ready === false ? ` of ${row.asked_ready_ms}, NOT REACHED` : ''}`,
        row.peer_ready_ms ?? 'built earlier',
      ],
    ].map(String),
  )
  const only = ready.map((row) => [
    ...[row.name, '', '', '', '', judged(row.asked_ready_ms, row.reached_ready), 'ms', `${row.ready_ms}`, ''],
  ])
  const versions = {
    ...where.versions,
    'others at work': rows.at(-1)?.others_at_work ?? othersAtWork(),
    ...(left.length > 0 && { 'left out': left.join('; ') }),
  }
  return printTable(header, [...cells, ...only], { ...where, versions })
}
