import { HdlError } from '../error.js';
import { printModule } from './module.js';
/** Verilog-2001 of a module and everything under it, children first, each module once; the same module, the same bytes. */
export const printVerilog = (top) => modulesUnder(top).map(printModule).join('\n');
/**
 * The module and all it instantiates, children first. Two different modules of one name are an error, as are names that
 * differ in case alone, which some tools and file systems take for one.
 */
export const modulesUnder = (top) => {
    const byName = new Map();
    const visit = (module) => {
        const key = module.name.toLowerCase();
        const known = byName.get(key);
        if (known === module)
            return;
        if (known)
            throw new HdlError('E-NAME', module.name, known.name === module.name
                ? `two different modules are called '${module.name}'; give one of them a 'name' that tells its parameters`
                : `the names of modules '${known.name}' and '${module.name}' differ in case alone; rename one of them`);
        for (const instance of module.instances)
            visit(instance.of);
        byName.set(key, module);
    };
    visit(top);
    return [...byName.values()];
};
