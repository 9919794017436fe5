import type { Module } from '../../src/dsl/index.ts'
import { everywhere, optimise, type PassName, passes } from '../../src/dsl/pass/index.ts'
import type { Engine } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { wasmEngine } from '../../src/sim/wasm/engine.ts'
import { icarusEngine } from './icarus.ts'
import { verilatorJudge } from './verilator-judge.ts'

/** Another opinion than the interpreter's on what a module does. */
export interface Judge {
  readonly make: (module: Module) => Engine
  /** True where it reports failed checks. */
  readonly checks: boolean
  /** Seconds that making a failing case smaller may take. */
  readonly seconds: number
  /** How a test in this folder names it, and the file that it is from. */
  readonly text: string
  readonly file: string
}

const file = './judges.ts'
export const javascript: Judge = { make: javascriptEngine, checks: true, seconds: 20, text: 'javascript', file }
/** What falls back to JavaScript is no opinion of its own; tests count that most does not. */
export const wasm: Judge = { make: wasmEngine, checks: true, seconds: 20, text: 'wasm', file }
export const icarus: Judge = { make: icarusEngine, checks: false, seconds: 60, text: 'icarus', file }
export const verilator: Judge = { make: verilatorJudge, checks: true, seconds: 300, text: 'verilator', file }

/** The interpreter on what a pass makes of the module. */
export const afterPass = (name: PassName | 'optimise'): Judge => {
  const pass = name === 'optimise' ? optimise : everywhere(passes[name])
  return {
    make: (module) => called(`the module after ${name}`, interpreter(pass(module))),
    checks: true,
    seconds: 20,
    text: `afterPass('${name}')`,
    file,
  }
}

export const called = (name: string, engine: Engine): Engine => Object.assign(engine, { name })
