import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeWhole } from '../src/base/files.ts'
import type { Progress } from '../src/base/progress.ts'
import { unknownName } from '../src/base/suggestion.ts'
import { UserError } from '../src/base/user-error.ts'
import { terminalProgress } from '../src/cli/progress.ts'
import { bitmodBench, printBitmod } from './bitmod.bench.ts'
import { elaborateBench, printElaborate } from './elaborate.bench.ts'
import { enduranceBench, printEndurance } from './endurance.bench.ts'
import { formatsBench } from './formats.bench.ts'
import { lanesBench, printLanes } from './lanes.bench.ts'
import { libertyBench, printLibertyBench } from './liberty.bench.ts'
import { llmBench, printLlm } from './llm.bench.ts'
import { llmGpuBench, printLlmGpu } from './llm-gpu.bench.ts'
import { printSim, type SimResult, simBench, withEarlier } from './sim.bench.ts'
import { printRows } from './table.ts'
import { testbenchBench } from './testbench.bench.ts'
import { printWebgpu, webgpuBench } from './webgpu.bench.ts'
import { printXrnpe, xrnpeBench } from './xrnpe.bench.ts'

/** A benchmark's result as JSON and as text. */
interface Bench {
  readonly run: (progress: Progress) => Promise<{ readonly result: object; readonly text: string }>
}

const benches: Readonly<Record<string, Bench>> = {
  sim: {
    run: async (progress) => {
      if (flags.includes('--engine')) return engineBench(flags[flags.indexOf('--engine') + 1] ?? '', progress)
      const kept = before<SimResult>('sim')
      const only = after('--only') ?? ''
      const onRows = (rows: SimResult): void => keep('sim', withEarlier(rows, kept))
      const result = await simBench({ progress, only, largest: flags.includes('--largest'), onRows })
      if (result.rows.length === 0) throw new UserError('E-BENCH', `no design has '${only}' in its name`)
      return { result, text: printSim(result) }
    },
  },
  formats: {
    run: async (progress) => {
      const result = await formatsBench(progress)
      return { result, text: printRows(result, 'peer') }
    },
  },
  bitmod: {
    run: async (progress) => {
      const result = await bitmodBench(progress)
      return { result, text: printBitmod(result) }
    },
  },
  xrnpe: {
    run: async (progress) => {
      const result = await xrnpeBench(progress)
      return { result, text: printXrnpe(result) }
    },
  },
  llm: {
    run: async (progress) => {
      if (flags.includes('--engine')) {
        const engine = after('--engine') ?? ''
        if (engine !== 'webgpu') throw unknownName('E-BENCH', 'benchmark of engine', engine, ['webgpu'])
        const result = await llmGpuBench(progress, after('--model') ?? 'random(shape=stories15m, weights=q4_0)')
        return { result, text: printLlmGpu(result) }
      }
      const result = await llmBench(progress)
      keep('llm', result)
      return { result, text: printLlm(result) }
    },
  },
  endurance: {
    run: async (progress) => {
      const result = await enduranceBench(progress)
      return { result, text: printEndurance(result) }
    },
  },
  testbench: {
    run: async (progress) => {
      const result = await testbenchBench(progress)
      return { result, text: printRows(result, 'bare engine', 'driven') }
    },
  },
  liberty: {
    run: async (progress) => {
      const result = await libertyBench(progress)
      return { result, text: printLibertyBench(result) }
    },
  },
  elaborate: {
    run: async (progress) => {
      const result = await elaborateBench(progress)
      return { result, text: printElaborate(result) }
    },
  },
}

const resultFile = (name: string): string => fileURLToPath(new URL(`../../bench/results/${name}.json`, import.meta.url))

/** Writes a result beside those of earlier runs. */
const keep = (name: string, result: object): void =>
  writeWhole(resultFile(name), `${JSON.stringify(result, undefined, 2)}\n`)

/** What an earlier run kept. */
const before = <Result extends object>(name: string): Result | undefined =>
  existsSync(resultFile(name)) ? (JSON.parse(readFileSync(resultFile(name), 'utf8')) as Result) : undefined

/** Engines that run many stimuli at once have benchmarks of their own. */
const engineBench = async (engine: string, progress: Progress): Promise<{ result: object; text: string }> => {
  if (engine === 'webgpu') {
    const result = await webgpuBench(progress)
    return { result, text: printWebgpu(result) }
  }
  if (engine !== 'lanes') throw unknownName('E-BENCH', 'benchmark of engine', engine, ['lanes', 'webgpu'])
  const result = await lanesBench(progress)
  return { result, text: printLanes(result) }
}

const [name, ...flags] = process.argv.slice(2)
const after = (flag: string): string | undefined => (flags.includes(flag) ? flags[flags.indexOf(flag) + 1] : undefined)
try {
  const bench = name !== undefined && Object.hasOwn(benches, name) ? benches[name] : undefined
  if (!bench) throw unknownName('E-BENCH', 'benchmark', name ?? '', Object.keys(benches))
  const { result, text } = await bench.run(terminalProgress())
  process.stdout.write(flags.includes('--json') ? `${JSON.stringify(result, undefined, 2)}\n` : `${text}\n`)
} catch (error) {
  if (!(error instanceof UserError)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exitCode = error.exitCode
}
