import { expect, test } from 'vitest'
import { createRandom, normal } from '../../../src/base/random.ts'
import { bytesSource } from '../../../src/llm/files/byte-source.ts'
import { readStored } from '../../../src/llm/files/read-part.ts'
import { readSafetensors } from '../../../src/llm/files/safetensors.ts'
import { areFinite, floatsOf } from '../../../src/llm/weights.ts'
import { readDamaged } from './damage.ts'
import { joined } from './write-model.ts'
import { type Dtype, roundedTo, safetensorsBytes, type Tensor } from './write-safetensors.ts'

const random = createRandom(8)
/** All exponents of the float types, and then some. */
const wide = Float32Array.from({ length: 5000 }, (_, k) => normal(random) * 2 ** ((k % 80) - 50))
const tensorsOf = (dtype: Dtype, data: Float32Array): Map<string, Tensor> =>
  new Map([
    ['a', { dtype, shape: [100, 50], data }],
    ['b', { dtype: 'F32', shape: [], data: Float32Array.of(3) }],
    ['empty', { dtype: 'F16', shape: [4, 0], data: new Float32Array(0) }],
  ])

const readBack = async (bytes: Uint8Array, name: string): Promise<Float32Array> => {
  const { kind, shape, source, offset } = (await readSafetensors(bytesSource(bytes, 'm.safetensors'))).get(name)!
  return floatsOf(
    await readStored(
      source,
      kind,
      offset,
      shape.reduce((a, b) => a * b, 1),
    ),
  )
}

test('values come back as the float formats round them: F32, F16 and BF16, subnormals and all', async () => {
  for (const dtype of ['F32', 'F16', 'BF16'] as const) {
    const bytes = safetensorsBytes(tensorsOf(dtype, wide))
    expect(await readBack(bytes, 'a')).toEqual(roundedTo(wide, dtype))
    expect(await readBack(bytes, 'b')).toEqual(Float32Array.of(3))
    expect(await readBack(bytes, 'empty')).toHaveLength(0)
  }
})

test('every code of F16 and BF16 is what src/formats says, and those that are no finite numbers are told', () => {
  for (const [kind, dtype] of [
    ['float16', 'F16'],
    ['bfloat16', 'BF16'],
  ] as const) {
    const codes = Uint16Array.from({ length: 2 ** 16 }, (_, code) => code)
    const values = floatsOf({ kind, data: codes })
    const finite = codes.filter((_, code) => Number.isFinite(values[code]!))
    expect(finite).toHaveLength(2 ** 16 - ((kind === 'float16' ? 2 ** 11 : 2 ** 8) * 2) / 2)
    expect(areFinite({ kind, data: finite })).toBe(true)
    for (const code of codes) {
      if (Number.isFinite(values[code]!)) continue
      expect(areFinite({ kind, data: Uint16Array.of(0, code) })).toBe(false)
    }
    expect(roundedTo(values.filter(Number.isFinite), dtype)).toEqual(values.filter(Number.isFinite))
  }
})

const withHeader = (header: unknown, data = 8): Uint8Array => {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  return joined(BigUint64Array.of(BigInt(text.length)), text, new Uint8Array(data))
}
const tensor = (from: number, to: number, shape: unknown = [(to - from) / 4], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [from, to],
})

test.each([
  ['nothing', new Uint8Array(0), /holds only 0 bytes/],
  ['a header longer than the file', joined(BigUint64Array.of(100n), new Uint8Array(99)), /said to be 100 bytes of 107/],
  ['a header of 2^64 - 1 bytes', joined(BigUint64Array.of(2n ** 64n - 1n), new Uint8Array(9)), /18446744073709551615/],
  ['no JSON', withHeader('{"a":'), /its header is no JSON;/],
  ['a list', withHeader([]), /no JSON object/],
  ['null', withHeader('null'), /no JSON object/],
  ['no UTF-8', joined(BigUint64Array.of(2n), Uint8Array.of(0xff, 0xfe)), /its header is no JSON;/],
  ['a type that no model has', withHeader({ a: tensor(0, 8, [1], 'I64') }), /type I64, allowed are F32, F16, BF16/],
  ['a type of Object itself', withHeader({ a: tensor(0, 8, [1], 'constructor') }), /type constructor/],
  ['no entry', withHeader({ a: null }), /tensor a has type undefined/],
  ['a type that is no text', withHeader({ a: { dtype: { toString: 1 } } }), /tensor a has type object/],
  [
    'a type that is nested deeply',
    withHeader(`{"a":{"dtype":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`),
    /tensor a has type object/,
  ],
  ['a shape that is no list', withHeader({ a: tensor(0, 8, 2) }), /no shape of whole numbers/],
  ['a negative dimension', withHeader({ a: tensor(0, 8, [-2]) }), /no shape of whole numbers/],
  ['half a dimension', withHeader({ a: tensor(0, 8, [0.5]) }), /no shape of whole numbers/],
  ['one offset', withHeader({ a: { dtype: 'F32', shape: [2], data_offsets: [8] } }), /no pair of data_offsets/],
  ['offsets that fall', withHeader({ a: tensor(8, 0, [2]) }), /does not take the bytes 8 to 0/],
  ['a shape that takes more', withHeader({ a: tensor(0, 8, [3]) }), /of shape 3 does not take the bytes 0 to 8/],
  ['a shape beyond all numbers', withHeader({ a: tensor(0, 8, [2 ** 50, 2 ** 50]) }), /does not take the bytes/],
  ['an overlap', withHeader({ a: tensor(0, 8), b: tensor(4, 8) }), /its tensors overlap/],
  ['a gap', withHeader({ a: tensor(0, 4), b: tensor(8, 12) }, 12), /nothing describes bytes 4 to 8/],
  ['a gap in front', withHeader({ a: tensor(4, 8) }), /nothing describes bytes 0 to 4/],
  ['data cut off', withHeader({ a: tensor(0, 12) }), /truncated: it holds \d+ bytes where its header asks for \d+/],
  ['surplus data', withHeader({ a: tensor(0, 4) }), /too long: it holds/],
])('%s is refused in one sentence', async (_, bytes, message) => {
  const failure = readSafetensors(bytesSource(bytes, 'm.safetensors'))
  await expect(failure).rejects.toThrow(message)
  await expect(failure).rejects.toMatchObject({ code: expect.stringMatching(/^E-MODEL-(HEADER|SIZE)$/) })
  await expect(failure).rejects.toThrow(/^m\.safetensors is .*; give the file whole and unchanged$/)
})

test('200 damaged files are read or refused, none crashes or takes memory', async () => {
  const bytes = safetensorsBytes(tensorsOf('F16', wide))
  const refused = await readDamaged(
    bytes,
    async (source) => {
      for (const { kind, shape, offset } of (await readSafetensors(source)).values())
        await readStored(
          source,
          kind,
          offset,
          shape.reduce((a, b) => a * b, 1),
        )
    },
    { seed: 3, front: 300 },
  )
  expect(refused).toBeGreaterThan(100)
})
