import type { Module } from '../../dsl/ir.ts'
import { blackBoxes } from '../black-boxes.ts'
import { type CheckFailure, type Engine, portLayout, rowsOf } from '../engine.ts'
import { flatten } from '../flatten.ts'
import { type EngineOptions, keptFailures } from '../interpret.ts'
import { layOut, type Watch } from '../watch.ts'
import type { Representation } from './expression.ts'
import { generate, type Program } from './generate.ts'
import { wordsOf } from './memory.ts'

type Row = Int32Array
type Run = (source: Row, words: number, rows: number, cycles: number, response: Row | undefined) => void
interface Arrays {
  readonly i32: Int32Array
  readonly f64: Float64Array
  readonly big: bigint[]
}

const arrays = (counts: Readonly<Record<Representation, number>>): Arrays => ({
  i32: new Int32Array(counts.i32),
  f64: new Float64Array(counts.f64),
  big: new Array<bigint>(counts.big).fill(0n),
})

/** Generated JavaScript: flat straight-line code in functions of a size V8 optimises. Ready in milliseconds. */
export const javascriptEngine = (module: Module, { checks = true }: EngineOptions = {}): Engine => {
  let flat = flatten(module)
  const boxes = blackBoxes(flat)
  const ports = portLayout(module)
  const program = generate(flat, ports, checks)
  const state = arrays(program.storage.registers)
  const next = arrays(program.storage.registers)
  const inputs = new Int32Array(ports.inputWords)
  const outputs = new Int32Array(ports.outputWords)
  const failures: CheckFailure[] = []
  let failedChecks = 0
  let cycle = 0

  const fail = (index: number, within: number): void => {
    if (++failedChecks > keptFailures) return
    const { path, message } = flat.checks[index]!
    failures.push({ cycle: cycle + within, message: path ? `${path}: ${message}` : message })
  }
  const memories = flat.memories.map(wordsOf)
  const watches: Watch[] = []
  /** State stays where it is, so that a program can take over from another between two calls. */
  const compile = ({ code, storage }: Program): Run => {
    const prologue = ['S', 'N', 'T']
      .flatMap((name) => (['i32', 'f64', 'big'] as const).map((kind) => `const ${name}_${kind} = ${name}.${kind};`))
      .join(' ')
    const named = {
      S: state,
      N: next,
      T: arrays(storage.shared),
      O: outputs,
      fail,
      boxes,
      ...Object.fromEntries(memories.map((words, k) => [`M_${k}`, words])),
      ...Object.fromEntries(watches.map(({ words }, k) => [`W_${k}`, words])),
    }
    return new Function(...Object.keys(named), `${prologue}\n${code}`)(...Object.values(named)) as Run
  }
  let run = compile(program)

  const paths = [...flat.registers, ...flat.memories.flatMap(({ reads }) => reads)].map((state) => state.path)
  const reset = (): void => {
    boxes.reset()
    flat.registers.forEach((register, k) => {
      const { kind, slot } = program.slots[k]!
      if (kind === 'big') state.big[slot] = register.reset
      else state[kind][slot] = Number(register.reset)
    })
  }
  reset()
  const go = (source: Row, rows: number, cycles: number, response?: Row): void => {
    run(source, ports.inputWords, rows, cycles, response)
    cycle += cycles
  }

  return {
    name: 'js',
    ports,
    inputs,
    outputs,
    step: (cycles = 1) => go(inputs, 1, cycles),
    replay: (stimulus, cycles, response) => go(stimulus, rowsOf(ports, stimulus), cycles, response),
    reset,
    register: (path) => {
      const k = paths.indexOf(path)
      if (k < 0) return undefined
      const { kind, slot } = program.slots[k]!
      return BigInt(state[kind][slot]!)
    },
    watch(paths) {
      const all = flatten(module, [...flat.watched.map(({ path }) => path), ...paths])
      const watch = layOut(all.watched.slice(flat.watched.length))
      watches.push(watch)
      flat = all
      run = compile(generate(flat, ports, checks, watches))
      return watch
    },
    failures,
    get failedChecks() {
      return failedChecks
    },
    get cycle() {
      return cycle
    },
    close() {},
  }
}
