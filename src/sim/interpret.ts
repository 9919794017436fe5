import { fold, type Module } from '../dsl/ir.ts'
import { blackBoxes } from './black-boxes.ts'
import { type CheckFailure, type Engine, type Port, portLayout, readPort, rowsOf } from './engine.ts'
import { failureOf } from './failure.ts'
import { type FlatValue, flatten } from './flatten.ts'
import { initialWords, memoryEdge } from './memory.ts'
import { layOut, type Watch } from './watch.ts'

/** Failures kept with their message; more are only counted. */
export const keptFailures = 100

export interface EngineOptions {
  /** Evaluate the designer's checks; default true. */
  readonly checks?: boolean
}

/** A value to compute in every cycle: an operation, the word at an address, or what a black box gives. */
type Computed = { readonly index: number; readonly args: readonly number[] } & (
  | { readonly of: Parameters<typeof fold>[0]; readonly words?: undefined; readonly box?: undefined }
  | { readonly of?: undefined; readonly words: readonly bigint[]; readonly box?: undefined }
  | { readonly of?: undefined; readonly words?: undefined; readonly box: NonNullable<FlatValue['box']> }
)

/**
 * The definition: every operation by its own `fold` over exact integers, one after the other. Slow and for any width.
 */
export const interpreter = (module: Module, { checks = true }: EngineOptions = {}): Engine => {
  let flat = flatten(module)
  const boxes = blackBoxes(flat)
  const ports = portLayout(module)
  const inputs = new Int32Array(ports.inputWords)
  const outputs = new Int32Array(ports.outputWords)
  const current: bigint[] = flat.values.map((value) => value.value)
  const contents = flat.memories.map(initialWords)
  const failures: CheckFailure[] = []
  let failedChecks = 0
  let cycle = 0
  const computation = ({ op, min, max, args, amount, box }: FlatValue, index: number): Computed[] => {
    if (op === 'const' || op === 'in' || op === 'reg' || op === 'read') return []
    if (op === 'lookup') return [{ index, args, words: contents[amount]! }]
    if (op === 'box') return [{ index, args, box: box! }]
    return [{ index, args, of: { op, min, max, amount } }]
  }
  let computed = flat.values.flatMap(computation)
  const watches: Watch[] = []

  const oneCycle = (row: Int32Array, at: number): void => {
    flat.inputs.forEach(({ value }, k) => {
      current[value] = readPort(row, ports.inputs[k]!, at)
    })
    for (const { index, args, of, words, box } of computed) {
      const values = args.map((arg) => current[arg]!)
      if (box) current[index] = boxes.output(box.index, box.port, values)
      else current[index] = words ? (words[Number(values[0]!)] ?? 0n) : fold(of, values)
    }
    flat.outputs.forEach(({ value }, k) => {
      writeWords(outputs, ports.outputs[k]!, current[value]!)
    })
    for (const { words, writes } of watches)
      for (const { port, value } of writes) writeWords(words, port, current[value]!)
    if (checks)
      for (const check of flat.checks)
        if (current[check.holds] === 0n && ++failedChecks <= keptFailures)
          failures.push(
            failureOf(
              check,
              cycle,
              check.signals.map(({ value }) => current[value]!),
            ),
          )
    flat.boxes.forEach(({ of, inputs, tick }, k) => {
      if (!of.blackBox.next || (tick !== undefined && current[tick] === 0n)) return
      boxes.step(
        k,
        inputs.map((value) => current[value]!),
      )
    })
    const next = flat.registers.map((register) => current[register.next]!)
    const shown = flat.memories.flatMap((memory, k) => memoryEdge(memory, contents[k]!, current))
    for (const [value, word] of shown) current[value] = word
    flat.registers.forEach((register, k) => {
      current[register.value] = next[k]!
    })
    cycle++
  }
  const reset = (): void => {
    boxes.reset()
    for (const register of flat.registers) current[register.value] = register.reset
  }
  reset()
  const states = new Map(
    [...flat.registers, ...flat.memories.flatMap(({ reads }) => reads)].map(({ path, value }) => [path, value]),
  )
  const register = (path: string): bigint | undefined => {
    const value = states.get(path)
    return value === undefined ? undefined : current[value]
  }
  const wordsAt = (path: string): bigint[] => contents[flat.memories.findIndex((memory) => memory.path === path)]!

  return {
    name: 'interpreter',
    ports,
    inputs,
    outputs,
    step(cycles = 1) {
      for (let k = 0; k < cycles; k++) oneCycle(inputs, 0)
    },
    replay(stimulus, cycles, response) {
      const rows = rowsOf(ports, stimulus)
      for (let k = 0; k < cycles; k++) {
        oneCycle(stimulus, (k % rows) * ports.inputWords)
        response?.set(outputs, k * ports.outputWords)
      }
    },
    reset,
    register,
    watch(paths) {
      // What only watching needs is flattened last, so that every other value keeps its index.
      const before = flat.values.length
      const all = flatten(module, [...flat.watched.map(({ path }) => path), ...paths])
      const watch = layOut(all.watched.slice(flat.watched.length))
      current.push(...all.values.slice(before).map(({ value }) => value))
      computed = all.values.flatMap(computation)
      flat = all
      watches.push(watch)
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
      setRegister(path, value) {
        current[states.get(path)!] = value
      },
      memory: (path) => [...wordsAt(path)],
      setMemory(path, words) {
        wordsAt(path).splice(0, words.length, ...words)
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

/** A value outside its port's range is the failed check's to report. */
const writeWords = (row: Int32Array, port: Port, value: bigint): void => {
  for (let k = 0; k < port.words; k++) row[port.offset + k] = Number(BigInt.asIntN(32, value >> BigInt(32 * k)))
}
