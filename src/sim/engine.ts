import { type ClockPorts, clockPorts, clockPortsOf, domainsOf, mainDomain } from '../dsl/domains.ts'
import { isSigned, type Module, type Range, widthOf } from '../dsl/ir.ts'

/**
 * One clocked design under simulation, whatever runs it. All engines agree on every cycle.
 *
 * A cycle: inputs are taken, outputs and checks are evaluated from inputs and registers, then the clock edge moves the
 * registers. Outputs read after `step` are those of the last cycle, just before its edge, the values a neighbour's
 * register would have caught.
 */
export interface Engine {
  /** `interpreter`, `js`, `verilator`, ... */
  readonly name: string
  /** Why this engine runs in place of the one that was asked for, one clause. */
  readonly fallback?: string
  readonly ports: PortLayout
  /** Inputs of the next cycle, `ports.inputWords` long; keep the values inside the ports' ranges. */
  readonly inputs: Int32Array
  /** Outputs of the last cycle, `ports.outputWords` long. */
  readonly outputs: Int32Array
  /** Runs `cycles` cycles (default 1) with the inputs as they stand. */
  step(cycles?: number): void
  /**
   * Runs one cycle per row of `stimulus` (rows of `ports.inputWords`, back to back) and writes one row of
   * `ports.outputWords` per cycle into `response` if given. `cycles` may exceed the rows: then they repeat from the top.
   */
  replay(stimulus: Int32Array, cycles: number, response?: Int32Array): void
  /** Puts every register to its reset value; inputs stay, and so do memories and what their reads show. */
  reset(): void
  /** Value of a register by hierarchical name, `pe_0_1.accumulator`, now. Engines that cannot look inside return undefined. */
  register(path: string): bigint | undefined
  /**
   * Looks inside from the next cycle on: at ports, registers, wires and named values by hierarchical name. An unknown name is
   * a UserError. Costs time in every cycle, and nothing where it is not called. Engines that see ports only lack it.
   */
  watch?(paths: readonly string[]): Watched
  /** The first checks that failed since the start, at most 100, oldest first; `failedChecks` counts all. */
  readonly failures: readonly CheckFailure[]
  readonly failedChecks: number
  /** Cycles since the start. */
  readonly cycle: number
  /** What `saveState` and `restoreState` work with. Engines that see ports only lack it. */
  readonly inside?: EngineInside
  close(): void
}

/** What an engine remembers from one cycle to the next, by hierarchical name; a path that is not there is a mistake of the caller. */
export interface EngineInside {
  readonly module: Module
  /** A register, or what a read port of a memory shows. */
  register(path: string): bigint | undefined
  setRegister(path: string, value: bigint): void
  /** Every word of a memory. */
  memory(path: string): readonly bigint[]
  setMemory(path: string, words: readonly bigint[]): void
  /** What the models of black boxes keep, in the order of `flatten`. */
  boxes(): readonly unknown[]
  setBoxes(states: readonly unknown[]): void
  /** Goes on counting from there. */
  resume(cycle: number, failedChecks: number, failures: readonly CheckFailure[]): void
}

export interface CheckFailure {
  /** Cycle, counted from 0 since the start. */
  readonly cycle: number
  /** Instance path and message of the check, `pe_0_1: more than 128 products in a group`. */
  readonly message: string
  /**
   * What the signals that decide about the check were in that cycle, at most 16 of them, those before its condition in the module
   * that made the promise. Engines that see ports only lack it.
   */
  readonly signals?: readonly SignalValue[]
}

export interface SignalValue {
  /** Hierarchical name. */
  readonly path: string
  readonly value: bigint
  /** Of an enumeration or a state machine: the name of the value. */
  readonly name?: string
}

/** `cycle 16: at most 16 terms between clears (accumulator = 2032, term = 127)`. */
export const describeFailure = ({ cycle, message, signals = [] }: CheckFailure): string => {
  const values = signals.map(({ path, value, name = String(value) }) => `${path} = ${name}`)
  return `cycle ${cycle}: ${message}${values.length > 0 ? ` (${values.join(', ')})` : ''}`
}

