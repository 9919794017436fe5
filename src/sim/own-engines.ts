import type { Module } from '../dsl/ir.ts'
import type { Engine } from './engine.ts'
import { type EngineOptions, interpreter } from './interpret.ts'
import { javascriptEngine } from './javascript/engine.ts'

/** The engines that need nothing but JavaScript, the default first. */
export const ownEngineNames = ['js', 'interpreter'] as const
export type OwnEngineName = (typeof ownEngineNames)[number]

/** Opens a design on one of our own engines: in Node, in a worker, in a browser. */
export const openOwnEngine = (name: OwnEngineName, module: Module, options: EngineOptions = {}): Engine =>
  name === 'js' ? javascriptEngine(module, options) : interpreter(module, options)
