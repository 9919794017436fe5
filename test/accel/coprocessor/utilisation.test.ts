import { describe, expect, it } from 'vitest'
import { openCore, placedProduct, runCore } from './core-runs.ts'

describe('u', () => {
  it.each([
    ['mac', 64, 256, 256, 256, 256],
    ['mac', 64, 8, 256, 256, 256],
    ['mac', 64, 1, 256, 256, 256],
    ['mac', 64, 256, 8, 256, 256],
    ['mac', 64, 64, 64, 64, 64],
    ['mac', 64, 256, 256, 8, 8],
    ['mixpe(output=fp32)', 64, 64, 64, 256, 128],
    ['mixpe(output=fp32)', 64, 1, 256, 256, 128],
    ['mixpe', 64, 64, 64, 256, 32],
    ['bitmod(w=fp4)', 128, 64, 64, 256, 128],
    ['bitmod(w=fp4)', 128, 8, 128, 256, 128],
  ] as const)('%s %i %i %i %i %i', (spec, busBits, m, n, k, g) => {
    const bench = openCore([spec], { rows: 8, columns: 8 }, { transfers: { busBits, addressBits: 32, mostBeats: 1024 } }, 'wasm')
    const product = placedProduct(bench, [m, n, k, g], 1)
    const t = performance.now()
    const run = runCore(bench, product)
    console.log(spec, m, n, k, g, JSON.stringify(run.counters), 'work', (run.counters.working / run.counters.cycles).toFixed(3), 'read', (run.counters.beats_read / run.counters.cycles).toFixed(3), 'write', (run.counters.beats_written / run.counters.cycles).toFixed(3), Math.round(performance.now() - t), 'ms')
    expect(run.results).toEqual(product.wanted)
  })
})
