import { describe, expect, it } from 'vitest'
import { unpackResults } from '../../../src/accel/coprocessor/packer.ts'
import { coprocessorMap } from '../../../src/accel/coprocessor/registers.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { type CoprocessorBench, openCoprocessor, placeProduct } from './coprocessor-bench.ts'

const runs = process.env.BITLOOM_FULL ? 1000 : 40
const shape = [5, 6, 24, 8] as const
const mostCycles = 20_000

const bench: CoprocessorBench = openCoprocessor({
  specs: ['mixpe'],
  size: { rows: 4, columns: 4 },
  latency: { least: 1, most: 20 },
  pause: 0.2,
  reorder: true,
  core: { bufferBeats: 32, fieldBeats: 8, resultGroups: 2, readsUnderWay: 4 },
})
const { simulated } = bench
const offsets = new Map(coprocessorMap(simulated.core).registers.map(({ name, offset }) => [name, offset]))

/** Waits for the end of whatever is under way; it must come. */
const untilDone = (): void => {
  simulated.untilInterrupt(mostCycles)
  for (let k = 0; k < 20 && simulated.driver.status().busy; k++) simulated.untilInterrupt(mostCycles / 20)
  expect(simulated.driver.status()).toMatchObject({ busy: false })
}

const expectRight = (seed: number): void => {
  const { product, places, results } = placeProduct(bench, shape, seed)
  const { error } = simulated.driver.run(product.size, places, {
    wait: () => simulated.untilInterrupt(mostCycles),
    looks: 3,
  })
  expect(error).toBe('none')
  expect(unpackResults(simulated.core, product.size, product.layout, results.bytes)).toEqual(product.wanted)
}

/** What goes wrong in a run; each leaves the co-processor idle, or reset. */
const faults = {
  'errors of the bus': (below: (count: number) => number, seed: number) => {
    const { product, places } = placeProduct(bench, shape, seed)
    simulated.memory.inject({ chance: (1 + below(20)) / 100 })
    simulated.driver.start(product.size, places)
    untilDone()
    simulated.memory.inject({})
    expect(['none', 'read', 'write']).toContain(simulated.driver.report().error)
  },
  'an address that nothing answers': (below: (count: number) => number, seed: number) => {
    const { product, places } = placeProduct(bench, shape, seed)
    const name = (['activations', 'weights', 'results'] as const)[below(3)]!
    simulated.driver.start(product.size, { ...places, [name]: places[name] + BigInt(8 * (1 + below(40))) })
    untilDone()
    expect(['none', 'read', 'write']).toContain(simulated.driver.report().error)
  },
  'a reset in any cycle': (below: (count: number) => number, seed: number) => {
    const { product, places } = placeProduct(bench, shape, seed)
    simulated.driver.start(product.size, places)
    simulated.step(below(600))
    simulated.reset()
    simulated.driver.interrupts({ done: true, error: false })
    expect(simulated.driver.status()).toEqual({ busy: false, done: false, error: false, code: 'none' })
  },
  'an abort in any cycle': (below: (count: number) => number, seed: number) => {
    const { product, places } = placeProduct(bench, shape, seed)
    simulated.driver.start(product.size, places)
    simulated.step(below(600))
    simulated.driver.abort()
    untilDone()
    expect(['none', 'aborted']).toContain(simulated.driver.report().error)
  },
  'any words in the registers': (below: (count: number) => number, seed: number) => {
    const { product, places } = placeProduct(bench, shape, seed)
    const absurd = [0, 1, 3, 0xffff, 0x10000, 0x7fff_ffff, 0xffff_ffff]
    const size = { ...product.size }
    const at = { ...places }
    for (let k = 0; k <= below(3); k++) {
      const value = absurd[below(absurd.length)]!
      const name = (['tokens', 'outputs', 'inputs', 'group', 'mode', 'activations', 'weights', 'results'] as const)[
        below(8)
      ]!
      if (name === 'activations' || name === 'weights' || name === 'results')
        at[name] = BigInt(value) * (below(2) === 0 ? 1n : 0x1_0000_0001n)
      else size[name] = value
    }
    simulated.driver.start(size, at)
    simulated.step(below(3000))
    // Large products of nothing are ended, as software would.
    if (simulated.driver.status().busy) simulated.driver.abort()
    untilDone()
    simulated.driver.report()
  },
  'registers written while it is busy': (below: (count: number) => number, seed: number) => {
    const { product, places, results } = placeProduct(bench, shape, seed)
    simulated.driver.start(product.size, places)
    simulated.step(below(40))
    const names = ['tokens', 'group', 'mode', 'weights_low', 'results_low', 'results_high'] as const
    const offset = offsets.get(names[below(names.length)]!)!
    if (simulated.driver.status().busy) expect(simulated.registers.write(offset, 0)).toBe('slverr')
    expect(['slverr', 'okay']).toContain(simulated.registers.write(offset + 0x800, 0))
    untilDone()
    expect(simulated.driver.report().error).toBe('none')
    expect(unpackResults(simulated.core, product.size, product.layout, results.bytes)).toEqual(product.wanted)
  },
} as const

describe('a co-processor to which things go wrong', () => {
  it(`ends in a defined state ${runs} times, and multiplies right after it`, () => {
    const kinds = Object.keys(faults) as (keyof typeof faults)[]
    for (let seed = 1; seed <= runs; seed++) {
      const random = randomWords(seed)
      const below = (count: number): number => (random() >>> 0) % count
      const kind = kinds[seed % kinds.length]!
      const known = simulated.memory.faults.length
      try {
        faults[kind](below, seed)
        // A write to where nothing may be written would be answered with an error that nobody injected.
        const stray = simulated.memory.faults.slice(known).filter((fault) => fault.kind === 'write' && !fault.injected)
        const allowed = kind === 'an address that nothing answers' || kind === 'any words in the registers'
        if (!allowed) expect(stray).toEqual([])
        expectRight(seed + 10_000)
        expect(simulated.broken).toEqual({ bus: [], design: [] })
        expect(simulated.memory.idle).toBe(true)
      } catch (error) {
        throw new Error(`${kind}, seed ${seed}`, { cause: error })
      }
    }
  }, 3_600_000)
})
