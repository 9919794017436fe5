import { processingElement } from '../pe/catalogue.js';
import { openEngine } from '../sim/engines.js';
import { runProduct } from './gemm.js';
import { outputStationaryArray } from './output-stationary.js';
/** A thread keeps the engine of the last design it worked on. */
let held;
/** Runs a slice on this thread's own copy of the array. */
export default ({ spec, rows, columns, engine: name, product, outputs }) => {
    const pe = processingElement(spec);
    const key = `${pe.spec} ${rows} ${columns} ${name}`;
    if (held?.key !== key) {
        held?.engine.close();
        held = { key, engine: openEngine(name, outputStationaryArray(pe, { rows, columns }), { checks: false }) };
    }
    return runProduct(held.engine, pe, { rows, columns }, product, outputs);
};
