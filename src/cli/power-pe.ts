import type { Progress } from '../base/progress.ts'
import { knownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { printVerilog } from '../dsl/verilog/print.ts'
import { layerGroups } from '../llm/layer-groups.ts'
import { refuseWithoutLayers } from '../llm/layer-operands.ts'
import { openModel } from '../llm/open-model.ts'
import { elementOf } from '../pe/catalogue.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import { drainShare } from '../perf/mean-cell.ts'
import { openLibrary } from '../synth/liberty/index.ts'
import type { Library } from '../synth/library/library.ts'
import { type MappedDesign, mapDesign, wireLoadOf } from '../synth/map.ts'
import { powerDesign } from '../synth/power/design.ts'
import { meanReport, type PowerReport, powerReport } from '../synth/power/report.ts'
import { measureStimulus } from '../synth/power/stimulus.ts'
import { yosysVersion } from '../synth/synthesise.ts'
import { openYosys, type Yosys } from '../synth/yosys.ts'
import { withCache } from '../synth/yosys-cache.ts'
import { readsFloats } from '../verify/normal-groups.ts'
import { type Recorded, type RecordedForm, recordGroups, recordRandom } from '../verify/recorded.ts'
import type { Output } from './context.ts'
import { chainInto, pathInputs } from './pe-synthesis.ts'
import { asicLibrary, complainOf, ofLayers, type PowerOptions, refuseOption, workloads } from './power-options.ts'
import { reportText, verdict } from './power-text.ts'

/** Clock of a PE where none is asked for and its longest path allows it, in MHz. */
const usualFrequency = 500
const [usualCycles, usualSeed] = [1000, 1]
/** Of the workload `layers`: as `run` takes them, but fewer tokens. */
export const [usualModel, usualPrompt, storyTokens] = ['stories15m', 'Once upon a time', 4]

/** What a PE's power is measured with. */
export interface PowerTools {
  readonly library: Library
  readonly yosys: Yosys
  readonly progress: Progress
}

/** The mean cell of a PE at work: power of the whole and of each form, and what it computed. */
export interface PePower {
  readonly workload: string
  readonly clock_mhz: number
  readonly macs: number
  readonly report: Omit<PowerReport, 'instances'>
  readonly forms: readonly {
    readonly name: string
    readonly share: number
    readonly area_um2: number
    readonly report: PowerReport
  }[]
  /** Without and with glitches. */
  readonly pj_per_mac_band: { readonly low: number; readonly high: number }
}

/** The power of a PE's mean cell with random data or a model's; the cell is mapped as `synth` does it. */
export const powerOfElement = async (
  pe: ProcessingElement | TiledElement,
  options: PowerOptions,
  { library, yosys, progress }: PowerTools,
): Promise<PePower> => {
  const { workload = 'random' } = options
  const wires = options.wireLoad === undefined ? {} : { wireLoad: wireLoadOf(library, options.wireLoad) }
  const { run, activity } = workload === 'layers' ? await layersRun(pe, options, progress) : randomRun(pe, options)
  const mapped: { readonly form: RecordedForm; readonly best: MappedDesign }[] = []
  for (const form of run.forms) {
    const verilog = printVerilog(form.module, { gates: true })
    const named = options.wireLoad === undefined ? {} : { wireLoad: options.wireLoad }
    // A sum goes through cells without a drain register into that of one that has it, as `synth` times it.
    const chain = mapped[0] ? { chain: chainInto(mapped[0].best.timing) } : {}
    const where = 'tile' in pe ? {} : { pathInputs, ...chain }
    const request = { yosys, verilog, top: form.module.name, sourceName: pe.spec, progress, ...named, ...where }
    mapped.push({ form, best: (await mapDesign(request, library)).best })
  }
  const longest_ps = Math.max(...mapped.map(({ best }) => best.critical_path_ps))
  const frequency = frequencyOf(options.frequency, longest_ps > 0 ? 1e6 / longest_ps : Number.POSITIVE_INFINITY)
  progress.start(`power of ${pe.spec}`, mapped.length, 'simulations')
  const forms = mapped.map(({ form, best }, k) => {
    const design = powerDesign(best.netlist, library, wires)
    const measured = measureStimulus(design, { ...form, period_ps: 1e6 / frequency }, ['zero', 'cell'])
    progress.update(k + 1, form.name)
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
  progress.stop()
  const report = meanReport(forms)
  const perMac = (pj: number | null | undefined): number => ((pj ?? 0) * report.cycles!) / run.macs
  const pj_per_mac_band = {
    low: perMac(report.band?.low.pj_per_cycle),
    high: perMac(report.band?.high.pj_per_cycle),
  }
  return { workload, clock_mhz: frequency, macs: run.macs, report, forms, pj_per_mac_band }
}

/** `bitloom power` of a spec. */
export const powerOfSpec = async (spec: string, options: PowerOptions, output: Output): Promise<number> => {
  const { workload = 'random' } = options
  knownName('E-OPTION', 'workload', workload, workloads)
  if (workload !== 'layers') refuseOption(options, ofLayers, 'is for --workload layers')
  const library = options.liberty ? openLibrary(options.liberty) : asicLibrary(options.target)
  complainOf(library, output)
  const pe = elementOf(spec)
  const yosys = withCache(openYosys())
  try {
    const measured = await powerOfElement(pe, options, { library, yosys, progress: output.progress })
    const { report, forms, macs, clock_mhz, pj_per_mac_band } = measured
    const { low, high } = pj_per_mac_band
    output.result({
      spec: pe.spec,
      target: library.name,
      workload,
      pj_per_mac: high,
      pj_per_mac_band,
      macs,
      clock_mhz,
      ...report,
      ...(forms.length > 1 ? { share: drainShare } : {}),
      forms: forms.map(({ report: own, ...form }) => ({ ...form, ...own })),
    })
    const share = forms.length > 1 ? `, PE with ${drainShare}` : ''
    output.print(
      `${pe.spec} on ${library.name} at ${clock_mhz} MHz${share}\n` +
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
  activity: readsFloats(pe)
    ? `groups of normally distributed operands of mean 0, rounded to the formats of the PE, back to back (seed ${seed})`
    : `random groups of the verification, back to back (seed ${seed})`,
})

/** Outputs of a model's linear layers, drawn at random while it tells a story. */
const layersRun = async (
  pe: ProcessingElement | TiledElement,
  options: PowerOptions,
  progress: Progress,
): Promise<Workload> => {
  const { cycles = usualCycles, seed = usualSeed, model = usualModel, tokenizer, prompt = usualPrompt } = options
  refuseWithoutLayers(pe)
  const opened = await openModel(model, {
    progress,
    ...(tokenizer === undefined ? {} : { tokenizer }),
  })
  const macs = cycles * pe.timing.macs_per_cycle
  const drawn = await layerGroups({ opened, pe, prompt, tokens: storyTokens, macs, seed })
  const { groups, layers, outputs, described } = drawn
  const places = new Set(layers).size
  return {
    run: recordGroups(pe, groups),
    activity:
      `${layers.length} of the ${outputs} outputs of linear layers of ${opened.model.name}, drawn at random (seed ${seed}) from ${places} ` +
      `layers, prompt ${JSON.stringify(prompt.slice(0, 60))} and ${storyTokens} tokens, as the PE reads them (${described})`,
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
