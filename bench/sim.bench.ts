import { outputStationaryArray } from '../src/accel/output-stationary.ts'
import type { Progress } from '../src/base/progress.ts'
import { printVerilog } from '../src/dsl/index.ts'
import { processingElement } from '../src/pe/catalogue.ts'
import { type Engine, portLayout, portNamed } from '../src/sim/engine.ts'
import { openEngine } from '../src/sim/engines.ts'
import { randomStimulus } from '../src/sim/stimulus.ts'
import { buildTools } from '../src/sim/verilator/tools.ts'
import { verilatorEngine } from '../src/sim/verilator.ts'
import { type BenchResult, type BenchRow, machine, rowOf } from './table.ts'

const designs = [
  { spec: 'mixpe(w=int4, a=int8)', size: 8 },
  { spec: 'mixpe(w=int4, a=int8)', size: 16 },
  { spec: 'mac(w=int8, a=int8)', size: 8 },
  { spec: 'mac(w=int8, a=int8)', size: 16 },
] as const

const rounds = 5
const rows = 1024
/** Operand pairs of a group: `last` every so many rows, so that no hardware check fails. */
const group = 128
const secondsPerMeasure = 1
const seed = 1

/**
 * Simulated megacycles per second of our JavaScript and of Verilator at its best flags, one thread each, new random inputs
 * in every cycle, all outputs read in every cycle, checks off on both sides; engines take turns, round by round. Both run the
 * logic of components that have gates.
 */
export const simBench = async (progress: Progress): Promise<BenchResult> => {
  const result: BenchRow[] = []
  for (const { spec, size } of designs) {
    const module = outputStationaryArray(processingElement(spec), { rows: size, columns: size })
    progress.say(`${module.name}: building with Verilator, unless it was built before`)
    const ours = openEngine('js', module, { checks: false })
    const verilog = printVerilog(module, { gates: false })
    const peer = verilatorEngine({ verilog, top: module.name, ports: portLayout(module) }, { dataFlow: true })
    const stimulus = randomStimulus(ours.ports, rows, seed)
    const last = portNamed(ours.ports.inputs, 'last').offset
    for (let k = 0; k < rows; k++) stimulus[k * ours.ports.inputWords + last] = k % group === group - 1 ? 1 : 0
    sameOutputs(ours, peer, stimulus)
    // Both warm: V8 has optimised, the process has its pages.
    measure(ours, stimulus)
    measure(peer, stimulus)
    const figures: { ours: number; peer: number }[] = []
    progress.start(module.name, rounds, 'rounds')
    for (let round = 0; round < rounds; round++) {
      figures.push({ ours: measure(ours, stimulus), peer: measure(peer, stimulus) })
      progress.update(round + 1)
    }
    progress.stop()
    ours.close()
    peer.close()
    result.push(rowOf(`${spec} ${size} x ${size}`, 'Mcycles/s', figures))
  }
  const versions = {
    node: process.version,
    ...buildTools(),
    verilator_flags: '-O3 --x-assign fast --noassert -fno-const-bit-op-tree, C++ -O3 -march=native',
  }
  return { rows: result, machine: machine(), versions }
}

/** Megacycles per second over about a second. */
const measure = (engine: Engine, stimulus: Int32Array): number => {
  const response = new Int32Array(rows * engine.ports.outputWords)
  const started = performance.now()
  let cycles = 0
  let elapsed = 0
  while (elapsed < 1000 * secondsPerMeasure) {
    engine.replay(stimulus, rows, response)
    cycles += rows
    elapsed = performance.now() - started
  }
  return cycles / elapsed / 1000
}

const sameOutputs = (ours: Engine, peer: Engine, stimulus: Int32Array): void => {
  const [a, b] = [ours, peer].map((engine) => {
    const response = new Int32Array(rows * engine.ports.outputWords)
    engine.replay(stimulus, rows, response)
    return response
  })
  if (a!.some((word, k) => word !== b![k])) throw new Error('the engines differ; no figure is worth anything')
}
