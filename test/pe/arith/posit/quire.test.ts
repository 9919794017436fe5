import { describe, expect, it } from 'vitest'
import { bits, bool, component } from '../../../../src/dsl/index.ts'
import { type PositFormat, positFormat, type QuireState, quireOf } from '../../../../src/formats/index.ts'
import { addToQuire, quireShape, quireTerm, readQuire } from '../../../../src/pe/arith/posit/quire.ts'
import { segmentedAccumulator, segmentWidths } from '../../../../src/pe/arith/segmented-accumulator.ts'
import { portNamed, readPort } from '../../../../src/sim/engine.ts'
import { javascriptEngine } from '../../../../src/sim/javascript/engine.ts'
import { randomWords } from '../../../../src/sim/stimulus.ts'

const full = process.env.BITLOOM_FULL === '1'
const seed = 128

const Accumulator = component('quire', ({ n, es, width }: { n: number; es: number; width: number }) => {
  const format = positFormat(n, es)
  return {
    in: { a: bits(n), b: bits(n), clear: bool },
    out: { sum: quireShape(width), nar: bool, saturated: bool, code: bits(n) },
    logic({ a, b, clear }, { regs, when }) {
      const r = regs({ total: quireShape(width), has_nar: bool, was_cut: bool })
      const next = addToQuire({ sum: r.total, nar: r.has_nar, saturated: r.was_cut }, quireTerm(format, a, b))
      when(
        clear,
        () => {
          r.total.next = 0
          r.has_nar.next = false
          r.was_cut.next = false
        },
        () => {
          r.total.next = next.sum
          r.has_nar.next = next.nar
          r.was_cut.next = next.saturated
        },
      )
      return { sum: next.sum, nar: next.nar, saturated: next.saturated, code: readQuire(format, next.sum, next.nar) }
    },
  }
})

type Pair = readonly [number, number]

/** A quire in segments with deferred carries; NaR stays until the next `clear`. */
const Segmented = component('segmented_quire', ({ n, es, width }: { n: number; es: number; width: number }) => {
  const format = positFormat(n, es)
  return {
    in: { a: bits(n), b: bits(n), clear: bool },
    out: { settled: bool, nar: bool, code: bits(n) },
    logic({ a, b, clear }, builder) {
      const term = quireTerm(format, a, b)
      const sum = segmentedAccumulator(builder, 'sum', { term: term.units, clear, widths: segmentWidths(width, 16) })
      const r = builder.regs({ has_nar: bool })
      r.has_nar.next = clear.not().and(r.has_nar.or(term.nar))
      return { settled: sum.settled, nar: r.has_nar, code: readQuire(format, sum.value, r.has_nar) }
    },
  }
})

/** Runs groups of pairs, and compares sum, flags and code after every pair. */
const compare = (format: PositFormat, width: number, groups: readonly (readonly Pair[])[]): string | undefined => {
  const quire = quireOf(format, width)
  const engine = javascriptEngine(Accumulator({ n: format.bits, es: format.es, width }).module)
  const [sum, nar, saturated, code] = ['sum', 'nar', 'saturated', 'code'].map((name) =>
    portNamed(engine.ports.outputs, name),
  )
  const mask = 2 ** format.bits
  for (const group of groups) {
    engine.inputs[2] = 1
    engine.step()
    engine.inputs[2] = 0
    let state: QuireState = quire.cleared
    for (const [a, b] of group) {
      engine.inputs[0] = a | 0
      engine.inputs[1] = b | 0
      engine.step()
      state = quire.add(state, format.decode(BigInt(a % mask)), format.decode(BigInt(b % mask)))
      const found = [sum, nar, saturated, code].map((port) => readPort(engine.outputs, port!))
      const want = [state.sum, BigInt(state.nar), BigInt(state.saturated), format.encode(quire.read(state))]
      if (found.some((value, k) => value !== want[k] && !(k === 0 && state.nar)))
        return `after ${a.toString(16)} * ${b.toString(16)}: ${found.join(' ')}, not ${want.join(' ')} (seed ${seed})`
    }
  }
  return undefined
}

const largest = (n: number): number => 2 ** (n - 1) - 1
const nar = (n: number): number => 2 ** (n - 1)

