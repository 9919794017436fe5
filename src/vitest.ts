/**
 * Matchers for Vitest: `import 'bitloom/vitest'` once, in a test or a setup file. The library itself needs no Vitest.
 */
import { expect } from 'vitest'
import { describeFailure, type Engine } from './sim/engine.ts'
import { type TextWaveOptions, textWave, type Waves } from './sim/waves/index.ts'
import { waveDifference } from './sim/waves/same-wave.ts'

/** A testbench, or what it works with. */
type Simulated = Engine | { readonly engine: Engine }

export interface BitloomMatchers<R = unknown> {
  /**
   * The waves, of a trace or of a testbench whose engine is one, are those drawn, as `textWave` draws them with these options. A
   * margin that all lines share does not count, nor do blanks at their ends.
   */
  toMatchWave(drawing: string, options?: TextWaveOptions): R
  /** No check has failed since the start. */
  toHaveNoFailedChecks(): R
}

declare module 'vitest' {
  interface Matchers<T> extends BitloomMatchers<T> {}
}

const engineOf = (simulated: unknown): Engine | undefined => {
  if (typeof simulated !== 'object' || simulated === null) return undefined
  if ('engine' in simulated) return engineOf(simulated.engine)
  return 'failedChecks' in simulated ? (simulated as Engine) : undefined
}

const wavesOf = (simulated: unknown): Waves | undefined => {
  const found = engineOf(simulated) ?? simulated
  return typeof found === 'object' && found !== null && 'rowWords' in found ? (found as Waves) : undefined
}

expect.extend({
  toMatchWave(simulated: unknown, drawing: string, options?: TextWaveOptions) {
    const waves = wavesOf(simulated)
    if (!waves)
      return {
        pass: false,
        message: () => 'toMatchWave takes waves: give trace(engine, module), or a testbench on one',
      }
    const difference = waveDifference(textWave(waves, options), drawing)
    if (!difference)
      return { pass: true, message: () => `the waves of ${waves.top.name} are the drawn ones, and should not be` }
    const { label, line, drawn, expected } = difference
    return {
      pass: false,
      message: () => `the waves of ${waves.top.name} differ from the drawing, first in line ${line + 1}, '${label}'`,
      actual: drawn,
      expected,
    }
  },
  toHaveNoFailedChecks(simulated: unknown) {
    const engine = engineOf(simulated)
    if (!engine) return { pass: false, message: () => 'toHaveNoFailedChecks takes an engine, a trace or a testbench' }
    const { failedChecks, failures } = engine
    const lines = failures.slice(0, 5).map(describeFailure)
    return {
      pass: failedChecks === 0,
      message: () =>
        failedChecks === 0
          ? 'no check has failed, and one should have'
          : [`${failedChecks} checks failed`, ...lines.map((line) => `  ${line}`)].join('\n'),
    }
  },
})

export type { Simulated }
