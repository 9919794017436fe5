import type { Progress } from '../src/base/progress.ts'
import { unknownName } from '../src/base/suggestion.ts'
import { UserError } from '../src/base/user-error.ts'
import { terminalProgress } from '../src/cli/progress.ts'
import { simBench } from './sim.bench.ts'
import { type BenchResult, printRows } from './table.ts'

const benches: Readonly<
  Record<string, { readonly peer: string; readonly run: (progress: Progress) => Promise<BenchResult> }>
> = {
  sim: { peer: 'Verilator', run: simBench },
}

const [name, ...flags] = process.argv.slice(2)
try {
  const bench = name !== undefined && Object.hasOwn(benches, name) ? benches[name] : undefined
  if (!bench) throw unknownName('E-BENCH', 'benchmark', name ?? '', Object.keys(benches))
  const result = await bench.run(terminalProgress())
  process.stdout.write(
    flags.includes('--json') ? `${JSON.stringify(result, undefined, 2)}\n` : `${printRows(result, bench.peer)}\n`,
  )
} catch (error) {
  if (!(error instanceof UserError)) throw error
  process.stderr.write(`bench: ${error.message}\n`)
  process.exitCode = error.exitCode
}
