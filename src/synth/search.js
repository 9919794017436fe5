/** Runs one design through several recipes, each in a Yosys run of its own, so that no recipe's result depends on others. */
import { silent } from '../base/progress.js';
import { UserError } from '../base/user-error.js';
import { elaborationError, refuseConflicts } from './elaboration-error.js';
import { parseNetlist } from './netlist.js';
/** The design's file inside Yosys. */
export const sourceFile = 'design.v';
/** The file every recipe's script writes. */
export const netlistFile = 'netlist.json';
/** The name the design carries inside Yosys, so that it can never be mistaken for a cell of a library. */
export const innerTop = 'bitloom_top';
/** Reads the Verilog and elaborates it flat, up to but without arithmetic. */
export const frontEnd = (top) => [
    `read_verilog ${sourceFile}`,
    `hierarchy -check -top ${top}`,
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
];
/** Refuses a top that is no plain Verilog name: it becomes part of a script. */
const checkTopName = (top) => {
    if (!/^[A-Za-z_][A-Za-z0-9_$]*$/.test(top))
        throw new UserError('E-TOP-NAME', `the top module is named ${JSON.stringify(top)}; give a plain Verilog name with --top`);
};
/** Runs `script(recipe)` for every recipe in turn; the script reads `sourceFile` and `files` and writes `netlistFile`. */
export const searchRecipes = async ({ yosys, verilog, top, sourceName = 'the Verilog', progress = silent }, target, recipes, script, files) => {
    checkTopName(top);
    const found = [];
    progress.start(`synthesis of ${top} on ${target}`, recipes.length, 'recipes');
    try {
        for (const recipe of recipes) {
            progress.update(found.length, recipe.id);
            const outcome = await yosys.run({ script: script(recipe), files: { ...files, [sourceFile]: verilog } });
            if (!outcome.ok)
                throw elaborationError(outcome.error, { verilog, top, sourceName, sourceFile });
            refuseConflicts(outcome.warnings, sourceName);
            const netlist = parseNetlist(outcome.files.get(netlistFile) ?? '', innerTop);
            found.push({ recipe, netlist, warnings: outcome.warnings });
            progress.update(found.length);
        }
    }
    finally {
        progress.stop();
    }
    return found;
};
/** The entry with the least `cost`; of equals the first. */
export const least = (entries, cost) => entries.reduce((best, entry) => (cost(entry) < cost(best) ? entry : best));
