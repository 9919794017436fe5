import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../../src/accel/output-stationary.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { portNamed } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { restoreState, saveState } from '../../../src/sim/state/index.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'

const full = Boolean(process.env.BITLOOM_FULL)
const cycles = full ? 20_000_000 : 1_000_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** Bytes that JavaScript and its arrays hold. */
const held = (): number => {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('a long run', () => {
  it('holds no more memory at its end than after its first tenth, and goes on alike from its middle', () => {
    const module = outputStationaryArray(processingElement('mac(w=int8, a=int8)'), { rows: 4, columns: 4 })
    const engine = openEngine('wasm', module)
    const { ports } = engine
    const stimulus = randomStimulus(ports, 1000, 1)
    const last = portNamed(ports.inputs, 'last').offset
    for (let k = 0; k < 1000; k++) stimulus[k * ports.inputWords + last] = k % 100 === 99 ? 1 : 0
    engine.replay(stimulus, cycles / 10)
    const early = held()
    engine.replay(stimulus, (cycles * 4) / 10)
    const middle = saveState(engine)
    engine.replay(stimulus, cycles / 2)
    expect(engine.failedChecks).toBe(0)
    expect(held() - early).toBeLessThan(2 ** 20)

    const resumed = openEngine('wasm', module)
    restoreState(resumed, middle)
    resumed.replay(stimulus, cycles / 2)
    expect(resumed.cycle).toBe(cycles)
    expect(saveState(resumed)).toEqual(saveState(engine))
  })
})
