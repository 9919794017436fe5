/**
 * Synthesis recipes for standard cells as Yosys scripts. No recipe is best for every design, and Yosys' default makes an
 * INT8 MAC of plain Verilog 1.7 times too large (it merges multiplier and accumulator into one wide array); so every
 * design, baseline or not, goes through the same search. `amap`, another mapper of abc, is smaller and slower than its
 * default: shifters came out up to 16 % smaller and PEs up to 11 %, these with paths up to a third longer.
 *
 * The recipe that did best runs once more with its registers behind clock gates, where the library has the cell and the design
 * registers with an enable (`gatedTwin`): one run more, and no design larger than without.
 */
import { clockGateFiles, countEnabled, fewestGated, toClockGates } from './clock-gating.ts'
import type { FullAdder, Library } from './library/library.ts'
import { frontEnd, netlistFile } from './search.ts'

export interface Recipe {
  readonly id: string
  readonly summary: string
  /** Yosys commands that make Booth multipliers; none for plain partial products. */
  readonly booth: readonly string[]
  /** Adders found in the gates are put onto the library's full-adder cell. */
  readonly fullAdders: boolean
  /** abc's commands, `{D}` where sizing is told the delay it is for; its default where undefined. */
  readonly abc?: string
  /** Differs from another recipe in how multipliers are made and in nothing else. */
  readonly forProducts?: true
  /** Registers that share an enable are clocked through the library's clock gate. */
  readonly clockGates?: true
}

/** The default's optimisation, then the mapper that covers by area. */
const amap = 'strash; ifraig; scorr; dc2; dc2; dch -f; amap -m; topo; buffer -c; upsize {D}; dnsize {D}'

/** The search, the same for every design. Full adders that the Verilog instantiates are cells with every recipe. */
export const recipes: readonly Recipe[] = [
  { id: 'plain', summary: 'plain multipliers, adders as gates', booth: [], fullAdders: false },
  {
    id: 'booth',
    summary: 'Booth multipliers, adders as gates',
    booth: ['booth'],
    fullAdders: false,
    forProducts: true,
  },
  { id: 'booth+fa', summary: 'Booth multipliers, adders as full-adder cells', booth: ['booth'], fullAdders: true },
  {
    id: 'amap',
    summary: 'plain multipliers, adders as gates, mapped for area',
    booth: [],
    fullAdders: false,
    abc: amap,
  },
  {
    id: 'booth+amap',
    summary: 'low-power Booth multipliers, adders as gates, mapped for area',
    // Its low-power form knows signed multipliers only.
    booth: ['booth -lowpower t:$mul r:A_SIGNED=1 %i', 'booth'],
    fullAdders: false,
    abc: amap,
    forProducts: true,
  },
]

/** Whether Verilog may multiply: there is a `*` that is no comment's and no sensitivity list's. */
export const hasProducts = (verilog: string): boolean =>
  verilog
    .replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
    .replace(/@\s*(\*|\(\s*\*\s*\))/g, '')
    .includes('*')

/** The search for a design: where its Verilog has no product, recipes that would give the same netlist again are left out. */
export const recipesFor = (verilog: string): readonly Recipe[] =>
  hasProducts(verilog) ? recipes : recipes.filter(({ forProducts }) => !forProducts)

/** The same recipe with clock gates. */
export const gatedTwin = (recipe: Recipe): Recipe => ({
  ...recipe,
  id: `${recipe.id}+gated`,
  summary: `${recipe.summary}, registers of ${fewestGated} bits or more that share an enable behind a clock gate`,
  clockGates: true,
})

const libertyFile = 'cells.lib'
const constraintFile = 'sizing.constr'
const fullAdderFile = 'full_adder.v'
const instancesFile = 'instances.v'
const abcFile = 'map.abc'

const toGates = ['alumacc', 'share', 'opt', 'memory -nomap', 'opt_clean', 'opt -fast -full', 'memory_map']

/**
 * What cells are sized for where no longest path is wanted: any delay will do, so that every cell has its smallest drive. Without
 * it abc sizes for the least delay, at 5 to 14 % of the area where a library has many drives.
 */
export const relaxed_ps = 1_000_000

