import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromNumber, scalarFormatOf, toNumber } from '../../src/formats/index.ts'
import { FLOAT16_MAX, float16BitsOf, float16FromBits, roundHalfEven, roundToFloat16 } from '../../src/quant/float16.ts'

test('every finite FP16 value survives rounding and gives back its bits', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = float16FromBits(bits)
    if (!Number.isFinite(value)) continue
    if (!Object.is(roundToFloat16(value), value) || float16BitsOf(value) !== bits)
      expect([roundToFloat16(value), float16BitsOf(value)]).toEqual([value, bits])
  }
})

test('a number between two neighbours goes to the nearer, half way to the one with an even last bit', () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const low = float16FromBits(bits)
    const high = float16FromBits(bits + 1)
    const middle = (low + high) / 2
    const even = bits % 2 === 0 ? low : high
    const step = (high - low) / 8
    if (
      roundToFloat16(middle) !== even ||
      roundToFloat16(middle - step) !== low ||
      roundToFloat16(middle + step) !== high
    )
      expect([roundToFloat16(middle - step), roundToFloat16(middle), roundToFloat16(middle + step)]).toEqual([
        low,
        even,
        high,
      ])
  }
})

test('known values: 1/3, the largest, the smallest subnormal and half of it', () => {
  expect(float16BitsOf(1 / 3)).toBe(0x3555)
  expect(float16BitsOf(65_504)).toBe(0x7bff)
  expect(float16BitsOf(2 ** -24)).toBe(1)
  expect(float16BitsOf(2 ** -25)).toBe(0)
  expect(float16BitsOf(2 ** -25 * 1.001)).toBe(1)
  expect(float16BitsOf(-0)).toBe(0x8000)
})

test('finite numbers beyond the range saturate, infinities and NaN stay', () => {
  expect(roundToFloat16(65_520)).toBe(FLOAT16_MAX)
  expect(roundToFloat16(-1e300)).toBe(-FLOAT16_MAX)
  expect(float16BitsOf(Number.POSITIVE_INFINITY)).toBe(0x7c00)
  expect(float16BitsOf(Number.NEGATIVE_INFINITY)).toBe(0xfc00)
  expect(float16BitsOf(Number.NaN)).toBe(0x7e00)
  expect(float16FromBits(0x7e00)).toBeNaN()
})

test('rounding never decreases order', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
      const [low, high] = a < b ? [a, b] : [b, a]
      return roundToFloat16(low) <= roundToFloat16(high)
    }),
  )
})

test('halves round to the even number on both sides of zero', () => {
  expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.6, -2.6].map((value) => roundHalfEven(value) + 0)).toEqual([
    -2, -2, 0, 0, 2, 2, 3, -3,
  ])
})

test('rounds and reads as the exact definition of fp16 does, saturating', () => {
  const fp16 = scalarFormatOf('fp16')
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = toNumber(fp16.decode(BigInt(bits)))
    if (!Object.is(float16FromBits(bits), value)) expect.fail(`code ${bits}`)
  }
  fc.assert(
    fc.property(fc.oneof(fc.double({ noNaN: true }), fc.double({ min: -1e5, max: 1e5, noNaN: true })), (x) => {
      const overflow = Number.isFinite(x) ? 'saturate' : 'special'
      expect(BigInt(float16BitsOf(x))).toBe(fp16.encode(fromNumber(x), 'nearest-even', overflow))
    }),
    { numRuns: 2000 },
  )
})
