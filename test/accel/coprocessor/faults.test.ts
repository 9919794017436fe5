import { describe, expect, it } from 'vitest'
import { portNamed } from '../../../src/sim/engine.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import {
  type CoreBench,
  openCore,
  type PlacedProduct,
  placedProduct,
  type RunResult,
  resultsIn,
  runCore,
} from './core-runs.ts'

const full = Boolean(process.env.BITLOOM_FULL)

const modesOfXrnpe = ['fp4', 'posit(4,1)', 'posit(8,0)', 'posit(16,1)'].map((mode) => `xrnpe(mode=${mode})`)
const small = { bufferBeats: 32, fieldBeats: 4, resultGroups: 2 }

/** Nothing is left of what was before: the next product is right. */
const expectRight = (bench: CoreBench, seed: number): void => {
  const product = placedProduct(bench, [5, 6, 40, 20], seed)
  const { error, results, violations, failures } = runCore(bench, product)
  expect({ error, violations, failures }).toEqual({ error: 'none', violations: [], failures: 0 })
  expect(results).toEqual(product.wanted)
}

/** Every result in memory is what was there before, or right. */
const wrongResults = (before: PlacedProduct, { results }: RunResult, old: readonly bigint[]): number =>
  results.filter((result, k) => result !== before.wanted[k] && result !== old[k]).length

describe('a command that is wrong', () => {
  const mixpe = openCore(['mixpe'], { rows: 2, columns: 2 }, small)
  const xrnpe = openCore(modesOfXrnpe, { rows: 2, columns: 2 }, small)
  const posit = openCore(['xrnpe(mode=posit(16,1))'], { rows: 2, columns: 2 }, small)
  it.each([
    ['has no tokens', mixpe, { tokens: 0 }, 'dimensions'],
    ['has no outputs', mixpe, { outputs: 0 }, 'dimensions'],
    ['has no inputs', mixpe, { inputs: 0 }, 'dimensions'],
    ['has empty groups', mixpe, { group: 0 }, 'dimensions'],
    ['has more tokens than there can be', mixpe, { tokens: 65536 }, 'dimensions'],
    ['has inputs without end', mixpe, { inputs: 2 ** 32 - 1 }, 'dimensions'],
    ['is of no mode', posit, { mode: 1 }, 'mode'],
    ['is of a mode that no array has', xrnpe, { mode: 4 }, 'mode'],
    ['has groups of half a step', xrnpe, { inputs: 64, group: 6 }, 'group'],
    ['has groups that are too long', mixpe, { inputs: 200, group: 129 }, 'group'],
    ['has one group that is too long', mixpe, { inputs: 129, group: 129 }, 'group'],
    ['has activations beside a beat', mixpe, { activations: 4 }, 'alignment'],
    ['has weights beside a beat', mixpe, { weights: 1 }, 'alignment'],
    ['has results beside a beat', mixpe, { results: 2 }, 'alignment'],
    ['has rows that are too long', mixpe, { inputs: 257, group: 128 }, 'buffers'],
    ['has more groups than there is room for', mixpe, { inputs: 33, group: 1 }, 'buffers'],
    ['has activations beyond the end', mixpe, { tokens: 2, inputs: 8, activations: 2 ** 32 - 8 }, 'region'],
    ['has weights beyond the end', mixpe, { outputs: 2, inputs: 16, group: 16, weights: 2 ** 32 - 24 }, 'region'],
    ['has results beyond the end', mixpe, { tokens: 2, outputs: 1, results: 2 ** 32 - 8 }, 'region'],
    [
      'has matrices beyond the end',
      mixpe,
      { tokens: 1, outputs: 1, inputs: 2, group: 1, results: 2 ** 32 - 8 },
      'region',
    ],
    ['has activations that no address reaches', mixpe, { activations: 2n ** 32n }, 'region'],
    ['has results at the last beat of 64 bits', mixpe, { results: 2n ** 64n - 8n }, 'region'],
    ['is larger than memory', mixpe, { tokens: 65535, outputs: 65535, inputs: 8 }, 'region'],
  ] as const)('because it %s is refused at once', (_, bench, command, error) => {
    const product = placedProduct(bench, [2, 2, 16, 16], 1)
    const run = runCore(bench, product, { command, limit: 500 })
    expect(run.error).toBe(error)
    expect(run.transfers).toMatchObject({ reads: 0, writes: 0 })
    expectRight(bench, 2)
  })

  it.each([
    ['activations', mixpe, { tokens: 2, outputs: 1, inputs: 8, group: 8, activations: 2 ** 32 - 16 }],
    ['weights', mixpe, { tokens: 1, outputs: 2, inputs: 16, group: 16, weights: 2 ** 32 - 32 }],
    ['results', mixpe, { tokens: 1, outputs: 1, inputs: 2, group: 1, results: 2 ** 32 - 16 }],
  ] as const)('is not one whose %s end with memory', (_, bench, command) => {
    const product = placedProduct(bench, [2, 2, 16, 16], 1)
    // The memory of the test is smaller: the run ends by itself all the same.
    expect(runCore(bench, product, { command, abortAt: 60, limit: 500 }).error).toBe('aborted')
    expectRight(bench, 2)
  })
})

