import { describe, expect, it } from 'vitest'
import { bits, bool, component, u } from '../../../src/dsl/index.ts'
import { normaliseLeft, shiftRightSticky } from '../../../src/pe/arith/shifters.ts'
import { firstDifference } from '../../dsl/equivalence.ts'

describe('shifting right with a sticky bit', () => {
  it.each([
    [1, 2],
    [5, 3],
    [8, 4],
    [11, 4],
  ])('%i bits by a u(%i), every value and number of places', (width, levels) => {
    const { module } = component('sticky', (_: { width: number; levels: number }) => ({
      in: { x: bits(width), places: u(levels) },
      out: { shifted: bits(width), sticky: bool },
      logic: ({ x, places }) => shiftRightSticky(x, places),
    }))({ width, levels })
    expect(
      firstDifference(module, ({ x, places }) => ({
        shifted: x! >> places!,
        sticky: x! & ((1n << places!) - 1n) ? 1n : 0n,
      })),
    ).toBeUndefined()
  })
})

describe('moving left until the top bit is 1', () => {
  it.each([2, 3, 4, 5, 8, 11, 13])('every value of %i bits but 0; of 0 every level moves', (width) => {
    const levels = Math.ceil(Math.log2(width))
    const { module } = component('normalise', (_: { width: number }) => ({
      in: { x: bits(width) },
      out: { normalised: bits(width), places: u(levels) },
      logic: ({ x }) => normaliseLeft(x),
    }))({ width })
    expect(
      firstDifference(module, ({ x }) => {
        const places = x === 0n ? 2 ** levels - 1 : width - x!.toString(2).length
        return { normalised: BigInt.asUintN(width, x! << BigInt(places)), places: BigInt(places) }
      }),
    ).toBeUndefined()
  })
})
