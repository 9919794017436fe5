import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { UserError } from '../base/user-error.ts'
import { elementOf } from '../pe/catalogue.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import type { Engine } from '../sim/engine.ts'
import { type EngineName, engineNamed, engineNames, openEngine } from '../sim/engines.ts'
import { trace } from '../sim/waves/index.ts'
import { writeVcd } from '../sim/waves/vcd-file.ts'
import { lonePe, type Verification, verify } from '../verify/verify.ts'
import { columns, type Output } from './context.ts'

export interface VerifyRequest {
  readonly engine: string
  /** Random groups besides the exhaustive products; undefined for the products alone. */
  readonly groups: number
  readonly seed: number
  /** File for the waves of the run, of one engine. */
  readonly waves?: string
  /** Threads of Verilator's model. */
  readonly threads?: number
}

/** Cycles that a file of waves has at most: more than groups that run together take. */
const waveCycles = 20_000

/** Runs one PE against its golden model on each engine in turn. */
export const verifyOn = async (
  pe: ProcessingElement | TiledElement,
  { engine, groups, seed, waves, threads }: VerifyRequest,
  output: Output,
): Promise<readonly Verification[]> => {
  if (waves !== undefined) refuseWaves(waves, engine)
  if (threads !== undefined && engine !== 'verilator' && engine !== 'all')
    throw new UserError(
      'E-THREADS',
      `--threads are those of Verilator's model, got --engine ${engine.slice(0, 80)}; add --engine verilator, or leave --threads out`,
    )
  const names = engine === 'all' ? engineNames : [engineNamed(engine)]
  const module = lonePe(pe)
  const optionsOf = (name: EngineName) => ({
    checks: true,
    ...(name === 'verilator' && threads !== undefined ? { threads } : {}),
  })
  const results: Verification[] = []
  /** Verifies on an engine and closes it; `finish` comes before. */
  const runOn = async (opened: Engine, finish = () => {}): Promise<Verification> => {
    try {
      let started = false
      const progress = (done: number, total: number): void => {
        if (!started) output.progress.start(`${pe.name} on ${opened.name}`, total, 'groups')
        started = true
        output.progress.update(done)
      }
      const result = await verify(opened, pe, { groups, seed, progress, stopAtFirst: waves !== undefined })
      finish()
      return result
    } finally {
      output.progress.stop()
      opened.close()
    }
  }
  const runWithWaves = (name: EngineName, file: string): Promise<Verification> => {
    if (name === 'verilator') return runInVerilator(file)
    const traced = trace(openEngine(name, module, { checks: true }), module, { keep: waveCycles })
    return runOn(traced, () => writeVcd(file, traced))
  }
  /** Verilator writes from a cycle that is said before the run: the same model runs twice, first to know how long the run is. */
  const runInVerilator = async (file: string): Promise<Verification> => {
    const open = (file: string, from: number) =>
      openEngine('verilator', module, { ...optionsOf('verilator'), waves: { file, from, cycles: waveCycles } })
    const scratch = mkdtempSync(join(tmpdir(), 'bitloom-'))
    try {
      const { cycles } = await runOn(open(join(scratch, `none${extname(file)}`), Number.MAX_SAFE_INTEGER))
      return await runOn(open(file, Math.max(0, cycles - waveCycles)))
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
  }
  for (const name of names) {
    if (name === 'verilator') output.progress.say(`${name}: building ${module.name}, unless it was built before`)
    const run = waves === undefined ? runOn(openEngine(name, module, optionsOf(name))) : runWithWaves(name, waves)
    results.push(await run)
  }
  return results
}

const refuseWaves = (path: string, engine: string): void => {
  if (engine === 'all')
    throw new UserError(
      'E-WAVES',
      '--waves takes the waves of one engine, got --engine all; choose one, e.g. --engine wasm',
    )
  if (path.endsWith('.vcd') || (path.endsWith('.fst') && engine === 'verilator')) return
  const got = path.slice(0, 80)
  throw new UserError(
    'E-WAVES',
    path.endsWith('.fst')
      ? `--waves ${got} needs Verilator, which writes FST files, got --engine ${engine}; add --engine verilator, or give a file.vcd`
      : `--waves writes value change dumps and FST files, got ${got}; give a file.vcd, or a file.fst with --engine verilator`,
  )
}

const definitionOf = (pe: ProcessingElement | TiledElement): string => {
  if ('tile' in pe) return 'definition of a group sum, with its rounding, from the terms of the weights'
  return pe.goldenOutput ? 'exact definition of an output from its group sums' : 'integer definition of a group sum'
}

/** `bitloom verify`: exit code 1 where anything differs. */
export const verifyCommand = async (spec: string, request: VerifyRequest, output: Output): Promise<number> => {
  const pe = elementOf(spec)
  const engines = await verifyOn(pe, request, output)
  const mismatches = engines.reduce((sum, result) => sum + result.mismatches, 0)
  output.result({
    spec: pe.spec,
    engines,
    provenance: {
      golden: `${definitionOf(pe)}; the result must come in the cycle the timing contract names`,
      seed: request.seed,
    },
  })
  output.print(
    columns([
      ['engine', 'groups', 'every product', 'mismatches', 'cycles', 'cycles/s'],
      ...engines.map((row) => [
        row.engine,
        String(row.vectors),
        row.exhaustive ? 'yes' : 'no',
        String(row.mismatches),
        String(row.cycles),
        row.cyclesPerSecond.toLocaleString('en-US'),
      ]),
    ]),
  )
  for (const { first } of engines) if (first) output.print(first)
  if (request.waves !== undefined) output.print(`waves of the last cycles, at most ${waveCycles}: ${request.waves}`)
  return mismatches === 0 ? 0 : 1
}
