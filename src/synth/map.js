/** Maps Verilog onto a standard-cell library with every recipe of the search and keeps the smallest result. */
import { UserError } from '../base/user-error.js';
import { printLiberty } from './liberty-writer.js';
import { cellsByName } from './library/library.js';
import { countCells, netName } from './netlist.js';
import { mappingFiles, mappingScript, recipes } from './recipe.js';
import { least, searchRecipes } from './search.js';
/** A cell that no library cell stands for: nearly always a latch or a tri-state bus that the Verilog asks for. */
const refuseUnmapped = (netlist, instance, library) => {
    const output = Object.entries(instance.connections).find(([pin]) => pin === 'Q' || pin === 'Y')?.[1][0];
    const where = typeof output === 'number' ? ` at ${netName(netlist, output)}` : '';
    const kind = instance.cell.replace(/^[$_]+/, '');
    const what = /^(DLATCH|dlatch|SR_)/.test(kind)
        ? `a latch${where}; assign it in every branch of its always block or clock it`
        : /^TBUF/.test(kind)
            ? `a tri-state driver${where}; use a multiplexer`
            : `a cell of type ${kind}${where}; rewrite it with gates and rising-edge registers`;
    throw new UserError('E-UNMAPPED', `the design needs what ${library.name} does not have: ${what}`);
};
const measure = (recipe, netlist, cells, library) => {
    let area_um2 = 0;
    let sequential_area_um2 = 0;
    for (const instance of netlist.instances) {
        const cell = cells.get(instance.cell) ?? refuseUnmapped(netlist, instance, library);
        area_um2 += cell.area_um2;
        if (cell.flipFlop)
            sequential_area_um2 += cell.area_um2;
    }
    return {
        recipe,
        netlist,
        area_um2,
        sequential_area_um2,
        cells: netlist.instances.length,
        cellCounts: countCells(netlist),
    };
};
/** Maps with every recipe of the search; `progress` counts them. */
export const mapDesign = async (request, library, search = recipes) => {
    const files = mappingFiles(library, printLiberty(library));
    const script = (recipe) => mappingScript(request.top, recipe);
    const found = await searchRecipes(request, library.name, search, script, files);
    const cells = cellsByName(library);
    const designs = found.map(({ recipe, netlist }) => measure(recipe, netlist, cells, library));
    return { best: least(designs, (design) => design.area_um2), designs, warnings: found[0]?.warnings ?? [] };
};
