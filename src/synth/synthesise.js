import { estimateEnergy } from './energy.js';
import { countOnFpga, fpgaScript } from './fpga.js';
import { cellsByName } from './library/library.js';
import { mapDesign } from './map.js';
import { mappingScript } from './recipe.js';
import { rounded } from './rounded.js';
import { findTarget } from './targets.js';
import { analyseTiming } from './timing.js';
import { openYosys } from './yosys.js';
/** `Yosys 0.55 (git sha1 60f126cd0, clang ...)` without the compiler. */
const yosysVersion = (creator) => creator.replace(/\((git sha1 \w+).*\)/, '($1)');
const onCells = async (request, yosys, { library }) => {
    const { best, designs } = await mapDesign({ ...request, yosys }, library);
    const timed = new Map(designs.map((design) => [design, analyseTiming(design.netlist, library)]));
    const timing = timed.get(best);
    const energy = estimateEnergy(best.netlist, library);
    const nand = cellsByName(library).get(library.gateEquivalent);
    return {
        kind: 'asic',
        target: library.name,
        top: request.top,
        area_um2: rounded(best.area_um2),
        ge: rounded(best.area_um2 / nand.area_um2),
        fmax_mhz: timing.fmax_mhz,
        critical_path_ps: timing.critical_path_ps,
        sequential_area_um2: rounded(best.sequential_area_um2),
        cells: best.cells,
        cell_counts: best.cellCounts,
        recipe: best.recipe.id,
        recipes: designs.map((design) => ({
            id: design.recipe.id,
            summary: design.recipe.summary,
            area_um2: rounded(design.area_um2),
            critical_path_ps: timed.get(design).critical_path_ps,
            cells: design.cells,
            chosen: design === best,
        })),
        timing,
        energy,
        versions: { yosys: yosysVersion(best.netlist.creator) },
        provenance: {
            library: library.name,
            library_source: library.source,
            corner: library.corner,
            voltage_V: library.voltage_V,
            temperature_C: library.temperature_C,
            area: 'sum of cell areas, flattened, before placement; smallest drive strengths, so no clock target is met by sizing',
            timing: timing.provenance,
            energy: energy.provenance,
            search: `smallest area of ${designs.map((design) => design.recipe.id).join(', ')}; the same search for every design`,
            script: mappingScript(request.top, best.recipe),
        },
    };
};
const onFpga = async (request, yosys, { family }) => {
    const { best, designs, creator } = await countOnFpga({ ...request, yosys }, family);
    const { luts, ffs, dsps, carries, memories, others } = best;
    return {
        kind: 'fpga',
        target: family.id,
        top: request.top,
        luts,
        ffs,
        dsps,
        carries,
        memories,
        others,
        lut_inputs: family.lutInputs,
        recipe: best.recipe.id,
        recipes: designs.map((design) => ({
            id: design.recipe.id,
            summary: design.recipe.summary,
            luts: design.luts,
            ffs: design.ffs,
            dsps: design.dsps,
            carries: design.carries,
            memories: design.memories,
            chosen: design === best,
        })),
        versions: { yosys: yosysVersion(creator) },
        provenance: {
            family: family.summary,
            counts: 'cells after Yosys, before place and route',
            search: 'fewest look-up tables of lut, lut+booth without multiplier blocks; the same search for every design',
            script: fpgaScript(request.top, family, best.recipe),
        },
    };
};
/** Synthesises `top` for a target; an unknown target or Verilog at fault is a `UserError`. */
export const synthesise = async (request) => {
    const target = findTarget(request.target);
    const yosys = request.yosys ?? openYosys();
    try {
        return target.kind === 'asic' ? await onCells(request, yosys, target) : await onFpga(request, yosys, target);
    }
    finally {
        if (!request.yosys)
            await yosys.close();
    }
};
