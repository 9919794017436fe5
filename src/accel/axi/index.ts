/** AXI4, AXI4-Lite and AXI4-Stream: masters, registers, and for testbenches a memory and checkers. */

export {
  axiFromMaster,
  axiLiteFromMaster,
  axiLiteToMaster,
  axiStreamFromTransmitter,
  axiStreamToTransmitter,
  axiToMaster,
  burstCode,
  readFromMaster,
  readToMaster,
  responseCode,
  writeFromMaster,
  writeToMaster,
} from './channels.ts'
export { type AxiChecker, axiChecker } from './checker.ts'
export { type AxiLiteMaster, type AxiLiteMasterOptions, type AxiResponse, axiLiteMaster } from './lite-master.ts'
export { axiMaster } from './master.ts'
export type { MasterParameters } from './master-shape.ts'
export {
  type AxiMemory,
  type AxiMemoryOptions,
  axiMemory,
  type InjectedErrors,
  type MemoryFault,
  type MemoryRegion,
} from './memory.ts'
export { axiReadMaster } from './read-master.ts'
export { registerFile } from './register-file.ts'
export { checkedMap, type FieldAccess, type Register, type RegisterField, type RegisterMap } from './register-map.ts'
export { registerConstants, registerHeader, registerTable } from './register-text.ts'
export { axiRules, type Rule, streamRules, type Violation } from './rules.ts'
export { axiStreamReader, axiStreamWriter } from './stream-adapters.ts'
export { type AxiStreamSink, type AxiStreamSource, axiStreamSink, axiStreamSource } from './stream-agents.ts'
export { type AxiStreamChecker, axiStreamChecker } from './stream-checker.ts'
export { watchAxi, watchAxiLite, watchAxiStream } from './watch.ts'
export { axiWriteMaster } from './write-master.ts'
