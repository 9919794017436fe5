import { describe, expect, it } from 'vitest'
import { clipRatios, leastError } from '../../src/quant/clipping.ts'

describe('the search for clipping', () => {
  it('tries the whole range alone, or parts down to a half', () => {
    expect(clipRatios('none')).toEqual([1])
    const tried = clipRatios('mse')
    expect([tried.length, tried[0], tried[1], tried.at(-1)]).toEqual([26, 1, 0.98, 0.5])
  })

  it('keeps the first candidate of the least error, and says how much is too much', () => {
    const limits: number[] = []
    const best = leastError([{ e: 3 }, { e: 1 }, { e: 2 }, { e: 1 }], ({ e }, limit) => {
      limits.push(limit)
      return e
    })
    expect(best).toEqual({ e: 1 })
    expect(limits).toEqual([Number.POSITIVE_INFINITY, 3, 1, 1])
    expect(() => leastError([], () => 0)).toThrow(RangeError)
  })
})
