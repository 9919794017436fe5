import { readLimited } from '../base/files.ts'
import { unknownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { printVerilog } from '../dsl/verilog/print.ts'
import { layerGroups } from '../llm/layer-groups.ts'
import { openModel } from '../llm/open-model.ts'
import { refuseUnlessRunnable } from '../llm/run-model.ts'
import { elementOf } from '../pe/catalogue.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import { drainShare } from '../perf/mean-cell.ts'
import { piecesOf } from '../sim/waves/read-vcd.ts'
import { openCells, openLibrary } from '../synth/liberty/index.ts'
import type { Library } from '../synth/library/library.ts'
import { type MappedDesign, mapDesign, wireLoadOf } from '../synth/map.ts'
import { powerDesign } from '../synth/power/design.ts'
import { measureDump } from '../synth/power/measure.ts'
import { readNetlist } from '../synth/power/netlist-file.ts'
import { kinds, type PowerParts } from '../synth/power/power.ts'
import { meanReport, type PowerReport, powerReport } from '../synth/power/report.ts'
import { measureStimulus } from '../synth/power/stimulus.ts'
import { yosysVersion } from '../synth/synthesise.ts'
import { findTarget } from '../synth/targets.ts'
import { openYosys } from '../synth/yosys.ts'
import { withCache } from '../synth/yosys-cache.ts'
import { type Recorded, type RecordedForm, recordGroups, recordRandom } from '../verify/recorded.ts'
import { columns, type Output } from './context.ts'

export interface PowerOptions {
  readonly target: string
  readonly liberty?: readonly string[]
  readonly wireLoad?: string
  /** Cells that the table shows. */
  readonly instances: number
  // Of a netlist.
  readonly netlist?: string
  readonly top?: string
  readonly vcd?: string
  readonly scope?: string
  readonly clock?: readonly string[]
  readonly begin?: number
  readonly end?: number
  // Of a PE.
  readonly workload?: string
  readonly cycles?: number
  readonly frequency?: number
  readonly seed?: number
  // Of the workload `layers`.
  readonly model?: string
  readonly tokenizer?: string
  readonly prompt?: string
}

/** Largest netlist that is read. */
const mostNetlistBytes = 64 * 2 ** 20
/** Clock of a PE where none is asked for and its longest path allows it, in MHz. */
const usualFrequency = 500
const [usualCycles, usualSeed] = [1000, 1]
/** Of the workload `layers`: as `run` takes them, but fewer tokens. */
const [usualModel, usualPrompt, storyTokens] = ['stories15m', 'Once upon a time', 4]

export const workloads = ['random', 'layers'] as const

const ofLayers = ['model', 'tokenizer', 'prompt'] as const
const ofNetlist = ['netlist', 'top', 'vcd', 'scope', 'clock', 'begin', 'end'] as const
const ofSpec = ['workload', 'cycles', 'frequency', 'seed', 'model', 'tokenizer', 'prompt'] as const

/** An option that does not go with the rest. */
const refuseOption = (options: PowerOptions, names: readonly (keyof PowerOptions)[], why: string): void => {
  const name = names.find((each) => options[each] !== undefined)
  if (name !== undefined) throw new UserError('E-OPTION', `--${name} ${why}; leave it out`)
}

/** `bitloom power`: of a PE, or of a netlist with a value change dump. 1 where outputs are not those expected. */
export const powerCommand = async (
  spec: string | undefined,
  options: PowerOptions,
  output: Output,
): Promise<number> => {
  if (spec === undefined) return powerOfNetlist(options, output)
  refuseOption(options, ofNetlist, `is for a netlist, and ${spec} is a spec`)
  return powerOfSpec(spec, options, output)
}

const needed = (options: PowerOptions, name: 'netlist' | 'top' | 'vcd', what: string): string => {
  const value = options[name]
  if (value !== undefined) return value
  const given = ofNetlist.some((each) => options[each] !== undefined)
  throw new UserError(
    'E-OPTION',
    given
      ? `--${name} is missing: give ${what}`
      : 'there is nothing to measure: give a spec, e.g. bitloom power mac, or --netlist, --top, --liberty and --vcd',
  )
}

const powerOfNetlist = async (options: PowerOptions, output: Output): Promise<number> => {
  const file = needed(options, 'netlist', 'the Verilog file of the netlist')
  const top = needed(options, 'top', 'the name of its top module')
  const vcd = needed(options, 'vcd', 'a value change dump of a simulation of it')
  refuseOption(options, ofSpec, 'is for the PE of a spec, and --netlist is given')
  const library = options.liberty ? openCells(options.liberty) : asicLibrary(options.target)
  complainOf(library, output)
  const verilog = readLimited(file, 'the netlist', mostNetlistBytes).toString('utf8')
  const wires = options.wireLoad === undefined ? {} : { wireLoad: wireLoadOf(library, options.wireLoad) }
  const yosys = openYosys()
  try {
    output.progress.start(`power of ${top}`, 2, 'steps')
    output.progress.update(0, 'reading the netlist')
    const named = await readNetlist({ verilog, top, sourceName: file }, library, yosys)
    const { netlist } = named
    if (options.clock) refuseNoInput(options.clock, netlist.ports, file)
    const design = powerDesign(netlist, library, { ...wires, ...(options.clock ? { clocks: options.clock } : {}) })
    output.progress.update(1, 'reading the dump and simulating')
    const ps = (ns: number | undefined, name: 'begin_ps' | 'end_ps') => (ns === undefined ? {} : { [name]: 1000 * ns })
    const measured = measureDump(design, named, piecesOf(vcd), vcd, {
      ...(options.scope === undefined ? {} : { scope: options.scope }),
      ...ps(options.begin, 'begin_ps'),
      ...ps(options.end, 'end_ps'),
    })
    output.progress.update(2)
    output.progress.stop()
    const { scope, nets, seen, unsimulated } = measured
    const clocks = netlist.ports
      .filter(({ bits }) => bits.some((bit) => typeof bit === 'number' && design.clocks.roots.has(bit)))
      .map(({ name }) => name)
    const made = {
      netlist: `${file}, module ${top}, ${netlist.instances.length} cells; made elsewhere, read with Yosys`,
      recipe: 'none, the netlist was given',
      yosys: yosysVersion(netlist.creator),
      activity: `${vcd}, scope ${scope === '' ? '(none)' : scope}: ${seen} of ${nets} nets`,
    }
    const report = powerReport(design, measured, made)
    if (unsimulated !== undefined) output.complain(`without a band: ${unsimulated}`)
    output.result({ netlist: file, top, vcd, scope, nets, nets_in_dump: seen, clocks, ...report })
    output.print(`${top} of ${file}\n${reportText(report, options.instances)}`)
    return verdict(report, output)
  } finally {
    output.progress.stop()
    await yosys.close()
  }
}

const refuseNoInput = (
  names: readonly string[],
  ports: readonly { readonly name: string; readonly direction: string }[],
  file: string,
): void => {
  const inputs = ports.filter(({ direction }) => direction === 'input').map(({ name }) => name)
  const wrong = names.find((name) => !inputs.includes(name))
  if (wrong !== undefined)
    throw new UserError('E-OPTION', `--clock ${wrong} is no input of ${file}: it has ${inputs.slice(0, 20).join(', ')}`)
}

const asicLibrary = (target: string): Library => {
  const found = findTarget(target)
  if (found.kind === 'asic') return found.library
  throw new UserError(
    'E-OPTION',
    `power is of standard cells, and ${target} is an FPGA; give --liberty or another --target`,
  )
}

const complainOf = ({ name, notes = [] }: Library, output: Output): void => {
  for (const note of notes) output.complain(`${name}: ${note}`)
}

const powerOfSpec = async (spec: string, options: PowerOptions, output: Output): Promise<number> => {
  const { workload = 'random' } = options
  if (!workloads.some((name) => name === workload)) throw unknownName('E-OPTION', 'workload', workload, workloads)
  if (workload !== 'layers') refuseOption(options, ofLayers, 'is for --workload layers')
  const library = options.liberty ? openLibrary(options.liberty) : asicLibrary(options.target)
  complainOf(library, output)
  const pe = elementOf(spec)
  const wires = options.wireLoad === undefined ? {} : { wireLoad: wireLoadOf(library, options.wireLoad) }
  const { run, activity } = workload === 'layers' ? await layersRun(pe, options, output) : randomRun(pe, options)
  const yosys = withCache(openYosys())
  try {
    const mapped: { readonly form: RecordedForm; readonly best: MappedDesign }[] = []
    for (const form of run.forms) {
      const verilog = printVerilog(form.module, { gates: true })
      const named = options.wireLoad === undefined ? {} : { wireLoad: options.wireLoad }
      const request = {
        yosys,
        verilog,
        top: form.module.name,
        sourceName: pe.spec,
        progress: output.progress,
        ...named,
      }
      mapped.push({ form, best: (await mapDesign(request, library)).best })
    }
    const slowest = Math.min(...mapped.map(({ best }) => best.timing.fmax_mhz ?? Number.POSITIVE_INFINITY))
    const frequency = frequencyOf(options.frequency, slowest)
    output.progress.start(`power of ${pe.spec}`, mapped.length, 'simulations')
    const forms = mapped.map(({ form, best }, k) => {
      const design = powerDesign(best.netlist, library, wires)
      const measured = measureStimulus(design, { ...form, period_ps: 1e6 / frequency }, ['zero', 'cell'])
      output.progress.update(k + 1, form.name)
      const report = powerReport(design, measured, {
        netlist: `the ${form.name} of ${pe.spec}, mapped by bitloom, ${best.cells} cells`,
        recipe: best.recipe.id,
        yosys: yosysVersion(best.netlist.creator),
        activity:
          `${activity}: ${run.groups} groups, ${run.macs} multiply-accumulates in ${run.cycles} cycles, each result compared ` +
          'with the golden model',
      })
      return { name: form.name, share: form.share, area_um2: best.area_um2, report }
    })
    output.progress.stop()
    const report = meanReport(forms)
    const perMac = (pj: number | null | undefined): number => ((pj ?? 0) * report.cycles!) / run.macs
    const energies = {
      pj_per_mac: perMac(report.pj_per_cycle),
      pj_per_mac_band: { low: perMac(report.band?.low.pj_per_cycle), high: perMac(report.band?.high.pj_per_cycle) },
    }
    output.result({
      spec: pe.spec,
      target: library.name,
      workload,
      ...energies,
      macs: run.macs,
      clock_mhz: frequency,
      ...report,
      ...(forms.length > 1 ? { share: drainShare } : {}),
      forms: forms.map(({ report: own, ...form }) => ({ ...form, ...own })),
    })
    const { low, high } = energies.pj_per_mac_band
    const share = forms.length > 1 ? `, PE with ${drainShare}` : ''
    output.print(
      `${pe.spec} on ${library.name} at ${frequency} MHz${share}\n` +
        `${low.toPrecision(3)} to ${high.toPrecision(3)} pJ per multiply-accumulate (without and with glitches)\n` +
        reportText({ ...report, instances: forms.at(-1)!.report.instances }, options.instances),
    )
    return verdict(report, output)
  } finally {
    output.progress.stop()
    await yosys.close()
  }
}

interface Workload {
  readonly run: Recorded
  readonly activity: string
}

const randomRun = (
  pe: ProcessingElement | TiledElement,
  { cycles = usualCycles, seed = usualSeed }: PowerOptions,
): Workload => ({
  run: recordRandom(pe, { cycles, seed }),
  activity: `random groups of the verification, back to back (seed ${seed})`,
})

/** Outputs of a model's linear layers, drawn at random while it tells a story. */
const layersRun = async (
  pe: ProcessingElement | TiledElement,
  options: PowerOptions,
  output: Output,
): Promise<Workload> => {
  const { cycles = usualCycles, seed = usualSeed, model = usualModel, tokenizer, prompt = usualPrompt } = options
  if ('tile' in pe)
    throw new UserError('E-OPTION', `${pe.spec} runs no model, so that it has no layers to take; use --workload random`)
  refuseUnlessRunnable(pe)
  const opened = await openModel(model, {
    progress: output.progress,
    ...(tokenizer === undefined ? {} : { tokenizer }),
  })
  const macs = cycles / pe.timing.cycles_per_step
  const { groups, layers, outputs } = await layerGroups({ opened, pe, prompt, tokens: storyTokens, macs, seed })
  const places = new Set(layers).size
  return {
    run: recordGroups(pe, groups),
    activity:
      `${layers.length} of the ${outputs} outputs of linear layers of ${opened.model.name}, drawn at random (seed ${seed}) from ${places} ` +
      `layers, prompt ${JSON.stringify(prompt.slice(0, 60))} and ${storyTokens} tokens, as quantised for the PE`,
  }
}

/** What was asked for, or the usual clock, slower where the longest path needs it. */
const frequencyOf = (wanted: number | undefined, fmax: number): number => {
  const most = Math.floor(fmax)
  if (wanted !== undefined && wanted > most)
    throw new UserError(
      'E-OPTION',
      `--frequency ${wanted} is more than the netlist's longest path allows; give at most ${most}`,
    )
  return wanted ?? Math.min(usualFrequency, most)
}

/** Says what differed; gives the exit code. */
const verdict = (
  { mismatches, vectors, first_mismatch }: Pick<PowerReport, 'mismatches' | 'vectors' | 'first_mismatch'>,
  output: Output,
): number => {
  if (mismatches === 0) return 0
  output.complain(
    `bitloom: the netlist does not compute what is expected in ${mismatches} of ${vectors} vectors: ${first_mismatch}; ` +
      'give a dump of this netlist, or a slower clock',
  )
  return 1
}

const prefixes = [
  [1, 'W'],
  [1e-3, 'mW'],
  [1e-6, 'uW'],
  [1e-9, 'nW'],
  [1e-12, 'pW'],
] as const

const reportText = (report: PowerReport, most: number): string => {
  const [unit, name] = prefixes.find(([size]) => report.total_w >= size) ?? prefixes.at(-1)!
  const number = (watts: number): string => (watts === 0 ? '0' : (watts / unit).toPrecision(4))
  const share = ({ total_w }: PowerParts): string => `${((100 * total_w) / report.total_w).toFixed(1)} %`
  const row = (title: string, parts: PowerParts): string[] => [
    title,
    number(parts.internal_w),
    number(parts.switching_w),
    number(parts.leakage_w),
    number(parts.total_w),
    share(parts),
  ]
  const table = [
    [name, 'internal', 'switching', 'leakage', 'total', ''],
    ...kinds.map((kind) => row(kind, report.kinds[kind])),
    row('total', report),
  ]
  const { band, cycles, duration_ns, vectors, mismatches, provenance } = report
  const ends = band
    ? `band ${number(band.low.total_w)} ${name} without glitches, ${number(band.high.total_w)} ${name} with them ` +
      `(${band.low.toggles_per_cycle} and ${band.high.toggles_per_cycle} toggles a ${cycles === null ? 'ps' : 'cycle'})\n`
    : ''
  const shown = report.instances
    .slice(0, most)
    .map((each) => row(`${each.net ?? each.instance} ${each.cell ?? ''}`.trim(), each))
  const top =
    shown.length > 0
      ? `\n\n${columns([[`largest, ${name}`, 'internal', 'switching', 'leakage', 'total', ''], ...shown])}`
      : ''
  return (
    `${columns(table)}\n${ends}` +
    `${duration_ns} ns${cycles === null ? '' : `, ${cycles} cycles`}; ${vectors} vectors compared, ${mismatches} mismatches\n` +
    `${provenance.activity}; ${provenance.delay_mode}; ${provenance.wire_model}; ${provenance.conditions}${top}`
  )
}
