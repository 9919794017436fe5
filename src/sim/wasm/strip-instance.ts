import { UserError } from '../../base/user-error.ts'
import type { LaneFailure } from '../lanes/engine.ts'
import { strip } from '../vector/lane-type.ts'
import { nextBias } from './frame.ts'
import type { RunCycles } from './generate.ts'
import { readLane } from './image.ts'
import type { StripCode } from './strip-code.ts'
import { webAssembly } from './web-assembly.ts'

/** Neighbouring lanes of an engine, in strips, each with registers and memories of its own. */
export interface StripInstance {
  /** As in `LaneEngine`, on the rows of these lanes alone, of which the stimulus has `rows`. */
  replay(stimulus: Int32Array, rows: number, cycles: number, response: Int32Array | undefined): void
  reset(): void
  /** `lane` counts from the first of these. */
  register(path: string, lane: number): bigint | undefined
  /** As in `LaneEngine`, lanes counted from the first of these. */
  failures(): readonly LaneFailure[]
}

/** Loops may read and write a little behind the last lane of a strip's registers. */
const slack = 512
const mostBytes = 2 ** 31

const roomOf = ({ stateBytes }: StripCode): number => (stateBytes + slack + 63) & ~63

/** Bytes of memory that so many lanes take; a UserError where there is not so much. */
export const bytesOfStrips = (of: StripCode, lanes: number): number => {
  const strips = Math.ceil(lanes / strip)
  const bytes = of.layout.bytes + strips * (2 * roomOf(of) + of.memoryBytes)
  if (bytes <= mostBytes) return bytes
  throw new UserError(
    'E-LANES',
    `registers and memories of ${lanes} lanes take ${Math.ceil(bytes / 2 ** 20)} MiB, and there are at most ` +
      `${mostBytes / 2 ** 20} MiB; take fewer lanes at a time`,
  )
}

export const stripInstance = (of: StripCode, lanes: number): StripInstance => {
  const { ports, layout, image, memoryBytes, checks } = of
  const strips = Math.ceil(lanes / strip)
  const stateBytes = roomOf(of)
  const bytes = bytesOfStrips(of, lanes)
  const memory = new webAssembly!.Memory({ initial: Math.ceil(bytes / 65536) })
  const all = new Uint8Array(memory.buffer)
  const view = new DataView(memory.buffer)
  const words = new Int32Array(memory.buffer)
  all.set(image)

  const states = Array.from({ length: strips }, (_, k) => {
    const present = layout.bytes + 2 * k * stateBytes
    for (const [start, from] of [
      [present, layout.states[0]],
      [present + stateBytes, layout.states[1]],
    ] as const)
      all.set(image.subarray(from, from + of.stateBytes), start)
    return { present, both: 2 * present + stateBytes }
  })
  // The program's memories are in one place: those of a strip that does not run are put by.
  const ownMemories = memoryBytes > 0 && strips > 1
  const memories = all.subarray(layout.memories, layout.memories + memoryBytes)
  const putBy = ownMemories ? Array.from({ length: strips }, () => memories.slice()) : []

  const found: (LaneFailure | undefined)[] = new Array(lanes)
  let cycle = 0
  let running = { strip: 0, inputStride: 0, cycle: 0 }
  const failed = (within: number, state: number): void => {
    for (let k = 0; k < strip; k++) {
      const lane = running.strip * strip + k
      if (lane >= lanes || found[lane]) continue
      const broken = checks.find(({ space, offset, stride }) => {
        const start =
          space === 'temporary'
            ? layout.temporary
            : space === 'input'
              ? layout.input + within * running.inputStride
              : state
        return (all[start + offset + k * stride]! & 1) === 0
      })
      if (broken) found[lane] = { lane, cycle: running.cycle + within, message: broken.message }
    }
  }
  const compiled = new webAssembly!.Module(of.code)
  const run = new webAssembly!.Instance(compiled, { host: { memory, failed } }).exports.run as unknown as RunCycles

  const rowIn = ports.inputWords * strip
  const rowOut = ports.outputWords * strip

  return {
    replay(stimulus, rows, cycles, response) {
      const inputStride = rows > 1 ? 4 * rowIn : 0
      states.forEach((state, index) => {
        const first = index * rows * rowIn
        if (ownMemories) memories.set(putBy[index]!)
        for (let done = 0; done < cycles; ) {
          const count = Math.min(layout.rows, cycles - done)
          for (let k = 0; k < (rows > 1 ? count : 1); ) {
            const row = (done + k) % rows
            const length = Math.min(rows - row, count - k)
            const from = first + row * rowIn
            words.set(stimulus.subarray(from, from + length * rowIn), layout.input / 4 + k * rowIn)
            k += length
          }
          running = { strip: index, inputStride, cycle: cycle + done }
          const { present, both } = state
          const outputStride = response ? 4 * rowOut : 0
          const next = both - present - nextBias(layout)
          state.present = run(count, layout.input, inputStride, layout.output, outputStride, present, next)
          if (response) {
            const outputs = words.subarray(layout.output / 4, layout.output / 4 + count * rowOut)
            response.set(outputs, (index * cycles + done) * rowOut)
          }
          done += count
        }
        if (ownMemories) putBy[index]!.set(memories)
      })
      cycle += cycles
    },
    reset() {
      for (const { present } of states)
        for (const { offset, bytes } of of.resets) {
          const from = layout.states[0] + offset
          all.set(image.subarray(from, from + bytes), present + offset)
        }
    },
    register(path, lane) {
      const start = states[Math.floor(lane / strip)]!.present
      return of.registers.get(path)?.reduce((sum, { offset, type, from }) => {
        const within = (lane % strip) * (type.bits / 8)
        return sum + (readLane(view, start + offset + within, type) << BigInt(from))
      }, 0n)
    },
    failures: () => found.filter((failure) => failure !== undefined),
  }
}
