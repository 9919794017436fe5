/**
 * Resource counts on FPGA families from Yosys' own mappers. The same search for every design: with and without Booth
 * multipliers on look-up tables, and once with the family's multiplier blocks where Yosys can infer them.
 */
import { countCells } from './netlist.ts'
import { hasProducts } from './recipe.ts'
import { frontEnd, innerTop, least, netlistFile, type SearchRequest, searchRecipes } from './search.ts'

/** What a cell counts as; a carry cell that occupies look-up tables counts as both. */
interface CellClass {
  readonly cells: RegExp
  readonly luts?: number
  readonly ffs?: number
  readonly carries?: number
  readonly dsps?: number
  readonly memories?: number
}

export interface FpgaFamily {
  readonly id: string
  readonly summary: string
  readonly lutInputs: number
  /** Yosys' mapper with its options for counts; `noDsp` and `dsp` are what keeps multiplier blocks out or lets them in. */
  readonly command: string
  readonly noDsp: string
  /** Undefined where Yosys infers no multiplier blocks. */
  readonly dsp?: string
  readonly classes: readonly CellClass[]
}

/** Ties to 0 and 1 cost nothing. */
const constantCells: readonly CellClass[] = [{ cells: /^(GND|VCC|VLO|VHI)$/ }]
/** Yosys' note of what was flattened there; no cell. */
const scopeNote = '$scopeinfo'

const xilinx = (id: 'xc7' | 'xcup', summary: string): FpgaFamily => ({
  id,
  summary,
  lutInputs: 6,
  command: `synth_xilinx -family ${id} -noiopad -noclkbuf -nowidelut`,
  noDsp: '-nodsp',
  dsp: '',
  classes: [
    { cells: /^(LUT[1-6]|INV)$/, luts: 1 },
    { cells: /^FD[RSCP]E(_1)?$/, ffs: 1 },
    { cells: /^CARRY[48]$/, carries: 1 },
    { cells: /^DSP48E[12]$/, dsps: 1 },
    { cells: /^(RAM|URAM)/, memories: 1 },
    { cells: /^SRL(16E|C32E)$/, luts: 1 },
  ],
})

/** Options that keep Yosys from wide multiplexers, clock buffers and pads: LUTs are then comparable between families. */
export const fpgaFamilies: readonly FpgaFamily[] = [
  {
    id: 'ice40',
    summary: 'Lattice iCE40, 4-input LUTs',
    lutInputs: 4,
    command: 'synth_ice40',
    noDsp: '',
    dsp: '-dsp',
    classes: [
      { cells: /^SB_LUT4$/, luts: 1 },
      { cells: /^SB_DFF/, ffs: 1 },
      { cells: /^SB_CARRY$/, carries: 1 },
      { cells: /^SB_MAC16$/, dsps: 1 },
      { cells: /^SB_(RAM40_4K|SPRAM)/, memories: 1 },
    ],
  },
  {
    id: 'ecp5',
    summary: 'Lattice ECP5, 4-input LUTs; a carry cell counts as two LUTs',
    lutInputs: 4,
    command: 'synth_ecp5 -nowidelut',
    noDsp: '-nodsp',
    dsp: '',
    classes: [
      { cells: /^LUT4$/, luts: 1 },
      { cells: /^CCU2C$/, luts: 2, carries: 1 },
      { cells: /^TRELLIS_FF$/, ffs: 1 },
      { cells: /^(MULT|ALU)\d/, dsps: 1 },
      { cells: /^(DP16KD|PDPW16KD|TRELLIS_DPR16X4)$/, memories: 1 },
    ],
  },
  xilinx('xc7', 'AMD 7 series, 6-input LUTs'),
  xilinx('xcup', 'AMD UltraScale+, 6-input LUTs; carry cells are counted as CARRY4'),
  {
    id: 'gowin',
    summary: 'Gowin LittleBee/Arora, 4-input LUTs; a carry cell counts as one LUT; no multiplier blocks inferred',
    lutInputs: 4,
    command: 'synth_gowin -noiopads -nowidelut',
    noDsp: '',
    classes: [
      { cells: /^LUT[1-4]$/, luts: 1 },
      { cells: /^ALU$/, luts: 1, carries: 1 },
      { cells: /^DFF/, ffs: 1 },
      { cells: /^(RAM16SDP|SP|SDP|DPB)/, memories: 1 },
      ...constantCells,
    ],
  },
  {
    id: 'nexus',
    summary: 'Lattice Nexus, 4-input LUTs; a carry cell counts as two LUTs',
    lutInputs: 4,
    command: 'synth_nexus -noiopad -nowidelut',
    noDsp: '-nodsp',
    dsp: '',
    classes: [
      { cells: /^(LUT4|INV)$/, luts: 1 },
      { cells: /^CCU2$/, luts: 2, carries: 1 },
      { cells: /^FD1P3/, ffs: 1 },
      { cells: /^(MULT|PREADD|MULTADDSUB)\d/, dsps: 1 },
      { cells: /^(PDPSC|PDP|DPSC|DPR|SPR)/, memories: 1 },
      ...constantCells,
    ],
  },
  {
    id: 'intel_alm',
    summary: 'Intel Cyclone V, adaptive LUTs of up to 6 inputs; arithmetic ones count as LUT and carry',
    lutInputs: 6,
    command: 'synth_intel_alm -family cyclonev -noiopad -noclkbuf',
    noDsp: '-nodsp',
    dsp: '',
    classes: [
      { cells: /^MISTRAL_(ALUT[2-6]|NOT)$/, luts: 1 },
      { cells: /^MISTRAL_ALUT_ARITH$/, luts: 1, carries: 1 },
      { cells: /^MISTRAL_FF$/, ffs: 1 },
      { cells: /^MISTRAL_MUL/, dsps: 1 },
      { cells: /^MISTRAL_(M10K|MLAB)$/, memories: 1 },
    ],
  },
]

