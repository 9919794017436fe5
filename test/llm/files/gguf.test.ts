import { expect, test } from 'vitest'
import { createRandom, normal } from '../../../src/base/random.ts'
import { bytesSource } from '../../../src/llm/files/byte-source.ts'
import { readGguf } from '../../../src/llm/files/gguf.ts'
import { readStored } from '../../../src/llm/files/read-part.ts'
import { decodeWeights, floatsOf } from '../../../src/llm/weights.ts'
import { readDamaged } from './damage.ts'
import { blocksOf, type GgmlKind, type GgufTensor, ggufBytes, type Value, valuesOfBlocks } from './write-gguf.ts'
import { joined } from './write-model.ts'
import { roundedTo } from './write-safetensors.ts'

const random = createRandom(4)
const data = Float32Array.from({ length: 640 }, (_, k) => normal(random) * 2 ** ((k >> 5) % 9))
const tensor = (kind: GgmlKind, shape = [10, 64], values = data): GgufTensor => ({ kind, shape, data: values })
const read = (bytes: Uint8Array) => readGguf(bytesSource(bytes, 'm.gguf'))

test('values come back as the float formats round them, and as the definition of the blocks says', async () => {
  for (const kind of ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0'] as const)
    for (const [version, alignment] of [
      [2, 32],
      [3, 64],
    ] as const) {
      const metadata: Record<string, Value> = alignment === 32 ? {} : { 'general.alignment': { uint32: alignment } }
      const tensors = new Map([
        ['first', tensor('F32', [3], Float32Array.of(1, 2, 3))],
        ['a', tensor(kind)],
      ])
      const found = (await read(ggufBytes(metadata, tensors, { version, alignment }))).tensors.get('a')!
      expect(found.shape).toEqual([10, 64])
      const weights = await readStored(found.source, found.kind, found.offset, 640)
      const wanted =
        kind === 'Q8_0' || kind === 'Q4_0' ? valuesOfBlocks(blocksOf(data, kind), kind) : roundedTo(data, kind)
      expect(floatsOf(weights)).toEqual(wanted)
      // Any piece, also one that begins within a block.
      for (const [from, length] of [
        [0, 1],
        [31, 2],
        [45, 70],
        [639, 1],
        [64, 64],
      ] as const) {
        const piece = new Float32Array(length)
        decodeWeights(weights, from, piece)
        expect(piece).toEqual(wanted.subarray(from, from + length))
      }
    }
})

test('blocks are near the weights they were made of: half a step of 254 or of 16', () => {
  for (const [kind, steps] of [
    ['Q8_0', 254],
    ['Q4_0', 16],
  ] as const) {
    const values = valuesOfBlocks(blocksOf(data, kind), kind)
    for (let block = 0; block < 640; block += 32) {
      const largest = Math.max(...data.subarray(block, block + 32).map(Math.abs))
      for (let k = block; k < block + 32; k++)
        expect(Math.abs(values[k]! - data[k]!)).toBeLessThan((1.05 * 2 * largest) / steps)
    }
  }
})

test('metadata of every type is read, and arrays that nobody asks for are passed over', async () => {
  const raw = (type: number, ...bytes: ArrayBufferView[]): Value => ({ type, raw: joined(...bytes) })
  const bytes = ggufBytes(
    {
      text: { text: 'grüße' },
      flag: { flag: true },
      uint32: { uint32: 7 },
      float32: { float32: 0.5 },
      uint8: raw(0, Uint8Array.of(200)),
      int8: raw(1, Int8Array.of(-3)),
      uint16: raw(2, Uint16Array.of(60_000)),
      int16: raw(3, Int16Array.of(-5)),
      int32: raw(5, Int32Array.of(-6)),
      uint64: raw(10, BigUint64Array.of(2n ** 40n)),
      int64: raw(11, BigInt64Array.of(-9n)),
      float64: raw(12, Float64Array.of(0.1)),
      texts: { texts: ['a', '', 'bc'] },
      floats: { floats: Float32Array.of(1, 2) },
      bytes: raw(9, Uint32Array.of(0), BigUint64Array.of(3n), Uint8Array.of(1, 2, 3)),
      long: { text: 'x'.repeat(200_000) },
      last: { uint32: 9 },
    },
    new Map(),
  )
  const { metadata, tensors } = await read(bytes.subarray(0, bytes.length))
  expect(tensors.size).toBe(0)
  expect(Object.fromEntries(metadata)).toEqual({
    text: 'grüße',
    flag: true,
    uint32: 7,
    float32: 0.5,
    uint8: 200,
    int8: -3,
    uint16: 60_000,
    int16: -5,
    int32: -6,
    uint64: 2 ** 40,
    int64: -9,
    float64: 0.1,
    texts: ['a', '', 'bc'],
    floats: Float32Array.of(1, 2),
    long: 'x'.repeat(200_000),
    last: 9,
  })
})

test('numbers and texts that lie across the pieces of a file are read whole', async () => {
  // The padding moves the keys behind it over the end of a piece of 65,536 bytes, byte by byte.
  for (let padding = 0; padding < 40; padding++) {
    const bytes = ggufBytes(
      {
        padding: { text: 'x'.repeat(65_436 + padding) },
        number: { type: 10, raw: joined(BigUint64Array.of(0x1234_5678_9abcn)) },
        text: { text: 'abcdefgh' },
      },
      new Map(),
    )
    const { metadata } = await read(bytes)
    expect([metadata.get('number'), metadata.get('text')]).toEqual([0x1234_5678_9abc, 'abcdefgh'])
  }
})

const one = new Map([['a', tensor('Q8_0')]])
const whole = ggufBytes({ key: { uint32: 1 } }, one)
/** Bytes before the first key: magic, version and two counts. */
const counts = 24
const changed = (at: number, bytes: ArrayBufferView): Uint8Array => {
  const copy = whole.slice()
  copy.set(joined(bytes), at)
  return copy
}
const withMetadata = (value: Value): Uint8Array => ggufBytes({ key: value }, one)
/** Where the entry of the tensor begins: behind `key`, its type and its value. */
const entry = counts + 8 + 3 + 4 + 4

test.each([
  ['nothing', new Uint8Array(0), /it ends within its header, 0 bytes/],
  ['another magic', changed(0, Buffer.from('GGML')), /does not begin with GGUF/],
  ['version 1', changed(4, Uint32Array.of(1)), /version 1, known are 2 and 3/],
  ['a big-endian version', changed(4, Uint32Array.of(3 * 2 ** 24)), /it is big-endian/],
  ['too many tensors', changed(8, BigUint64Array.of(2n ** 50n)), /1125899906842624 tensors, more than its/],
  ['2^64 - 1 tensors', changed(8, BigUint64Array.of(2n ** 64n - 1n)), /number of tensors is 18446744073709551615/],
  [
    'more keys than any model has',
    joined(whole.subarray(0, 16), BigUint64Array.of(2n ** 17n), new Uint8Array(2 ** 22)),
    /1 tensors and 131072 keys, at most 65536 of each are read/,
  ],
  ['too many keys', changed(16, BigUint64Array.of(1000n)), /1000 keys, more than its/],
  ['a key that is too long', changed(counts, BigUint64Array.of(5000n)), /5000 bytes of a text, more than/],
  ['a key that is no UTF-8', changed(counts + 8, Uint8Array.of(0xff)), /no UTF-8/],
  ['a value of no known type', changed(counts + 11, Uint32Array.of(13)), /key has type 13/],
  ['an array of arrays', withMetadata({ type: 9, raw: joined(Uint32Array.of(9)) }), /key is an array of type 9/],
  [
    'an array that is too long',
    withMetadata({ type: 9, raw: joined(Uint32Array.of(6), BigUint64Array.of(2n ** 40n)) }),
    /1099511627776 elements of key, more than/,
  ],
  ['a number beyond a double', withMetadata({ type: 10, raw: joined(BigUint64Array.of(2n ** 60n)) }), /key is 1152921/],
  ['five dimensions', changed(entry + 9, Uint32Array.of(5)), /tensor a has 5 dimensions/],
  [
    'a huge dimension',
    changed(entry + 13, BigUint64Array.of(2n ** 52n)),
    /tensor a has the shape 10 x 4503599627370496/,
  ],
  [
    'a dimension beyond a double',
    changed(entry + 13, BigUint64Array.of(2n ** 63n)),
    /a dimension of tensor a is 92233/,
  ],
  ['ragged blocks', changed(entry + 13, BigUint64Array.of(63n)), /rows of 63 weights in blocks of 32/],
  ['Q4_K', changed(entry + 29, Uint32Array.of(12)), /stored as Q4_K, and bitloom reads F32, F16, BF16, Q8_0 and Q4_0/],
  ['an unknown kind', changed(entry + 29, Uint32Array.of(999)), /stored as type 999/],
  ['an offset off the alignment', changed(entry + 33, BigUint64Array.of(8n)), /begins at 8, no multiple of 32/],
  ['an offset beyond the file', changed(entry + 33, BigUint64Array.of(3200n)), /truncated: it holds/],
  ['data cut off', whole.subarray(0, whole.length - 32), /truncated: it holds/],
  ['surplus data', joined(whole, new Uint8Array(64)), /too long: it holds/],
  ['an alignment of 0', ggufBytes({ 'general.alignment': { uint32: 0 } }, one), /general\.alignment is 0/],
  ['an alignment that is text', ggufBytes({ 'general.alignment': { text: 'x' } }, one), /general\.alignment is x/],
])('%s is refused in one sentence', async (_, bytes, message) => {
  await expect(read(bytes)).rejects.toThrow(message)
  await expect(read(bytes)).rejects.toThrow(/^m\.gguf is [^\n]*; give the file whole and unchanged$/)
  await expect(read(bytes)).rejects.toMatchObject({ code: expect.stringMatching(/^E-MODEL-(HEADER|SIZE)$/) })
})

test('a key or a tensor that is there twice, and tensors that overlap, are refused', async () => {
  const two = new Map([
    ['a', tensor('F32', [8], data.subarray(0, 8))],
    ['b', tensor('F32', [8], data.subarray(0, 8))],
  ])
  const bytes = ggufBytes({ ab: { uint32: 1 }, ac: { uint32: 2 } }, two)
  const swap = (from: string, to: string): Uint8Array => {
    const at = Buffer.from(bytes).indexOf(from)
    const copy = bytes.slice()
    copy.set(Buffer.from(to), at)
    return copy
  }
  await expect(read(swap('ac', 'ab'))).rejects.toThrow(/key ab is there twice/)
  const name = Buffer.from(bytes).indexOf(joined(BigUint64Array.of(1n), Buffer.from('b')))
  const renamed = bytes.slice()
  renamed[name + 8] = 'a'.charCodeAt(0)
  await expect(read(renamed)).rejects.toThrow(/tensor a is there twice/)
  const moved = bytes.slice()
  new DataView(moved.buffer).setBigUint64(name + 8 + 1 + 4 + 8 + 4, 0n, true)
  await expect(read(moved)).rejects.toThrow(/tensor [ab] overlaps another/)
})

test('200 damaged files are read or refused, none crashes or takes memory', async () => {
  const bytes = ggufBytes({ texts: { texts: ['one', 'two'] }, floats: { floats: data.subarray(0, 9) } }, one)
  const refused = await readDamaged(
    bytes,
    async (source) => {
      for (const { kind, offset, shape } of (await readGguf(source)).tensors.values())
        await readStored(
          source,
          kind,
          offset,
          shape.reduce((a, b) => a * b, 1),
        )
    },
    { seed: 9, front: 200 },
  )
  expect(refused).toBeGreaterThan(100)
})
