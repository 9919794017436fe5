import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outputStationaryArray } from '../src/accel/output-stationary.ts'
import type { Progress } from '../src/base/progress.ts'
import { type Module, printVerilog } from '../src/dsl/index.ts'
import { processingElement } from '../src/pe/catalogue.ts'
import { type Engine, type PortLayout, portLayout, portNamed } from '../src/sim/engine.ts'
import { openOwnEngine } from '../src/sim/own-engines.ts'
import { randomStimulus } from '../src/sim/stimulus.ts'
import { buildTools } from '../src/sim/verilator/tools.ts'
import { verilatorEngine } from '../src/sim/verilator.ts'
import { type BenchResult, type BenchRow, machine, median, printTable, rowOf } from './table.ts'

export const specs = ['mixpe(w=int4, a=int8)', 'mac(w=int8, a=int8)'] as const
/** Rows and columns; 32 only where asked for, since Verilator builds it for minutes. */
const sizes = [4, 8, 16] as const
const largest = 32

/** What is compared with Verilator. */
const ours = [
  { label: 'wasm', engine: 'wasm', checks: false },
  { label: 'wasm, checks on', engine: 'wasm', checks: true },
  { label: 'js', engine: 'js', checks: false },
] as const

export const rounds = 5
export const rows = 1024
/** Operand pairs of a group: `last` every so many rows, so that no hardware check fails. */
const group = 128
/** Of processor time. */
export const secondsPerMeasure = 0.5
const seed = 1

export interface SimRow extends BenchRow {
  /** Milliseconds from the elaborated module to the end of the first cycle, the median of three. */
  readonly ready_ms: number
  /** The same for Verilator and the compiler, which print, build and start a program. */
  readonly peer_ready_ms: number
}
export interface SimResult extends BenchResult {
  readonly rows: readonly SimRow[]
}

/**
 * Simulated megacycles per second of processor time of our engines and of Verilator at its best flags, one thread each, new random inputs in
 * every cycle, all outputs read in every cycle, checks off unless the row says so; engines take turns, round by round. All run
 * the logic of components that have gates.
 */
export const simBench = async (progress: Progress, withLargest = false): Promise<SimResult> => {
  const result: SimRow[] = []
  // Verilator's build is timed: nothing may come from an earlier one.
  const cache = mkdtempSync(join(tmpdir(), 'bitloom-bench-'))
  process.env.BITLOOM_CACHE = cache
  try {
    for (const size of withLargest ? [...sizes, largest] : sizes)
      for (const spec of specs) {
        const module = outputStationaryArray(processingElement(spec), { rows: size, columns: size })
        result.push(...compare(`${spec} ${size} x ${size}`, module, progress))
      }
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
  const versions = {
    node: process.version,
    ...buildTools(),
    verilator_flags: '-O3 --x-assign fast --noassert -fno-const-bit-op-tree, C++ -O3 -march=native',
  }
  return { rows: result, machine: machine(), versions }
}

const compare = (name: string, module: Module, progress: Progress): readonly SimRow[] => {
  progress.say(`${name}: building with Verilator`)
  const started = performance.now()
  const verilog = printVerilog(module, { gates: false })
  const peer = verilatorEngine({ verilog, top: module.name, ports: portLayout(module) }, { dataFlow: true })
  peer.step()
  const peerReady = performance.now() - started
  const engines = ours.map(({ engine, checks }) => {
    const open = (): Engine => openOwnEngine(engine, module, { checks })
    const ready = median(Array.from({ length: 3 }, () => readyTime(open)))
    return { engine: open(), ready }
  })
  const { ports } = peer
  const stimulus = stimulusOf(ports, seed)
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
  return ours.map(({ label }, k) => ({
    ...rowOf(`${name}, ${label}`, 'Mcycles/s', figures[k]!),
    ready_ms: Math.round(engines[k]!.ready),
    peer_ready_ms: Math.round(peerReady),
  }))
}

/** Random operands in groups that fail no check. */
export const stimulusOf = (ports: PortLayout, seed: number): Int32Array => {
  const stimulus = randomStimulus(ports, rows, seed)
  const last = portNamed(ports.inputs, 'last').offset
  for (let k = 0; k < rows; k++) stimulus[k * ports.inputWords + last] = k % group === group - 1 ? 1 : 0
  return stimulus
}

const readyTime = (open: () => Engine): number => {
  const started = performance.now()
  const engine = open()
  engine.step()
  const elapsed = performance.now() - started
  engine.close()
  return elapsed
}

/** Megacycles per second of processor time of the process that simulates, so that other work on the machine counts less. */
const measure = (engine: Engine, stimulus: Int32Array): number => {
  const response = new Int32Array(rows * engine.ports.outputWords)
  const processorTime = 'pid' in engine ? timeOfProcess(engine.pid as number) : ownTime
  const started = processorTime()
  let cycles = 0
  let elapsed = 0
  while (elapsed < secondsPerMeasure) {
    engine.replay(stimulus, rows, response)
    cycles += rows
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
    const response = new Int32Array(rows * each.ports.outputWords)
    each.replay(stimulus, rows, response)
    return response
  })
  if (a!.some((word, k) => word !== b![k])) throw new Error('the engines differ; no figure is worth anything')
}

export const printSim = ({ rows, ...where }: SimResult): string => {
  const header = ['design, engine', 'ours', 'Verilator', 'ratio', 'min to max', 'unit', 'ready ms', 'Verilator']
  const cells = rows.map((row) =>
    [
      ...[row.name, row.ours, row.peer, row.ratio, `${row.min} to ${row.max}`, row.unit],
      ...[row.ready_ms, row.peer_ready_ms],
    ].map(String),
  )
  return printTable(header, cells, where)
}
