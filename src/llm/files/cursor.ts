import type { ByteSource } from './byte-source.ts'

/** Reads little-endian numbers and texts one after the other; what goes beyond the end is refused before it is allocated. */
export interface Cursor {
  readonly position: () => number
  readonly uint32: () => Promise<number>
  /** A uint64 that a double holds exactly; `what` names it in the refusal of another. */
  readonly uint64: (what: string) => Promise<number>
  /** A uint64 number of things that take at least `bytes` each in the rest of the source. */
  readonly count: (what: string, bytes: number) => Promise<number>
  /** A uint64 length and as many bytes of UTF-8. */
  readonly text: () => Promise<string>
  /** A new array. */
  readonly bytes: (length: number) => Promise<Uint8Array<ArrayBuffer>>
  readonly skip: (length: number) => void
  /** A number or flag of GGUF's type; `what` names it. */
  readonly scalar: (type: number, what: string) => Promise<number | boolean>
  /** Bytes of a number or flag of GGUF's type; undefined for what is none. */
  readonly scalarBytes: (type: number) => number | undefined
}

/** Bytes that are read ahead. */
const pieceBytes = 2 ** 16
/** Bytes of uint8, int8, uint16, int16, uint32, int32, float32, flag; text and array; uint64, int64, float64. */
const sizes = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8] as const

export const cursorOf = (source: ByteSource, refuse: (what: string) => never): Cursor => {
  let position = 0
  let piece = new Uint8Array(0)
  let pieceStart = 0
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  const need = (length: number): void => {
    if (position + length > source.size) refuse(`it ends within its header, ${source.size} bytes from its start`)
  }
  /** The next bytes, which the next call may overwrite. */
  const view = async (length: number): Promise<Uint8Array<ArrayBuffer>> => {
    need(length)
    if (position < pieceStart || position + length > pieceStart + piece.length) {
      piece = await source.read(position, Math.max(length, Math.min(pieceBytes, source.size - position)))
      pieceStart = position
    }
    const from = position - pieceStart
    position += length
    return piece.subarray(from, from + length)
  }
  const numbers = async (length: number): Promise<DataView> => {
    const { buffer, byteOffset } = await view(length)
    return new DataView(buffer, byteOffset, length)
  }
  const uint64 = async (what: string): Promise<number> => {
    const value = (await numbers(8)).getBigUint64(0, true)
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : refuse(`${what} is ${value}`)
  }
  const count = async (what: string, bytes: number): Promise<number> => {
    const value = await uint64(`the number of ${what}`)
    return value * bytes <= source.size - position
      ? value
      : refuse(`it is said to have ${value} ${what}, more than its ${source.size} bytes hold`)
  }
  return {
    position: () => position,
    uint32: async () => (await numbers(4)).getUint32(0, true),
    uint64,
    count,
    text: async () => {
      const length = await count('bytes of a text', 1)
      const bytes = await view(length)
      try {
        return utf8.decode(bytes)
      } catch {
        return refuse('a text in it is no UTF-8')
      }
    },
    bytes: async (length) => (await view(length)).slice(),
    skip: (length) => {
      need(length)
      position += length
    },
    scalar: async (type, what) => {
      const size = sizes[type] ?? refuse(`${what} has type ${type}`)
      const at = await numbers(size)
      switch (type) {
        case 0:
          return at.getUint8(0)
        case 1:
          return at.getInt8(0)
        case 2:
          return at.getUint16(0, true)
        case 3:
          return at.getInt16(0, true)
        case 4:
          return at.getUint32(0, true)
        case 5:
          return at.getInt32(0, true)
        case 6:
          return at.getFloat32(0, true)
        case 7:
          return at.getUint8(0) !== 0
        case 12:
          return at.getFloat64(0, true)
        default: {
          const value = type === 10 ? at.getBigUint64(0, true) : at.getBigInt64(0, true)
          return Number.isSafeInteger(Number(value)) ? Number(value) : refuse(`${what} is ${value}`)
        }
      }
    },
    scalarBytes: (type) => sizes[type],
  }
}
