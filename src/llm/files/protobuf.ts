import type { ByteSource } from './byte-source.ts'

/** A field of a protobuf message: a varint's value, or where the bytes of another kind lie. */
export interface ProtobufField {
  readonly number: number
  /** Of a varint; undefined for other kinds. */
  readonly value: bigint | undefined
  /** First byte of the content, and the byte behind the last. */
  readonly from: number
  readonly to: number
  /** True for fields with a length: text, bytes, packed numbers, messages. */
  readonly isMessage: boolean
}

/** Reads fields of protobuf messages in a source; long contents are passed over, not read. */
export interface ProtobufReader {
  /** The fields of the message from byte `from` to byte `to`. */
  readonly fields: (from: number, to: number) => AsyncGenerator<ProtobufField>
  /** The text of a field. */
  readonly text: (field: ProtobufField) => Promise<string>
  /** The varints of a packed field, or the one of another. */
  readonly varints: (field: ProtobufField) => Promise<bigint[]>
}

/** Bytes that are read ahead. */
const pieceBytes = 2 ** 16
const longestVarint = 10
/** Longest text that is read: names and operators. */
const longestText = 2 ** 16

export const protobufReader = (source: ByteSource, refuse: (what: string) => never): ProtobufReader => {
  let piece = new Uint8Array(0)
  let pieceStart = 0
  const byteAt = async (offset: number, end: number): Promise<number> => {
    if (offset >= end) refuse(`it ends within a field, at byte ${offset}`)
    if (offset < pieceStart || offset >= pieceStart + piece.length) {
      piece = await source.read(offset, Math.min(pieceBytes, source.size - offset))
      pieceStart = offset
    }
    return piece[offset - pieceStart]!
  }
  const varint = async (from: number, end: number): Promise<{ value: bigint; to: number }> => {
    let value = 0n
    for (let index = 0; index < longestVarint; index++) {
      const byte = await byteAt(from + index, end)
      value |= BigInt(byte & 127) << BigInt(7 * index)
      if (byte < 128) return { value: BigInt.asUintN(64, value), to: from + index + 1 }
    }
    return refuse(`byte ${from} begins a number without an end`)
  }
  async function* fields(from: number, to: number): AsyncGenerator<ProtobufField> {
    for (let at = from; at < to; ) {
      const tag = await varint(at, to)
      const number = Number(tag.value >> 3n)
      const wire = Number(tag.value & 7n)
      if (wire === 0) {
        const { value, to: end } = await varint(tag.to, to)
        yield { number, value, from: tag.to, to: end, isMessage: false }
        at = end
        continue
      }
      const length = wire === 2 ? await varint(tag.to, to) : { value: wire === 1 ? 8n : 4n, to: tag.to }
      if (wire !== 1 && wire !== 2 && wire !== 5) refuse(`byte ${at} begins a field of kind ${wire}`)
      if (length.value > BigInt(to - length.to)) refuse(`field ${number} is said to be ${length.value} bytes long`)
      const end = length.to + Number(length.value)
      yield { number, value: undefined, from: length.to, to: end, isMessage: wire === 2 }
      at = end
    }
  }
  const text = async ({ number, from, to, isMessage }: ProtobufField): Promise<string> => {
    if (!isMessage || to - from > longestText) return refuse(`field ${number} is no name`)
    const bytes = new Uint8Array(to - from)
    for (let at = from; at < to; at++) bytes[at - from] = await byteAt(at, to)
    return new TextDecoder().decode(bytes)
  }
  const varints = async ({ value, from, to, isMessage }: ProtobufField): Promise<bigint[]> => {
    if (value !== undefined) return [value]
    const values: bigint[] = []
    if (!isMessage || to - from > longestText) return refuse('a list of numbers is none')
    for (let at = from; at < to; ) {
      const found = await varint(at, to)
      values.push(found.value)
      at = found.to
    }
    return values
  }
  return { fields, text, varints }
}
