/** The library: the hardware language, engines, PEs, arrays and synthesis, for use from TypeScript. */
export * from './accel/gemm.js';
export * from './accel/output-stationary.js';
export { UserError } from './base/user-error.js';
export * from './dsl/index.js';
export { catalogue, families, processingElement } from './pe/catalogue.js';
export * from './sim/compare.js';
export * from './sim/engine.js';
export { engineNames, openEngine } from './sim/engines.js';
export { randomStimulus } from './sim/stimulus.js';
export { synthesise } from './synth/synthesise.js';
export { targets } from './synth/targets.js';
export { lonePe, verify } from './verify/verify.js';
