/** Maps Verilog onto a standard-cell library with every recipe of the search and chooses one. */
import { unknownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { type ClockGating, clockGatingOf, mayBeGated, splitClockGates } from './clock-gating.ts'
import { mappingAreas } from './liberty/mapping-areas.ts'
import { printLiberty } from './liberty/writer.ts'
import { type Cell, cellsByName, clockGateOf, type Library, type WireLoad } from './library/library.ts'
import { countCells, type Instance, type Netlist, netName } from './netlist.ts'
import { gatedTwin, mappingFiles, mappingScript, type Recipe, recipesFor, relaxed_ps } from './recipe.ts'
import { rounded } from './rounded.ts'
import { type Found, least, type SearchRequest, searchRecipes } from './search.ts'
import { analyseTiming, type TimingResult } from './timing.ts'

/** A design on the cells of a library, as one recipe made it. */
export interface MappedDesign {
  readonly recipe: Recipe
  /** The delay that cells were sized for, in ps; undefined for the least. */
  readonly sizing_ps: number | undefined
  readonly netlist: Netlist
  readonly area_um2: number
  /** Of flip-flops and clock gates. */
  readonly sequential_area_um2: number
  readonly clockGating: ClockGating
  readonly cells: number
  readonly cellCounts: Readonly<Record<string, number>>
  /** The netlist by itself. */
  readonly timing: TimingResult
  /** Of `timing`, or of the chain that the design is part of where that is longer. */
  readonly critical_path_ps: number
}

export interface Mapping {
  /** The smallest of those within the longest path that is wanted; of equals the first. The fastest where none is. */
  readonly best: MappedDesign
  /** All, in the order of the search. */
  readonly designs: readonly MappedDesign[]
  /** What Yosys warned of, in its words. */
  readonly warnings: readonly string[]
}

/** A cell that no library cell stands for: nearly always a latch or a tri-state bus that the Verilog asks for. */
const refuseUnmapped = (netlist: Netlist, instance: Instance, library: Library): never => {
  const output = Object.entries(instance.connections).find(([pin]) => pin === 'Q' || pin === 'Y')?.[1][0]
  const where = typeof output === 'number' ? ` at ${netName(netlist, output)}` : ''
  const kind = instance.cell.replace(/^[$_]+/, '')
  const what = /^(DLATCH|dlatch|SR_)/.test(kind)
    ? `a latch${where}; assign it in every branch of its always block or clock it`
    : /^TBUF/.test(kind)
      ? `a tri-state driver${where}; use a multiplexer`
      : `a cell of type ${kind}${where}; rewrite it with gates and rising-edge registers`
  throw new UserError('E-UNMAPPED', `the design needs what ${library.name} does not have: ${what}`)
}

/** The longest path from a register through a chain of such blocks, all as slow as the slowest way through one. */
export const pathThroughChain = ({ paths_ps }: TimingResult, { length, then_ps }: Chain): number =>
  paths_ps.register_to_output + (length - 1) * paths_ps.input_to_output + then_ps

/** The wire load of that name; one that is not there is a user error that lists what there is. */
export const wireLoadOf = ({ name, wireLoads = [] }: Library, wanted: string): WireLoad => {
  const found = wireLoads.find((each) => each.name === wanted)
  if (found) return found
  if (wireLoads.length === 0)
    throw new UserError(
      'E-WIRE-LOAD',
      `${name} has no wire loads; leave --wire-load out, or give a library that has some`,
    )
  throw unknownName(
    'E-WIRE-LOAD',
    'wire load',
    wanted,
    wireLoads.map((each) => each.name),
  )
}

const measure = (
  { recipe, netlist: found }: Found<Recipe>,
  cells: ReadonlyMap<string, Cell>,
  library: Library,
  { chain, pathInputs, wireLoad }: MappingRequest,
  sizing_ps: number | undefined,
): MappedDesign => {
  for (const instance of found.instances) if (!cells.has(instance.cell)) refuseUnmapped(found, instance, library)
  const netlist = splitClockGates(found, library)
  let area_um2 = 0
  let sequential_area_um2 = 0
  for (const instance of netlist.instances) {
    const cell = cells.get(instance.cell)!
    area_um2 += cell.area_um2
    if (cell.flipFlop || cell.clockGate) sequential_area_um2 += cell.area_um2
  }
  const timing = analyseTiming(netlist, library, {
    ...(pathInputs ? { pathInputs } : {}),
    ...(wireLoad === undefined ? {} : { wireLoad: wireLoadOf(library, wireLoad) }),
  })
  return {
    recipe,
    sizing_ps,
    netlist,
    area_um2,
    sequential_area_um2,
    clockGating: clockGatingOf(netlist, library),
    cells: netlist.instances.length,
    cellCounts: countCells(netlist),
    timing,
    critical_path_ps: Math.max(timing.critical_path_ps, chain ? rounded(pathThroughChain(timing, chain)) : 0),
  }
}

/** Blocks of one design, each handing its outputs to the next one's inputs, with no register before the end. */
export interface Chain {
  readonly length: number
  /** From the last block's outputs into a register, setup included, in ps. */
  readonly then_ps: number
}

export interface MappingRequest extends SearchRequest {
  /** Longest critical path wanted, in ps. */
  readonly maxDelay_ps?: number
  /** The input ports that other blocks' outputs feed, the only ones whose paths `paths_ps` counts; all where none are named. */
  readonly pathInputs?: readonly string[]
  /** Name of one of the library's wire loads; no wires unless given. */
  readonly wireLoad?: string
  /** The chain whose blocks the design is; its path, through `pathInputs`, counts too. */
  readonly chain?: Chain
}

/**
 * Maps with every recipe of the search, and the best with clock gates where they may pay; `progress` counts them. Cells have their
 * smallest drives, and larger ones where a longest path asks for them.
 */
export const mapDesign = async (
  request: MappingRequest,
  library: Library,
  search: readonly Recipe[] = recipesFor(request.verilog),
): Promise<Mapping> => {
  const { maxDelay_ps } = request
  const liberty = library.liberty ?? printLiberty(library, mappingAreas(library.cells, library.gateEquivalent))
  const cells = cellsByName(library)
  // Before Yosys runs, since that takes seconds.
  if (request.wireLoad !== undefined) wireLoadOf(library, request.wireLoad)
  const runAll = async (wanted: readonly Recipe[], sizing_ps: number | undefined): Promise<Mapped[]> => {
    const files = (recipe: Recipe) => mappingFiles(library, liberty, recipe, sizing_ps)
    const script = (recipe: Recipe) => mappingScript(request.top, recipe, sizing_ps)
    const found = await searchRecipes(request, library.name, wanted, script, files)
    return found.map((each) => ({ found: each, design: measure(each, cells, library, request, sizing_ps) }))
  }
  /** The same with larger cells where its path is too long, and only as large as that takes. */
  const hastened = async (relaxed: Mapped): Promise<Mapped> => {
    const tried = [relaxed]
    const meets = () => maxDelay_ps === undefined || tried.at(-1)!.design.critical_path_ps <= maxDelay_ps
    const sizing_ps = maxDelay_ps === undefined ? undefined : sizingFor(relaxed.design, maxDelay_ps, cells)
    for (const each of sizing_ps === undefined ? [undefined] : [sizing_ps, undefined])
      if (!meets()) tried.push(...(await runAll([relaxed.design.recipe], each)))
    const best = choose(
      tried.map(({ design }) => design),
      maxDelay_ps,
    )
    return tried.find(({ design }) => design === best)!
  }
  const run = async (wanted: readonly Recipe[]): Promise<Mapped[]> => {
    const mapped: Mapped[] = []
    for (const each of await runAll(wanted, relaxed_ps)) mapped.push(await hastened(each))
    return mapped
  }
  const mapped = await run(search)
  const designs = mapped.map(({ design }) => design)
  const best = choose(designs, maxDelay_ps)
  const warnings = mapped[0]?.found.warnings ?? []
  const { found } = mapped.find(({ design }) => design === best)!
  if (!clockGateOf(library) || !mayBeGated(found.files)) return { best, designs, warnings }
  const all = [...designs, ...(await run([gatedTwin(best.recipe)])).map(({ design }) => design)]
  return { best: choose(all, maxDelay_ps), designs: all, warnings }
}

interface Mapped {
  readonly found: Found<Recipe>
  readonly design: MappedDesign
}

/**
 * The delay of logic to ask abc for: as much of the design's as the limit leaves, clock-to-output and setup apart; undefined
 * where it leaves none.
 */
const sizingFor = (design: MappedDesign, limit_ps: number, cells: ReadonlyMap<string, Cell>): number | undefined => {
  const { critical_path_ps, setup_ps, path } = design.timing
  const launch = path[0] && cells.get(path[0].cell)?.flipFlop ? path[0].delay_ps : 0
  const around = launch + setup_ps
  const share = (limit_ps - around) / Math.max(1, design.critical_path_ps - around)
  const sizing_ps = Math.floor((critical_path_ps - around) * share)
  return sizing_ps > 0 ? sizing_ps : undefined
}

/** The smallest within a longest path, of equals the first; the fastest where none is. */
const choose = (designs: readonly MappedDesign[], limit_ps = Number.POSITIVE_INFINITY): MappedDesign => {
  const fast = designs.filter(({ critical_path_ps }) => critical_path_ps <= limit_ps)
  return fast.length > 0
    ? least(fast, (design) => design.area_um2)
    : least(designs, (design) => design.critical_path_ps)
}
