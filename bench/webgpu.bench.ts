import { loadavg } from 'node:os'
import type { Progress } from '../src/base/progress.ts'
import { processingElement } from '../src/pe/catalogue.ts'
import { type LaneEngine, laneRows, laneWords } from '../src/sim/lanes/engine.ts'
import { openLanes } from '../src/sim/lanes/index.ts'
import { lonePe } from '../src/verify/verify.ts'
import { rounds } from './sim.bench.ts'
import { lonePeSpecs, stimulusOf } from './sim-designs.ts'
import { machine, median, printTable } from './table.ts'

const lanes = [1, 16, 256, 4096, 65_536] as const
/** Different stimuli; lanes beyond repeat them, since more would take long to make. */
const stimuli = 16
/** Rows of the stimulus, and cycles of a replay that answers nothing: rows are sent once and repeat on the device. */
const rows = 64
const cycles = 1024

export interface WebGpuRow {
  readonly name: string
  readonly lanes: number
  /** M lane-cycles/s by the clock on the wall: stimulus in and every output back; and where rows repeat and nothing comes back. */
  readonly answered: Spread
  readonly alone: Spread
}
interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}
export interface WebGpuResult {
  readonly rows: readonly WebGpuRow[]
  readonly adapter: string
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
}

/** One PE on a graphics processor, or on what stands in for one: which is in the result. */
export const webgpuBench = async (progress: Progress): Promise<WebGpuResult> => {
  const result: WebGpuRow[] = []
  let adapter = ''
  for (const spec of lonePeSpecs) {
    const module = lonePe(processingElement(spec))
    for (const count of lanes) {
      const engine = await openLanes('webgpu', module, { lanes: count })
      adapter = engine.adapter ?? ''
      const { outputWords } = engine.ports
      const few = Array.from({ length: stimuli }, (_, lane) =>
        stimulusOf(engine.ports, lane).subarray(0, rows * engine.ports.inputWords),
      )
      const stimulus = laneRows(Array.from({ length: count }, (_, lane) => few[lane % stimuli]!))
      const response = new Int32Array(laneWords(count, rows, outputWords))
      const answered: number[] = []
      const alone: number[] = []
      await engine.replay(stimulus, rows, response)
      progress.start(`${spec}, ${count} lanes`, rounds, 'rounds')
      for (let round = 0; round < rounds; round++) {
        answered.push(await speed(engine, rows, () => engine.replay(stimulus, rows, response)))
        alone.push(await speed(engine, cycles, () => engine.replay(stimulus, cycles)))
        progress.update(round + 1)
      }
      progress.stop()
      await engine.close()
      result.push({ name: `${spec}, one PE`, lanes: count, answered: spread(answered), alone: spread(alone) })
    }
  }
  const versions = {
    node: process.version,
    others_at_work: `load of ${loadavg()[0]!.toFixed(1)} in the last minute`,
  }
  return { rows: result, adapter, machine: machine(), versions }
}

const speed = async ({ lanes }: LaneEngine, cycles: number, replay: () => Promise<void>): Promise<number> => {
  const started = performance.now()
  let done = 0
  do {
    await replay()
    done += cycles
  } while (performance.now() - started < 200)
  return (done * lanes) / (performance.now() - started) / 1e3
}

const spread = (values: readonly number[]): Spread => {
  const three = (value: number): number => Number(value.toPrecision(3))
  return { median: three(median(values)), min: three(Math.min(...values)), max: three(Math.max(...values)) }
}

export const printWebgpu = ({ rows, adapter, machine, versions }: WebGpuResult): string => {
  const text = ({ median, min, max }: Spread): string => `${median} (${min} to ${max})`
  const cells = rows.map(({ name, lanes, answered, alone }) => [name, String(lanes), text(answered), text(alone)])
  const header = ['design', 'lanes', 'M lane-cycles/s', 'without outputs']
  return printTable(header, cells, { machine, versions: { adapter, ...versions } })
}
