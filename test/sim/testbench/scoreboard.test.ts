import { describe, expect, it } from 'vitest'
import { scoreboard } from '../../../src/sim/testbench/index.ts'

describe('a scoreboard', () => {
  it('takes integers by value, records field by field, names and flags as they are', () => {
    const board = scoreboard()
    board.expect(5, -0, { b: [true, 'x'], a: -7n }, 0.5, 2n ** 70n)
    for (const seen of [5n, 0n, { a: -7, b: [true, 'x'] }, 0.5, 2n ** 70n]) board.see(seen)
    expect([board.matched, board.finish()]).toEqual([5, []])
  })

  it('in order says which element is not the expected one, and goes on with the next', () => {
    const board = scoreboard<number | bigint>({ name: 'y' })
    board.expect(1, 2, 3, 4)
    for (const [k, seen] of [1n, 7n, 3n].entries()) board.see(seen, 10 + k)
    expect(board.mismatches).toEqual(['y: element 1 in cycle 11 is 7, expected was 2'])
    expect(board.finish()).toEqual([...board.mismatches, 'y: an expected element never came: 4'])
    board.see(4)
    board.see(5)
    expect(board.finish().slice(1)).toEqual(['y: element 4 is 5, where none was expected'])
    expect(board.matched).toBe(3)
  })

  it('in any order takes each expected element as often as it was expected', () => {
    const board = scoreboard<{ tag: number }>({ name: 'out', ordered: false })
    board.expect({ tag: 1 }, { tag: 2 }, { tag: 2 }, { tag: 9 })
    for (const tag of [2, 1, 2]) board.see({ tag }, 5)
    expect(board.mismatches).toEqual([])
    board.see({ tag: 2 }, 8)
    expect(board.finish()).toEqual([
      'out: element 3 in cycle 8 is { tag: 2 }, which is not expected any more',
      'out: an expected element never came: { tag: 9 }',
    ])
    board.expect({ tag: 4 }, { tag: 4 })
    expect(board.finish()[1]).toBe('out: 3 expected elements never came, the first: { tag: 9 }')
    expect(board.matched).toBe(3)
  })

  it('keeps the first hundred mismatches, and long values short', () => {
    const board = scoreboard<string>()
    for (let k = 0; k < 150; k++) board.see('x'.repeat(500))
    expect(board.mismatches).toHaveLength(100)
    expect(board.mismatches[0]!.length).toBeLessThan(300)
  })
})
