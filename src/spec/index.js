export { fullSpec, readParameters, } from './parameters.js';
export { canonicalText, maximumSpecLength, parseSpec, parseValue } from './parse.js';
export * from './spec.js';
export { badValue, duplicateKey, SpecError, unknownFamily, unknownKey } from './spec-error.js';
