import type { BlockFormat } from './block-format.ts'
import type { Block } from './blocks.ts'

/** Whether the first code fills the low or the high bits of the first byte. */
export type BitOrder = 'low-first' | 'high-first'

/**
 * Codes side by side in bytes, without gaps; the bits that are left of the last byte are 0. `low-first`, code k in bits k * bits
 * and up of the bytes read as one little-endian number, is how PyTorch pairs FP4 codes. A code out of range is a RangeError.
 */
export const packCodes = (codes: readonly bigint[], bits: number, order: BitOrder = 'low-first'): Uint8Array => {
  const bytes = new Uint8Array(Math.ceil((codes.length * bits) / 8))
  for (const [k, code] of codes.entries()) {
    if (code < 0n || code >> BigInt(bits) !== 0n) throw new RangeError(`code ${code} has more than ${bits} bits`)
    for (let bit = 0; bit < bits; bit++) {
      if (((code >> BigInt(order === 'low-first' ? bit : bits - 1 - bit)) & 1n) === 0n) continue
      const place = k * bits + bit
      bytes[place >> 3]! |= order === 'low-first' ? 1 << (place & 7) : 0x80 >> (place & 7)
    }
  }
  return bytes
}

/** The first `count` codes of `packCodes`; too few bytes are a RangeError. */
export const unpackCodes = (
  bytes: Uint8Array,
  bits: number,
  count: number,
  order: BitOrder = 'low-first',
): readonly bigint[] => {
  if (bytes.length * 8 < count * bits)
    throw new RangeError(
      `${count} codes of ${bits} bits need ${Math.ceil((count * bits) / 8)} bytes, got ${bytes.length}`,
    )
  return Array.from({ length: count }, (_, k) => {
    let code = 0n
    for (let bit = 0; bit < bits; bit++) {
      const place = k * bits + bit
      const found = order === 'low-first' ? bytes[place >> 3]! >> (place & 7) : bytes[place >> 3]! >> (7 - (place & 7))
      code |= BigInt(found & 1) << BigInt(order === 'low-first' ? bit : bits - 1 - bit)
    }
    return code
  })
}

/**
 * A block as bytes: the scale, the zero point, the elements, `low-first` and without gaps between them (ours: the MX
 * specification leaves the layout in memory open). The second-level scale is not in it.
 */
export const packBlock = (format: BlockFormat, { codes, scale, zero }: Block): Uint8Array => {
  const fields = [
    { code: scale, bits: format.scale.bits },
    ...(format.zero ? [{ code: zero ?? 0n, bits: format.zero.bits }] : []),
    ...codes.map((code) => ({ code, bits: format.element.bits })),
  ]
  return packCodes(
    fields.flatMap(({ code, bits }) => bitsOf(code, bits)),
    1,
  )
}

/** The block of `packBlock`; `count` is its number of elements. */
export const unpackBlock = (format: BlockFormat, bytes: Uint8Array, count: number = format.block): Block => {
  const head = format.scale.bits + (format.zero?.bits ?? 0)
  const bits = unpackCodes(bytes, 1, head + count * format.element.bits)
  const code = (from: number, width: number): bigint =>
    bits.slice(from, from + width).reduceRight((value, bit) => 2n * value + bit, 0n)
  return {
    scale: code(0, format.scale.bits),
    zero: format.zero ? code(format.scale.bits, format.zero.bits) : undefined,
    codes: Array.from({ length: count }, (_, k) => code(head + k * format.element.bits, format.element.bits)),
  }
}

const bitsOf = (code: bigint, bits: number): readonly bigint[] => {
  if (code < 0n || code >> BigInt(bits) !== 0n) throw new RangeError(`code ${code} has more than ${bits} bits`)
  return Array.from({ length: bits }, (_, bit) => (code >> BigInt(bit)) & 1n)
}

/** 6-bit codes in two planes. */
export interface SplitCodes {
  /** The 2 high bits of each code, four to a byte: for E3M2 the sign and the top exponent bit. */
  readonly high: Uint8Array
  /** The 4 low bits of each code, two to a byte. */
  readonly low: Uint8Array
}

/**
 * 6-bit codes split 4+2, so that both planes are read in whole words: FP6-LLM, arXiv 2401.14112, section 5 (weights of 6 bits as
 * segments of 2 and 4). The first code is in the high bits of a byte, as in its weight packing before that reorders for the threads
 * of a GPU, which is not done here.
 */
export const splitCodes = (codes: readonly bigint[]): SplitCodes => {
  const wide = codes.find((code) => code < 0n || code > 63n)
  if (wide !== undefined) throw new RangeError(`code ${wide} has more than 6 bits`)
  return {
    high: packCodes(
      codes.map((code) => code >> 4n),
      2,
      'high-first',
    ),
    low: packCodes(
      codes.map((code) => code & 15n),
      4,
      'high-first',
    ),
  }
}

/** The first `count` codes of `splitCodes`. */
export const joinCodes = ({ high, low }: SplitCodes, count: number): readonly bigint[] => {
  const lows = unpackCodes(low, 4, count, 'high-first')
  return unpackCodes(high, 2, count, 'high-first').map((code, k) => (code << 4n) | lows[k]!)
}
