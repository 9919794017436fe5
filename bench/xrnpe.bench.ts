import type { Progress } from '../src/base/progress.ts'
import { type Module, printVerilog } from '../src/dsl/index.ts'
import { fromNumber } from '../src/formats/index.ts'
import { processingElement } from '../src/pe/catalogue.ts'
import { writeLanes } from '../src/pe/lanes.ts'
import { formatOfMode, lanesOf, type ModeName, modeNames, modes, type PackingName } from '../src/pe/xrnpe/modes.ts'
import { type PortLayout, portNamed } from '../src/sim/engine.ts'
import { openEngine } from '../src/sim/engines.ts'
import { randomWords } from '../src/sim/stimulus.ts'
import { measureActivity } from '../src/synth/activity.ts'
import { generic45 } from '../src/synth/library/generic45.ts'
import { type MappedDesign, mapDesign } from '../src/synth/map.ts'
import { energyOf } from '../src/synth/measured-energy.ts'
import { openYosys, type Yosys } from '../src/synth/yosys.ts'
import { withCache } from '../src/synth/yosys-cache.ts'
import { machine, printTable } from './table.ts'

interface AreaRow {
  readonly block: string
  readonly area_um2: number
  readonly critical_path_ps: number
  readonly recipe: string
}

interface EnergyRow {
  readonly packing: PackingName
  readonly gating: string
  readonly mode: ModeName
  readonly data: string
  readonly per_cycle_fJ: number
  readonly clock_fJ: number
  readonly per_product_fJ: number
  /** Of a product in posit(16,1) on the same netlist and data. */
  readonly per_product_ratio: number
}

export interface XrnpeBenchResult {
  readonly areas: readonly AreaRow[]
  readonly energies: readonly EnergyRow[]
  readonly provenance: string
  readonly seed: number
}

const seed = 1
const [stimuli, cycles, groupLength] = [8, 512, 64]

/** Operand words of one mode: every code but NaR alike, or normal values. */
const sources = {
  'uniform codes': (name: ModeName, random: () => number): number => {
    const { bits } = modes[name]
    const code = random() >>> (32 - bits)
    return name !== 'fp4' && code === 2 ** (bits - 1) ? 1 : code
  },
  'N(0, 1)': (name: ModeName, random: () => number): number => {
    const uniform = (): number => (random() + 0.5) / 2 ** 32
    const value = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    return Number(formatOfMode(modes[name]).encode(fromNumber(value), 'nearest-even', 'saturate'))
  },
} as const

interface Stream {
  readonly mode: ModeName
  readonly packing: PackingName
  readonly data: keyof typeof sources
  readonly number: number
}

const stimulusOf = (ports: PortLayout, { mode: name, packing, data, number }: Stream): Int32Array => {
  const random = randomWords(seed + 100 * number)
  const at = (port: string): number => portNamed(ports.inputs, port).offset
  const { bits, code } = modes[name]
  const lanes = lanesOf(modes[name], packing)
  const codes = (): number[] => Array.from({ length: lanes }, () => sources[data](name, random))
  const stimulus = new Int32Array(cycles * ports.inputWords)
  for (let k = 0; k < cycles; k++) {
    const row = k * ports.inputWords
    writeLanes(stimulus, row + at('activation_in'), codes(), [0, lanes], bits)
    writeLanes(stimulus, row + at('weight_in'), codes(), [0, lanes], bits)
    stimulus[row + at('mode_in')] = code
    stimulus[row + at('last_in')] = Number((k + 1) % groupLength === 0)
  }
  return stimulus
}

/** A core whose energy is measured. */
interface Measured {
  readonly packing: PackingName
  readonly gating: string
  readonly core: Module
}

const energiesOf = ({ packing, gating, core }: Measured, { netlist }: MappedDesign): readonly EnergyRow[] =>
  (Object.keys(sources) as (keyof typeof sources)[]).flatMap((data) => {
    const rows = modeNames.map((mode) => {
      const lanes = Array.from({ length: stimuli }, (_, stream) => {
        const engine = openEngine('js', core)
        const stimulus = stimulusOf(engine.ports, { mode, packing, data, number: stream })
        const response = new Int32Array(cycles * engine.ports.outputWords)
        engine.replay(stimulus, cycles, response)
        return { stimulus, response }
      })
      const { ports } = openEngine('js', core)
      const energy = energyOf(measureActivity(netlist, generic45, { ports, lanes }))
      const per_product_fJ = energy.total_fJ / lanesOf(modes[mode], packing)
      const { total_fJ: per_cycle_fJ, clock_fJ } = energy
      return { packing, gating, mode, data, per_cycle_fJ, clock_fJ, per_product_fJ }
    })
    const wide = rows.find(({ mode }) => mode === 'posit(16,1)')!.per_product_fJ
    return rows.map((row) => ({ ...row, per_product_ratio: Number((row.per_product_fJ / wide).toPrecision(3)) }))
  })

