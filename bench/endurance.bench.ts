import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outputStationaryArray } from '../src/accel/output-stationary.ts'
import type { Progress } from '../src/base/progress.ts'
import { processingElement } from '../src/pe/catalogue.ts'
import { type Engine, portNamed } from '../src/sim/engine.ts'
import { openOwnEngine } from '../src/sim/own-engines.ts'
import { restoreState, saveState, stateText } from '../src/sim/state/index.ts'
import { readState, writeState } from '../src/sim/state/state-file.ts'
import { randomStimulus } from '../src/sim/stimulus.ts'
import { machine, printTable } from './table.ts'

const spec = 'mac(w=int8, a=int8)'
const size = 4
const cycles = 1e8
const pieces = 10
/** Rows of the stimulus, over and over; a group ends every `group` rows, so that no check fails. */
const [rows, group, seed] = [1000, 100, 1]

export interface EnduranceRow {
  readonly cycles: number
  readonly megacycles_per_second: number
  /** Memory of the whole process, and what JavaScript holds of it, after a collection where Node allows one. */
  readonly resident_megabytes: number
  readonly held_megabytes: number
}
export interface EnduranceResult {
  readonly rows: readonly EnduranceRow[]
  /** True where a second engine, given the state from a file halfway, came to the same state at the end. */
  readonly resumed_alike: boolean
  readonly failed_checks: number
  readonly state_bytes: number
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
}

/** Runs an array of MACs for 10^8 cycles with its checks on, and its second half once more from a file. */
export const enduranceBench = async (progress: Progress): Promise<EnduranceResult> => {
  const module = outputStationaryArray(processingElement(spec), { rows: size, columns: size })
  const open = (): Engine => openOwnEngine('wasm', module)
  const engine = open()
  const { ports } = engine
  const stimulus = randomStimulus(ports, rows, seed)
  const last = portNamed(ports.inputs, 'last').offset
  for (let k = 0; k < rows; k++) stimulus[k * ports.inputWords + last] = k % group === group - 1 ? 1 : 0

  const folder = mkdtempSync(join(tmpdir(), 'bitloom-endurance-'))
  try {
    const path = join(folder, 'half.json')
    const result: EnduranceRow[] = []
    progress.start(`${spec} ${size} x ${size}`, pieces, 'pieces')
    for (let piece = 1; piece <= pieces; piece++) {
      const started = performance.now()
      engine.replay(stimulus, cycles / pieces)
      const elapsed = performance.now() - started
      result.push({
        cycles: engine.cycle,
        megacycles_per_second: rounded(cycles / pieces / elapsed / 1000),
        ...memory(),
      })
      if (piece === pieces / 2) writeState(path, saveState(engine))
      progress.update(piece)
    }
    progress.stop()
    const state = readState(path)
    const resumed = open()
    restoreState(resumed, state)
    resumed.replay(stimulus, cycles / 2)
    return {
      rows: result,
      resumed_alike: stateText(saveState(resumed)) === stateText(saveState(engine)),
      failed_checks: engine.failedChecks,
      state_bytes: stateText(state).length,
      machine: machine(),
      versions: { node: process.version },
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const rounded = (value: number): number => Number(value.toPrecision(3))

const memory = () => {
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { resident_megabytes: Math.round(rss / 1e6), held_megabytes: rounded((heapUsed + external) / 1e6) }
}

export const printEndurance = ({ rows, ...result }: EnduranceResult): string =>
  [
    printTable(
      ['cycles', 'Mcycles/s', 'resident MB', 'held MB'],
      rows.map((row) => Object.values(row).map(String)),
      result,
    ),
    `failed checks: ${result.failed_checks}`,
    `resumed from a file of ${result.state_bytes} bytes: ${result.resumed_alike ? 'the same' : 'ANOTHER'} state at the end`,
  ].join('\n')
