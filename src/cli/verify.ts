import { UserError } from '../base/user-error.ts'
import { elementOf } from '../pe/catalogue.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import { engineNamed, engineNames, openEngine } from '../sim/engines.ts'
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
}

/** Cycles that a file of waves has at most: more than groups that run together take. */
const waveCycles = 20_000

/** Runs one PE against its golden model on each engine in turn. */
export const verifyOn = async (
  pe: ProcessingElement | TiledElement,
  { engine, groups, seed, waves }: VerifyRequest,
  output: Output,
): Promise<readonly Verification[]> => {
  if (waves !== undefined) refuseWaves(waves, engine)
  const names = engine === 'all' ? engineNames : [engineNamed(engine)]
  const module = lonePe(pe)
  const results: Verification[] = []
  for (const name of names) {
    if (name === 'verilator') output.progress.say(`${name}: building ${module.name}, unless it was built before`)
    const untraced = openEngine(name, module, { checks: true })
    const traced = waves === undefined ? undefined : trace(untraced, module, { keep: waveCycles })
    const opened = traced ?? untraced
    try {
      let started = false
      const progress = (done: number, total: number): void => {
        if (!started) output.progress.start(`${pe.name} on ${name}`, total, 'groups')
        started = true
        output.progress.update(done)
      }
      results.push(await verify(opened, pe, { groups, seed, progress, stopAtFirst: waves !== undefined }))
      if (traced) writeVcd(waves!, traced)
    } finally {
      output.progress.stop()
      opened.close()
    }
  }
  return results
}

const refuseWaves = (path: string, engine: string): void => {
  if (engine === 'all')
    throw new UserError(
      'E-WAVES',
      '--waves takes the waves of one engine, got --engine all; choose one, e.g. --engine wasm',
    )
  if (!path.endsWith('.vcd'))
    throw new UserError(
      'E-WAVES',
      `--waves writes value change dumps, got ${path.slice(0, 80)}; give a file.vcd, which vcd2fst makes an FST of`,
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
