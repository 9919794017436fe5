import { describe, expect, it } from 'vitest'
import { toNumber } from '../../src/formats/index.ts'
import { catalogue, elementOf } from '../../src/pe/catalogue.ts'
import type { Group } from '../../src/pe/group.ts'
import { normalGroups, readsFloats } from '../../src/verify/normal-groups.ts'
import { recordRandom } from '../../src/verify/recorded.ts'

const seed = 3
const some = (spec: string, count: number): readonly Group[] => {
  const groups = normalGroups(elementOf(spec), seed)
  return Array.from({ length: count }, () => groups.next().value as Group)
}
const deviationOf = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)

it('PEs of floats and posits get normal numbers, and those of integers and of integer-like codes do not', () => {
  const floats = catalogue.filter((spec) => readsFloats(elementOf(spec))).map((spec) => spec.replace(/\(.*/, ''))
  expect([...new Set(floats)].sort()).toEqual(['bitmod', 'figna', 'fmac', 'mixpe', 'posit', 'xrnpe'])
  expect(readsFloats(elementOf('mixpe(a=int8)'))).toBe(false)
  expect(readsFloats(elementOf('mixpe(a=fp16)'))).toBe(true)
  expect(readsFloats(elementOf('ant'))).toBe(false)
})

describe.each<[string, number]>([
  ['fmac(format=fp16)', 1],
  ['fmac(format=bf16, acc=fp32)', 1],
  ['posit(format=posit(16,1))', 1],
  ['posit(format=posit(8,0))', 1],
  // The largest of 128 lies about on the largest value.
  ['xrnpe(mode=fp4)', 6 / 2.7],
])('%s', (spec, deviation) => {
  it(`gets groups of 128 with activations and weights of a deviation of ${deviation.toFixed(2)}, all finite`, () => {
    const format = elementOf(spec).operands.codes!.activation
    const groups = some(spec, 40)
    for (const of of ['activations', 'weights'] as const) {
      expect(groups.every((group) => group[of].length === 128)).toBe(true)
      const values = groups.flatMap((group) => group[of].map((code) => toNumber(format.decode(BigInt(code)))))
      expect(values.every(Number.isFinite), `seed ${seed}`).toBe(true)
      expect(deviationOf(values) / deviation).toBeGreaterThan(0.93)
      expect(deviationOf(values) / deviation).toBeLessThan(1.07)
      expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length)).toBeLessThan(0.1 * deviation)
    }
  })
})

it('integer weights beside floats are spread over their range, and a tile has codes, selectors and scales of any kind', () => {
  const weights = some('mixpe(a=fp16)', 40).flatMap((group) => group.weights)
  expect([Math.min(...weights), Math.max(...weights)]).toEqual([-8, 7])
  expect(deviationOf(weights)).toBeGreaterThan(2.3)
  expect(deviationOf(weights)).toBeLessThan(2.9)
  const tile = some('bitmod(w=fp4)', 40)
  expect(new Set(tile.flatMap((group) => group.weights)).size).toBe(16)
  expect(new Set(tile.map(({ selector }) => selector)).size).toBe(4)
  expect(new Set(tile.map(({ scale }) => scale)).size).toBeGreaterThan(30)
})

it.each(['fmac(format=fp16, acc=fp16)', 'bitmod(w=fp4)', 'mixpe(a=fp16, acc=exact)', 'xrnpe(mode=posit(8,0))'])(
  '%s computes them as its golden model, the same for the same seed',
  (spec) => {
    const pe = elementOf(spec)
    const [one, same] = [recordRandom(pe, { cycles: 200, seed }), recordRandom(pe, { cycles: 200, seed })]
    expect(one.macs).toBe(128 * one.groups)
    expect(one.cycles).toBeGreaterThanOrEqual(200)
    expect(same.forms[0]!.stimulus).toEqual(one.forms[0]!.stimulus)
    expect(recordRandom(pe, { cycles: 200, seed: 4 }).forms[0]!.stimulus).not.toEqual(one.forms[0]!.stimulus)
  },
)
