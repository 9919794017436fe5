/** A tensor to be saved. */
export interface SavedTensor {
  /** Type of an element, as safetensors names it. */
  readonly type: 'F32' | 'F16' | 'U16' | 'I8' | 'U8'
  /** Outermost dimension first. */
  readonly shape: readonly number[]
  readonly data: Float32Array | Uint16Array | Int8Array | Uint8Array
}

const alignment = 8

/**
 * A safetensors file in pieces: uint64 length, JSON header, data. Tensors with wide elements come first and the header ends at a
 * multiple of 8 bytes, so that every tensor is aligned; data goes out as it lies in memory, little-endian as on every machine that Node
 * runs on. `metadata` is text by name.
 */
export function* safetensorsPieces(
  tensors: Readonly<Record<string, SavedTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Generator<Uint8Array> {
  const sorted = Object.entries(tensors).toSorted(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT)
  const header: Record<string, unknown> = { __metadata__: metadata }
  let offset = 0
  for (const [name, { type, shape, data }] of sorted) {
    if (shape.reduce((product, length) => product * length, 1) !== data.length)
      throw new RangeError(`tensor ${name} of shape ${shape.join(' x ')} does not have ${data.length} elements`)
    header[name] = { dtype: type, shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const length = alignment * Math.ceil(text.length / alignment)
  const head = new Uint8Array(8 + length).fill(0x20)
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true)
  head.set(text, 8)
  yield head
  for (const [, { data }] of sorted) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