export interface FpgaCounts {
  readonly luts: number
  readonly ffs: number
  readonly carries: number
  readonly dsps: number
  readonly memories: number
  /** Cells that are none of these; empty for plain logic. */
  readonly others: Readonly<Record<string, number>>
}

/** Sorts the cells of a mapped design into what a device has. */
export const countResources = (cells: Readonly<Record<string, number>>, family: FpgaFamily): FpgaCounts => {
  const total = { luts: 0, ffs: 0, carries: 0, dsps: 0, memories: 0 }
  const others: Record<string, number> = {}
  for (const [cell, count] of Object.entries(cells)) {
    if (cell === scopeNote) continue
    const kind = family.classes.find((each) => each.cells.test(cell))
    if (!kind) others[cell] = count
    else for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += count * (kind[key] ?? 0)
  }
  return { ...total, others }
}

export interface FpgaDesign extends FpgaCounts {
  readonly recipe: FpgaRecipe
  /** The memories by cell, block RAMs and distributed ones apart. */
  readonly memoryCells: Readonly<Record<string, number>>
}

export interface FpgaRecipe {
  readonly id: string
  readonly summary: string
  readonly booth: boolean
  readonly dsp: boolean
}

const plainRecipe: FpgaRecipe = {
  id: 'lut',
  summary: 'look-up tables only, plain multipliers',
  booth: false,
  dsp: false,
}
const boothRecipe: FpgaRecipe = {
  id: 'lut+booth',
  summary: 'look-up tables only, Booth multipliers',
  booth: true,
  dsp: false,
}
const blocksRecipe: FpgaRecipe = { id: 'dsp', summary: 'multiplier blocks allowed', booth: false, dsp: true }

/** The search for a design; where its Verilog has no product, the others would give the first one's netlist again. */
const recipesOf = (family: FpgaFamily, verilog: string): FpgaRecipe[] =>
  hasProducts(verilog) ? [plainRecipe, boothRecipe, ...(family.dsp === undefined ? [] : [blocksRecipe])] : [plainRecipe]

/** What one would put on a device: multiplier blocks where Yosys infers them. */
const usualRecipe = (family: FpgaFamily): FpgaRecipe => (family.dsp === undefined ? plainRecipe : blocksRecipe)

/** The Yosys script of one recipe; it writes the mapped netlist. */
export const fpgaScript = (top: string, family: FpgaFamily, recipe: FpgaRecipe): string =>
  [
    ...frontEnd(top),
    ...(recipe.booth ? ['booth'] : []),
    [family.command, `-top ${innerTop}`, (recipe.dsp ? family.dsp : family.noDsp) ?? ''].join(' ').trim(),
    `write_json ${netlistFile}`,
  ].join('\n')

export interface FpgaCounting {
  /** Fewest look-up tables without multiplier blocks; the one design where there was no search. */
  readonly best: FpgaDesign
  readonly designs: readonly FpgaDesign[]
  readonly creator: string
}

/** Cells that are memories, by name. */
const memoryCellsOf = (cells: Readonly<Record<string, number>>, { classes }: FpgaFamily): Record<string, number> =>
  Object.fromEntries(
    Object.entries(cells).filter(([cell]) => classes.find((each) => each.cells.test(cell))?.memories !== undefined),
  )

/** Maps a design onto an FPGA family with every recipe, or once, with multiplier blocks where there are some. */
export const countOnFpga = async (
  request: SearchRequest & { readonly once?: boolean },
  family: FpgaFamily,
): Promise<FpgaCounting> => {
  const script = (recipe: FpgaRecipe) => fpgaScript(request.top, family, recipe)
  const recipes = request.once ? [usualRecipe(family)] : recipesOf(family, request.verilog)
  const found = await searchRecipes(request, family.id, recipes, script, () => ({}))
  const designs = found.map(({ recipe, netlist }): FpgaDesign => {
    const cells = countCells(netlist)
    return { recipe, ...countResources(cells, family), memoryCells: memoryCellsOf(cells, family) }
  })
  const lutOnly = designs.filter(({ recipe }) => request.once || !recipe.dsp)
  return { best: least(lutOnly, (design) => design.luts), designs, creator: found[0]!.netlist.creator }
}
