import type { CoreDescription } from '../../../src/accel/coprocessor/description.ts'
import { bytesPerBeat } from '../../../src/accel/transfers.ts'
import { type Engine, portNamed, readPort } from '../../../src/sim/engine.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'

/** How a memory behaves. */
export interface MemoryTiming {
  /** Cycles from a command to its first beat, or from a transfer's last beat to its end: from the first to the second number. */
  readonly latency: readonly [number, number]
  /** How often each stream pauses for a cycle: 0 never, 0.5 half of the time. */
  readonly pause: number
  readonly seed: number
}
export const fullRate: MemoryTiming = { latency: [4, 4], pause: 0, seed: 1 }

/** Transfers of this run that fail, counted from 0; a read fails with its beat of that number, or its last. */
export interface Faults {
  readonly read?: { readonly transfer: number; readonly beat: number }
  readonly write?: number
}

interface Transfer {
  readonly address: number
  readonly beats: number
  readonly from: number
  readonly number: number
}

/**
 * A memory of bytes at a core's transfer streams, cycle by cycle: `before` sets the core's inputs, `after` looks at its outputs.
 * `violations` are what a core must never do, told as text.
 */
export const transferMemory = (
  engine: Engine,
  { transfers }: CoreDescription,
  bytes: Uint8Array,
  timing: MemoryTiming,
  writable: readonly [number, number],
  faults: Faults = {},
) => {
  const size = bytesPerBeat(transfers)
  const { inputs, outputs } = engine.ports
  const input = (name: string) => portNamed(inputs, name)
  const output = (name: string) => portNamed(outputs, name)
  const ports = {
    readReady: input('read_ready'),
    writeReady: input('write_ready'),
    beatReady: input('write_beat_ready'),
    beatValid: input('read_beat_valid'),
    data: input('read_beat_data_data'),
    last: input('read_beat_data_last'),
    failed: input('read_beat_data_failed'),
    endValid: input('write_end_valid'),
    endFailed: input('write_end_data_failed'),
  }
  const seen = {
    readValid: output('read_valid'),
    readAddress: output('read_data_address'),
    readBeats: output('read_data_beats'),
    writeValid: output('write_valid'),
    writeAddress: output('write_data_address'),
    writeBeats: output('write_data_beats'),
    beatValid: output('write_beat_valid'),
    data: output('write_beat_data_data'),
    strobe: output('write_beat_data_strobe'),
    last: output('write_beat_data_last'),
    beatReady: output('read_beat_ready'),
    endReady: output('write_end_ready'),
  }
  const random = randomWords(timing.seed)
  const chance = (): boolean => (random() >>> 0) / 2 ** 32 >= timing.pause
  const later = (): number => {
    const [least, most] = timing.latency
    return engine.cycle + least + (most > least ? (random() >>> 0) % (most - least + 1) : 0)
  }
  const set = (port: (typeof ports)[keyof typeof ports], value: number): void => {
    engine.inputs[port.offset] = value
  }
  const get = (port: (typeof seen)[keyof typeof seen]): number => engine.outputs[port.offset]!
  const flags = { read: false, write: false, beat: false, offersBeat: false, offersEnd: false }
  const reads: Transfer[] = []
  const writes: Transfer[] = []
  const ends: { readonly from: number; readonly failed: boolean }[] = []
  const violations: string[] = []
  const count = { reads: 0, writes: 0, beatsRead: 0, beatsWritten: 0, afterFailure: 0, writtenAfterFailure: 0 }
  let hasFailed = false
  let readBeat = 0
  let writeBeat = 0
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)

  return {
    violations,
    count,
    /** Nothing is owed either way. */
    isQuiet: (): boolean => reads.length + writes.length + ends.length === 0,
    before(): void {
      flags.read = chance()
      flags.write = chance()
      set(ports.readReady, Number(flags.read))
      set(ports.writeReady, Number(flags.write))
      const [transfer] = reads
      // What is offered stays so until it is taken.
      flags.offersBeat ||= transfer !== undefined && transfer.from <= engine.cycle && chance()
      set(ports.beatValid, Number(flags.offersBeat))
      if (flags.offersBeat && transfer) {
        const word = (transfer.address + readBeat * size) / 4
        for (let k = 0; k < size / 4; k++) engine.inputs[ports.data.offset + k] = words[word + k]!
        const isLast = readBeat === transfer.beats - 1
        const fault = faults.read
        set(ports.last, Number(isLast))
        set(
          ports.failed,
          Number(fault?.transfer === transfer.number && (fault.beat === readBeat || (isLast && fault.beat > readBeat))),
        )
      }
      flags.beat = writes.length > 0 && chance()
      set(ports.beatReady, Number(flags.beat))
      flags.offersEnd ||= ends.length > 0 && ends[0]!.from <= engine.cycle && chance()
      set(ports.endValid, Number(flags.offersEnd))
      set(ports.endFailed, Number(ends[0]?.failed ?? false))
    },
    after(): void {
      if (flags.offersBeat && get(seen.beatReady) === 1) {
        hasFailed ||= engine.inputs[ports.failed.offset] === 1
        flags.offersBeat = false
        count.beatsRead++
        if (++readBeat === reads[0]!.beats) {
          reads.shift()
          readBeat = 0
        }
      }
      if (flags.offersEnd && get(seen.endReady) === 1) {
        flags.offersEnd = false
        const end = ends.shift()
        hasFailed ||= end?.failed === true
      }
      if (flags.beat && get(seen.beatValid) === 1) {
        const { address, beats, number } = writes[0]!
        count.beatsWritten++
        const at = address + writeBeat * size
        const strobe = readPort(engine.outputs, seen.strobe)
        if (hasFailed && strobe !== 0n) count.writtenAfterFailure++
        for (let k = 0; k < size; k++) {
          if (((strobe >> BigInt(k)) & 1n) === 0n) continue
          if (at + k < writable[0] || at + k >= writable[1]) violations.push(`byte ${at + k} is written`)
          else bytes[at + k] = (engine.outputs[seen.data.offset + (k >> 2)]! >> (8 * (k & 3))) & 255
        }
        const isLast = ++writeBeat === beats
        if (isLast !== (get(seen.last) === 1)) violations.push(`'last' of write ${number} is not with its last beat`)
        if (isLast) {
          writes.shift()
          writeBeat = 0
          ends.push({ from: later(), failed: faults.write === number })
        }
      }
      const command = (kind: 'read' | 'write', list: Transfer[], number: number): void => {
        const address = Number(readPort(engine.outputs, kind === 'read' ? seen.readAddress : seen.writeAddress))
        const beats = get(kind === 'read' ? seen.readBeats : seen.writeBeats)
        if (address % size !== 0 || beats < 1 || address + beats * size > bytes.length)
          violations.push(`${kind} ${number} of ${beats} beats at ${address}`)
        if (hasFailed) count.afterFailure++
        list.push({ address, beats, from: later(), number })
      }
      if (flags.read && get(seen.readValid) === 1) command('read', reads, count.reads++)
      if (flags.write && get(seen.writeValid) === 1) command('write', writes, count.writes++)
    },
  }
}
