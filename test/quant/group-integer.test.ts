import fc from 'fast-check'
import { expect, test } from 'vitest'
import { roundToNearest } from '../../src/quant/fitted.ts'
import { roundHalfEven, roundToFloat16 } from '../../src/quant/float16.ts'
import { dequantiseWeights, fitGroups, type GroupQuantised, quantiseWeights } from '../../src/quant/group-integer.ts'

/** A matrix with a ragged last group more often than not, of spreads from subnormal FP16 scales to large. */
const cases = fc
  .record({
    outputs: fc.integer({ min: 1, max: 4 }),
    inputs: fc.integer({ min: 1, max: 40 }),
    group: fc.integer({ min: 1, max: 16 }),
    signed: fc.boolean(),
    bits: fc.integer({ min: 2, max: 8 }),
    spread: fc.integer({ min: -24, max: 14 }),
    offset: fc.double({ min: -2, max: 2, noNaN: true }),
    seed: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 40, maxLength: 160 }),
  })
  .map(({ seed, spread, offset, ...rest }) => ({
    ...rest,
    data: Float32Array.from(
      { length: rest.outputs * rest.inputs },
      (_, at) => (seed[at % seed.length]! + offset) * 2 ** spread,
    ),
  }))

const quantise = (
  one: { data: Float32Array; outputs: number; inputs: number } & Pick<GroupQuantised, 'bits' | 'group' | 'signed'>,
) => quantiseWeights(one.data, one.outputs, one.inputs, one)

/** Runs `visit` for every weight with its scale, zero point and the range of its group (0 included). */
const everyWeight = (
  data: Float32Array,
  q: GroupQuantised,
  visit: (weight: number, at: number, scale: number, zero: number, low: number, high: number) => void,
) => {
  for (let row = 0; row < q.outputs; row++)
    for (let k = 0; k < q.inputs; k++) {
      const index = Math.floor(k / q.group)
      const members = data.slice(
        row * q.inputs + index * q.group,
        row * q.inputs + Math.min((index + 1) * q.group, q.inputs),
      )
      const slot = row * q.groups + index
      const at = row * q.inputs + k
      visit(data[at]!, at, q.scales[slot]!, q.zeros[slot]!, Math.min(0, ...members), Math.max(0, ...members))
    }
}

test('codes and zero points stay in range, scales are positive FP16 values, ragged groups count as groups', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const q = quantise(one)
      const most = one.signed ? 2 ** (one.bits - 1) - 1 : 2 ** one.bits - 1
      const least = one.signed ? -most : 0
      expect(q.groups).toBe(Math.ceil(one.inputs / one.group))
      expect(q.scales.length).toBe(one.outputs * q.groups)
      expect(q.codes.every((code) => code >= least && code <= most)).toBe(true)
      expect(q.zeros.every((zero) => zero <= (one.signed ? 0 : most))).toBe(true)
      expect(q.scales.every((scale) => scale > 0 && scale === roundToFloat16(scale))).toBe(true)
    }),
  )
})

test('the error of a weight is at most half a scale plus what the FP16 scale lacks of the range', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const q = quantise(one)
      const restored = dequantiseWeights(q)
      const levels = one.signed ? 2 ** (one.bits - 1) - 1 : 2 ** one.bits - 1
      everyWeight(one.data, q, (weight, at, scale, _zero, low, high) => {
        const range = one.signed ? Math.max(-low, high) : high - low
        const missing = Math.max(0, range - levels * scale)
        expect(Math.abs(weight - restored[at]!)).toBeLessThanOrEqual((scale / 2 + missing) * (1 + 1e-6))
      })
    }),
  )
})

test('zero is exact', () => {
  fc.assert(
    fc.property(cases, (one) => {
      one.data[0] = 0
      expect(dequantiseWeights(quantise(one))[0]).toBe(0)
    }),
  )
})

test('quantising what the codes stand for gives the same codes, wherever a group uses its whole range', () => {
  let groupsSeen = 0
  fc.assert(
    fc.property(cases, (one) => {
      const first = quantise(one)
      const second = quantise({ ...one, data: dequantiseWeights(first) })
      const top = one.signed ? 2 ** (one.bits - 1) - 1 : 2 ** one.bits - 1
      for (let row = 0; row < one.outputs; row++)
        for (let index = 0; index < first.groups; index++) {
          const from = row * one.inputs + index * one.group
          const to = Math.min(from + one.group, (row + 1) * one.inputs)
          const used = [...first.codes.slice(from, to)]
          const zero = first.zeros[row * first.groups + index]!
          const whole = one.signed
            ? used.some((code) => Math.abs(code) === top)
            : Math.max(...used, zero) - Math.min(...used, zero) === top
          if (!whole) continue
          groupsSeen++
          expect([...second.codes.slice(from, to)]).toEqual(used)
          expect(second.scales[row * first.groups + index]).toBe(first.scales[row * first.groups + index])
        }
    }),
  )
  expect(groupsSeen).toBeGreaterThan(100)
})

