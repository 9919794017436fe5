import { own, parsedJson, plainReader } from '../../base/plain-data.ts'
import { UserError } from '../../base/user-error.ts'
import { type Module, type Range, showRange, wrapInto } from '../../dsl/ir.ts'
import type { CheckFailure, Engine, EngineInside } from '../engine.ts'
import { keptFailures } from '../interpret.ts'
import { boxStateAsJson, boxStateOf } from './box-state.ts'
import { designDigest } from './digest.ts'
import { type StateLayout, stateLayout } from './layout.ts'

/**
 * Everything a design remembers between two cycles, and how far it has come: plain data that JSON can hold. Values are decimal
 * texts, by hierarchical name.
 */
export interface EngineState {
  readonly format: 'bitloom-state'
  readonly version: 1
  /** Name of the top module, and `designDigest` of it. */
  readonly design: string
  readonly digest: string
  readonly cycle: number
  readonly failedChecks: number
  readonly failures: readonly SavedFailure[]
  /** Words of the inputs as they stand, and of the outputs of the last cycle. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  /** Registers, and what read ports of memories show. */
  readonly registers: Readonly<Record<string, string>>
  /** Every word of every memory, from address 0. */
  readonly memories: Readonly<Record<string, readonly string[]>>
  /** What the model of each black box keeps. */
  readonly boxes: Readonly<Record<string, unknown>>
}

/** A `CheckFailure` with its values as texts. */
export interface SavedFailure extends Pick<CheckFailure, 'cycle' | 'message'> {
  readonly signals: readonly { readonly path: string; readonly value: string; readonly name?: string }[]
}

const [format, version] = ['bitloom-state', 1] as const

/**
 * The state of an engine between two cycles. Another engine that runs the same design goes on from it with `restoreState`, as if
 * it had never stopped. Throws a UserError for an engine that sees ports only, and for a black box whose model keeps what
 * no file holds.
 */
export const saveState = (engine: Engine): EngineState => {
  const inside = insideOf(engine)
  const { module } = inside
  const { registers, memories, boxes } = stateLayout(module)
  // A value beyond its range is a failed check's doing; it is kept as the hardware would, in the bits there are.
  const text = (value: bigint, range: Range): string => String(wrapInto(value, range))
  const states = inside.boxes()
  return {
    format,
    version,
    design: module.name,
    digest: designDigest(module),
    cycle: engine.cycle,
    failedChecks: engine.failedChecks,
    failures: engine.failures.map(savedFailure),
    inputs: [...engine.inputs],
    outputs: [...engine.outputs],
    registers: Object.fromEntries(registers.map(({ path, range }) => [path, text(inside.register(path)!, range)])),
    memories: Object.fromEntries(
      memories.map(({ path, word }) => [path, inside.memory(path).map((value) => text(value, word))]),
    ),
    boxes: Object.fromEntries(boxes.map((path, k) => [path, boxStateAsJson(states[k], path)])),
  }
}

/**
 * Puts an engine where a saved state left off, whichever engine saved it: what comes is what would have come. Watched words keep
 * their values until the next cycle. Throws a UserError, and leaves the engine as it was, where the state is of another design, or
 * no state at all.
 */
export const restoreState = (engine: Engine, state: EngineState): void => {
  const inside = insideOf(engine)
  const layout = stateLayout(inside.module)
  const checked = checkedState(state)
  refuseOther(inside.module, checked)
  const values = valuesOf(checked, layout, engine)
  const before = inside.boxes().length > 0 ? undefined : valuesOf(saveState(engine), layout, engine)
  put(inside, values)
  // One register of the hardware may be several of the description, which then never differ.
  const torn = layout.registers.find(({ path }) => inside.register(path) !== values.registers.get(path))
  if (torn) {
    if (before) put(inside, before)
    throw fault(`registers.${torn.path}`, 'a value that goes with those of the other registers')
  }
  engine.inputs.set(values.inputs)
  engine.outputs.set(values.outputs)
  inside.resume(checked.cycle, checked.failedChecks, checked.failures.map(failureOfSaved))
}

/** A state as the text of a file, the same for the same state; `stateOfText` reads it. */
export const stateText = (state: EngineState): string => `${JSON.stringify(state, undefined, 1)}\n`

/** Longest text that is read as a state, in characters. */
export const maximumStateText = 2 ** 28

/** The state that a text holds; a UserError for any other text. */
export const stateOfText = (text: string): EngineState => {
  if (text.length > maximumStateText)
    throw new UserError(
      'E-STATE',
      `a saved state has ${text.length} characters; at most ${maximumStateText} are read, so save a smaller design`,
    )
  return checkedState(parsedJson(text))
}

const insideOf = ({ inside, name }: Engine): EngineInside => {
  if (inside) return inside
  throw new UserError(
    'E-STATE',
    `the ${name} engine sees ports only, so its state cannot be saved or restored; take wasm, js or the interpreter`,
  )
}

const cure = 'save it anew with saveState'
const fault = (path: string, belongs: string): UserError =>
  new UserError('E-STATE', `the saved state has a fault in ${path.slice(0, 80)}, where ${belongs} belongs; ${cure}`)
const { record, list, whole, text } = plainReader(fault)

