import { describe, expect, it } from 'vitest'
import type { EngineName } from '../../../src/sim/engines.ts'
import { openCore, placedProduct, type RunResult, runCore } from './core-runs.ts'

const full = Boolean(process.env.BITLOOM_FULL)

const cores = {
  mac: { specs: ['mac'], busBits: 64 },
  mixpe: { specs: ['mixpe'], busBits: 64 },
  dequantising: { specs: ['mixpe(output=fp32)'], busBits: 64 },
  bitmod: { specs: ['bitmod(w=fp4)'], busBits: 128 },
  posit16: { specs: ['xrnpe(mode=posit(16,1))'], busBits: 64 },
} as const

/** An 8 x 8 array at a memory that gives and takes a beat in every cycle, the first one 4 cycles after it was asked for. */
const run = (
  core: keyof typeof cores,
  shape: readonly [number, number, number, number],
  engine: EngineName = 'wasm',
): RunResult => {
  const { specs, busBits } = cores[core]
  const transfers = { busBits, addressBits: 32, mostBeats: 1024 }
  const bench = openCore(specs, { rows: 8, columns: 8 }, { transfers }, engine)
  const product = placedProduct(bench, shape, 1)
  const result = runCore(bench, product)
  expect(result.results).toEqual(product.wanted)
  bench.engine.close()
  return result
}

describe('an 8 x 8 array works', () => {
  it.each([
    ['mac', [256, 256, 256, 256], 0.997],
    ...(full
      ? ([
          ['mixpe', [256, 256, 256, 128], 0.99],
          ['dequantising', [256, 256, 256, 128], 0.99],
          ['bitmod', [256, 256, 256, 128], 0.98],
          ['posit16', [256, 256, 256, 256], 0.98],
        ] as const)
      : []),
  ] as const)(
    'of %s for %j in %d of all cycles',
    (core, shape, least) => {
      const { counters } = run(core, shape)
      expect(counters.array_busy / counters.cycles).toBeGreaterThan(least)
      // Most of it is the golden model.
    },
    1_200_000,
  )
})

describe('memory is busy', () => {
  it.each([
    // Weights are used once.
    ['mac', [8, 256, 256, 256]],
    ['mac', [1, 256, 256, 256]],
    ['posit16', [8, 96, 256, 256]],
    // Activations are used once.
    ['mac', [256, 8, 256, 256]],
  ] as const)('with reads of %s for %j in nine of ten cycles', (core, shape) => {
    const { counters } = run(core, shape)
    expect(counters.bytes_read / (cores[core].busBits / 8) / counters.cycles).toBeGreaterThan(0.9)
  })

  it.each([
    ['mac', [128, 128, 8, 8]],
    ['mixpe', [64, 64, 256, 24]],
  ] as const)('with writes of %s for %j in nine of ten cycles', (core, shape) => {
    const { counters } = run(core, shape)
    expect(counters.bytes_written / (cores[core].busBits / 8) / counters.cycles).toBeGreaterThan(0.9)
  })

  it('with no operand twice where all weights stay or all activations do', () => {
    // 64 tokens are 8 tiles, 128 outputs 16; a row is 64 bytes.
    expect(run('mac', [64, 256, 64, 64]).counters.bytes_read).toBe((64 + 256) * 64)
    expect(run('mac', [256, 128, 64, 64]).counters.bytes_read).toBe((256 + 128) * 64)
    // Here weights come anew for every strip of 64 tokens.
    expect(run('mac', [128, 136, 64, 64]).counters.bytes_read).toBe((128 + 2 * 136) * 64)
  })
})

describe('counters', () => {
  it('tell what waited for what', () => {
    const counts = (shape: readonly [number, number, number, number]) => run('mac', shape, 'js').counters
    const one = counts([8, 8, 64, 64])
    expect(one).toMatchObject({ array_busy: 64, wait_output: 0, wait_spacing: 0, gated_blocks: 0, bytes_read: 1024 })
    // The first beats come 4 cycles after they are asked for, 64 of activations and then 64 of weights.
    expect(one.wait_activations).toBe(71)
    expect(one.wait_weights).toBe(64)
    // 64 PEs less those of 3 rows and 2 columns, for 64 steps.
    expect(counts([3, 2, 64, 64]).gated_blocks).toBe(64 * (64 - 6))
    // 8 steps a group, and groups of 8 rows end 9 cycles apart.
    expect(counts([8, 64, 8, 8]).wait_spacing).toBeGreaterThan(0)
    expect(counts([64, 64, 8, 4]).wait_output).toBeGreaterThan(1000)
  })
})
