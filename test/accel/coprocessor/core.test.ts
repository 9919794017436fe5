import { describe, expect, it } from 'vitest'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { type CoreBench, openCore, type PlacedProduct, placedProduct, type RunOptions, runCore } from './core-runs.ts'

const full = Boolean(process.env.BITLOOM_FULL)

/** A run's results are those of the golden model, it kept all rules, and its counters add up. */
const expectExact = (bench: CoreBench, product: PlacedProduct, options: RunOptions = {}): void => {
  const run = runCore(bench, product, options)
  const { cycles, array_busy, idle, wait_activations, wait_weights, wait_output, wait_spacing } = run.counters
  expect(run).toMatchObject({
    error: 'none',
    violations: [],
    failures: 0,
    untouched: true,
  })
  expect(run.results).toEqual(product.wanted)
  expect(array_busy + wait_activations + wait_weights + wait_output + wait_spacing + idle).toBe(cycles)
}

const onBus = (busBits: number) => ({ transfers: { busBits, addressBits: 64, mostBeats: 2048 } })
const wide = { transfers: { busBits: 128, addressBits: 40, mostBeats: 2048 } }
/** Small buffers, so that few tiles fit and all has to wait for all. */
const tight = { bufferBeats: 32, fieldBeats: 16, resultGroups: 2, readsUnderWay: 3 }

/** Specs of one hardware, array, options of the core. */
const cores = [
  { specs: ['mac'], size: { rows: 4, columns: 4 }, options: {} },
  { specs: ['mac(w=int4, a=int8)'], size: { rows: 3, columns: 2 }, options: tight },
  { specs: ['mac'], size: { rows: 1, columns: 1 }, options: onBus(32) },
  // A tile's row of results is half a beat.
  { specs: ['mac(w=int4, a=int4)'], size: { rows: 2, columns: 4 }, options: onBus(256) },
  { specs: ['mixpe'], size: { rows: 4, columns: 4 }, options: {} },
  { specs: ['mixpe(output=fp32)'], size: { rows: 4, columns: 4 }, options: tight },
  { specs: ['mixpe(w=int3, weights=symmetric)'], size: { rows: 2, columns: 4 }, options: tight },
  { specs: ['mixpe(w=int3, compute=serial, output=fp32)'], size: { rows: 4, columns: 2 }, options: {} },
  { specs: ['mixpe(a=fp16, acc=aligned)'], size: { rows: 2, columns: 2 }, options: wide },
  { specs: ['figna'], size: { rows: 2, columns: 4 }, options: {} },
  { specs: ['bitmod(w=fp4)'], size: { rows: 4, columns: 4 }, options: wide },
  { specs: ['bitmod(w=fp3)'], size: { rows: 2, columns: 4 }, options: { ...tight, ...wide } },
  { specs: ['bitmod(w=int6)'], size: { rows: 3, columns: 1 }, options: {} },
  // A result is four beats.
  { specs: ['xrnpe(mode=posit(16,1), result=quire)'], size: { rows: 2, columns: 1 }, options: onBus(32) },
  {
    specs: ['fp4', 'posit(4,1)', 'posit(8,0)', 'posit(16,1)'].map((mode) => `xrnpe(mode=${mode})`),
    size: { rows: 2, columns: 4 },
    options: {},
  },
] as const

/** Tokens, outputs, inputs, group: where there is a group that must be whole steps, a multiple of 4. */
const shapes = [
  [1, 1, 1, 1],
  [1, 1, 7, 8],
  [4, 4, 16, 16],
  [5, 3, 21, 8],
  [9, 10, 40, 40],
  [2, 17, 33, 12],
  [23, 1, 37, 20],
] as const

it.runIf(full)(
  'a core is exact to the bit for 300 x 300 x 300',
  () => {
    const bench = openCore(['mac'], { rows: 8, columns: 8 })
    expectExact(bench, placedProduct(bench, [300, 300, 300, 300], 1), {
      timing: { latency: [20, 40], pause: 0.1, seed: 1 },
    })
    // Half of it is the golden model.
  },
  600_000,
)

describe.each(cores)('a core of $specs', ({ specs, size, options }) => {
  const bench = openCore(specs, size, options)
  const modes = specs.map((_, k) => k)

  it.each(shapes)('is exact to the bit for %i x %i x %i in groups of %i', (...shape) => {
    for (const mode of modes) expectExact(bench, placedProduct(bench, shape, 1, mode))
  })

  it('is exact for random shapes with a memory that answers and takes at random', () => {
    for (let seed = 1; seed <= (full ? 60 : 4); seed++) {
      const random = randomWords(seed)
      const below = (count: number): number => (random() >>> 0) % count
      const inputs = 1 + below(90)
      const shape = [1 + below(20), 1 + below(20), inputs, 4 * (1 + below(20))] as const
      const timing = { latency: [below(4), 4 + below(60)], pause: below(8) / 10, seed } as const
      const product = placedProduct(bench, shape, seed, seed % specs.length)
      try {
        expectExact(bench, product, { timing })
      } catch (error) {
        throw new Error(`seed ${seed}, ${shape.join(' x ')}`, { cause: error })
      }
    }
  }, 300_000)
})