/** Blocks of a core of which there is a module. */
const blocks = [
  'xrnpe_wide_decoder',
  'xrnpe_byte_decoder',
  'xrnpe_nibble_decoder_left',
  'xrnpe_nibble_decoder_right',
  'xrnpe_block',
  'xrnpe_significand_product',
  'xrnpe_wide_placer_width_132',
  'xrnpe_byte_placer',
  'xrnpe_nibble_placer',
]

/** Areas of the PE and of its blocks, and the energy of every mode at gate level, gated and not. */
export const xrnpeBench = async (progress: Progress): Promise<XrnpeBenchResult> => {
  const yosys: Yosys = withCache(openYosys())
  const on = processingElement('xrnpe')
  const off = processingElement('xrnpe(gating=off)')
  const dense = processingElement('xrnpe(packing=lanes_16_4_1)')
  const apart = processingElement('xrnpe(lanes=separate)')
  const map = async (module: Module, top = module.name): Promise<MappedDesign> =>
    (await mapDesign({ verilog: printVerilog(module), top, yosys }, generic45)).best
  try {
    const core = on.parts.core.module
    const designs: (readonly [string, Module, string?])[] = [
      ['core: to the quire', core],
      ['core, gating=off', off.parts.core.module],
      ['core, packing=lanes_16_4_1', dense.parts.core.module],
      ['core, lanes=separate', apart.parts.core.module],
      ['cell with a drain register', on.parts.cell.draining.module],
      ['cell that passes sums on', on.parts.cell.passing.module],
      ['read-out', on.parts.columnEdge!.module],
      ['read-out, lanes=separate', apart.parts.columnEdge!.module],
      ...blocks.map((top) => [top, core, top] as const),
    ]
    progress.start('synthesis', designs.length, 'designs')
    const mapped: MappedDesign[] = []
    for (const [, module, top] of designs) {
      mapped.push(await map(module, top))
      progress.update(mapped.length)
    }
    const areas = designs.map(([block], k) => {
      const { area_um2, critical_path_ps, recipe } = mapped[k]!
      return {
        block,
        area_um2: Math.round(area_um2),
        critical_path_ps: Math.round(critical_path_ps),
        recipe: recipe.id,
      }
    })
    progress.start('energy', 3, 'netlists')
    const energies = (
      [
        { packing: 'lanes_4_2_1', gating: 'on', core },
        { packing: 'lanes_4_2_1', gating: 'off', core: off.parts.core.module },
        { packing: 'lanes_16_4_1', gating: 'on', core: dense.parts.core.module },
      ] as const
    ).flatMap((measured, k) => {
      progress.update(k)
      return energiesOf(measured, mapped[k]!)
    })
    progress.stop()
    return {
      areas,
      energies,
      provenance: `${generic45.name}, Yosys, smallest of the recipes; energy from toggles of the mapped netlist without delays, which was compared with the RTL in each of ${stimuli} x ${cycles} cycles, groups of ${groupLength}`,
      seed,
    }
  } finally {
    progress.stop()
    await yosys.close()
  }
}

export const printXrnpe = ({ areas, energies, provenance, seed }: XrnpeBenchResult): string =>
  [
    printTable(
      ['block', 'area um2', 'path ps', 'recipe'],
      areas.map((row) => [row.block, row.area_um2, row.critical_path_ps, row.recipe].map(String)),
      { machine: '', versions: {} },
    ),
    printTable(
      ['packing', 'gating', 'mode', 'data', 'fJ a cycle', 'of it clock', 'fJ a product', 'of posit(16,1)'],
      energies.map((row) =>
        [
          row.packing,
          row.gating,
          row.mode,
          row.data,
          row.per_cycle_fJ.toFixed(0),
          row.clock_fJ.toFixed(0),
          row.per_product_fJ.toFixed(0),
          row.per_product_ratio,
        ].map(String),
      ),
      { machine: machine(), versions: { seed: String(seed), figures: provenance } },
    ),
  ].join('\n')
