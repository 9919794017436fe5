import { type Engine, type Port, type PortLayout, portNamed } from '../engine.ts'

/** Cycles of a run that are driven, run and looked at together. */
export interface Block {
  readonly ports: PortLayout
  /** The first of them, as the engine counts. */
  readonly firstCycle: number
  readonly cycles: number
  /** A row of `ports.inputWords` a cycle, which drivers fill, and one of `ports.outputWords`, which monitors read. */
  readonly inputs: Int32Array
  readonly outputs: Int32Array
}
export type BlockDriver = (block: Block) => void
export type BlockMonitor = (block: Block) => void

export interface BlockOptions {
  readonly drivers?: readonly BlockDriver[]
  readonly monitors?: readonly BlockMonitor[]
  /** Cycles of a block; default 1024. */
  readonly blockCycles?: number
}

/**
 * Runs cycles in blocks: drivers fill the inputs of a block, the engine replays it, monitors look at its outputs. What needs no
 * answer within a block costs little so. Inputs that no driver sets are those of `engine.inputs`, as they stand at the start.
 */
export const playBlocks = (
  engine: Engine,
  cycles: number,
  { drivers = [], monitors = [], blockCycles = 1024 }: BlockOptions,
): void => {
  if (!Number.isSafeInteger(blockCycles) || blockCycles < 1)
    throw new RangeError(`a block has at least 1 cycle, got ${blockCycles}`)
  const { ports } = engine
  const most = Math.min(blockCycles, cycles)
  const inputs = new Int32Array(most * ports.inputWords)
  const outputs = new Int32Array(most * ports.outputWords)
  for (let row = 0; row < most; row++) inputs.set(engine.inputs, row * ports.inputWords)
  for (let done = 0; done < cycles; ) {
    const count = Math.min(most, cycles - done)
    const block: Block = {
      ports,
      firstCycle: engine.cycle,
      cycles: count,
      inputs: inputs.subarray(0, count * ports.inputWords),
      outputs: outputs.subarray(0, count * ports.outputWords),
    }
    for (const drive of drivers) drive(block)
    engine.replay(block.inputs, count, block.outputs)
    for (const monitor of monitors) monitor(block)
    done += count
  }
}

/** Integers, one a cycle. */
export type Column = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | readonly number[]

/**
 * Drives ports with columns of integers, a value a cycle from the driver's first cycle on and all over again where a column ends. A
 * RangeError for a value that its port does not hold, a port of more than 32 bits and one that is not there.
 */
export const columnDriver = (ports: PortLayout, columns: Readonly<Record<string, Column>>): BlockDriver => {
  const { inputWords } = ports
  const byLength = new Map<number, { readonly offset: number; readonly values: Int32Array }[]>()
  for (const [name, column] of Object.entries(columns)) {
    const port = portNamed(ports.inputs, name)
    const alike = byLength.get(column.length) ?? []
    byLength.set(column.length, [...alike, { offset: port.offset, values: checked(port, column) }])
  }
  const drivers = [...byLength].map(([length, alike]) => rowDriver(inputWords, length, alike))
  return (block) => {
    for (const drive of drivers) drive(block)
  }
}

/** Columns of one length, turned into rows once: a block takes them as they are where they are all there is in a row. */
const rowDriver = (
  inputWords: number,
  length: number,
  columns: readonly { readonly offset: number; readonly values: Int32Array }[],
): BlockDriver => {
  const sorted = [...columns].sort((a, b) => a.offset - b.offset)
  const width = sorted.length
  const rows = new Int32Array(length * width)
  for (const [word, { values }] of sorted.entries())
    for (let row = 0; row < length; row++) rows[row * width + word] = values[row]!
  const offsets = Int32Array.from(sorted, ({ offset }) => offset)
  let next = 0
  return ({ inputs, cycles }) => {
    for (let done = 0; done < cycles; ) {
      const count = Math.min(length - next, cycles - done)
      if (width === inputWords) inputs.set(rows.subarray(next * width, (next + count) * width), done * inputWords)
      else
        for (let k = 0, from = next * width, to = done * inputWords; k < count; k++, to += inputWords)
          for (let word = 0; word < width; word++) inputs[to + offsets[word]!] = rows[from++]!
      done += count
      next = (next + count) % length
    }
  }
}

