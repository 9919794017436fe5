import { describe, expect, it } from 'vitest'
import { compareExact, finite, toNumber } from '../../../src/formats/index.ts'
import { type Arithmetic, exactSum, groupSum, scaledSum } from '../../../src/pe/bitmod/golden.ts'
import { paperSpecialValues, weightNames, weightTypes } from '../../../src/pe/bitmod/terms.ts'
import { float16BitsOf, float16FromBits } from '../../../src/quant/float16.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'

const usual: Arithmetic = { lanes: 4, guard: 3, magnitude: 14, significance: 'exponent', alignment: 'terms' }
const { int8, int4, fp4 } = weightTypes
const group = (activations: readonly number[], weights: readonly number[], special = 0, scale = 1) => ({
  activations: activations.map(float16BitsOf),
  weights,
  special,
  scale,
})

describe('the golden model of a group', () => {
  it('holds 1 as 1 with its guard bits, and the exponent of 1', () => {
    expect(groupSum(usual, int4, group([1], [1]))).toEqual({ mantissa: 1024 * 8, exponent: 15 })
    expect(scaledSum(usual, int4, group([1], [1], 0, 255))).toEqual(finite(255n * 8192n, -13))
    // A half in FP4: the weight's lowest bit is 2^-1.
    expect(toNumber(scaledSum(usual, fp4, group([3], [1])))).toBe(1.5)
  })

  it('of zeros is 0 with exponent 0', () => {
    expect(groupSum(usual, int4, group([5, 6], [0, 0]))).toEqual({ mantissa: 0, exponent: 0 })
    expect(groupSum(usual, int4, group([0], [0]))).toEqual({ mantissa: 0, exponent: 0 })
  })

  it('shifts the lanes under the largest exponent, toward zero, before they have their signs', () => {
    // 1 + 2^-14: the guard bits end at 2^-13.
    const small = 2 ** -14
    expect(groupSum(usual, int4, group([1, small], [1, 1]))).toEqual({ mantissa: 8192, exponent: 15 })
    expect(groupSum(usual, int4, group([1, -small], [1, 1]))).toEqual({ mantissa: 8192, exponent: 15 })
    expect(groupSum(usual, int4, group([1, 2 * small], [1, 1]))).toEqual({ mantissa: 8193, exponent: 15 })
    expect(groupSum({ ...usual, guard: 4 }, int4, group([1, small], [1, 1]))).toEqual({
      mantissa: 16385 >> 1,
      exponent: 16,
    })
  })

  it('leaves the terms that are zero out of the largest exponent, and activations in it', () => {
    expect(groupSum(usual, int4, group([1, 2 ** 15], [1, 0]))).toEqual({ mantissa: 8192, exponent: 15 })
    expect(groupSum(usual, int4, group([2 ** -10, 1, 1], [1, 1, -1 & 15]))).toEqual({ mantissa: 8, exponent: 15 })
  })

  it('shifts the sum and the product both ways, rounded down', () => {
    // 2 lanes a cycle: first 1, then 2^-14 of either sign under it, which is 0 or -1 of the lowest bits.
    const two = { ...usual, lanes: 1 }
    expect(groupSum(two, int4, group([1, 2 ** -14], [1, 1])).mantissa).toBe(8192)
    expect(groupSum(two, int4, group([1, -(2 ** -14)], [1, 1])).mantissa).toBe(8191)
    // The other way: the sum under the product.
    expect(groupSum(two, int4, group([-(2 ** -14), 1], [1, 1]))).toEqual({ mantissa: 8191, exponent: 15 })
  })

  it('shifts a sum of too many bits right, and never back', () => {
    expect(groupSum(usual, int4, group([1, 1], [1, 1]))).toEqual({ mantissa: 8192, exponent: 16 })
    expect(groupSum(usual, int4, group([1, 1], [15, 15]))).toEqual({ mantissa: -16384, exponent: 15 })
    const back = groupSum({ ...usual, lanes: 2 }, int4, group([1, 1, -1, 0], [1, 1, 1, 0]))
    expect(back).toEqual({ mantissa: 4096, exponent: 16 })
  })

  it('with activations aligned by themselves loses what is far under the largest, term or not, and shifts left after that', () => {
    const aligned = { ...usual, alignment: 'activations' } as const
    expect(groupSum(aligned, int4, group([1, 2 ** 15], [1, 0]))).toEqual({ mantissa: 0, exponent: 30 })
    expect(groupSum(aligned, int4, group([1, 2 ** 14], [1, 0]))).toEqual({ mantissa: 0, exponent: 29 })
    expect(groupSum(aligned, int4, group([1, 2 ** 13], [1, 0]))).toEqual({ mantissa: 1, exponent: 28 })
    expect(groupSum(aligned, int4, group([1, 2 ** 13], [0, 0]))).toEqual({ mantissa: 0, exponent: 0 })
    // 2 in FP4 is 2^1 of significance 1: one place left, and one in the exponent.
    expect(groupSum(aligned, fp4, group([1], [4]))).toEqual({ mantissa: 8192, exponent: 17 })
    // 2^-14 is lost before the shift by 3 that would have kept 8 of it, and the sum gives way to nothing.
    expect(groupSum(aligned, fp4, group([1, 2 ** -14], [1, 8], 16)).mantissa).toBe(4096)
    expect(groupSum(usual, fp4, group([1, 2 ** -14], [1, 8], 16)).mantissa).toBe(8192 + 8)
  })

  it('the two places of the significance differ in how the sum is rounded, and in nothing else', () => {
    const random = randomWords(3)
    let differ = 0
    for (let k = 0; k < 200; k++) {
      const activations = Array.from({ length: 24 }, () => (random() / 2 ** 32) * 4 - 2)
      const weights = Array.from({ length: 24 }, () => random() & 255)
      const operands = group(activations, weights)
      const exact = toNumber(exactSum(int8, operands))
      const [folded, shifted] = (['exponent', 'shift'] as const).map((significance) =>
        toNumber(scaledSum({ ...usual, significance }, int8, operands)),
      ) as [number, number]
      expect(Math.abs(folded - exact)).toBeLessThan(3)
      expect(Math.abs(shifted - exact)).toBeLessThan(3)
      if (folded !== shifted) differ++
    }
    expect(differ).toBeGreaterThan(20)
  })

  it.each(weightNames)('sums of subnormal activations are exact while the sum has room: %s', (name) => {
    const type = weightTypes[name]
    const random = randomWords(8)
    for (let k = 0; k < 300; k++) {
      const activations = Array.from({ length: 3 }, () => (random() & 0x8000) + (random() & 15))
      const weights = Array.from({ length: 3 }, () => random() & 2)
      const operands = { activations, weights, special: 0, scale: 200 }
      const wide = { ...usual, guard: 6 }
      expect(compareExact(scaledSum(wide, type, operands), exactSum(type, operands))).toBe(0)
    }
  })

  it('full groups of the largest operands do not overflow: within the rounding of the exact sum', () => {
    for (const name of weightNames) {
      const type = weightTypes[name]
      const lowest = type.kind === 'integer' ? 2 ** (type.bits - 1) : 2 ** type.bits - 1
      for (const significance of ['exponent', 'shift'] as const)
        for (const activation of [0x7bff, 0xfbff])
          for (const weight of [lowest, lowest - 1]) {
            const operands = {
              activations: Array.from({ length: 128 }, () => activation),
              weights: Array.from({ length: 128 }, () => weight),
              special: 16,
              scale: 255,
            }
            const exact = toNumber(exactSum(type, operands))
            const found = toNumber(scaledSum({ ...usual, significance }, type, operands))
            expect(Math.abs(found / exact - 1), `${name} ${significance}`).toBeLessThan(0.01)
          }
    }
  })

  it.each([
    [14, 'shift', 3, 'terms', 0.21],
    [14, 'exponent', 3, 'terms', 0.21],
    [14, 'exponent', 3, 'activations', 0.21],
    [18, 'shift', 3, 'terms', 0.03],
    [18, 'exponent', 4, 'terms', 0.03],
    [18, 'exponent', 3, 'activations', 0.01],
  ] as const)(
    'magnitude %i, significance in the %s, %i guard bits, aligned by %s: rms error of 128 normal activations by FP4 at most %f %%',
    (magnitude, significance, guard, alignment, limit) => {
      const random = randomWords(magnitude)
      const uniform = (): number => (random() + 0.5) / 2 ** 32
      const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
      const specials = paperSpecialValues(fp4)
      let [errors, squares] = [0, 0]
      for (let k = 0; k < 200; k++) {
        const activations = Array.from({ length: 128 }, normal)
        const weights = Array.from({ length: 128 }, () => random() & 15)
        const operands = group(activations, weights, specials[random() & 3]!)
        const exact = toNumber(exactSum(fp4, operands))
        errors +=
          (toNumber(scaledSum({ lanes: 4, guard, magnitude, significance, alignment }, fp4, operands)) - exact) ** 2
        squares += exact ** 2
      }
      const percent = 100 * Math.sqrt(errors / squares)
      expect(percent).toBeLessThanOrEqual(limit)
      expect(percent).toBeGreaterThan(limit / 4)
    },
  )
})

describe('the exact sum', () => {
  it('is what doubles give where they are exact', () => {
    const random = randomWords(5)
    for (let k = 0; k < 100; k++) {
      const activations = Array.from({ length: 7 }, () => Math.fround((random() & 255) - 128))
      const weights = Array.from({ length: 7 }, () => random() & 255)
      const want = activations.reduce((sum, x, at) => sum + x * ((weights[at]! << 24) >> 24), 0) * 3
      expect(toNumber(exactSum(int8, group(activations, weights, 0, 3)))).toBe(want)
      expect(activations.map(float16BitsOf).map(float16FromBits)).toEqual(activations)
    }
    expect(toNumber(exactSum(fp4, group([2, -1], [8, 13], -10, 2)))).toBe((2 * -5 - -3) * 2)
  })
})
