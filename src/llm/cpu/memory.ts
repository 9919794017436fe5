import { type SharedMemory, unlessTooLarge, webAssembly } from '../../sim/wasm/web-assembly.ts'
import { mostPages } from './kernels.ts'
import { firstFree } from './step.ts'

/** A memory that threads share, and what of it is taken; addresses and sizes in bytes. */
export interface Arena {
  readonly memory: SharedMemory
  /** The address of that many bytes, zeros, a multiple of 64; undefined where they do not fit into 4 GiB or what the machine has. */
  readonly take: (bytes: number) => number | undefined
  readonly give: (address: number) => void
  readonly floats: (address: number, count: number) => Float32Array
  readonly words: (address: number, count: number) => Int32Array
  readonly bytes: (address: number, count: number) => Uint8Array
}

const pageBytes = 65_536
const lineBytes = 64

interface Span {
  readonly address: number
  readonly size: number
}

/** An empty memory; undefined where the machine has none that threads could share. */
export const openArena = (): Arena | undefined => {
  const api = webAssembly
  if (!api) return undefined
  const memory = unlessTooLarge(() => new api.Memory({ initial: 1, maximum: mostPages, shared: true }))
  if (!memory) return undefined
  const taken = new Map<number, number>()
  /** In the order of addresses; no two touch. */
  let free: readonly Span[] = []
  let end = firstFree

  const fromFree = (size: number): number | undefined => {
    const found = free.find((span) => span.size >= size)
    if (!found) return undefined
    const rest = { address: found.address + size, size: found.size - size }
    free = free.flatMap((span) => (span !== found ? [span] : rest.size > 0 ? [rest] : []))
    new Uint8Array(memory.buffer, found.address, size).fill(0)
    return found.address
  }
  const fromEnd = (size: number): number | undefined => {
    // Kernels may read up to a vector behind the last byte that is taken.
    const missing = Math.ceil((end + size + lineBytes - memory.buffer.byteLength) / pageBytes)
    if (missing > 0) {
      if (memory.buffer.byteLength / pageBytes + missing > mostPages) return undefined
      if (unlessTooLarge(() => memory.grow(missing)) === undefined) return undefined
    }
    end += size
    return end - size
  }
  return {
    memory,
    take: (bytes) => {
      const size = Math.max(lineBytes, lineBytes * Math.ceil(bytes / lineBytes))
      const address = fromFree(size) ?? fromEnd(size)
      if (address !== undefined) taken.set(address, size)
      return address
    },
    give: (address) => {
      const size = taken.get(address)
      if (size === undefined) return
      taken.delete(address)
      free = joined([...free, { address, size }].sort((a, b) => a.address - b.address))
    },
    floats: (address, count) => new Float32Array(memory.buffer, address, count),
    words: (address, count) => new Int32Array(memory.buffer, address, count),
    bytes: (address, count) => new Uint8Array(memory.buffer, address, count),
  }
}

const joined = (spans: readonly Span[]): readonly Span[] => {
  const result: Span[] = []
  for (const span of spans) {
    const last = result.at(-1)
    if (last && last.address + last.size === span.address)
      result[result.length - 1] = { address: last.address, size: last.size + span.size }
    else result.push(span)
  }
  return result
}
