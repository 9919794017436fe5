import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import { bool, component, s, u } from '../../../src/dsl/index.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { type Trace, textWave, trace } from '../../../src/sim/waves/index.ts'
import { blink, cycle, loader, wide } from './designs.ts'

/** The loader through its states, with terms that add up to more than its sum holds where they are large. */
const loaded = (cycles: number, term: number, options: Parameters<typeof trace>[2] = {}): Trace => {
  const waves = trace(openEngine('js', loader), loader, options)
  for (let k = 0; k < cycles; k++) cycle(waves, { start: k % 8 === 1 ? 1 : 0, x: term - k })
  return waves
}

describe('a text wave', () => {
  it('has a line a signal: states by name, numbers in boxes, conditions high and low, instances indented', () => {
    expect(textWave(loaded(12, 3))).toMatchInlineSnapshot(`
      "cycle    0     1     2     3     4     5     6     7     8     9     10    11
      start    ▁▁▁▁▁▁╱▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁╱▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁
      x        │3    │2    │1    │0    │-1   │-2   │-3   │-4   │-5   │-6   │-7   │-8   │
      count    │0                │1    │2    │3    │4    │0                      │1    │
      busy     ▁▁▁▁▁▁▁▁▁▁▁▁╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁╱▔▔▔▔▔▔▔▔▔▔▔
      total    │0                │1          │0    │-2   │-5   │0                │-7   │
      words    │0                │1    │2    │3    │4    │0                      │1    │
      control  │idle       │load                   │drain│idle             │load       │
      idle     ▔▔▔▔▔▔▔▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁
      doubled  │0                │2    │4    │6    │8    │0                      │2    │
      sum
        term   │3    │2    │1    │0    │-1   │-2   │-3   │-4   │-5   │-6   │-7   │-8   │
        clear  ▔▔▔▔▔▔▔▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁
        total  │0                │1          │0    │-2   │-5   │0                │-7   │
        held   │0                │1          │0    │-2   │-5   │0                │-7   │"
    `)
  })

  it('marks failed checks in their cycles and lists them below', () => {
    expect(textWave(loaded(9, 127), { signals: ['start', 'sum.held'] })).toMatchInlineSnapshot(`
      "cycle   0    1    2    3    4    5    6    7    8
      start   ▁▁▁▁▁╱▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
      sum
        held  │0             │125 │249 │372 │494 │-409│0   │
      failed                                ✗

      ✗ cycle 6: sum: at most 4 terms between clears"
    `)
  })

  it('leaves out checks that failed outside the range', () => {
    const waves = loaded(20, 127)
    expect(waves.failures.map((failure) => failure.cycle)).toEqual([6, 14])
    const marks = (from: number, cycles: number): string[] => textWave(waves, { from, cycles }).match(/✗.*/g) ?? []
    expect(marks(0, 6)).toEqual([])
    expect(marks(7, 7)).toEqual([])
    expect(marks(6, 1)).toEqual(['✗', '✗ cycle 6: sum: at most 4 terms between clears'])
    expect(marks(7, 8)).toEqual(['✗', '✗ cycle 14: sum: at most 4 terms between clears'])
  })

  it('marks resets where their values show, and begins a range without an edge', () => {
    const waves = loaded(4, 3)
    waves.reset()
    waves.step(3)
    expect(textWave(waves, { from: 2, cycles: 4, signals: ['busy', 'control', 'words'] })).toMatchInlineSnapshot(`
      "cycle    2     3     4     5
      reset                ↺
      busy     ▔▔▔▔▔▔▔▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁
      words    │0    │1    │0          │
      control  │load       │idle       │"
    `)
  })

  it('draws the ticks of several clocks', () => {
    const waves = trace(openEngine('js', blink), blink)
    for (let k = 0; k < 12; k++)
      cycle(waves, { enable: 1, clk_tick: Number(k % 3 === 0), pixel_tick: Number(k % 2 === 1) })
    expect(textWave(waves)).toMatchInlineSnapshot(`
      "cycle       0   1   2   3   4   5   6   7   8   9   10  11
      clk_tick    ▔▔▔▔╲▁▁▁▁▁▁▁╱▔▔▔╲▁▁▁▁▁▁▁╱▔▔▔╲▁▁▁▁▁▁▁╱▔▔▔╲▁▁▁▁▁▁▁
      pixel_tick  ▁▁▁▁╱▔▔▔╲▁▁▁╱▔▔▔╲▁▁▁╱▔▔▔╲▁▁▁╱▔▔▔╲▁▁▁╱▔▔▔╲▁▁▁╱▔▔▔
      enable      ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔
      count       │0                      │1      │2      │3      │
      enabled     ▁▁▁▁╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔
      seen_first  ▁▁▁▁▁▁▁▁╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔
      seen        ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔
      value       │0                      │1      │2      │3      │"
    `)
  })

  it('goes on below where a line is full, each block with the edge it begins with', () => {
    expect(textWave(loaded(11, 3), { width: 50, signals: ['start', 'busy', 'control'] })).toMatchInlineSnapshot(`
      "cycle    0     1     2     3     4     5
      start    ▁▁▁▁▁▁╱▔▔▔▔▔╲▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
      busy     ▁▁▁▁▁▁▁▁▁▁▁▁╱▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔
      control  │idle       │load                   │

      cycle    6     7     8     9     10
      start    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁╱▔▔▔▔▔╲▁▁▁▁▁
      busy     ╲▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁╱▔▔▔▔▔
      control  │drain│idle             │load │"
    `)
  })

  it('writes numbers in decimal, hexadecimal or binary, those of 70 bits among them', () => {
    const waves = trace(openEngine('js', wide), wide)
    for (const x of [2n ** 69n - 1n, -(2n ** 69n), 10n]) cycle(waves, { x })
    const radix = { x: 'hexadecimal', kept: 'binary' } as const
    expect(textWave(waves, { radix, cycleWidth: 73, width: 240, signals: ['*'] })).toMatchInlineSnapshot(`
      "cycle   0                                                                        1                                                                        2
      x       │0x1fffffffffffffffff                                                    │0x200000000000000000                                                    │0x00000000000000000a                                                    │
      y       │0                                                                                                                                                                                                                         │
      kept    │0b0000000000000000000000000000000000000000000000000000000000000000000000│0b0111111111111111111111111111111111111111111111111111111111111111111111│0b1000000000000000000000000000000000000000000000000000000000000000000000│"
    `)
  })

  it('cuts what is longer than its box in the middle', () => {
    const waves = trace(openEngine('js', wide), wide)
    for (const x of [2n ** 69n - 1n, 2n ** 69n - 2n, 5n, 5n, 5n, -(2n ** 69n), -(2n ** 69n)]) cycle(waves, { x })
    expect(textWave(waves, { signals: ['x'] })).toMatchInlineSnapshot(`
      "cycle   0           1           2           3           4           5           6
      x       │59029…51711│59029…51710│5                                  │-590295810358705651712 │"
    `)
    expect(textWave(waves, { signals: ['x'], cycleWidth: 9, cycles: 3 })).toMatchInlineSnapshot(`
      "cycle   0        1        2
      x       │5902…711│5902…710│5       │"
    `)
    expect(textWave(waves, { signals: ['x'], cycleWidth: 2, cycles: 3 })).toMatchInlineSnapshot(`
      "cycle   0 1 2
      x       │…│…│5│"
    `)
  })

  it('draws in ASCII alone', () => {
    const waves = loaded(9, 127)
    waves.reset()
    waves.step()
    const text = textWave(waves, { characters: 'ascii', signals: ['busy', 'control', 'sum.held'] })
    expect(text).toMatch(/^[\n -~]*$/)
    expect(text).toMatchInlineSnapshot(`
      "cycle    0     1     2     3     4     5     6     7     8     9
      reset                                                          R
      busy     ____________/-----------------------\\_______________________
      control  |idle       |load                   |drain|idle             |
      sum
        held   |0                |125  |249  |372  |494  |-409 |0          |
      failed                                       !

      ! cycle 6: sum: at most 4 terms between clears"
    `)
  })

  it('numbers every cycle where there is room, else every second, fifth, tenth', () => {
    const { module } = component('flag', (_: object) => ({
      in: { on_now: bool },
      out: { same: bool },
      logic: (i) => ({ same: i.on_now }),
    }))({})
    const waves = trace(openEngine('js', module), module, { keep: 30 })
    waves.step(1030)
    const header = (cycleWidth: number): string => textWave(waves, { cycleWidth, width: 300 }).split('\n')[0]!
    expect(textWave(waves, { width: 300 }).split('\n')[0]).toMatchInlineSnapshot(
      `"cycle   1000    1002    1004    1006    1008    1010    1012    1014    1016    1018    1020    1022    1024    1026    1028"`,
    )
    expect(header(5)).toMatchInlineSnapshot(
      `"cycle   1000 1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1011 1012 1013 1014 1015 1016 1017 1018 1019 1020 1021 1022 1023 1024 1025 1026 1027 1028 1029"`,
    )
    expect(header(3)).toMatchInlineSnapshot(
      `"cycle   1000  1002  1004  1006  1008  1010  1012  1014  1016  1018  1020  1022  1024  1026  1028"`,
    )
    expect(header(2)).toMatchInlineSnapshot(`"cycle   1000      1005      1010      1015      1020      1025"`)
  })

  it('changes one line where one signal changes, whatever the values', () => {
    const design = (limit: number) =>
      component(`ramp_${limit}`, (_: object) => ({
        in: { step: s(8) },
        out: { first: s(12), second: s(12), third: bool },
        logic({ step }, { regs }) {
          const r = regs({ a: s(12), b: s(12) })
          r.a.next = r.a.add(step).wrap(s(12))
          r.b.next = r.b.add(limit).wrap(s(12))
          return { first: r.a, second: r.b, third: r.a.lt(0) }
        },
      }))({}).module
    const lines = (limit: number): string[] => {
      const module = design(limit)
      const waves = trace(openEngine('js', module), module, { signals: ['step', 'first', 'second', 'third'] })
      for (let k = 0; k < 10; k++) cycle(waves, { step: 17 * k - 60 })
      return textWave(waves).split('\n')
    }
    const [one, other] = [lines(1), lines(-999)]
    expect(one.length).toBe(other.length)
    expect(one.flatMap((line, k) => (line === other[k] ? [] : line.split(' ')[0]))).toEqual(['second'])
  })

  it('ends no line with a blank and has lines of one length, for any range and width', () => {
    const waves = loaded(40, 127)
    for (const width of [1, 30, 77, 120])
      for (const from of [0, 7, 39]) {
        const text = textWave(waves, { width, from })
        expect(text).not.toMatch(/[ \t]$/m)
        const blocks = text.split('\n\n').filter((block) => block.startsWith('cycle'))
        const drawn = blocks.map((block) => new Set(block.match(/^ *(start|busy) +.*$/gm)!.map(({ length }) => length)))
        for (const lengths of drawn) expect(lengths.size).toBe(1)
        expect(textWave(waves, { width, from })).toBe(text)
      }
  })

  it('is the same from every engine', () => {
    const texts = (['js', 'interpreter'] as const).map((name) => {
      const waves = trace(openEngine(name, loader), loader)
      waves.replay(randomStimulus(waves.ports, 40, 1), 40)
      return textWave(waves)
    })
    expect(texts[0]).toBe(texts[1])
  })

  it('shows a code that has no name as a number', () => {
    const { module } = component('raw', (_: object) => ({
      in: { a: u(2) },
      out: { b: u(2) },
      logic: ({ a }) => ({ b: a }),
    }))({})
    const waves = trace(openEngine('js', module), module)
    for (const a of [0, 1, 2, 3]) cycle(waves, { a })
    const signal = { ...waves.top.signals[0]!, encoding: { name: 'mode', values: ['x', 'y', 'z'] } }
    const named = { ...waves, top: { ...waves.top, signals: [signal] } }
    expect(textWave(named).split('\n')[1]).toBe('a       │x  │y  │z  │3  │')
  })

  it('refuses ranges that were not recorded, widths that cannot be and names there are not', () => {
    const waves = loaded(30, 3, { keep: 10, signals: ['*'] })
    expect(() => textWave(waves, { from: 10 })).toThrow('cycles 20 to 29 are recorded, cannot draw cycles 10 to 29')
    expect(() => textWave(waves, { cycles: 11 })).toThrow('cycles 20 to 29 are recorded, cannot draw cycles 20 to 30')
    expect(() => textWave(waves, { from: 30 })).toThrow(RangeError)
    expect(() => textWave(waves, { cycles: 0 })).toThrow(RangeError)
    expect(() => textWave(waves, { cycleWidth: 1 })).toThrow('a cycle takes 2 to 1000 columns, got 1')
    expect(() => textWave(trace(openEngine('js', loader), loader))).toThrow(
      'no cycle has been recorded; step the trace before drawing it',
    )
    expect(() => textWave(waves, { signals: ['word'] })).toThrow(UserError)
    expect(() => textWave(waves, { signals: ['word'] })).toThrow(
      "the trace of loader has no signal 'word'; did you mean 'words'?",
    )
    expect(() => textWave(waves, { radix: { 'sum.held': 'binary' } })).toThrow(
      "the trace of loader has no signal 'sum.held'; there are start, x, count, busy, total, words, control, idle, doubled",
    )
  })
})