test('a constant group is restored to within the FP16 rounding of its scale', () => {
  for (const signed of [false, true])
    for (const value of [0.75, -0.3, 1e-3, -12]) {
      const restored = dequantiseWeights(
        quantiseWeights(new Float32Array(10).fill(value), 2, 5, { bits: 4, group: 4, signed }),
      )
      for (const weight of restored) expect(Math.abs(weight / value - 1)).toBeLessThan(2 ** -11)
    }
})

test('an all-zero group has scale 1 and codes equal to its zero point', () => {
  for (const signed of [false, true]) {
    const q = quantiseWeights(new Float32Array(6), 1, 6, { bits: 4, group: 4, signed })
    expect([...q.scales]).toEqual([1, 1])
    expect([...q.codes]).toEqual(new Array(6).fill(q.zeros[0]))
  }
})

test('a known group: weights -0.5 to 1 in 4 bits unsigned', () => {
  const q = quantiseWeights(Float32Array.of(-0.5, 0, 0.26, 1), 1, 4, { bits: 4, group: 4, signed: false })
  expect(q.scales[0]).toBe(roundToFloat16(0.1))
  expect([...q.zeros]).toEqual([5])
  expect([...q.codes]).toEqual([0, 5, 8, 15])
})

test('a range too small for FP16 keeps the smallest scale', () => {
  const q = quantiseWeights(Float32Array.of(1e-9, -1e-9), 1, 2, { bits: 4, group: 2, signed: false })
  expect(q.scales[0]).toBe(2 ** -24)
  expect([...q.codes]).toEqual([0, 0])
})

test('an infinite or undefined weight is refused by place and matrix name', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(() =>
      quantiseWeights(Float32Array.of(0, value), 1, 2, { bits: 4, group: 2, signed: false }, 'layers.0.query'),
    ).toThrow(/weight 1 of layers\.0\.query is (NaN|Infinity)/)
})

test('bits and groups outside their limits are refused with the limits', () => {
  const attempt = (bits: number, group: number, signed: boolean) => () =>
    quantiseWeights(new Float32Array(4), 1, 4, { bits, group, signed })
  expect(attempt(9, 4, false)).toThrow(/9-bit unsigned weights are not supported; give 1 to 8 bits/)
  expect(attempt(1, 4, true)).toThrow(/give 2 to 8 bits/)
  expect(attempt(4, 0, true)).toThrow(/give 1 to 65536/)
  expect(attempt(4, 2.5, false)).toThrow(/group of 2\.5/)
})

test('clipping shrinks both ends of the range, and keeps the part of least squared error', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const { data, outputs, inputs, bits, group, signed } = one
      const matrix = { data, outputs, inputs, name: 'm' }
      const found = roundToNearest(matrix, fitGroups(matrix, { bits, group, signed }, { clip: 'mse' }))
      const levels = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1
      everyWeight(data, found, (_weight, at, scale, zero, low, high) => {
        const k = at % inputs
        if (k % group !== 0 || low === high) return
        const members = data.subarray(at, Math.min(at + group, at - k + inputs))
        const errorOf = (step: number, offset: number): number =>
          members.reduce((sum, value) => {
            const code = Math.min(levels, Math.max(signed ? -levels : 0, roundHalfEven(value / step) + offset))
            return sum + (value - step * (code - offset)) ** 2
          }, 0)
        const candidates = Array.from({ length: 26 }, (_, step) => {
          const ratio = 1 - step / 50
          const range = signed ? Math.max(-low, high) : high - low
          const size = Math.max(roundToFloat16((ratio * range) / levels), 2 ** -24)
          const offset = signed ? 0 : Math.min(levels, Math.max(0, roundHalfEven((-ratio * low) / size)))
          return { size, offset, error: errorOf(size, offset) }
        })
        const least = Math.min(...candidates.map(({ error }) => error))
        const first = candidates.find(({ error }) => error === least)!
        expect([scale, zero]).toEqual([first.size, first.offset])
      })
    }),
  )
})
