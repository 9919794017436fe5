import { describe, expect, it } from 'vitest'
import { bits, cat, component, u } from '../../src/dsl/index.ts'
import { compareEngines } from '../../src/sim/compare.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { maker, trace } from './maker.ts'

/** Reads its number as a field of all the port's bits. */
const Child = component('child', (_: object) => ({
  in: { above: bits(4), number: u(40) },
  out: { joined: bits(44), top: bits(4) },
  logic: ({ above, number }) => ({ joined: cat(above, number.bits()), top: number.bits().slice(39, 36) }),
}))

describe('an input whose driver needs fewer bits', () => {
  const module = maker({ above: bits(4), number: u(8) }, { joined: bits(44), top: bits(4) }, (i, { use }) =>
    use('child', Child({}), i),
  )

  it('is joined and cut as wide as the port is', () => {
    expect(trace(module, 'joined', [{ above: 5, number: 255 }])).toEqual([(5n << 40n) | 255n])
    expect(trace(module, 'top', [{ above: 5, number: 255 }])).toEqual([0n])
  })

  it('is so in the JavaScript engine, too', () => {
    const engines = [interpreter(module), javascriptEngine(module)] as const
    expect(compareEngines(engines, randomStimulus(engines[0].ports, 50, 1))).toBeUndefined()
  })
})
