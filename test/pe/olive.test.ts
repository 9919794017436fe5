import { describe, expect, it } from 'vitest'
import { printVerilog } from '../../src/dsl/index.ts'
import { outlierVictimFormat } from '../../src/formats/index.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomGroups } from '../../src/verify/groups.ts'
import { lonePe, verify } from '../../src/verify/verify.ts'
import { runGroup } from './run-group.ts'

const full = process.env.BITLOOM_FULL === '1'
const options = { groups: full ? 2000 : 100, seed: 37 }
const specs = ['int4', 'flint4'].flatMap((w) => ['int4', 'flint4'].map((a) => `olive(w=olive(${w}), a=olive(${a}))`))

describe('olive', () => {
  it.each([...specs, 'olive(acc=40)'])('%s is its golden model, for every pair of pairs', async (spec) => {
    const pe = processingElement(spec)
    const result = await verify(javascriptEngine(lonePe(pe)), pe, options)
    expect(result.first).toBeUndefined()
    expect(result).toMatchObject({ mismatches: 0, exhaustive: true })
    expect(result.vectors).toBe(2 ** 16 + options.groups)
  })

  it('is one hardware in every mode', async () => {
    const modes = specs.map(processingElement)
    const verilog = printVerilog(lonePe(modes[0]!))
    const engine = javascriptEngine(lonePe(modes[0]!))
    for (const pe of modes) {
      expect(printVerilog(lonePe(pe))).toBe(verilog)
      expect((await verify(engine, pe, { groups: 20, seed: 5 })).first, pe.spec).toBeUndefined()
    }
  })

  it('golden sums are those of the values: 96 beside a victim, times 3 and 5', () => {
    const { encodePair } = outlierVictimFormat('int4')
    const integer = (value: number) =>
      ({ kind: 'finite', significand: BigInt(value), exponent: 0, negative: value < 0 }) as const
    const pair = (left: number, right: number): readonly number[] =>
      encodePair(integer(left), integer(right)).map(Number)
    const pe = processingElement('olive')
    expect(pe.golden(pair(96, 4), pair(3, 5), 0)).toBe(288n)
    expect(pe.golden(pair(4, -90), pair(3, 5), 0)).toBe(-96n * 5n)
    expect(pe.golden([...pair(4, -7), ...pair(1, 1)], [...pair(3, 5), ...pair(2, 7)], 0)).toBe(12n - 35n + 9n)
    expect(pe.golden([...pair(4, -7), 1], [...pair(3, 5), 2], 0)).toBe(12n - 35n + 2n)
  })

  it('starts from zero after a reset in the middle of a group', () => {
    const pe = processingElement('olive')
    const [activations, weights] = [
      [7, 7, 1, 2],
      [7, 7, 4, 3],
    ]
    expect(runGroup(javascriptEngine(lonePe(pe)), pe, activations, weights, { resetAfter: 1 })).toBe(10n)
  })

  it('holds the largest products of outliers up to 32 bits; one more is reported by the hardware', () => {
    const pe = processingElement('olive(w=olive(flint4), a=olive(flint4))')
    const engine = javascriptEngine(lonePe(pe))
    // 3 * 2^6 beside a victim, in abfloat 0111.
    const largest = [7, 8]
    const most = Math.floor((2 ** 31 - 1) / 192 ** 2)
    const group = Array.from({ length: most }, () => largest).flat()
    expect(runGroup(engine, pe, group, group)).toBe(BigInt(most) * 192n ** 2n)
    expect(engine.failures).toEqual([])
    runGroup(engine, pe, [...group, ...largest], [...group, ...largest])
    expect(engine.failures[0]!.message).toMatch(/the sum fits 32 bits/)
  })

  it('is tried with groups of nothing but the largest outlier on either side', () => {
    const constant = new Set<number>()
    for (const { activations } of randomGroups(processingElement('olive'), 300, 3))
      if (activations.length > 16 && activations.every((code, k) => code === activations[k % 2]))
        constant.add(activations[0]! + 16 * activations[1]!)
    for (const pair of [0x87, 0x78, 0x8f, 0xf8]) expect(constant).toContain(pair)
  })
})
