import { expect, test } from 'vitest'
import { besideClaims } from '../../src/perf/beside-claims.ts'
import { generic7 } from '../../src/synth/library/generic7.ts'
import { generic45 } from '../../src/synth/library/generic45.ts'

const claims = [
  { what: 'area at 28 nm', value: '0.001 mm2', source: 'a paper', area28_um2: 1000 },
  { what: 'speed', value: '2 times', source: 'a paper' },
]

test('an area is scaled to 28 nm beside a claim that is one, with its ratio and how sure it is', () => {
  const [only, ...more] = besideClaims(claims, 2000, generic45)
  expect(more).toEqual([])
  expect(only).toMatchObject({
    what: 'area at 28 nm',
    published_um2: 1000,
    scaled_um2: { value: 753, low: 414, high: 1092 },
    ratio: 0.753,
    provenance: expect.stringMatching(/generic45 scaled to 28 nm after Stillmaker and Baas .* within 45 %/),
  })
})

test('nothing is scaled from another node, from a library of unknown node, or without a claim', () => {
  expect(besideClaims(claims, 2000, generic7)).toEqual([])
  const { node_nm: _, ...unknown } = generic45
  expect(besideClaims(claims, 2000, unknown)).toEqual([])
  expect(besideClaims(claims.slice(1), 2000, generic45)).toEqual([])
})
