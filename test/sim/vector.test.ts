import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { catalogue, processingElement } from '../../src/pe/catalogue.ts'
import { portLayout } from '../../src/sim/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { unsupported } from '../../src/sim/vector/supported.ts'
import { differenceIn } from '../fuzz/case.ts'
import { wasm } from '../fuzz/judges.ts'
import { type Limits, randomComponent } from '../fuzz/random-component.ts'
import { disagreement } from '../fuzz/report.ts'
import { chain, irregular, rows, systolic, wavefront } from './grids.ts'
import { manyInstances } from './many-instances.ts'

const full = Boolean(process.env.BITLOOM_FULL)
const timeout = full ? 3_600_000 : 300_000

describe('the vector engine agrees with the interpreter on every register, output and failed check', () => {
  it.each(catalogue)('on arrays of %s', (spec) => {
    for (const [rows, columns] of [[1, 1], [2, 3], [4, 4], [3, 17], ...(full ? [[16, 16]] : [])] as [
      number,
      number,
    ][]) {
      const module = outputStationaryArray(processingElement(spec), { rows, columns })
      // The exact sum of FP16 products has more than 64 bits where it is rounded.
      expect(unsupported(module) === undefined).toBe(!spec.includes('acc=exact'))
      expect(differenceIn(module, randomStimulus(portLayout(module), 80, rows), wasm, true)).toBeUndefined()
    }
  })

  it.each([
    ['a systolic grid of cells that hold a multiplier of their own', systolic(6, 7)],
    ['a wavefront, both outputs of a cell within the cycle of both inputs', wavefront(12)],
    ['a chain of cells within one cycle', chain(40)],
    ['rows of cells with logic in the rows', rows(5, 8)],
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
  ]
  const counts = [5, 16, 17, 24, 40, 64]
  it.each(leaves)(
    'on many instances of a random module with %s, wired at random',
    async (_, limits) => {
      let run = 0
      for (let seed = 1; run < (full ? 600 : 12); seed++) {
        const leaf = randomComponent(seed, limits).module
        const module = manyInstances(seed, leaf, counts[seed % counts.length]!, seed % 3 > 0)
        if (unsupported(module)) continue
        run++
        const stimulus = randomStimulus(portLayout(module), 30, seed)
        const origin = `manyInstances(${seed}, randomComponent(${seed}, ${JSON.stringify(limits)}).module, ...)`
        expect(await disagreement(module, stimulus, wasm, origin, true)).toBeUndefined()
      }
    },
    timeout,
  )
})