/** The fields that say what a state is, looked at one by one; its values are looked at with the design at hand. */
const checkedState = (value: unknown): EngineState => {
  const found =
    typeof value === 'object' && value !== null ? (value as Partial<Record<keyof EngineState, unknown>>) : {}
  if (found.format !== format)
    throw new UserError(
      'E-STATE',
      `this is no saved state: its format is not '${format}'; give one that saveState made`,
    )
  if (found.version !== version)
    throw new UserError(
      'E-STATE',
      `the saved state has version ${String(found.version).slice(0, 20)}; this bitloom reads version ${version}: ${cure}, or use the bitloom that saved it`,
    )
  return {
    format,
    version,
    design: text(found.design, 'design'),
    digest: text(found.digest, 'digest'),
    cycle: whole(found.cycle, 'cycle'),
    failedChecks: whole(found.failedChecks, 'failedChecks'),
    failures: failuresOf(found.failures),
    inputs: wordsOf(found.inputs, 'inputs'),
    outputs: wordsOf(found.outputs, 'outputs'),
    registers: record(found.registers, 'registers') as EngineState['registers'],
    memories: record(found.memories, 'memories') as EngineState['memories'],
    boxes: record(found.boxes, 'boxes'),
  }
}

const savedFailure = ({ cycle, message, signals = [] }: CheckFailure): SavedFailure => ({
  cycle,
  message,
  signals: signals.map((signal) => ({ ...signal, value: String(signal.value) })),
})

const failureOfSaved = ({ cycle, message, signals }: SavedFailure): CheckFailure => ({
  cycle,
  message,
  signals: signals.map((signal) => ({ ...signal, value: BigInt(signal.value) })),
})

const failuresOf = (value: unknown): readonly SavedFailure[] => {
  const failures = list(value, 'failures')
  if (failures.length > keptFailures) throw fault('failures', `a list of at most ${keptFailures}`)
  return failures.map((failure, k): SavedFailure => {
    const at = `failures[${k}]`
    const { cycle, message, signals } = record(failure, at)
    return {
      cycle: whole(cycle, `${at}.cycle`),
      message: text(message, `${at}.message`),
      signals: list(signals, `${at}.signals`).map((signal, n) => {
        const { path, value, name } = record(signal, `${at}.signals[${n}]`)
        const digits = text(value, `${at}.signals[${n}].value`)
        if (!/^-?\d{1,10000}$/.test(digits)) throw fault(`${at}.signals[${n}].value`, 'a number')
        return {
          path: text(path, `${at}.signals[${n}].path`),
          value: digits,
          ...(name !== undefined && { name: text(name, `${at}.signals[${n}].name`) }),
        }
      }),
    }
  })
}

const wordsOf = (value: unknown, path: string): readonly number[] =>
  list(value, path).map((word, k) => whole(word, `${path}[${k}]`, -(2 ** 31), 2 ** 31 - 1))

const refuseOther = (module: Module, { design, digest }: EngineState): void => {
  if (digest === designDigest(module)) return
  const name = design.slice(0, 80)
  throw new UserError(
    'E-STATE',
    name === module.name
      ? `the saved state is of another ${name}, which had other logic, registers or parts; run that description, or save it anew`
      : `the saved state is of design '${name}', and this engine runs '${module.name}'; open the design it was saved from`,
  )
}

interface Values {
  readonly registers: ReadonlyMap<string, bigint>
  readonly memories: ReadonlyMap<string, readonly bigint[]>
  readonly boxes: readonly unknown[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
}

/** Every value of a state, each seen to be one that its place can hold, before any is put anywhere. */
const valuesOf = (state: EngineState, { registers, memories, boxes }: StateLayout, { ports }: Engine): Values => {
  const value = (found: unknown, range: Range, path: string): bigint => {
    // Longer than any number of that width: nothing is read that could not be right.
    const digits = Math.max(range.max.toString().length, range.min.toString().length) + 2
    if (typeof found !== 'string' || found.length > digits || !/^-?\d+$/.test(found)) throw fault(path, 'a number')
    const number = BigInt(found)
    if (wrapInto(number, range) !== number) throw fault(path, `a value of ${showRange(range)}`)
    return number
  }
  const row = (words: readonly number[], length: number, name: string): readonly number[] => {
    if (words.length !== length) throw fault(name, `a list of ${length} words`)
    return words
  }
  return {
    inputs: row(state.inputs, ports.inputWords, 'inputs'),
    outputs: row(state.outputs, ports.outputWords, 'outputs'),
    registers: new Map(
      registers.map(({ path, range }) => [path, value(own(state.registers, path), range, `registers.${path}`)]),
    ),
    memories: new Map(
      memories.map(({ path, depth, word }) => {
        const words = list(own(state.memories, path), `memories.${path}`)
        if (words.length !== depth) throw fault(`memories.${path}`, `a list of ${depth} words`)
        return [path, words.map((found, k) => value(found, word, `memories.${path}[${k}]`))]
      }),
    ),
    boxes: boxes.map((path) => {
      try {
        return boxStateOf(own(state.boxes, path))
      } catch {
        throw fault(`boxes.${path}`, 'what its model kept')
      }
    }),
  }
}

const put = (inside: EngineInside, { registers, memories, boxes }: Values): void => {
  for (const [path, value] of registers) inside.setRegister(path, value)
  for (const [path, words] of memories) inside.setMemory(path, words)
  if (boxes.length > 0) inside.setBoxes(boxes)
}
