import type { PortLayout } from '../engine.ts'
import { bytesOf } from '../vector/lane-type.ts'
import type { Place, Program, ProgramMemory, ProgramRegister } from '../vector/program.ts'
import { wordBits } from '../vector/wide/limbs.ts'
import { layoutOf, nextBias } from './frame.ts'
import { generate, type RunCycles } from './generate.ts'
import { readLane, writeImage, writeLane } from './image.ts'
import { webAssembly } from './web-assembly.ts'

/** A program with its memory, ready to run. */
export interface Instance {
  /** Cycles that one call runs at most. */
  readonly rows: number
  /** Takes rows of a stimulus, from row `from`, as rows `to` and on of the next call. */
  fill(stimulus: Int32Array, from: number, to: number, count: number): void
  /**
   * Runs cycles on a row each or all on the first, and keeps every row of outputs or the last. How many cycles it ran: fewer
   * where the program stops, before the cycle that it stopped in.
   */
  run(cycles: number, eachRow: boolean, everyOutput: boolean): number
  /** Rows of outputs of the last call. */
  outputs(rows: number): Int32Array
  watched(from: number, words: number): Int32Array
  reset(): void
  register(path: string): bigint | undefined
  setRegister(path: string, value: bigint): void
  /** Every word of a memory. */
  memory(path: string): readonly bigint[]
  setMemory(path: string, words: readonly bigint[]): void
  /** Goes on where another program of the same design is. */
  takeOver(from: Instance): void
  /** The bytes of a memory's words, of one of its instances. */
  wordsOf(path: string): Uint8Array | undefined
}

/** Called for each check that failed in a cycle of the running call, before the clock edge. */
export type Failed = (cycle: number, check: number, moment: Moment) => void

/** What a design holds in a cycle before its clock edge. */
export interface Moment {
  /** The row of inputs begins at word `row`. */
  readonly words: Int32Array
  readonly row: number
  register(path: string): bigint
  memory(path: string): readonly bigint[]
}

