import { unknownName } from '../base/suggestion.ts'
import type { Module } from '../dsl/ir.ts'
import { verilogForSimulation } from '../dsl/verilog/black-box.ts'
import { type Engine, portLayout } from './engine.ts'
import type { EngineOptions } from './interpret.ts'
import { openOwnEngine, ownEngineNames } from './own-engines.ts'
import { verilatorEngine } from './verilator.ts'

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
}

/** Opens a design on an engine; `close` it afterwards. Verilator missing or failing to build is a UserError. */
export const openEngine = (name: EngineName, module: Module, options: OpenOptions = {}): Engine =>
  name === 'verilator'
    ? verilatorEngine(
        { verilog: verilogForSimulation(module, options), top: module.name, ports: portLayout(module) },
        { checks: options.checks ?? true },
      )
    : openOwnEngine(name, module, options)

/** The engine of that name; another name is a UserError that lists them. */
export const engineNamed = (name: string): EngineName => {
  const found = engineNames.find((known) => known === name)
  if (!found) throw unknownName('E-ENGINE', 'engine', name, [...engineNames, 'all'])
  return found
}
