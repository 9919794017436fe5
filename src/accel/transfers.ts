import { bool, record, stream, u } from '../dsl/index.ts'

/**
 * What the co-processor's core and its bus master say to each other: transfers of whole beats, and a stream for each of what
 * is asked, what comes and how it ended. The core knows no bus; the bus master knows no matrix.
 *
 * A beat is `busBits` wide, byte k of the memory at its address in bits 8k and up. Addresses and lengths of transfers are
 * whole beats; cutting them into bursts is the bus master's. Read transfers bring their beats in the order in which they were
 * asked for, and so do beats of write transfers go out. Of a write beat only the bytes with their bit of `strobe` are written.
 *
 * After a transfer whose `failed` is set the core asks for no more, takes all beats that still come and gives all that it has
 * still promised, strobes 0, until as many transfers have ended as it asked for. So nothing hangs, and a new run can start.
 */
export interface TransferShape {
  /** 32 to 512, a power of two. */
  readonly busBits: number
  /** 12 to 64 */
  readonly addressBits: number
  /** Most beats of one transfer, less than 2^24. */
  readonly mostBeats: number
}

export const bytesPerBeat = ({ busBits }: Pick<TransferShape, 'busBits'>): number => busBits / 8

/** A transfer of `beats` beats, at least 1, from the beat at byte `address` on. */
export const transferCommand = ({ addressBits, mostBeats }: TransferShape) =>
  stream(record({ address: u(addressBits), beats: u(Math.ceil(Math.log2(mostBeats + 1))) }))

/** Beats of read transfers. `failed`: the bus answered this beat with an error, and `data` means nothing. */
export const readBeat = ({ busBits }: TransferShape) => stream(record({ data: u(busBits), last: bool, failed: bool }))

/** Beats of write transfers; `last` with the last of a transfer. */
export const writeBeat = ({ busBits }: TransferShape) =>
  stream(record({ data: u(busBits), strobe: u(busBits / 8), last: bool }))

/** One for each write transfer, in order, when the bus has answered all of it; reads end with their last beat. */
export const writeEnd = stream(record({ failed: bool }))