const checked = ({ name, words, range }: Port, column: Column): Int32Array => {
  if (words > 1) throw new RangeError(`a column drives ports of at most 32 bits, and '${name}' has more`)
  if (column.length === 0) throw new RangeError(`the column of port '${name}' is empty`)
  const [min, max] = [Number(range.min), Number(range.max)]
  for (const value of column)
    if (!(value >= min && value <= max && Number.isInteger(value)))
      throw new RangeError(`port '${name}' takes ${range.min} to ${range.max}, got ${value}`)
  return Int32Array.from(column)
}

/** What a monitor of columns has seen. */
export interface ColumnMonitor {
  readonly monitor: BlockMonitor
  /** The cycles with `valid`, and the value of each data port in them. */
  readonly cycles: () => Float64Array
  readonly values: (port: string) => Int32Array
}

/**
 * Collects what data ports of at most 32 bits show in cycles in which the flag `valid` is 1; without a flag, in every cycle. Unsigned
 * values of 32 bits come as they are in two's complement.
 */
export const columnMonitor = (
  ports: PortLayout,
  { valid, data }: { readonly valid?: string; readonly data: readonly string[] },
): ColumnMonitor => {
  const flag = valid === undefined ? undefined : portNamed(ports.outputs, valid).offset
  const places = data.map((name) => {
    const { words, offset } = portNamed(ports.outputs, name)
    if (words > 1) throw new RangeError(`a monitor of columns sees ports of at most 32 bits, and '${name}' has more`)
    return offset
  })
  let length = 0
  let cycles = new Float64Array(1024)
  let columns = places.map(() => new Int32Array(1024))
  /** Where the rows of a block begin that are kept. */
  let rows = new Int32Array(1024)
  const grow = (least: number): void => {
    const size = Math.max(2 * cycles.length, least)
    const more = new Float64Array(size)
    more.set(cycles)
    cycles = more
    columns = columns.map((column) => {
      const longer = new Int32Array(size)
      longer.set(column)
      return longer
    })
  }
  return {
    monitor({ outputs, firstCycle, cycles: count }) {
      const { outputWords } = ports
      if (rows.length < count) rows = new Int32Array(count)
      const found =
        flag === undefined ? everyRow(rows, count, outputWords) : flagged(rows, outputs, flag, count, outputWords)
      if (length + found > cycles.length) grow(length + found)
      for (let k = 0; k < found; k++) cycles[length + k] = firstCycle + rows[k]! / outputWords
      for (const [column, place] of places.entries()) pick(columns[column]!, length, outputs, place, rows, found)
      length += found
    },
    cycles: () => cycles.slice(0, length),
    values(port) {
      const column = data.indexOf(port)
      if (column < 0) throw new RangeError(`no port '${port}' is monitored; there are ${data.join(', ')}`)
      return columns[column]!.slice(0, length)
    },
  }
}

const everyRow = (rows: Int32Array, count: number, outputWords: number): number => {
  for (let k = 0; k < count; k++) rows[k] = k * outputWords
  return count
}

/** Rows whose flag is not 0, and how many there are. Most have none: four are passed at once. */
const flagged = (rows: Int32Array, outputs: Int32Array, flag: number, count: number, outputWords: number): number => {
  const [two, three, four] = [2 * outputWords, 3 * outputWords, 4 * outputWords]
  const end = flag + count * outputWords
  let found = 0
  for (let at = flag; at < end; ) {
    if (
      at + three < end &&
      (outputs[at]! | outputs[at + outputWords]! | outputs[at + two]! | outputs[at + three]!) === 0
    ) {
      at += four
      continue
    }
    const last = Math.min(at + four, end)
    for (; at < last; at += outputWords) if (outputs[at] !== 0) rows[found++] = at - flag
  }
  return found
}

const pick = (
  to: Int32Array,
  first: number,
  outputs: Int32Array,
  place: number,
  rows: Int32Array,
  count: number,
): void => {
  for (let k = 0; k < count; k++) to[first + k] = outputs[rows[k]! + place]!
}