/** Where a port lives in a row of 32-bit words: value in two's complement, least significant word first, sign-extended. */
export interface Port {
  readonly name: string
  readonly range: Range
  /** First word. */
  readonly offset: number
  readonly words: number
}

/** Signals an engine lets be looked at, in the order they were asked for. */
export interface Watched {
  /** Named by their paths; signals that are always equal may share their words. */
  readonly signals: readonly Port[]
  /** Values in the last cycle, just before its edge: registers as they were in it. */
  readonly words: Int32Array
}

export interface PortLayout {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly inputWords: number
  readonly outputWords: number
  /**
   * The clock ports of the Verilog, where they are not `clk` and `rst` alone; none for pure logic. With two or more clocks a
   * cycle is a step of time, in which each clock has its edge where the input of its `tick` is 1.
   */
  readonly clocks?: readonly ClockPorts[]
}

/** Ports of a module; after its inputs come the ticks of its clocks, `pixel_tick`, where it has several. */
export const portLayout = (module: Pick<Module, 'inputs' | 'outputs'> | Module): PortLayout => {
  const clocks =
    'instances' in module ? domainsOf(module).map((domain) => clockPortsOf(module, domain)) : [clockPorts(mainDomain)]
  const ticks = clocks.length > 1 ? clocks.map(({ tick }) => ({ name: tick, range: { min: 0n, max: 1n } })) : []
  const place = (ports: readonly { name: string; range: Range }[]): [Port[], number] => {
    let offset = 0
    const placed = ports.map(({ name, range }) => {
      const words = Math.ceil(widthOf(range) / 32)
      offset += words
      return { name, range, offset: offset - words, words }
    })
    return [placed, offset]
  }
  const [inputs, inputWords] = place([...module.inputs.map((node) => ({ name: node.name, range: node })), ...ticks])
  const [outputs, outputWords] = place(module.outputs)
  const usual = clocks.length === 1 && clocks[0]!.clk === 'clk' && clocks[0]!.rst === 'rst'
  return { inputs, outputs, inputWords, outputWords, ...(usual ? {} : { clocks }) }
}

/** Rows in a stimulus; a design without inputs has one empty row. */
export const rowsOf = (ports: PortLayout, stimulus: Int32Array): number => {
  if (ports.inputWords === 0) return 1
  const rows = stimulus.length / ports.inputWords
  if (rows < 1 || !Number.isInteger(rows))
    throw new RangeError(`a stimulus holds whole rows of ${ports.inputWords} words, got ${stimulus.length} words`)
  return rows
}

/** The port of that name, or a RangeError that lists what there is. */
export const portNamed = (ports: readonly Port[], name: string): Port => {
  const found = ports.find((port) => port.name === name)
  if (!found) throw new RangeError(`no port '${name}'; there are ${ports.map((port) => port.name).join(', ')}`)
  return found
}

/** Reads a port's value out of a row that starts at word `row`. */
export const readPort = (words: Int32Array, port: Port, row = 0): bigint => {
  let value = 0n
  for (let k = 0; k < port.words; k++) value |= BigInt(words[row + port.offset + k]! >>> 0) << BigInt(32 * k)
  const width = widthOf(port.range)
  return isSigned(port.range) ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value)
}

/** Writes a value into a port's words of a row that starts at word `row`; throws a RangeError outside the port's range. */
export const writePort = (words: Int32Array, port: Port, value: bigint, row = 0): void => {
  if (value < port.range.min || value > port.range.max)
    throw new RangeError(`port '${port.name}' takes ${port.range.min} to ${port.range.max}, got ${value}`)
  for (let k = 0; k < port.words; k++) words[row + port.offset + k] = Number(BigInt.asIntN(32, value >> BigInt(32 * k)))
}