export const instantiate = (program: Program, ports: PortLayout, failed: Failed): Instance => {
  const layout = layoutOf(program)
  const { sizes, checks } = program
  const memory = new webAssembly!.Memory({ initial: Math.ceil(layout.bytes / 65536) })
  const view = new DataView(memory.buffer)
  const words = new Int32Array(memory.buffer)
  const bytes = new Uint8Array(memory.buffer)
  let [state, next] = layout.states

  const byteOf = ({ vector, lane }: Place, states: number): number => {
    const start = vector.space === 'temporary' ? layout.temporary : vector.space === 'input' ? inputRow : states
    return start + vector.offset + lane * bytesOf(vector.type)
  }
  /** Row that checks of inputs are about. */
  let inputRow = layout.input
  let inputStride = 0

  const repeatRow = (cycles: number): void => {
    const first = layout.input + program.history * sizes.input
    for (let done = 1; done < cycles; done *= 2) {
      const count = Math.min(done, cycles - done)
      bytes.copyWithin(first + done * sizes.input, first, first + count * sizes.input)
    }
  }
  let stopped: number | undefined

  const report = (cycle: number, states: number): void => {
    if (program.stops) stopped = cycle
    inputRow = layout.input + cycle * inputStride
    const moment: Moment = {
      words,
      row: (inputRow + program.history * sizes.input) / 4,
      register: (path) => registerIn(path, states)!,
      memory: wordsOfMemory,
    }
    checks.forEach(({ holds }, k) => {
      if (readLane(view, byteOf(holds, states), holds.vector.type) === 0n) failed(cycle, k, moment)
    })
    inputRow = layout.input
  }
  const compiled = new webAssembly!.Module(generate(program, layout))
  const run = new webAssembly!.Instance(compiled, { host: { memory, failed: report } }).exports
    .run as unknown as RunCycles

  writeImage(view, program, layout)
  let byPath: Map<string, ProgramRegister[]> | undefined
  const registers = (): ReadonlyMap<string, readonly ProgramRegister[]> => {
    if (byPath) return byPath
    byPath = new Map()
    for (const register of program.registers()) {
      const parts = byPath.get(register.path)
      if (parts) parts.push(register)
      else byPath.set(register.path, [register])
    }
    return byPath
  }
  const registerIn = (path: string, states: number): bigint | undefined =>
    registers()
      .get(path)
      ?.reduce(
        (sum, { place, from }) => sum + (readLane(view, byteOf(place, states), place.vector.type) << BigInt(from)),
        0n,
      )
  const setRegister = (path: string, value: bigint): void => {
    for (const { place, from } of registers().get(path)!)
      writeLane(view, byteOf(place, state), place.vector.type, value >> BigInt(from))
  }
  /** The parts of a memory, those of more than 64 bits having several: their lowest bit, bytes between words, and to the first. */
  const partsOf = (path: string) => {
    const parts: { memory: ProgramMemory; from: number; step: number; start: number }[] = []
    for (let from = 0; ; from += wordBits) {
      const found = program.memoryPaths.get(path + (from > 0 ? `[${from}]` : ''))
      if (!found) return parts
      const { memory, lane } = found
      const step = bytesOf(memory.type)
      parts.push({ memory, from, step, start: layout.memories + memory.offset + lane * memory.depth * step })
    }
  }
  const wordsOfMemory = (path: string): readonly bigint[] => {
    const parts = partsOf(path)
    return Array.from({ length: parts[0]!.memory.depth }, (_, k) =>
      parts.reduce(
        (sum, { memory, from, step, start }) => sum + (readLane(view, start + k * step, memory.type) << BigInt(from)),
        0n,
      ),
    )
  }

  return {
    rows: layout.rows,
    fill(stimulus, from, to, count) {
      const { inputWords } = ports
      const rows = stimulus.subarray(from * inputWords, (from + count) * inputWords)
      words.set(rows, layout.input / 4 + (program.history + to) * inputWords)
    },
    run(cycles, eachRow, everyOutput) {
      // Every cycle's row is looked at again later.
      const kept = program.history > 0
      if (kept && !eachRow) repeatRow(cycles)
      inputStride = eachRow || kept ? sizes.input : 0
      stopped = undefined
      state = run(
        cycles,
        layout.input,
        inputStride,
        layout.output,
        everyOutput ? sizes.output : 0,
        state,
        next - nextBias(layout),
      )
      next = layout.states[0] + layout.states[1] - state
      const ran = stopped ?? cycles
      if (kept)
        bytes.copyWithin(
          layout.input,
          layout.input + ran * sizes.input,
          layout.input + (ran + program.history) * sizes.input,
        )
      return ran
    },
    outputs: (rows) => words.subarray(layout.output / 4, layout.output / 4 + rows * ports.outputWords),
    watched: (from, length) => words.subarray(layout.watch / 4 + from, layout.watch / 4 + from + length),
    reset() {
      for (const { place, lanes, value } of program.resets) {
        const { type } = place.vector
        const first = byteOf(place, state)
        for (let lane = 0; lane < lanes; lane++) writeLane(view, first + lane * bytesOf(type), type, value)
      }
    },
    register: (path) => registerIn(path, state),
    setRegister,
    memory: wordsOfMemory,
    setMemory(path, words) {
      for (const { memory, from, step, start } of partsOf(path))
        words.forEach((word, k) => {
          writeLane(view, start + k * step, memory.type, word >> BigInt(from))
        })
    },
    takeOver(from) {
      for (const path of registers().keys()) setRegister(path, from.register(path)!)
      for (const path of program.memoryPaths.keys()) this.wordsOf(path)!.set(from.wordsOf(path)!)
    },
    wordsOf(path) {
      const found = program.memoryPaths.get(path)
      if (!found) return undefined
      const { offset, depth, type } = found.memory
      const size = depth * bytesOf(type)
      return new Uint8Array(memory.buffer, layout.memories + offset + found.lane * size, size)
    },
  }
}
