/** The parameter of that key, or undefined where the spec does not set it. */
export const parameterOf = (spec, key) => spec.parameters.find((parameter) => parameter.key.text === key);
/** One canonical text of a value: no spaces, integers without leading zeros, `posit(16,1)`. */
export const canonicalValue = (value) => {
    if (value.kind === 'integer')
        return String(value.value);
    if (value.kind === 'name')
        return value.text;
    const inner = value.arguments.map((argument) => (argument.key ? `${argument.key.text}=` : '') + canonicalValue(argument.value));
    return `${value.name.text}(${inner.join(',')})`;
};
/**
 * One canonical text of a spec: parameters sorted by key, brackets always there, `mixpe(a=int8, w=int4)`. Specs that
 * differ only in spaces or order have the same. `fullSpec` also fills in the defaults, in the family's own order.
 */
export const canonical = (spec) => {
    const parts = spec.parameters.map(({ key, value }) => `${key.text}=${canonicalValue(value)}`);
    return `${spec.family.text}(${parts.toSorted().join(', ')})`;
};
