import { burstCode } from './channels.ts'

/** A burst as its address channel says it: `len` is one less than its beats, a beat has 2^size bytes. */
export interface Burst {
  readonly addr: bigint
  readonly len: number
  readonly size: number
  readonly burst: number
}

/** No burst crosses a multiple of this many bytes (A3.4.1). */
export const boundary = 4096

/** Bytes from the boundary below the burst's address. */
const offsetOf = ({ addr }: Burst): number => Number(addr % BigInt(boundary))

/** Bytes from the multiple of 4096 below the start address to the lowest byte that beat `beat` may transfer (A3.4.2). */
const beatOffset = (burst: Burst, beat: number): number => {
  const start = offsetOf(burst)
  if (burst.burst === burstCode.fixed || beat === 0) return start
  const bytes = 2 ** burst.size
  const aligned = start - (start % bytes) + beat * bytes
  if (burst.burst !== burstCode.wrap) return aligned
  const whole = bytes * (burst.len + 1)
  const lowest = start - (start % whole)
  return aligned < lowest + whole ? aligned : aligned - whole
}

/** Address of beat `beat`, the lowest byte it may transfer. */
export const beatAddress = (burst: Burst, beat: number): bigint =>
  burst.addr - BigInt(offsetOf(burst)) + BigInt(beatOffset(burst, beat))

/** The first and last byte lane that beat `beat` may use on a bus of `busBytes` (A3.4.3). */
export const beatLanes = (
  burst: Burst,
  beat: number,
  busBytes: number,
): { readonly low: number; readonly high: number } => {
  const bytes = 2 ** burst.size
  const low = beatOffset(burst, beat) % busBytes
  return { low, high: low - (low % bytes) + bytes - 1 }
}

/** True where the burst touches bytes on both sides of a multiple of 4096. */
export const crossesBoundary = (burst: Burst): boolean => {
  if (burst.burst !== burstCode.incr) return false
  const start = offsetOf(burst)
  const bytes = 2 ** burst.size
  return start - (start % bytes) + bytes * (burst.len + 1) > boundary
}
