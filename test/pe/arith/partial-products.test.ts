import { describe, expect, it } from 'vitest'
import { component, type IntShape, s, u } from '../../../src/dsl/index.ts'
import { boothDigits } from '../../../src/pe/arith/partial-products.ts'
import { evaluate } from '../../dsl/equivalence.ts'

describe('radix-4 Booth digits', () => {
  it.each([u(1), u(2), u(5), u(8), s(1), s(2), s(5), s(8)])('of %s add up to the value, each from -2 to 2', (shape) => {
    const count = Math.ceil((shape.width + (shape.min < 0n ? 0 : 1)) / 2)
    const out: Record<string, IntShape> = {}
    for (let k = 0; k < count; k++) for (const part of ['one', 'two', 'minus']) out[`${part}_${k}`] = u(1)
    const digits = component('digits', (_: { shape: IntShape }) => ({
      in: { x: shape },
      out,
      logic: ({ x }) =>
        Object.fromEntries(
          boothDigits(x).flatMap(({ one, two, minus }, k) => [
            [`one_${k}`, one.int()],
            [`two_${k}`, two.int()],
            [`minus_${k}`, minus.int()],
          ]),
        ),
    }))({ shape }).module
    const at = evaluate(digits)
    for (let x = shape.min; x <= shape.max; x++) {
      const found = at({ x })
      const part = (name: string): bigint => found[name]!
      let sum = 0n
      for (let k = 0; k < count; k++) {
        const [one, two, minus] = [part(`one_${k}`), part(`two_${k}`), part(`minus_${k}`)]
        expect(one * two).toBe(0n)
        sum += (one + 2n * two) * (1n - 2n * minus) * 4n ** BigInt(k)
      }
      expect(sum).toBe(x)
    }
  })
})
