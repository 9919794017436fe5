import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { catalogue, elementOf, processingElement } from '../../src/pe/catalogue.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { bodyOf } from '../../src/sim/vector/body.ts'
import { groupsOf } from '../../src/sim/vector/groups.ts'
import { orderByRank } from '../../src/sim/vector/lane-order.ts'
import { markLive, markVarying } from '../../src/sim/vector/liveness.ts'
import { originsOf } from '../../src/sim/vector/origins.ts'
import { ranksOf } from '../../src/sim/vector/ranks.ts'
import { schedulesOf } from '../../src/sim/vector/schedule.ts'
import { unsupported } from '../../src/sim/vector/supported.ts'
import { differenceIn } from '../fuzz/case.ts'
import { wasm } from '../fuzz/judges.ts'
import { type Limits, randomComponent } from '../fuzz/random-component.ts'
import { disagreement } from '../fuzz/report.ts'
import { chain, crossed, edged, irregular, rows, systolic, wavefront } from './grids.ts'
import { manyInstances } from './many-instances.ts'

const full = Boolean(process.env.BITLOOM_FULL)
const timeout = full ? 3_600_000 : 300_000

describe('the vector engine agrees with the interpreter on every register, output and failed check', () => {
  it.each(catalogue)(
    'on arrays of %s',
    (spec) => {
      const pe = elementOf(spec)
      const light = spec.startsWith('mac') || spec.startsWith('mixpe(w=int4, a=int8')
      const sizes = [
        { rows: 1, columns: 1 },
        { rows: 2, columns: 3 },
        ...(light || full
          ? [
              { rows: 4, columns: 4 },
              { rows: 3, columns: 17 },
            ]
          : []),
        ...(light && full ? [{ rows: 16, columns: 16 }] : []),
      ]
      for (const size of sizes) {
        const module = 'tile' in pe ? pe.tile(size) : outputStationaryArray(pe, size)
        expect(differenceIn(module, randomStimulus(portLayout(module), 60, size.rows), wasm, true)).toBeUndefined()
      }
    },
    timeout,
  )

  it('and runs all of the catalogue', () => {
    for (const spec of catalogue) {
      const pe = elementOf(spec)
      const size = { rows: 2, columns: 2 }
      expect(unsupported('tile' in pe ? pe.tile(size) : outputStationaryArray(pe, size))).toBeUndefined()
    }
  })

  it.each([
    ['a systolic grid of cells that hold a multiplier of their own', systolic(6, 7)],
    ['a wavefront, both outputs of a cell within the cycle of both inputs', wavefront(12)],
    ['a chain of cells within one cycle', chain(40)],
    ['rows of cells with logic in the rows', rows(5, 8)],
    ['cells read early by others and late by themselves', crossed(16)],
    ['a row of cells that ends in constants', edged(24)],
    ['one module without repetition', irregular(3, 60, 500)],
  ])('on %s', (_, module) => {
    expect(unsupported(module)).toBeUndefined()
    expect(differenceIn(module, randomStimulus(portLayout(module), full ? 400 : 60, 5), wasm, true)).toBeUndefined()
  })

  const leaves: readonly (readonly [string, Limits])[] = [
    ['bytes', { width: 12, operations: 14, depth: 0 }],
    ['values about lanes of 8 and 16 bits', { width: 20, favourites: [7, 8, 15, 16, 17], operations: 20, depth: 0 }],
    ['hierarchy of their own', { width: 24, operations: 8, depth: 1 }],
    ['values about lanes of 32 bits, up to 64', { width: 60, favourites: [31, 32, 33], operations: 14, depth: 0 }],
    ['values about 64 bits', { width: 80, favourites: [63, 64, 65, 66], operations: 14, depth: 0 }],
    ['values up to 300 bits', { width: 300, favourites: [65, 96, 128, 129, 256], operations: 10, depth: 1 }],
  ]
  const counts = [5, 16, 17, 24, 40, 64]
  it.each(leaves)(
    'on many instances of a random module with %s, wired at random',
    async (_, limits) => {
      for (let seed = 1; seed <= (full ? 600 : 12); seed++) {
        const leaf = randomComponent(seed, limits).module
        const module = manyInstances(seed, leaf, counts[seed % counts.length]!, seed % 3 > 0)
        const stimulus = randomStimulus(portLayout(module), 30, seed)
        const origin = `manyInstances(${seed}, randomComponent(${seed}, ${JSON.stringify(limits)}).module, ...)`
        expect(await disagreement(module, stimulus, wasm, origin, true)).toBeUndefined()
      }
    },
    timeout,
  )
})

describe('another order of lanes', () => {
  it.each([
    { size: 8, isTried: true },
    { size: 16, isTried: false },
    { size: 20, isTried: true },
    { size: 32, isTried: false },
  ])('is tried only where lanes of one rank do not fill vectors: $size x $size', ({ size, isTried }) => {
    const body = bodyOf(outputStationaryArray(processingElement('mac(w=int8, a=int8)'), { rows: size, columns: size }))
    const groups = groupsOf(body)
    markLive(
      groups,
      body.outputs.map((node) => ({ group: groups[0]!, node })),
    )
    markVarying(groups)
    const ranks = ranksOf(groups, originsOf(groups))
    for (const group of groups) schedulesOf(group, ranks)
    expect(orderByRank(groups, ranks) !== undefined).toBe(isTried)
  })
})
