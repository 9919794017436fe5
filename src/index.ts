/** The library: the hardware language, engines, PEs, arrays and synthesis, for use from TypeScript. */

export * from './accel/gemm.ts'
export * from './accel/output-stationary.ts'
export { UserError } from './base/user-error.ts'
export * from './dsl/index.ts'
export { catalogue, families, processingElement } from './pe/catalogue.ts'
export type * from './pe/family.ts'
export * from './sim/compare.ts'
export * from './sim/engine.ts'
export { type EngineName, engineNames, openEngine } from './sim/engines.ts'
export { synthesise } from './synth/synthesise.ts'
export { targets } from './synth/targets.ts'
export { lonePe, type Verification, verify } from './verify/verify.ts'
