import type { Module } from '../../dsl/ir.ts'
import { blackBoxes } from '../black-boxes.ts'
import { type CheckFailure, type Engine, portLayout, rowsOf } from '../engine.ts'
import { failureOf } from '../failure.ts'
import { flatten } from '../flatten.ts'
import { type EngineOptions, keptFailures } from '../interpret.ts'
import { layOut, type Watch } from '../watch.ts'
import type { Representation } from './expression.ts'
import { generate, type Program } from './generate.ts'
import { type Words, wordsOf } from './memory.ts'

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

  const fail = (index: number, within: number, values: readonly (number | bigint)[]): void => {
    if (++failedChecks <= keptFailures) failures.push(failureOf(flat.checks[index]!, cycle + within, values))
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

  const slots = new Map(
    [...flat.registers, ...flat.memories.flatMap(({ reads }) => reads)].map(({ path }, k) => [path, program.slots[k]!]),
  )
  const set = ({ kind, slot }: Program['slots'][number], value: bigint): void => {
    if (kind === 'big') state.big[slot] = value
    else state[kind][slot] = Number(value)
  }
  const wordsAt = (path: string): Words => memories[flat.memories.findIndex((memory) => memory.path === path)]!
  const register = (path: string): bigint | undefined => {
    const place = slots.get(path)
    return place && BigInt(state[place.kind][place.slot]!)
  }
  const reset = (): void => {
    boxes.reset()
    for (const { path, reset } of flat.registers) set(slots.get(path)!, reset)
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
    register,
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
    inside: {
      module,
      register,
      setRegister: (path, value) => set(slots.get(path)!, value),
      memory: (path) => Array.from(wordsAt(path), BigInt),
      setMemory(path, words) {
        const to = wordsAt(path)
        words.forEach((word, k) => {
          to[k] = Array.isArray(to) ? word : Number(word)
        })
      },
      boxes: boxes.states,
      setBoxes: boxes.setStates,
      resume(toCycle, failed, known) {
        cycle = toCycle
        failedChecks = failed
        failures.splice(0, failures.length, ...known)
      },
    },
    close() {},
  }
}
