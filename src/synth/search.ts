/** Runs one design through several recipes, each in a Yosys run of its own, so that no recipe's result depends on others. */
import { type Progress, silent } from '../base/progress.ts'
import { UserError } from '../base/user-error.ts'
import { elaborationError, refuseConflicts } from './elaboration-error.ts'
import { type Netlist, parseNetlist } from './netlist.ts'
import type { Yosys } from './yosys.ts'

/** The design's file inside Yosys. */
export const sourceFile = 'design.v'
/** The file every recipe's script writes. */
export const netlistFile = 'netlist.json'
/** The name the design carries inside Yosys, so that it can never be mistaken for a cell of a library. */
export const innerTop = 'bitloom_top'

/** Reads the Verilog and elaborates it flat, up to but without arithmetic; `hierarchical` is done before flattening. */
export const frontEnd = (top: string, hierarchical: readonly string[] = []): string[] => [
  `read_verilog ${sourceFile}`,
  `hierarchy -check -top ${top}`,
  ...hierarchical,
  'proc',
  'flatten',
  'tribuf',
  `rename -top ${innerTop}`,
  'opt_expr',
  'opt_clean',
  'check',
  'opt -nodffe -nosdff',
  'fsm',
  'opt',
  'wreduce',
  'peepopt',
  'opt_clean',
]

/** A design and who runs it. */
export interface SearchRequest {
  readonly yosys: Yosys
  readonly verilog: string
  readonly top: string
  /** How the user knows the Verilog, e.g. its path; for messages. */
  readonly sourceName?: string
  readonly progress?: Progress
}

export interface Found<R> {
  readonly recipe: R
  readonly netlist: Netlist
  /** All that the script wrote. */
  readonly files: ReadonlyMap<string, string>
  /** What Yosys warned of, in its words. */
  readonly warnings: readonly string[]
}

/** Refuses a top that is no plain Verilog name: it becomes part of a script. */
export const checkTopName = (top: string): void => {
  if (!/^[A-Za-z_][A-Za-z0-9_$]*$/.test(top))
    throw new UserError(
      'E-TOP-NAME',
      `the top module is named ${JSON.stringify(top)}; give a plain Verilog name with --top`,
    )
}

/** Runs `script(recipe)` for every recipe in turn; it reads `sourceFile` and `files(recipe)` and writes `netlistFile`. */
export const searchRecipes = async <R extends { readonly id: string }>(
  { yosys, verilog, top, sourceName = 'the Verilog', progress = silent }: SearchRequest,
  target: string,
  recipes: readonly R[],
  script: (recipe: R) => string,
  files: (recipe: R) => Readonly<Record<string, string>>,
): Promise<Found<R>[]> => {
  checkTopName(top)
  const found: Found<R>[] = []
  progress.start(`synthesis of ${top} on ${target}`, recipes.length, 'recipes')
  try {
    for (const recipe of recipes) {
      progress.update(found.length, recipe.id)
      const outcome = await yosys.run({ script: script(recipe), files: { ...files(recipe), [sourceFile]: verilog } })
      if (!outcome.ok) throw elaborationError(outcome.error, { verilog, top, sourceName, sourceFile })
      refuseConflicts(outcome.warnings, sourceName)
      const netlist = parseNetlist(outcome.files.get(netlistFile) ?? '', innerTop)
      found.push({ recipe, netlist, files: outcome.files, warnings: outcome.warnings })
      progress.update(found.length)
    }
  } finally {
    progress.stop()
  }
  return found
}

/** The entry with the least `cost`; of equals the first. */
export const least = <T>(entries: readonly T[], cost: (entry: T) => number): T =>
  entries.reduce((best, entry) => (cost(entry) < cost(best) ? entry : best))
