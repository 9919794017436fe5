import { describe, expect, it } from 'vitest'
import { compareEngines, describeDifference } from '../../src/sim/compare.ts'
import { flatten } from '../../src/sim/flatten.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { randomComponent } from '../fuzz/random-component.ts'

const designs = process.env.BITLOOM_FULL ? 2000 : 150

describe('every engine agrees with the interpreter', () => {
  it.each([
    ['narrow values', { width: 24, operations: 40, depth: 1 }],
    ['values beyond 32 and 53 bits', { width: 130, operations: 30, depth: 1 }],
    ['values around 32 and 53 bits', { width: 56, operations: 30, depth: 0 }],
    ['three levels of hierarchy', { width: 34, operations: 12, depth: 3 }],
    ['more operations than one function holds', { width: 20, operations: 700, depth: 1 }],
  ])('JavaScript on random components with %s: every output and register, every cycle', (what, limits) => {
    const count = what.startsWith('more') ? designs / 10 : designs
    for (let seed = 1; seed <= count; seed++) {
      const { module } = randomComponent(seed, limits)
      const engines = [interpreter(module), javascriptEngine(module)]
      const stimulus = randomStimulus(engines[0]!.ports, 60, seed)
      const registers = flatten(module).registers.map(({ path }) => path)
      const difference = compareEngines(engines, stimulus, { registers: seed % 4 === 0 ? registers : [] })
      expect(difference && describeDifference(difference, seed)).toBeUndefined()
    }
  })
})
