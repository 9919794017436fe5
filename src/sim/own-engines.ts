import type { Module } from '../dsl/ir.ts'
import type { Engine } from './engine.ts'
import { type EngineOptions, interpreter } from './interpret.ts'
import { javascriptEngine } from './javascript/engine.ts'
import { wasmEngine } from './wasm/engine.ts'

/** The engines that need nothing but JavaScript, the default first. */
export const ownEngineNames = ['wasm', 'js', 'interpreter'] as const
export type OwnEngineName = (typeof ownEngineNames)[number]

/** Opens a design on one of our own engines: in Node, in a worker, in a browser. */
export const openOwnEngine = (name: OwnEngineName, module: Module, options: EngineOptions = {}): Engine =>
  ({ wasm: wasmEngine, js: javascriptEngine, interpreter })[name](module, options)
