/**
 * Area of a co-processor by its parts, composed: each module of its hierarchy is mapped once by itself and counted as often as it is there, so that
 * nothing large is flattened. Memories are not mapped; they have the area of a macro where there is a model of one.
 */
import type { Module } from '../dsl/ir.ts'
import { printVerilog } from '../dsl/verilog/print.ts'
import { cellsByName, type Library, libraryProvenance } from '../synth/library/library.ts'
import { sramFigures } from '../synth/memory/sram.ts'
import { rounded } from '../synth/rounded.ts'
import type { AsicSynthesis } from '../synth/synthesise.ts'
import { type MemoryPlace, takeApart } from '../synth/units.ts'

/** Parts in the order in which they are shown. */
export const coprocessorParts = [
  'array cells',
  'array edges',
  'operand buffers',
  'plan',
  'fetch',
  'receive',
  'tiles',
  'steps',
  'counters',
  'core',
  'result writer',
  'bus masters',
  'registers',
  'top',
] as const
export type CoprocessorPart = (typeof coprocessorParts)[number]

const partOfCore: Readonly<Record<string, CoprocessorPart | undefined>> = {
  activation_buffers: 'operand buffers',
  weight_buffers: 'operand buffers',
  plan: 'plan',
  fetch: 'fetch',
  receive: 'receive',
  tiles: 'tiles',
  steps: 'steps',
  counters: 'counters',
  writer: 'result writer',
}

/** The way to the core within a co-processor: a core with its registers is in it, and the core in that. */
const wayToCore: readonly string[] = ['core', 'core']

/** Where an instance of the core is in it, the core itself nowhere; undefined outside the core. */
const withinCore = (path: readonly string[]): readonly string[] | undefined =>
  wayToCore.every((name, k) => path[k] === name) ? path.slice(wayToCore.length) : undefined

/** The part that instance `path` of a co-processor belongs to; `core` and `top` are all that no other part is, queues too. */
export const coprocessorPart = (path: readonly string[]): CoprocessorPart => {
  const inner = withinCore(path)
  if (!inner) return path[0] === 'dma' ? 'bus masters' : path[1] === 'registers' ? 'registers' : 'top'
  const [part = '', ofArray] = inner
  if (part === 'array') return ofArray?.startsWith('pe_') ? 'array cells' : 'array edges'
  return partOfCore[part] ?? 'core'
}

/** A module that was mapped. */
export interface MappedModule {
  readonly part: CoprocessorPart
  readonly module: string
  /** One of its places. */
  readonly place: string
  readonly count: number
  /** Of one. */
  readonly area_um2: number
  readonly sequential_area_um2: number
  readonly cells: number
  readonly recipe: string
}

/** Memories of one size. */
export interface MemoryKind {
  readonly part: CoprocessorPart
  /** One of its places. */
  readonly place: string
  readonly words: number
  readonly bits: number
  readonly count: number
  /** Of one, as a macro; null where no model has it. */
  readonly area_um2: number | null
  /** Beyond the sizes that the model was measured at. */
  readonly extrapolated?: boolean
}

export interface PartArea {
  readonly part: CoprocessorPart
  readonly area_um2: number
  readonly ge: number
  /** Of all parts' `area_um2`. */
  readonly share: number
  readonly memory_bits: number
  /** Of those of its memories that have an area. */
  readonly memory_area_um2: number
}

export interface CoprocessorArea {
  readonly kind: 'composed'
  readonly target: string
  readonly top: string
  /** Of all that was mapped; memories apart. */
  readonly area_um2: number
  readonly ge: number
  readonly sequential_area_um2: number
  readonly memory_bits: number
  /** Of the bits that have an area, as macros. */
  readonly memory_area_um2: number
  readonly memory_bits_without_area: number
  readonly parts: readonly PartArea[]
  readonly modules: readonly MappedModule[]
  readonly memories: readonly MemoryKind[]
  readonly versions: AsicSynthesis['versions']
  readonly provenance: Readonly<Record<string, string | number>>
}

/** A model of memories for the library's node, if there is one. */
const memoryModels: Readonly<Record<number, string>> = { 45: 'cacti45-hp', 130: 'ihp130' }

const memoryArea = (
  { words, bits }: MemoryPlace,
  technology: string | undefined,
): Pick<MemoryKind, 'area_um2' | 'extrapolated'> => {
  const kilobytes = (words * bits) / 8192
  if (technology === undefined || kilobytes < 0.25 || kilobytes > 4096 || bits < 8 || bits > 1024)
    return { area_um2: null }
  const { area_mm2, extrapolated } = sramFigures({ technology, kilobytes, wordBits: bits })
  return area_mm2 === undefined ? { area_um2: null } : { area_um2: rounded(area_mm2 * 1e6), extrapolated }
}

const sum = <T>(of: readonly T[], value: (each: T) => number): number =>
  of.reduce((total, each) => total + value(each), 0)

