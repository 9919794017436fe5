import { outputStationaryArray } from '../src/accel/output-stationary.ts'
import type { Progress } from '../src/base/progress.ts'
import { processingElement } from '../src/pe/catalogue.ts'
import { openOwnEngine } from '../src/sim/own-engines.ts'
import { randomWords } from '../src/sim/stimulus.ts'
import { columnDriver, columnMonitor, playBlocks } from '../src/sim/testbench/index.ts'
import { type BenchResult, machine, othersAtWork, rowsOfBoth, type Timed } from './table.ts'
import { timed } from './timed.ts'

const spec = 'mac(w=int8, a=int8)'
const size = 8
const [cycles, rounds, group, block] = [2 ** 20, 7, 128, 1024]
/** Cycles of the columns, so that a driver has other operands in every block. */
const columnLength = 2 ** 16

/**
 * What a driver of all inputs and monitors of all results cost: an 8 x 8 array of MACs that is driven and looked at, block by block,
 * against the same engine replaying one block that is there already. Checks are off; rounds in turn, by processor time and by the clock.
 */
export const testbenchBench = async (progress: Progress): Promise<BenchResult> => {
  const module = outputStationaryArray(processingElement(spec), { rows: size, columns: size })
  const engine = openOwnEngine('wasm', module, { checks: false })
  const { ports } = engine
  const random = randomWords(1)
  const columns = Object.fromEntries(
    ports.inputs.map(({ name, range: { min, max } }) => [
      name,
      Int32Array.from({ length: columnLength }, (_, k) =>
        name === 'last' ? Number(k % group === group - 1) : Number(min) + (random() % Number(max - min + 1n)),
      ),
    ]),
  )
  const driver = columnDriver(ports, columns)
  const lanes = Array.from({ length: size }, (_, column) => column)

  /** One block of inputs, for the engine alone. */
  const inputs = new Int32Array(block * ports.inputWords)
  columnDriver(ports, columns)({ ports, firstCycle: 0, cycles: block, inputs, outputs: inputs })
  const outputs = new Int32Array(block * ports.outputWords)
  const bare = (): void => {
    for (let done = 0; done < cycles; done += block) engine.replay(inputs, block, outputs)
  }
  const tested = (): void => {
    const monitors = lanes.map(
      (column) => columnMonitor(ports, { valid: `result_valid_${column}`, data: [`result_${column}`] }).monitor,
    )
    playBlocks(engine, cycles, { drivers: [driver], monitors, blockCycles: block })
  }
  for (const run of [bare, tested, bare, tested]) run()
  const figures: { ours: Timed; peer: Timed }[] = []
  progress.start('testbench', rounds, 'rounds')
  for (let round = 0; round < rounds; round++) {
    figures.push({ peer: await timed(bare), ours: await timed(tested) })
    progress.update(round + 1)
  }
  progress.stop()
  const name = `${spec} ${size} x ${size}, driven and monitored, over bare`
  return {
    rows: rowsOfBoth(name, 'Mcycles/s', cycles / 1e6, figures),
    machine: machine(),
    versions: { node: process.version, others_at_work: othersAtWork() },
  }
}
