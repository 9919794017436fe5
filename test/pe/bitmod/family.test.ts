import { describe, expect, it } from 'vitest'
import { widthOf } from '../../../src/dsl/ir.ts'
import { elementOf, processingElement } from '../../../src/pe/catalogue.ts'
import type { TiledElement } from '../../../src/pe/tile.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { lonePe, verify } from '../../../src/verify/verify.ts'

const tiled = (spec: string): TiledElement => {
  const pe = elementOf(spec)
  if (!('tile' in pe)) throw new Error(`${spec} has no tile`)
  return pe
}

describe('the family bitmod', () => {
  it("is the paper's PE where nothing else is said, with the significance in the exponent", () => {
    expect(elementOf('bitmod').name).toBe('bitmod_fp4_g128_shared')
    expect(elementOf('bitmod').spec).toBe(
      'bitmod(w=fp4, group=128, lanes=4, guard=3, magnitude=14, significance=exponent, inputs=shared)',
    )
    expect(tiled('bitmod').timing).toMatchObject({ latency_cycles: 17, cycles_per_step: 2, macs_per_cycle: 2 })
    expect(tiled('bitmod(w=int8)').timing.macs_per_cycle).toBe(1)
    expect(tiled('bitmod(w=int6, lanes=6)').timing.macs_per_cycle).toBe(2)
    const { operands } = tiled('bitmod(w=int5)')
    expect([operands.weight.width, operands.scale.width, operands.result.width, operands.selector]).toEqual([
      5,
      8,
      32,
      undefined,
    ])
  })

  it.each([
    'w=int9',
    'group=0',
    'group=4097',
    'lanes=0',
    'lanes=17',
    'guard=9',
    'magnitude=9',
    'magnitude=25',
    'inputs=none',
  ])('refuses %s', (parameter) => {
    expect(() => elementOf(`bitmod(${parameter})`)).toThrow(new RegExp(parameter.replace(/\W.*/, '')))
  })

  it('gives modules of different names for different parameters', () => {
    const specs = [
      'w=fp4',
      'w=fp3',
      'group=64',
      'lanes=8',
      'guard=4',
      'magnitude=18',
      'significance=shift',
      'inputs=local',
    ]
    const names = [...specs, 'inputs=skewed', 'inputs=aligned', 'lanes=3, guard=8'].map(
      (text) => elementOf(`bitmod(${text})`).name,
    )
    expect(new Set(names).size).toBe(names.length)
  })

  it('names the blocks of a tile, the PE first, the accumulator of eight rows', () => {
    const { blocks } = tiled('bitmod')
    expect(blocks.map(({ name }) => name)).toEqual(['cell', 'row edge', 'column edge', 'column accumulator'])
    expect(blocks[3]!.place).toBe('behind every column, here of 8 rows')
    expect(blocks[3]!.component.in.scaled).toMatchObject({ length: 8 })
    expect(tiled('bitmod(inputs=aligned)').blocks.map(({ name }) => name)[2]).toBe('row aligner')
  })

  it("has the paper's widths: sums of 17 bits, a group sum of 15 and 6, a product with the scale of 23", () => {
    const widths = (spec: string): Record<string, number> => {
      const { module } = tiled(spec).blocks[0]!.component
      const named = [
        ...module.inputs.map((node) => [node.name, widthOf(node)] as const),
        ...module.registers.map(({ name, node }) => [name, widthOf(node)] as const),
      ]
      return Object.fromEntries([...named, ...module.outputs.map(({ name, range }) => [name, widthOf(range)] as const)])
    }
    expect(widths('bitmod')).toMatchObject({
      activation_0_exponent: 5,
      activation_3_significand: 11,
      term_0_exponent: 2,
      significance: 3,
      places_2_1: 4,
      dot_1: 17,
      dot_exponent_1: 6,
      sum: 15,
      sum_exponent: 6,
      high: 15,
      low: 8,
      scaled_mantissa: 23,
      scaled_exponent: 6,
    })
    expect(widths('bitmod(significance=shift, magnitude=18)')).toMatchObject({
      dot_1: 17,
      dot_significance_1: 3,
      sum: 19,
    })
    expect(widths('bitmod(inputs=aligned)')).toMatchObject({ aligned_0_magnitude: 14, exponent: 5, dot_1: 20 })
    expect(widths('bitmod(lanes=5, guard=5)')).toMatchObject({ dot_1: 20, places_4_1: 5 })
  })

  it('is no PE of the output-stationary array', () => {
    expect(() => processingElement('bitmod')).toThrow(
      /bitmod has a tile of its own, and this needs a PE of the output-stationary array; give one of mixpe, /,
    )
  })

  it.each([
    'bitmod(w=int8, lanes=16, guard=8, magnitude=24)',
    'bitmod(w=int8, lanes=16, guard=0, magnitude=10, significance=shift)',
    'bitmod(w=fp4, lanes=1, guard=8, magnitude=10, inputs=skewed)',
    'bitmod(w=fp3, lanes=2, guard=1, magnitude=24, significance=shift, inputs=local)',
  ])('the ends of its parameters are their golden models: %s', async (spec) => {
    const pe = elementOf(spec)
    const result = await verify(javascriptEngine(lonePe(pe)), pe, { groups: 40, seed: 3 })
    expect(result.first).toBeUndefined()
    expect(result).toMatchObject({ mismatches: 0, vectors: 40 })
  })
})
