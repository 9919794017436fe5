import type { Progress } from '../src/base/progress.ts'
import { type Module, printVerilog } from '../src/dsl/index.ts'
import { processingElement } from '../src/pe/catalogue.ts'
import { portLayout } from '../src/sim/engine.ts'
import { type LaneEngine, laneRows, laneWords } from '../src/sim/lanes/engine.ts'
import { openLanes } from '../src/sim/lanes/index.ts'
import { buildTools } from '../src/sim/verilator/tools.ts'
import { verilatorEngine } from '../src/sim/verilator.ts'
import { lonePe } from '../src/verify/verify.ts'
import { ownTime, rounds, secondsPerMeasure, timeOfProcess } from './sim.bench.ts'
import { lonePeSpecs, stimulusRows as rows, stimulusOf } from './sim-designs.ts'
import {
  type BenchResult,
  type BenchRow,
  machine,
  othersAtWork,
  printRows,
  rowOf,
  rowsOfBoth,
  type Timed,
} from './table.ts'
import { timed } from './timed.ts'

const ours = [
  { label: '16 lanes', lanes: 16, checks: false },
  { label: '64 lanes', lanes: 64, checks: false },
  { label: '64 lanes, checks on', lanes: 64, checks: true },
  { label: '1024 lanes', lanes: 1024, checks: false },
] as const
/** Lanes that two threads share, and cycles of one replay: long enough that waking threads, and waiting for a core, count little. */
const shared = { lanes: 128, cycles: 1 << 20 }

/**
 * One PE under many stimuli: millions of lane-cycles per second of processor time, and Verilator at its best flags as the
 * peer. We take new inputs and write all outputs in every cycle; Verilator repeats rows that it holds, and answers once. Then two threads
 * over one: by processor time, which shows what sharing costs, and by the clock, which shows what it gains where each thread has a core.
 */
export const lanesBench = async (progress: Progress): Promise<BenchResult> => {
  const result: BenchRow[] = []
  for (const spec of lonePeSpecs) {
    const module = lonePe(processingElement(spec))
    result.push(...(await compare(spec, module, progress)), ...(await threads(spec, module)))
  }
  const versions = {
    node: process.version,
    ...buildTools(),
    verilator_flags: '-O3 --x-assign fast --noassert -fno-const-bit-op-tree, C++ -O3 -march=native',
    others_at_work: othersAtWork(),
    cores_at_work: 'two threads and one, by processor time over time on the wall: below 2 and 1 the machine was busy',
  }
  return { rows: result, machine: machine(), versions }
}

const compare = async (spec: string, module: Module, progress: Progress): Promise<readonly BenchRow[]> => {
  progress.say(`${spec}: building with Verilator`)
  const verilog = printVerilog(module, { gates: false })
  const peer = verilatorEngine({ verilog, top: module.name, ports: portLayout(module) }, { dataFlow: true })
  const stimulus = stimulusOf(peer.ports, 0)
  const own = await Promise.all(
    ours.map(async ({ lanes, checks }) => {
      const engine = await openLanes('wasm', module, { lanes, checks })
      const words = laneRows(Array.from({ length: lanes }, (_, lane) => stimulusOf(engine.ports, lane)))
      return { engine, words, response: new Int32Array(laneWords(lanes, rows, engine.ports.outputWords)) }
    }),
  )
  const expected = new Int32Array(rows * peer.ports.outputWords)
  peer.replay(stimulus, rows, expected)
  for (const { engine, words, response } of own) {
    await engine.replay(words, rows, response)
    if (expected.some((word, k) => word !== response[16 * k]))
      throw new Error('the engines differ; no figure is worth anything')
    if (engine.failures.length > 0) throw new Error('a check failed; the figures would be those of reporting it')
    await measure(engine, words, response)
  }
  const timeOfPeer = timeOfProcess((peer as unknown as { readonly pid: number }).pid)
  const figures: { ours: number; peer: number }[][] = own.map(() => [])
  progress.start(spec, rounds, 'rounds')
  for (let round = 0; round < rounds; round++) {
    const started = timeOfPeer()
    let cycles = 0
    while (timeOfPeer() - started < secondsPerMeasure) {
      peer.replay(stimulus, 1 << 20)
      cycles += 1 << 20
    }
    const theirs = cycles / (timeOfPeer() - started) / 1e6
    for (const [k, { engine, words, response }] of own.entries())
      figures[k]!.push({ ours: await measure(engine, words, response), peer: theirs })
    progress.update(round + 1)
  }
  progress.stop()
  peer.close()
  for (const { engine } of own) await engine.close()
  return ours.map(({ label }, k) => rowOf(`${spec}, one PE, ${label}`, 'M lane-cycles/s', figures[k]!))
}

const threads = async (spec: string, module: Module): Promise<readonly BenchRow[]> => {
  const { lanes, cycles } = shared
  const engines = await Promise.all(
    [2, 1].map((threads) => openLanes('wasm', module, { lanes, checks: false, threads })),
  )
  const { ports } = engines[0]!
  const inputs = laneRows(Array.from({ length: lanes }, (_, lane) => stimulusOf(ports, lane)))
  const words = new Int32Array(new SharedArrayBuffer(inputs.byteLength))
  words.set(inputs)
  const timeOf = (engine: LaneEngine): Promise<Timed> => timed(() => engine.replay(words, cycles))
  for (const engine of engines) await timeOf(engine)
  const figures: { ours: Timed; peer: Timed }[] = []
  for (let round = 0; round < 2 * rounds; round++)
    figures.push({ ours: await timeOf(engines[0]!), peer: await timeOf(engines[1]!) })
  for (const engine of engines) await engine.close()
  const name = `${spec}, one PE, ${lanes} lanes, no outputs, two threads over one`
  return rowsOfBoth(name, 'M lane-cycles/s', (lanes * cycles) / 1e6, figures)
}

/** Millions of lane-cycles per second of processor time. */
const measure = async (engine: LaneEngine, words: Int32Array, response: Int32Array): Promise<number> => {
  const started = ownTime()
  let cycles = 0
  while (ownTime() - started < secondsPerMeasure) {
    await engine.replay(words, rows, response)
    cycles += rows
  }
  return (cycles * engine.lanes) / (ownTime() - started) / 1e6
}

export const printLanes = (result: BenchResult): string => printRows(result, 'peer', 'lanes')
