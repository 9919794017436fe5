import { availableParallelism } from 'node:os'
import { programDigest } from '../base/program-digest.ts'
import { knownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { whyWithoutLayers } from '../llm/layer-operands.ts'
import { elementOf } from '../pe/catalogue.ts'
import type { Claim } from '../pe/family.ts'
import { type BesideClaim, besideClaims } from '../perf/beside-claims.ts'
import { drainShare } from '../perf/mean-cell.ts'
import { type WeightEnergy, weightEnergy } from '../perf/memory-energy.ts'
import {
  type FpgaFigures,
  type PeFigures,
  type RelativeFigures,
  relativeTo,
  type WorkFigures,
} from '../perf/table-figures.ts'
import { fpgaFamilies } from '../synth/fpga.ts'
import { openLibrary } from '../synth/liberty/index.ts'
import type { Library } from '../synth/library/library.ts'
import { wireLoadOf } from '../synth/map.ts'
import { findTarget } from '../synth/targets.ts'
import { openYosys, type Yosys } from '../synth/yosys.ts'
import { withCache, yosysPackageVersion } from '../synth/yosys-cache.ts'
import type { Output } from './context.ts'
import type { Kept } from './kept.ts'
import {
  digestOfFile,
  type Element,
  fpgaOf,
  modelKey,
  siliconOf,
  type Table,
  type TableOptions,
  type Workload,
  workFigures,
} from './pe-figures.ts'
import { asicLibrary, complainOf, ofLayers, refuseOption, workloads } from './power-options.ts'
import { tableText } from './synth-table-text.ts'

/** What all PEs are compared with. */
const baselineSpec = 'mac(w=int8, a=int8)'
/** One simulates while another's Yosys runs. */
const usualThreads = 2

/** A row as it is printed and given as JSON. */
export interface TableRow {
  readonly spec: string
  readonly figures: PeFigures
  readonly relative: RelativeFigures
  /** Why it is not the layers of a model. */
  readonly reason?: string
  /** On each FPGA family that was asked for. */
  readonly fpga: readonly FpgaFigures[]
  /** What fetching a weight takes, in none of the figures. */
  readonly memory: WeightEnergy
  readonly claims: readonly Claim[]
  readonly at_28_nm: readonly BesideClaim[]
  /** Whether all of it was known before. */
  readonly known: boolean
}

/** Synthesises the PEs and lets them work; 1 where a netlist did not compute what its RTL does. */
export const synthTable = async (specs: readonly string[], options: TableOptions, output: Output): Promise<number> => {
  refuseFiles(specs)
  const { threads = Math.min(usualThreads, availableParallelism()) } = options
  const asked = options.workload
  if (asked !== undefined) knownName('E-OPTION', 'workload', asked, workloads)
  if (asked === 'random') refuseOption({ ...options, instances: 0 }, ofLayers, 'is for --workload layers')
  const families = familiesOf(options.fpga)
  if (!options.liberty && findTarget(options.target).kind === 'fpga')
    throw new UserError(
      'E-OPTION',
      `a table is of standard cells, and ${options.target} is an FPGA; give --fpga ${options.target} in place of --target`,
    )
  const baseline = elementOf(baselineSpec)
  const elements = new Map([baseline, ...specs.map(elementOf)].map((pe) => [pe.spec, pe]))
  const library = options.liberty ? openLibrary(options.liberty) : asicLibrary(options.target)
  if (options.wireLoad !== undefined) wireLoadOf(library, options.wireLoad)
  complainOf(library, output)
  const works = [...elements.values()].map((pe) => ({ pe, ...workOf(pe, asked) }))
  const table: Table = {
    options,
    library,
    program: [programDigest(), yosysPackageVersion()],
    cells: options.liberty ? options.liberty.map(digestOfFile) : library.name,
    model: works.some(({ workload }) => workload === 'layers') ? await modelKey(options, output.progress) : undefined,
  }
  const others = [...new Set(works.map(({ workload }) => workload))].filter((name) => name !== works[0]!.workload)
  const total = works.length * (2 + families.length) + others.length
  let done = 0
  const step = (note: string): void => output.progress.update(++done, note)
  output.progress.start('synthesis and power of PEs', total, 'figures')
  try {
    const made = await sideBySide(works, Math.min(threads, works.length), async ({ pe, workload }, yosys) => {
      const silicon = await siliconOf(pe, table, yosys)
      step(pe.spec)
      const work = new Map<string, Kept<WorkFigures>>()
      // The baseline does the work of all others, to be compared with each.
      for (const name of pe === works[0]!.pe ? [workload, ...others] : [workload]) {
        work.set(name, await workFigures(pe, name, table, yosys))
        step(pe.spec)
      }
      const counts: Kept<FpgaFigures>[] = []
      for (const family of families) {
        counts.push(await fpgaOf(pe, family, table, yosys))
        step(`${pe.spec} on ${family}`)
      }
      return { silicon, work, counts }
    })
    output.progress.stop()
    const figuresOf = (k: number, workload: string): PeFigures => ({
      macs_per_cycle: works[k]!.pe.timing.macs_per_cycle,
      silicon: made[k]!.silicon.value,
      work: made[k]!.work.get(workload)!.value,
    })
    const rows = works.map(({ pe, workload, reason }, k): TableRow => {
      const { silicon, work, counts } = made[k]!
      const figures = figuresOf(k, workload)
      return {
        spec: pe.spec,
        figures,
        relative: relativeTo(figuresOf(0, workload), figures),
        ...(reason === undefined ? {} : { reason }),
        fpga: counts.map(({ value }) => value),
        memory: weightEnergy(weightBits(pe), figures.work.pj_per_mac_band.high),
        claims: pe.claims,
        at_28_nm: besideClaims(pe.claims, figures.silicon.area_um2, library),
        known: [silicon, ...work.values(), ...counts].every(({ known }) => known),
      }
    })
    output.result(documentOf(rows, library))
    output.print(tableText(rows, library.name))
    return verdictOf(rows, output)
  } finally {
    output.progress.stop()
  }
}

const refuseFiles = (specs: readonly string[]): void => {
  const file = specs.find((text) => /\.(v|sv)$/i.test(text))
  if (file !== undefined)
    throw new UserError('E-OPTION', `${file} is a Verilog file, and a table is of specs; give it by itself, with --top`)
}

/** Bits of one weight as it is stored. */
const weightBits = (pe: Element): number =>
  'tile' in pe ? pe.operands.weight.width : (pe.operands.lanes?.weight ?? pe.operands.weight).width

/** The FPGA families of `--fpga`, each once, in its order. */
const familiesOf = (text: string | undefined): readonly string[] => {
  if (text === undefined) return []
  if (text === 'all') return fpgaFamilies.map(({ id }) => id)
  const names = [...new Set(text.split(',').map((name) => name.trim()))]
  for (const name of names)
    if (findTarget(name).kind === 'asic')
      throw new UserError('E-OPTION', `--fpga ${name} is a standard-cell library; give an FPGA family, e.g. --fpga xc7`)
  return names
}

/** What a PE can do of what is asked for. */
const workOf = (pe: Element, asked: string | undefined): { readonly workload: Workload; readonly reason?: string } => {
  if (asked === 'random') return { workload: 'random' }
  const reason = whyWithoutLayers(pe)
  return reason === undefined ? { workload: 'layers' } : { workload: 'random', reason }
}
/** Works on items in their order, several at a time, each with a Yosys of its own; no further one is begun once one failed. */
const sideBySide = async <T, R>(
  items: readonly T[],
  count: number,
  act: (item: T, yosys: Yosys) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = []
  const opened = Array.from({ length: count }, () => withCache(openYosys()))
  let next = 0
  try {
    await Promise.all(
      opened.map(async (yosys) => {
        while (next < items.length) {
          const k = next++
          try {
            results[k] = await act(items[k]!, yosys)
          } catch (error) {
            next = items.length
            throw error
          }
        }
      }),
    )
    return results
  } finally {
    await Promise.all(opened.map((yosys) => yosys.close()))
  }
}

const documentOf = (rows: readonly TableRow[], { name, source }: Library) => ({
  baseline: rows[0]!.spec,
  target: name,
  share: drainShare,
  provenance: {
    library_source: source,
    relative: `over ${rows[0]!.spec} with the same workload, both with ${drainShare}; power is energy a cycle, at one clock`,
    band: 'without and with glitches',
  },
  rows: rows.map(({ spec, figures, fpga, reason, ...rest }) => {
    const { provenance: area, ...silicon } = figures.silicon
    const { provenance: power, ...work } = figures.work
    return {
      spec,
      macs_per_cycle: figures.macs_per_cycle,
      ...silicon,
      area_um2_per_mac_per_cycle: silicon.area_um2 / figures.macs_per_cycle,
      ...work,
      ...(reason === undefined ? {} : { workload_reason: `no layers of a model go through ${spec}: ${reason}` }),
      pj_per_mac: work.pj_per_mac_band.high,
      ...(fpga.length > 0 ? { fpga } : {}),
      ...rest,
      provenance: { area, power },
    }
  }),
})

const verdictOf = (rows: readonly TableRow[], output: Output): number => {
  const wrong = rows.filter(({ figures }) => figures.work.mismatches > 0)
  for (const { spec, figures } of wrong)
    output.complain(
      `bitloom: the netlist of ${spec} does not compute what its RTL does in ${figures.work.mismatches} of ` +
        `${figures.work.vectors} vectors: ${figures.work.first_mismatch}`,
    )
  return wrong.length > 0 ? 1 : 0
}