/** Cells and edges of the array are mapped with all that is under them, as `synth` maps them. */
const mappedWhole = (path: readonly string[]): boolean => {
  const [part, ofArray] = withinCore(path) ?? []
  return part === 'array' && ofArray !== undefined
}

/** What is asked of the mapping of one module. */
export type ModuleArea = Pick<AsicSynthesis, 'area_um2' | 'sequential_area_um2' | 'cells' | 'recipe' | 'versions'>

/** The area of a co-processor on a library; `map` is asked once for each module that prints as other Verilog. */
export const coprocessorArea = async (
  top: Module,
  library: Library,
  map: (module: Module, verilog: string) => Promise<ModuleArea>,
): Promise<CoprocessorArea> => {
  const { units, memories } = takeApart(top, mappedWhole)
  const verilogOf = new Map<Module, string>()
  const textOf = (logic: Module): string => {
    const text = verilogOf.get(logic) ?? printVerilog(logic)
    verilogOf.set(logic, text)
    return text
  }
  const mapped = new Map<string, ModuleArea>()
  const modules = new Map<string, MappedModule>()
  for (const { path, logic } of units) {
    const part = coprocessorPart(path)
    const verilog = textOf(logic)
    const result = mapped.get(verilog) ?? (await map(logic, verilog))
    mapped.set(verilog, result)
    const { area_um2, sequential_area_um2, cells, recipe } = result
    const key = `${part}\n${verilog}`
    const known = modules.get(key)
    modules.set(key, {
      ...(known ?? { part, module: logic.name, place: placeOf(path) }),
      ...{ count: (known?.count ?? 0) + 1, area_um2, sequential_area_um2, cells, recipe },
    })
  }
  const technology = library.node_nm === undefined ? undefined : memoryModels[library.node_nm]
  return added([...modules.values()], memoryKinds(memories, technology), top.name, library, {
    technology,
    versions: [...mapped.values()][0]!.versions,
  })
}

const placeOf = (path: readonly string[]): string => path.join('.')

const memoryKinds = (places: readonly MemoryPlace[], technology: string | undefined): readonly MemoryKind[] => {
  const kinds = new Map<string, MemoryKind>()
  for (const place of places) {
    const { path, name, words, bits } = place
    const part = coprocessorPart(path)
    const key = `${part} ${words} ${bits}`
    const known = kinds.get(key) ?? { part, place: placeOf([...path, name]), words, bits, count: 0 }
    kinds.set(key, { ...known, count: known.count + 1, ...memoryArea(place, technology) })
  }
  return [...kinds.values()]
}

const added = (
  modules: readonly MappedModule[],
  memories: readonly MemoryKind[],
  top: string,
  library: Library,
  { technology, versions }: { readonly technology: string | undefined } & Pick<CoprocessorArea, 'versions'>,
): CoprocessorArea => {
  const nand = cellsByName(library).get(library.gateEquivalent)!.area_um2
  const area_um2 = sum(modules, (each) => each.count * each.area_um2)
  const bitsOf = (kinds: readonly MemoryKind[]): number => sum(kinds, ({ count, words, bits }) => count * words * bits)
  const macros = (kinds: readonly MemoryKind[]): number =>
    rounded(sum(kinds, (each) => each.count * (each.area_um2 ?? 0)))
  const parts = coprocessorParts.map((part): PartArea => {
    const own = sum(
      modules.filter((each) => each.part === part),
      (each) => each.count * each.area_um2,
    )
    const kinds = memories.filter((each) => each.part === part)
    return {
      part,
      area_um2: rounded(own),
      ge: rounded(own / nand),
      share: rounded(own / area_um2),
      memory_bits: bitsOf(kinds),
      memory_area_um2: macros(kinds),
    }
  })
  return {
    kind: 'composed',
    target: library.name,
    top,
    area_um2: rounded(area_um2),
    ge: rounded(area_um2 / nand),
    sequential_area_um2: rounded(sum(modules, (each) => each.count * each.sequential_area_um2)),
    memory_bits: bitsOf(memories),
    memory_area_um2: macros(memories),
    memory_bits_without_area: bitsOf(memories.filter((each) => each.area_um2 === null)),
    parts,
    modules: [...modules].sort((a, b) => coprocessorParts.indexOf(a.part) - coprocessorParts.indexOf(b.part)),
    memories: [...memories].sort((a, b) => coprocessorParts.indexOf(a.part) - coprocessorParts.indexOf(b.part)),
    versions,
    provenance: {
      ...libraryProvenance(library),
      area: 'composed: each module of the hierarchy mapped by itself, times how often it is there; nothing is optimised across modules (mac 2x2: 1.0 % more than flattened, measured once), and memories are not mapped',
      memories:
        technology === undefined
          ? 'no model of memories at the node of this library: words and bits alone'
          : `${technology}, macros with one read-write port; below 0.25 KB or 8 bits a word, bits alone`,
    },
  }
}