describe('a write that fails', () => {
  it('is followed by what is owed, without strobes', () => {
    // A row is 4 beats, and two rows are asked for ahead.
    const bench = openCore(
      ['mac'],
      { rows: 2, columns: 4 },
      { transfers: { busBits: 32, addressBits: 32, mostBeats: 1024 } },
    )
    let owed = 0
    for (let seed = 1; seed <= 20; seed++) {
      const product = placedProduct(bench, [8, 8, 16, 16], seed)
      const timing = { latency: [0, 3], pause: 0.5, seed } as const
      const run = runCore(bench, product, { timing, faults: { write: 1 } })
      expect(run).toMatchObject({ error: 'write', violations: [], failures: 0 })
      // The beat that is offered, and those that go before the core has heard of it.
      expect(run.transfers.writtenAfterFailure, `seed ${seed}`).toBeLessThanOrEqual(3)
      owed = Math.max(owed, run.counters.bytes_written / 4 - 8 - run.transfers.writtenAfterFailure)
    }
    expect(owed).toBeGreaterThan(3)
  })
})

describe('an abort', () => {
  const bench = openCore(['mixpe'], { rows: 2, columns: 2 }, small)
  it('before anything is asked for asks for nothing', () => {
    const run = runCore(bench, placedProduct(bench, [2, 2, 16, 16], 1), { abortAt: 3, limit: 500 })
    expect(run).toMatchObject({ error: 'aborted', transfers: { reads: 0, writes: 0 } })
    expectRight(bench, 2)
  })
  it.each(['mixpe(output=fp32)', 'mixpe(compute=serial, output=fp32)', 'bitmod(w=fp4)', 'xrnpe(mode=posit(16,1))'])(
    'in any cycle of a run leaves nothing of a group or an output in an array of %s',
    (spec) => {
      const bench = openCore([spec], { rows: 2, columns: 2 }, small)
      const ends = new Set<string>()
      for (let abortAt = 20; ends.size < 2; abortAt++) {
        const { error } = runCore(bench, placedProduct(bench, [2, 2, 32, 8], 1), { abortAt })
        ends.add(error)
        const product = placedProduct(bench, [2, 2, 8, 4], abortAt)
        const { results } = runCore(bench, product)
        expect(results, `aborted in cycle ${abortAt}`).toEqual(product.wanted)
      }
      expect([...ends]).toEqual(['aborted', 'none'])
    },
  )
  it('between two runs is none', () => {
    bench.engine.inputs[portNamed(bench.engine.ports.inputs, 'abort_run').offset] = 1
    bench.engine.step(3)
    bench.engine.inputs[portNamed(bench.engine.ports.inputs, 'abort_run').offset] = 0
    expectRight(bench, 3)
  })
})

describe.each([
  { specs: ['mixpe(output=fp32)'], size: { rows: 4, columns: 4 }, options: small },
  { specs: ['mac'], size: { rows: 2, columns: 4 }, options: {} },
  { specs: ['mixpe(compute=serial)'], size: { rows: 4, columns: 2 }, options: small },
  { specs: ['bitmod(w=fp4)'], size: { rows: 2, columns: 4 }, options: small },
  { specs: modesOfXrnpe, size: { rows: 2, columns: 2 }, options: small },
])('a run of $specs that fails', ({ specs, size, options }) => {
  const bench = openCore(specs, size, options)
  it('ends, writes nothing wrong and leaves nothing behind', () => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= (full ? 250 : 25); seed++) {
      const random = randomWords(1000 + seed)
      const below = (count: number): number => (random() >>> 0) % count
      const shape = [1 + below(12), 1 + below(12), 1 + below(60), 4 * (1 + below(8))] as const
      const mode = below(specs.length)
      const product = placedProduct(bench, shape, seed, mode)
      const old = resultsIn(bench, product)
      const timing = { latency: [0, below(40)], pause: below(6) / 10, seed } as const
      const rows = shape[0] + shape[1]
      const kinds = [
        { faults: { read: { transfer: below(rows), beat: below(12) } } },
        { faults: { write: below(shape[0] * 2) } },
        { abortAt: below(400) },
        { resetAt: 1 + below(400) },
      ] as const
      try {
        const run = runCore(bench, product, { ...kinds[seed % kinds.length]!, timing, limit: 100_000 })
        seen.add(run.error)
        expect({ violations: run.violations, failures: run.failures, untouched: run.untouched }).toEqual({
          violations: [],
          failures: 0,
          untouched: true,
        })
        // Two wait in each queue, and one is offered.
        expect(run.transfers.afterFailure).toBeLessThanOrEqual(6)
        expect(wrongResults(product, run, old)).toBe(0)
        if (run.error === 'none') expect(run.results).toEqual(product.wanted)
        expectRight(bench, seed)
      } catch (error) {
        throw new Error(`seed ${seed}, ${shape.join(' x ')}, ${JSON.stringify(kinds[seed % kinds.length])}`, {
          cause: error,
        })
      }
    }
    expect([...seen].sort()).toEqual(expect.arrayContaining(['aborted', 'read', 'reset', 'write']))
  }, 600_000)
})