describe('a quire in hardware is the exact one', () => {
  it.each([
    [8, 0],
    [4, 1],
    [5, 2],
    [3, 1],
  ] as const)('posit(%i,%i): every pair of codes, as groups of one', (n, es) => {
    const format = positFormat(n, es)
    const codes = Array.from({ length: 2 ** n }, (_, code) => code)
    const groups = codes.flatMap((a) => codes.map((b) => [[a, b] as const]))
    expect(compare(format, quireOf(format).bits, groups)).toBeUndefined()
  })

  it.each([
    [8, 0, 32],
    [8, 0, 40],
    [8, 0, 26],
    [4, 1, 32],
    [4, 1, 18],
    [16, 1, 128],
    [16, 1, 114],
    [16, 2, 256],
    [6, 3, 131],
  ] as const)('posit(%i,%i) in %i bits: random groups, with NaR and with more than fit', (n, es, width) => {
    const format = positFormat(n, es)
    const random = randomWords(seed)
    const word = (): number => random() % 2 ** n
    const groups = Array.from({ length: full ? 400 : 40 }, (_, k): Pair[] => {
      const extreme: Pair = k % 2 ? [largest(n), largest(n)] : [largest(n), nar(n) + 1]
      return Array.from({ length: 48 }, (): Pair => {
        if (k % 4 === 3) return extreme
        if (k % 4 === 2) return random() % 2 ? extreme : [word(), word()]
        return random() % 64 === 0 && k % 3 === 0 ? [nar(n), word()] : [word(), word()]
      })
    })
    expect(compare(format, width, groups)).toBeUndefined()
  })

  it.each([
    [8, 0, 32],
    [4, 1, 24],
  ] as const)('posit(%i,%i) in %i bits: as many of the largest products as fit, and one more', (n, es, width) => {
    const format = positFormat(n, es)
    const capacity = Number(quireOf(format, width).capacity)
    for (const b of [largest(n), nar(n) + 1]) {
      const group: Pair[] = Array.from({ length: capacity + 1 }, () => [largest(n), b])
      expect(compare(format, width, [group])).toBeUndefined()
    }
  })

  it('a sum of exactly the limit is not cut, and the smallest product more is', () => {
    // 2^18 - 1 units of minpos^2 from products of posit(8,0), each a power of two.
    const [one, half, most, least] = [0x40, 0x20, largest(8), 1]
    const power = [
      [least, least],
      [2, least],
      [2, 2],
      [4, 2],
      [4, 4],
      [8, 4],
      [8, 8],
      [16, 8],
      [16, 16],
      [half, 16],
      [half, half],
      [one, half],
      [one, one],
    ] as const satisfies readonly Pair[]
    const format = positFormat(8, 0)
    const units = power.map(
      ([a, b]) => quireOf(format).add(quireOf(format).cleared, format.decode(BigInt(a)), format.decode(BigInt(b))).sum,
    )
    expect(units).toEqual(Array.from({ length: 13 }, (_, k) => 1n << BigInt(k)))
    // 26 bits: the limit is 2^25 - 1, the largest product 2^24, and 2^24 - 1 is 4095 * 2^12 and 4095.
    const up: Pair[] = [[most, most], ...power.slice(0, 12), ...Array.from({ length: 4095 }, (): Pair => [one, one])]
    const down = up.map(([a, b]): Pair => [a, 256 - b])
    expect(
      compare(format, 26, [
        [...up, power[0]!],
        [...down, [least, 255]],
      ]),
    ).toBeUndefined()
  })

  it.each([
    [8, 0, 40],
    [16, 1, 128],
  ] as const)('posit(%i,%i) in %i bits, in segments: the sum once its carries have settled', (n, es, width) => {
    const format = positFormat(n, es)
    const quire = quireOf(format, width)
    const engine = javascriptEngine(Segmented({ n, es, width }).module)
    const [settled, nan, code] = ['settled', 'nar', 'code'].map((name) => portNamed(engine.ports.outputs, name))
    const random = randomWords(seed)
    for (let group = 0; group < (full ? 400 : 60); group++) {
      const extreme: Pair = [largest(n), group % 2 ? largest(n) : nar(n) + 1]
      const pairs = Array.from({ length: 1 + (random() % 100) }, (): Pair => {
        if (group % 4 === 0 || (group % 4 === 1 && random() % 2)) return extreme
        return [random() % (group % 8 === 2 ? 2 ** n : largest(n)), random() % 2 ** n]
      })
      engine.inputs.set([0, 0, 1])
      engine.step()
      const state = pairs.reduce((sum, [a, b]) => {
        engine.inputs.set([a, b, 0])
        engine.step()
        return quire.add(sum, format.decode(BigInt(a)), format.decode(BigInt(b)))
      }, quire.cleared)
      // Zeros until no carry can be left, and a cycle to read.
      engine.inputs.set([0, 0, 0])
      engine.step(Math.ceil(width / 16))
      expect(readPort(engine.outputs, settled!)).toBe(1n)
      expect(readPort(engine.outputs, nan!)).toBe(BigInt(state.nar))
      expect(readPort(engine.outputs, code!), `seed ${seed}`).toBe(format.encode(quire.read(state)))
    }
  })
})
