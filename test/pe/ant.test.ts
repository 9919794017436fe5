import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { printVerilog } from '../../src/dsl/index.ts'
import { flintFormat } from '../../src/formats/index.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomGroups } from '../../src/verify/groups.ts'
import { lonePe, verify } from '../../src/verify/verify.ts'
import { runGroup } from './run-group.ts'

const full = process.env.BITLOOM_FULL === '1'
const options = { groups: full ? 2000 : 100, seed: 31 }
const four = ['ant', 'ant(w=int4)', 'ant(a=int4)', 'ant(w=int4, a=int4)']
const eight = ['ant(a=int8)', 'ant(w=int4, a=int8)']

describe('ant', () => {
  it.each([...four, ...eight, 'ant(acc=40)'])('%s is its golden model, for every pair of codes', async (spec) => {
    const pe = processingElement(spec)
    const result = await verify(javascriptEngine(lonePe(pe)), pe, options)
    expect(result.first).toBeUndefined()
    expect(result).toMatchObject({ mismatches: 0, exhaustive: true })
    expect(result.vectors).toBe(2 ** (pe.operands.activation.width + pe.operands.weight.width) + options.groups)
  })

  it.each([[four], [eight]])('%s are modes of one hardware', async (specs) => {
    const modes = specs.map(processingElement)
    const verilog = printVerilog(lonePe(modes[0]!))
    const engine = javascriptEngine(lonePe(modes[0]!))
    for (const pe of modes) {
      expect(printVerilog(lonePe(pe))).toBe(verilog)
      expect((await verify(engine, pe, { groups: 20, seed: 5 })).first, pe.spec).toBeUndefined()
    }
  })

  it('decodes at the edges: cells know no mode, and int8 activations need no decoder', () => {
    const [four, eight] = ['ant', 'ant(a=int8)'].map((spec) => processingElement(spec).parts)
    for (const { cell, feeders } of [four!, eight!]) {
      for (const { in: ports } of [cell.draining, cell.passing]) expect(ports).not.toHaveProperty('mode')
      expect(feeders!.column!.in).toHaveProperty('mode')
    }
    expect(four!.feeders!.row!.in).toHaveProperty('mode')
    expect(eight!.feeders!.row).toBeUndefined()
    const instances = outputStationaryArray(processingElement('ant'), { rows: 2, columns: 3 }).instances
    const count = (stem: string): number => instances.filter(({ of }) => of.name.includes(stem)).length
    expect([count('_activation_decoder'), count('_weight_decoder'), count('_cell')]).toEqual([2, 3, 6])
  })

  it('golden sums are those of the values of codes: 16 * 6 and -1 * 8', () => {
    const pe = processingElement('ant(w=int4)')
    const { encode } = flintFormat(4)
    const code = (value: bigint): number =>
      Number(encode({ kind: 'finite', significand: value, exponent: 0, negative: value < 0n }))
    expect(pe.golden([code(16n), code(-1n)], [6, 8], 0)).toBe(16n * 6n + 8n)
  })

  it('starts from zero after a reset in the middle of a group', () => {
    const pe = processingElement('ant')
    const [activations, weights] = [
      [4, 4, 7],
      [4, 12, 7],
    ]
    expect(runGroup(javascriptEngine(lonePe(pe)), pe, activations, weights, { resetAfter: 2 })).toBe(36n)
  })

  it('holds the largest products of int8 and flint4 up to 32 bits; one more is reported by the hardware', () => {
    const pe = processingElement('ant(a=int8)')
    const engine = javascriptEngine(lonePe(pe))
    // -128 * 16 = -2^11.
    const most = 2 ** 20
    const [lowest, sixteen] = [0x80, 4]
    const [activations, weights] = [lowest, sixteen].map((code) => Array.from({ length: most }, () => code))
    expect(runGroup(engine, pe, activations!, weights!)).toBe(-(2n ** 31n))
    expect(engine.failures).toEqual([])
    runGroup(engine, pe, [...activations!, lowest], [...weights!, sixteen])
    expect(engine.failures[0]!.message).toMatch(/the sum fits 32 bits/)
  })

  it('is tried with groups of nothing but the largest flint and the lowest', () => {
    const constant = new Set<number>()
    for (const { activations } of randomGroups(processingElement('ant'), 200, 3))
      if (activations.length > 8 && new Set(activations).size === 1) constant.add(activations[0]!)
    expect(constant).toContain(0b0100)
    expect(constant).toContain(0b1100)
  })
})