/** What abc is told of the delay in ps that cells are sized for; nothing where it is the least there is. */
const delayOption = (sizing_ps: number | undefined): string => (sizing_ps === undefined ? '' : `-D ${sizing_ps}`)

/** The Yosys script of one recipe; it reads `mappingFiles` and writes the mapped netlist. */
export const mappingScript = (top: string, recipe: Recipe, sizing_ps: number | undefined): string =>
  [
    ...frontEnd(top, [`techmap -map ${instancesFile}`]),
    'setattr -unset init w:*',
    `read_liberty -lib ${libertyFile}`,
    ...recipe.booth,
    ...toGates,
    'opt -undriven -fine',
    'techmap',
    'opt -fast',
    ...(recipe.fullAdders ? ['extract_fa -fa', `techmap -map ${fullAdderFile}`, 'techmap', 'opt -fast'] : []),
    ...(recipe.clockGates ? toClockGates(libertyFile) : [countEnabled]),
    `dfflibmap -liberty ${libertyFile}`,
    'opt -fast',
    [
      `abc -liberty ${libertyFile} -constr ${constraintFile}`,
      recipe.abc === undefined ? delayOption(sizing_ps) : `-script ${abcFile}`,
    ]
      .join(' ')
      .trim(),
    'opt_clean -purge',
    `write_json ${netlistFile}`,
  ].join('\n')

/** Yosys' word-level `$fa` (carry X, sum Y) as cells of the library; where it has none Yosys makes gates of them. */
const fullAdderMap = ({ fullAdder }: Library): string => {
  if (!fullAdder) return ''
  const [a, b, c] = fullAdder.inputs
  const not = fullAdder.inverted ? '~' : ''
  return `(* techmap_celltype = "$fa" *)
module full_adders (A, B, C, X, Y);
  parameter WIDTH = 1;
  input [WIDTH-1:0] A, B, C;
  output [WIDTH-1:0] X, Y;
  wire [WIDTH-1:0] carry, sum;
  assign X = ${not}carry, Y = ${not}sum;
  genvar i;
  generate for (i = 0; i < WIDTH; i = i + 1) begin : bits
    ${fullAdder.cell} adder (.${a}(A[i]), .${b}(B[i]), .${c}(C[i]), .${fullAdder.carry}(carry[i]), .${fullAdder.sum}(sum[i]));
  end endgenerate
endmodule
`
}

/** Full adders that a design instantiates by this name and these ports, as `src/pe/arith/full-adder.ts` prints them. */
const instantiatedFullAdder = ({ fullAdder }: Library): string => {
  const inside = fullAdder
    ? fullAdderCell(fullAdder)
    : '  assign sum = a ^ b ^ c;\n  assign carry = a & b | c & (a | b);'
  return `module bitloom_full_adder (a, b, c, sum, carry);
  input a, b, c;
  output sum, carry;
${inside}
endmodule
`
}

const fullAdderCell = ({ cell, inputs: [a, b, c], sum, carry, inverted }: FullAdder): string =>
  inverted
    ? `  wire no_sum, no_carry;
  ${cell} _TECHMAP_REPLACE_ (.${a}(a), .${b}(b), .${c}(c), .${sum}(no_sum), .${carry}(no_carry));
  assign sum = ~no_sum, carry = ~no_carry;`
    : `  ${cell} _TECHMAP_REPLACE_ (.${a}(a), .${b}(b), .${c}(c), .${sum}(sum), .${carry}(carry));`

/** The files that the script of a recipe reads beside the design. */
export const mappingFiles = (
  library: Library,
  liberty: string,
  recipe: Recipe,
  sizing_ps: number | undefined,
): Record<string, string> => ({
  [libertyFile]: liberty,
  [constraintFile]: `set_driving_cell ${library.drivingCell}\nset_load ${library.outputLoad_fF}\n`,
  [fullAdderFile]: fullAdderMap(library),
  [instancesFile]: instantiatedFullAdder(library),
  ...(recipe.clockGates ? clockGateFiles : {}),
  ...(recipe.abc === undefined ? {} : { [abcFile]: `${recipe.abc.replaceAll('{D}', delayOption(sizing_ps))}\n` }),
})
