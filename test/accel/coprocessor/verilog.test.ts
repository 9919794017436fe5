import { describe, expect, it } from 'vitest'
import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { coprocessorCore } from '../../../src/accel/coprocessor/core.ts'
import { describeWarning, printVerilog, warningsUnder } from '../../../src/dsl/index.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { openCore, placedProduct, runCore } from './core-runs.ts'

const full = Boolean(process.env.BITLOOM_FULL)

const modesOfXrnpe = ['fp4', 'posit(4,1)', 'posit(8,0)', 'posit(16,1)'].map((mode) => `xrnpe(mode=${mode})`)

describe('the Verilog of a core', () => {
  it.each([
    { specs: ['mac'], size: { rows: 1, columns: 1 }, busBits: 32 },
    { specs: ['mac(w=int4, a=int8)'], size: { rows: 3, columns: 8 }, busBits: 256 },
    { specs: ['mixpe(w=int3, compute=serial, output=fp32)'], size: { rows: 4, columns: 2 }, busBits: 64 },
    { specs: ['mixpe(a=fp16, acc=aligned)'], size: { rows: 2, columns: 2 }, busBits: 64 },
    { specs: ['bitmod(w=fp3)'], size: { rows: 2, columns: 4 }, busBits: 128 },
    ...(full ? [{ specs: ['bitmod(w=fp4)'], size: { rows: 8, columns: 8 }, busBits: 64 }] : []),
    { specs: modesOfXrnpe, size: { rows: 2, columns: 4 }, busBits: 64 },
  ])(
    'of $specs, $size, is without a warning of ours and of linters',
    async ({ specs, size, busBits }) => {
      const { module } = coprocessorCore({
        array: computeArray(specs.map(elementOf), size),
        transfers: { busBits, addressBits: 40, mostBeats: 1024 },
      })
      expect(warningsUnder(module).map(describeWarning)).toEqual([])
      for (const { tool, absent, complaints } of await lintVerilog(printVerilog(module), module.name))
        if (!absent) expect({ tool, complaints }).toEqual({ tool, complaints: [] })
    },
    300_000,
  )

  it.each([
    { specs: ['mixpe'], size: { rows: 2, columns: 2 } },
    ...(full
      ? [
          { specs: ['mac'], size: { rows: 4, columns: 4 } },
          { specs: ['mixpe(output=fp32)'], size: { rows: 4, columns: 4 } },
          { specs: ['bitmod(w=fp3)'], size: { rows: 4, columns: 4 } },
          { specs: modesOfXrnpe, size: { rows: 2, columns: 4 } },
        ]
      : []),
  ])(
    'of $specs does in Verilator what the core does here, cycle by cycle',
    ({ specs, size }) => {
      const options = { bufferBeats: 32, fieldBeats: 4, resultGroups: 2 }
      const verilator = openCore(specs, size, options, 'verilator')
      const ours = openCore(specs, size, options)
      const timing = { latency: [0, 30], pause: 0.3, seed: 5 } as const
      for (const [k, shape] of (
        [
          [5, 7, 30, 8],
          [1, 1, 1, 1],
          [9, 4, 17, 20],
        ] as const
      ).entries()) {
        const [product, same] = [verilator, ours].map((bench) => placedProduct(bench, shape, k, k % specs.length))
        const run = runCore(verilator, product!, { timing })
        expect(run).toMatchObject({ error: 'none', violations: [], failures: 0 })
        expect(run.results).toEqual(product!.wanted)
        expect(runCore(ours, same!, { timing }).counters).toEqual(run.counters)
      }
      verilator.engine.close()
      // Most of it is g++.
    },
    300_000,
  )
})
