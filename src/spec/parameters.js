import { canonicalText } from './parse.js';
import { canonicalValue } from './spec.js';
import { badValue, unknownKey } from './spec-error.js';
/** The parameters of a spec with defaults filled in; the first violation, in the order written, is thrown as a SpecError. */
export const readParameters = (spec, schema) => {
    const values = new Map(Object.entries(schema).map(([key, rule]) => [key, rule.default]));
    for (const parameter of spec.parameters) {
        const rule = Object.hasOwn(schema, parameter.key.text) ? schema[parameter.key.text] : undefined;
        if (!rule)
            throw unknownKey(spec, parameter.key, Object.keys(schema));
        values.set(parameter.key.text, readOne(spec, parameter, rule));
    }
    return Object.fromEntries(values);
};
const readOne = (spec, parameter, rule) => {
    const found = canonicalValue(parameter.value);
    if (rule.kind !== 'integer') {
        const match = rule.allowed.find((text) => canonicalText(text) === found);
        if (match === undefined)
            throw badValue(spec, parameter, found, rule.allowed);
        return match;
    }
    const range = `an integer from ${rule.min} to ${rule.max}`;
    if (parameter.value.kind !== 'integer')
        throw badValue(spec, parameter, found, range);
    const value = parameter.value.value;
    if (value < rule.min || value > rule.max)
        throw badValue(spec, parameter, found, range);
    const refused = rule.check?.(value);
    if (refused !== undefined)
        throw badValue(spec, parameter, found, `${range}, ${refused}`);
    return value;
};
/** The full text of a family's parameters, defaults included, in the schema's order: one name for one design. */
export const fullSpec = (family, schema, values) => `${family}(${Object.keys(schema)
    .map((key) => `${key}=${String(values[key])}`)
    .join(', ')})`;
