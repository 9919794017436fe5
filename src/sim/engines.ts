import { unknownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import type { Module } from '../dsl/ir.ts'
import { verilogForSimulation } from '../dsl/verilog/black-box.ts'
import { type Engine, portLayout } from './engine.ts'
import type { EngineOptions } from './interpret.ts'
import { openOwnEngine, ownEngineNames } from './own-engines.ts'
import { verilatorEngine, type WaveFile } from './verilator.ts'

/** Every simulation engine, the default first. */
export const engineNames = [...ownEngineNames, 'verilator'] as const
export type EngineName = (typeof engineNames)[number]

export const engineSummaries: Readonly<Record<EngineName, string>> = {
  wasm: 'generated WebAssembly SIMD, instances of a module side by side',
  js: 'generated JavaScript, for every design',
  interpreter: 'the definition: exact integers, one operation after the other',
  verilator: 'Verilator on the printed Verilog, independent of our own engines',
}

export interface OpenOptions extends EngineOptions {
  /**
   * For Verilator: components that have gates as these, so that they are compared with the logic our own engines run, or as
   * their logic, which builds and runs ten times as fast where there are many. Default true.
   */
  readonly gates?: boolean
  /**
   * For Verilator: a file of waves that the model writes, every signal of its Verilog, until the engine is closed. Of our own engines
   * `trace` records waves and `writeVcd` writes them.
   */
  readonly waves?: WaveFile
  /** For Verilator: threads that share its model, 1 to 256; default 1. The same values and failed checks; those of one cycle may be in another order. */
  readonly threads?: number
}

/** Opens a design on an engine; `close` it afterwards. Verilator missing or failing to build is a UserError. */
export const openEngine = (name: EngineName, module: Module, options: OpenOptions = {}): Engine => {
  const { waves, threads, checks = true } = options
  if (name === 'verilator')
    return verilatorEngine(
      { verilog: verilogForSimulation(module, options), top: module.name, ports: portLayout(module) },
      { checks, ...(waves && { waves }), ...(threads === undefined ? {} : { threads }) },
    )
  if (waves)
    throw new UserError(
      'E-WAVES',
      `the ${name} engine writes no waves by itself, got ${waves.file.slice(0, 80)}; record them with trace() and write them with writeVcd(), or open the verilator engine`,
    )
  if (threads !== undefined && threads !== 1)
    throw new UserError(
      'E-THREADS',
      `the ${name} engine runs in one thread, got ${threads}; open the verilator engine, or share lanes over threads with openLanes()`,
    )
  return openOwnEngine(name, module, options)
}

/** The engine of that name; another name is a UserError that lists them. */
export const engineNamed = (name: string): EngineName => {
  const found = engineNames.find((known) => known === name)
  if (!found) throw unknownName('E-ENGINE', 'engine', name, [...engineNames, 'all'])
  return found
}
