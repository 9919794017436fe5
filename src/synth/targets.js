/** What a design can be synthesised for. */
import { unknownName } from '../base/suggestion.js';
import { UserError } from '../base/user-error.js';
import { fpgaFamilies } from './fpga.js';
import { generic45 } from './library/generic45.js';
const libraries = [generic45];
/** All targets that work, in the order in which `bitloom list targets` shows them. */
export const targets = [
    ...libraries.map((library) => ({
        id: library.name,
        kind: 'asic',
        summary: library.summary,
        source: library.source,
        library,
    })),
    ...fpgaFamilies.map((family) => ({
        id: family.id,
        kind: 'fpga',
        summary: family.summary,
        source: `Yosys ${family.command.split(' ')[0]}`,
        family,
    })),
];
/** The target named `id`; an unknown one is a user error that lists what there is. */
export const findTarget = (id) => {
    const found = targets.find((target) => target.id === id);
    if (found)
        return found;
    const ids = targets.map((target) => target.id);
    const allowed = `use one of ${ids.join(', ')}`;
    if (/\.lib(\.gz)?$/.test(id) || id.includes('/'))
        throw new UserError('E-TARGET-LIBERTY', `${id} cannot be a target: Liberty files are not read as libraries; ${allowed}`);
    throw unknownName('E-TARGET', 'target', id, ids);
};
