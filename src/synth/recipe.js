import { frontEnd, netlistFile } from './search.js';
/** The search, the same for every design. */
export const recipes = [
    { id: 'plain', summary: 'plain multipliers, gates only', booth: false, fullAdders: false },
    { id: 'fa', summary: 'plain multipliers, full-adder cells', booth: false, fullAdders: true },
    { id: 'booth', summary: 'Booth multipliers, gates only', booth: true, fullAdders: false },
    { id: 'booth+fa', summary: 'Booth multipliers, full-adder cells', booth: true, fullAdders: true },
];
const libertyFile = 'cells.lib';
const constraintFile = 'sizing.constr';
const fullAdderFile = 'full_adder.v';
const toGates = ['alumacc', 'share', 'opt', 'memory -nomap', 'opt_clean', 'opt -fast -full', 'memory_map'];
/** The Yosys script of one recipe; it reads `mappingFiles` and writes the mapped netlist. */
export const mappingScript = (top, recipe) => [
    ...frontEnd(top),
    'setattr -unset init w:*',
    `read_liberty -lib ${libertyFile}`,
    ...(recipe.booth ? ['booth'] : []),
    ...toGates,
    'opt -undriven -fine',
    'techmap',
    'opt -fast',
    ...(recipe.fullAdders ? ['extract_fa -fa', `techmap -map ${fullAdderFile}`, 'techmap', 'opt -fast'] : []),
    `dfflibmap -liberty ${libertyFile}`,
    'opt -fast',
    `abc -liberty ${libertyFile} -constr ${constraintFile}`,
    'opt_clean -purge',
    `write_json ${netlistFile}`,
].join('\n');
/** Yosys' word-level `$fa` (carry X, sum Y) as cells of the library. */
const fullAdderMap = ({ fullAdder }) => {
    const [a, b, c] = fullAdder.inputs;
    return `(* techmap_celltype = "$fa" *)
module full_adders (A, B, C, X, Y);
  parameter WIDTH = 1;
  input [WIDTH-1:0] A, B, C;
  output [WIDTH-1:0] X, Y;
  genvar i;
  generate for (i = 0; i < WIDTH; i = i + 1) begin : bits
    ${fullAdder.cell} adder (.${a}(A[i]), .${b}(B[i]), .${c}(C[i]), .${fullAdder.carry}(X[i]), .${fullAdder.sum}(Y[i]));
  end endgenerate
endmodule
`;
};
/** The files that `mappingScript` reads beside the design. */
export const mappingFiles = (library, liberty) => ({
    [libertyFile]: liberty,
    [constraintFile]: `set_driving_cell ${library.drivingCell}\nset_load ${library.outputLoad_fF}\n`,
    [fullAdderFile]: fullAdderMap(library),
});
