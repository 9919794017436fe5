import { describe, expect, it } from 'vitest'
import { component, s, u } from '../src/dsl/index.ts'
import { openEngine } from '../src/sim/engines.ts'
import { testbench } from '../src/sim/testbench/index.ts'
import { trace } from '../src/sim/waves/index.ts'
import '../src/vitest.ts'

const Counter = component('counter', (_: object) => ({
  in: { up: s(2) },
  out: { count: u(3) },
  logic({ up }, { regs, checked }) {
    const r = regs({ count: u(3) })
    r.count.next = checked(r.count.add(up), u(3), 'from 0 to 7')
    return { count: r.count }
  },
}))
const counted = (steps: readonly number[]) => {
  const { module } = Counter({})
  const bench = testbench(Counter({}), trace(openEngine('js', module), module))
  for (const up of steps) bench.step({ up })
  return bench
}
const said = (assert: () => void): { message: string; actual?: unknown; expected?: unknown } => {
  try {
    assert()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was said')
}

describe('toMatchWave', () => {
  it('takes a drawing, whatever its margin, from a testbench and from a trace', () => {
    const bench = counted([1, 1, 0, -1])
    for (const waves of [bench, bench.engine])
      expect(waves).toMatchWave(`
        cycle   0   1   2   3
        up      │1      │0  │-1 │
        count   │0  │1  │2      │
      `)
    expect(bench).toMatchWave('cycle   2   3\ncount   |2      |', { signals: ['count'], from: 2, characters: 'ascii' })
    expect(counted([1])).not.toMatchWave('cycle   0')
  })

  it('says in which line a wave differs, and shows both', () => {
    const { message, actual, expected } = said(() =>
      expect(counted([1, 1])).toMatchWave(`
        cycle   0   1
        up      │1      │
        count   │0  │2  │
      `),
    )
    expect(message).toBe("the waves of counter differ from the drawing, first in line 3, 'count'")
    expect(actual).toBe('cycle   0   1\nup      │1      │\ncount   │0  │1  │')
    expect(expected).toBe('cycle   0   1\nup      │1      │\ncount   │0  │2  │')
    expect(said(() => expect(counted([1, 1])).toMatchWave('cycle   0   1')).message).toContain("line 2, 'up'")
    expect(
      said(() => expect(counted([1])).toMatchWave('cycle   0\nup      │1  │\ncount   │0  │\nmore')).message,
    ).toContain("line 4, 'more'")
    expect(said(() => expect(counted([1])).not.toMatchWave('cycle   0\nup      │1  │\ncount   │0  │')).message).toBe(
      'the waves of counter are the drawn ones, and should not be',
    )
  })

  it('asks for waves where there are none', () => {
    for (const none of [testbench(Counter({})), 5, null, {}])
      expect(said(() => expect(none).toMatchWave('')).message).toBe(
        'toMatchWave takes waves: give trace(engine, module), or a testbench on one',
      )
  })
})

describe('toHaveNoFailedChecks', () => {
  it('passes while promises hold, and lists the failures with their values where they do not', () => {
    expect(counted([1, 1])).toHaveNoFailedChecks()
    expect(openEngine('wasm', Counter({}).module)).toHaveNoFailedChecks()
    expect(counted([-1])).not.toHaveNoFailedChecks()
    expect(said(() => expect(counted([-1])).toHaveNoFailedChecks()).message).toBe(
      '1 checks failed\n  cycle 0: from 0 to 7 (count = 0, up = -1)',
    )
    expect(said(() => expect(counted([1])).not.toHaveNoFailedChecks()).message).toBe(
      'no check has failed, and one should have',
    )
    expect(said(() => expect(7).toHaveNoFailedChecks()).message).toContain('takes an engine')
  })
})
