import { unknownName } from '../base/suggestion.js';
import { formats } from '../formats/index.js';
import { builtInModels } from '../llm/models.js';
import { families } from '../pe/catalogue.js';
import { engineNames, engineSummaries } from '../sim/engines.js';
import { targets } from '../synth/targets.js';
import { columns } from './context.js';
/** What can be listed; quantisers are those `run` uses. */
const lists = {
    pes: () => families.map(({ id, summary, source, parameters }) => ({
        id,
        summary,
        source,
        parameters: Object.fromEntries(Object.entries(parameters).map(([key, rule]) => [key, ruleText(rule)])),
    })),
    formats: () => formats,
    models: () => builtInModels.map(({ id, summary, source, licence }) => ({ id, summary, source, licence })),
    targets: () => targets.map(({ id, summary, source, kind }) => ({ id, summary, source, kind })),
    quantisers: () => [
        {
            id: 'group-integer',
            summary: 'weights: round to nearest in groups, with a zero point or symmetric, FP16 scales',
            source: 'ours',
        },
        { id: 'token-integer', summary: 'activations: symmetric 8-bit integers, one scale per token', source: 'ours' },
    ],
    engines: () => engineNames.map((id) => ({ id, summary: engineSummaries[id], source: id === 'verilator' ? 'Verilator' : 'ours' })),
};
export const listed = Object.keys(lists);
/** `bitloom list`: everything of one kind, or the kinds. */
export const listCommand = (what, output) => {
    if (what === undefined) {
        const items = listed.map((id) => ({ id, summary: `${lists[id]().length} entries`, source: `bitloom list ${id}` }));
        output.result({ items });
        output.print(columns(items.map(({ id, summary, source }) => [id, summary, source])));
        return;
    }
    const list = lists[what];
    if (!list || !Object.hasOwn(lists, what))
        throw unknownName('E-LIST', 'list', what, listed);
    const items = list();
    output.result({ items });
    output.print(columns(items.map(({ id, summary, source }) => [id, summary, source])));
};
const ruleText = (rule) => rule.kind === 'integer'
    ? `${rule.summary}: ${rule.min} to ${rule.max}, default ${rule.default}`
    : `${rule.summary}: ${rule.allowed.join(' | ')}, default ${rule.default}`;
