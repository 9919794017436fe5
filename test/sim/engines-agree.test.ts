import { describe, expect, it } from 'vitest'
import { portLayout } from '../../src/sim/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { javascript, wasm } from '../fuzz/judges.ts'
import { type Limits, randomComponent } from '../fuzz/random-component.ts'
import { disagreement } from '../fuzz/report.ts'

const full = Boolean(process.env.BITLOOM_FULL)
/** Of each kind; 10,200 in the full suite. Components of several clocks and black boxes are in test/fuzz. */
const designs = full ? 2000 : 150
const cycles = full ? 200 : 60
const timeout = full ? 3_600_000 : 300_000

const kinds: readonly (readonly [string, Limits])[] = [
  ['narrow values', { width: 24, operations: 40, depth: 1 }],
  ['values beyond 32 and 53 bits', { width: 130, favourites: [32, 64, 65, 96, 128], operations: 30, depth: 1 }],
  ['values of about 32 bits', { width: 40, favourites: [31, 32, 33], operations: 30, depth: 0 }],
  ['values of about 53 bits', { width: 56, favourites: [52, 53, 54], operations: 30, depth: 0 }],
  ['three levels of hierarchy', { width: 34, operations: 12, depth: 3 }],
  ['more operations than one function holds', { width: 20, operations: 700, depth: 1 }],
]

describe('every engine agrees with the interpreter', () => {
  it.each(kinds)(
    'JavaScript on random components with %s: outputs, registers and failed checks, every cycle',
    async (what, limits) => {
      const count = what.startsWith('more') ? designs / 10 : designs
      for (let seed = 1; seed <= count; seed++) {
        const { module } = randomComponent(seed, limits)
        const stimulus = randomStimulus(portLayout(module), cycles, seed)
        const origin = `randomComponent(${seed}, ${JSON.stringify(limits)})`
        expect(await disagreement(module, stimulus, javascript, origin, seed % 4 === 0)).toBeUndefined()
      }
    },
    timeout,
  )

  const lanes: typeof kinds = [
    ...kinds,
    ['values up to 64 bits', { width: 64, favourites: [31, 32, 33, 62, 63, 64], operations: 10, depth: 0 }],
    ['values of 65 to 300 bits', { width: 300, favourites: [65, 100, 128, 129, 192, 299], operations: 20, depth: 1 }],
  ]
  it.each(lanes)(
    'WebAssembly on random components with %s',
    async (what, limits) => {
      const count = (what.startsWith('more') ? designs / 10 : designs) / (full ? 1 : 3)
      for (let seed = 1; seed <= count; seed++) {
        const { module } = randomComponent(seed, limits)
        const stimulus = randomStimulus(portLayout(module), cycles, seed)
        const origin = `randomComponent(${seed}, ${JSON.stringify(limits)})`
        expect(await disagreement(module, stimulus, wasm, origin, seed % 4 === 0)).toBeUndefined()
      }
    },
    timeout,
  )
})
