import { describe, expect, it } from 'vitest'
import { unpackResults } from '../../../src/accel/coprocessor/packer.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { type CoprocessorBench, openCoprocessor, placeProduct, type Setting, type Shape } from './coprocessor-bench.ts'

const full = Boolean(process.env.BITLOOM_FULL)

/** A product is exact to the bit, both buses kept their rules, and cycles add up. */
const expectExact = (bench: CoprocessorBench, shape: Shape, seed: number, mode = 0): void => {
  const { simulated } = bench
  const { product, places, results } = placeProduct(bench, shape, seed, mode)
  const before = { ...simulated.memory.read, written: simulated.memory.written.bytes }
  const { error, counters } = simulated.driver.run(product.size, places, {
    wait: () => simulated.untilInterrupt(2_000_000),
    looks: 3,
  })
  expect(error).toBe('none')
  expect(unpackResults(simulated.core, product.size, product.layout, results.bytes)).toEqual(product.wanted)
  expect(simulated.memory.faults).toEqual([])
  expect(simulated.memory.idle).toBe(true)
  expect(simulated.broken).toEqual({ bus: [], design: [] })
  const { cycles, array_busy, wait_activations, wait_weights, wait_output, wait_spacing, idle } = counters
  expect(array_busy + wait_activations + wait_weights + wait_output + wait_spacing + idle).toBe(cycles)
  expect(counters.bytes_read).toBe(simulated.memory.read.bytes - before.bytes)
  const resultBytes = product.wanted.length * simulated.core.resultBytes
  expect(simulated.memory.written.bytes - before.written).toBe(resultBytes)
}

const xrnpe = ['fp4', 'posit(4,1)', 'posit(8,0)', 'posit(16,1)'].map((mode) => `xrnpe(mode=${mode})`)
const settings: readonly Setting[] = [
  { specs: ['mac'], size: { rows: 4, columns: 4 } },
  { specs: ['mixpe'], size: { rows: 4, columns: 4 } },
  { specs: ['mixpe(output=fp32)'], size: { rows: 2, columns: 4 } },
  { specs: ['bitmod(w=fp4)'], size: { rows: 2, columns: 4 }, busBits: 128 },
  { specs: xrnpe, size: { rows: 2, columns: 4 } },
]
const rough = { latency: { least: 1, most: 60 }, pause: 0.3, reorder: true, registerPause: 0.2 }

/** In groups of whole steps. */
const usualShapes: readonly Shape[] = [
  [1, 1, 1, 1],
  [5, 3, 21, 8],
  [9, 10, 40, 40],
]
const moreShapes: readonly Shape[] = [
  [1, 300, 33, 12],
  [300, 1, 40, 20],
  [23, 17, 37, 20],
  [64, 48, 96, 32],
  [3, 5, 300, 128],
]

describe.each(settings)('the co-processor of $specs', (setting) => {
  it('multiplies through its buses, memory late and busy', () => {
    const bench = openCoprocessor({ ...setting, ...rough })
    for (const [k, shape] of [...usualShapes, ...(full ? moreShapes : [])].entries())
      for (let mode = 0; mode < setting.specs.length; mode++) expectExact(bench, shape, k + 1, mode)
  }, 600_000)

  it.runIf(full)(
    'multiplies in 200 random shapes',
    () => {
      const bench = openCoprocessor({ ...setting, ...rough, core: { bufferBeats: 64, fieldBeats: 16 } })
      for (let seed = 1; seed <= 200; seed++) {
        const random = randomWords(seed)
        const below = (count: number): number => (random() >>> 0) % count
        const shape = [1 + below(24), 1 + below(24), 1 + below(120), 4 * (1 + below(20))] as const
        try {
          expectExact(bench, shape, seed, seed % setting.specs.length)
        } catch (error) {
          throw new Error(`seed ${seed}, ${shape.join(' x ')}`, { cause: error })
        }
      }
    },
    1_800_000,
  )

  it.runIf(full)(
    'multiplies on Verilator',
    () => {
      const bench = openCoprocessor({ ...setting, ...rough, engineName: 'verilator' })
      for (let mode = 0; mode < setting.specs.length; mode++) expectExact(bench, [5, 3, 21, 8], 5, mode)
    },
    1_800_000,
  )
})

it.runIf(full)(
  'multiplies 300 x 300 x 300',
  () => {
    for (const setting of settings) {
      const size = { rows: 8, columns: 8 }
      expectExact(openCoprocessor({ ...setting, size, latency: { least: 40, most: 40 } }), [300, 300, 300, 128], 3)
    }
  },
  3_600_000,
)

describe.runIf(full)('at full rate, its memory 40 cycles away', () => {
  const full = { size: { rows: 8, columns: 8 }, latency: { least: 40, most: 40 }, watch: false }
  const countersOf = (specs: readonly string[], shape: Shape, busBits: number) => {
    const bench = openCoprocessor({ ...full, specs, busBits })
    const { product, places } = placeProduct(bench, shape, 1)
    const { simulated } = bench
    return simulated.driver.run(product.size, places, { wait: () => simulated.untilInterrupt(2_000_000), looks: 3 })
      .counters
  }

  it.each([
    { specs: ['mac'], busBits: 64 },
    { specs: ['mixpe(output=fp32)'], busBits: 64 },
    { specs: ['bitmod(w=fp4)'], busBits: 128 },
    { specs: ['xrnpe(mode=posit(8,0))'], busBits: 64 },
  ])(
    '$specs keeps its array at work in 95 % of all cycles of 256 x 256 x 256',
    ({ specs, busBits }) => {
      const { cycles, array_busy } = countersOf(specs, [256, 256, 256, 128], busBits)
      expect(array_busy / cycles).toBeGreaterThanOrEqual(0.95)
    },
    600_000,
  )

  it.each([
    { specs: ['mac'], busBits: 32, shape: [8, 2048, 256, 256] as const },
    { specs: ['xrnpe(mode=posit(16,1))'], busBits: 64, shape: [8, 2048, 256, 256] as const },
  ])(
    '$specs bound by memory reads a beat in 90 % of all cycles',
    ({ specs, busBits, shape }) => {
      const { cycles, bytes_read } = countersOf(specs, shape, busBits)
      expect((8 * bytes_read) / busBits / cycles).toBeGreaterThanOrEqual(0.9)
    },
    600_000,
  )
})
