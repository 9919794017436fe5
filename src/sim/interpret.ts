import { fold, type Module, type OperationName } from '../dsl/ir.ts'
import { blackBoxes } from './black-boxes.ts'
import { type CheckFailure, type Engine, type Port, portLayout, readPort, rowsOf } from './engine.ts'
import { flatten } from './flatten.ts'

/** Failures kept with their message; more are only counted. */
export const keptFailures = 100

export interface EngineOptions {
  /** Evaluate the designer's checks; default true. */
  readonly checks?: boolean
}

/**
 * The definition: every operation by its own `fold` over exact integers, one after the other. Slow and for any width.
 */
export const interpreter = (module: Module, { checks = true }: EngineOptions = {}): Engine => {
  const flat = flatten(module)
  const boxes = blackBoxes(flat)
  const ports = portLayout(module)
  const inputs = new Int32Array(ports.inputWords)
  const outputs = new Int32Array(ports.outputWords)
  const current: bigint[] = flat.values.map((value) => value.value)
  const failures: CheckFailure[] = []
  let failedChecks = 0
  let cycle = 0
  const computed = flat.values.flatMap(({ op, min, max, args, amount, box }, index) =>
    op === 'const' || op === 'in' || op === 'reg'
      ? []
      : [{ index, box, args, of: { op: op as OperationName, min, max, amount } }],
  )

  const oneCycle = (row: Int32Array, at: number): void => {
    flat.inputs.forEach(({ value }, k) => {
      current[value] = readPort(row, ports.inputs[k]!, at)
    })
    for (const { index, args, of, box } of computed) {
      const values = args.map((arg) => current[arg]!)
      current[index] = box ? boxes.output(box.index, box.port, values) : fold(of, values)
    }
    flat.outputs.forEach(({ value }, k) => {
      writeWords(outputs, ports.outputs[k]!, current[value]!)
    })
    if (checks)
      for (const { path, message, holds } of flat.checks)
        if (current[holds] === 0n && ++failedChecks <= keptFailures)
          failures.push({ cycle, message: path ? `${path}: ${message}` : message })
    flat.boxes.forEach(({ of, inputs, tick }, k) => {
      if (!of.blackBox.next || (tick !== undefined && current[tick] === 0n)) return
      boxes.step(
        k,
        inputs.map((value) => current[value]!),
      )
    })
    const next = flat.registers.map((register) => current[register.next]!)
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
    register: (path) => {
      const found = flat.registers.find((register) => register.path === path)
      return found && current[found.value]
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

/** A value outside its port's range is the failed check's to report. */
const writeWords = (row: Int32Array, port: Port, value: bigint): void => {
  for (let k = 0; k < port.words; k++) row[port.offset + k] = Number(BigInt.asIntN(32, value >> BigInt(32 * k)))
}
