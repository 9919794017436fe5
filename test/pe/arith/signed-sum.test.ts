import { describe, expect, it } from 'vitest'
import { printVerilog } from '../../../src/dsl/index.ts'
import { SignedSum } from '../../../src/pe/arith/signed-sum.ts'
import { compareEngines, describeDifference } from '../../../src/sim/compare.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { testbench } from '../../../src/sim/testbench/testbench.ts'

describe('a sum of magnitudes with signs', () => {
  it('is exact for every operand of 2 x 3 and 1 x 4 bits', () => {
    for (const [count, width] of [
      [2, 3],
      [1, 4],
    ] as const) {
      const bench = testbench(SignedSum({ count, width }))
      const every = 2 ** (count * (width + 1))
      for (let code = 0; code < every; code++) {
        const lane = (k: number): number => (code >> (k * (width + 1))) & (2 ** (width + 1) - 1)
        const lanes = Array.from({ length: count }, (_, k) => lane(k))
        const magnitude = lanes.map((x) => x & (2 ** width - 1))
        const minus = lanes.map((x) => x >> width === 1)
        const want = magnitude.reduce((sum, x, k) => sum + (minus[k] ? -x : x), 0)
        expect(bench.step({ magnitude, minus }).sum).toBe(BigInt(want))
      }
    }
  })

  it('has the bits of the largest sum and no more', () => {
    expect(SignedSum({ count: 4, width: 14 }).out.sum.width).toBe(17)
    expect(SignedSum({ count: 5, width: 14 }).out.sum.width).toBe(18)
    expect(SignedSum({ count: 1, width: 14 }).out.sum.width).toBe(15)
  })

  it('is in gates what it is in logic', () => {
    for (const [count, width] of [
      [4, 14],
      [3, 2],
    ] as const) {
      const { module } = SignedSum({ count, width })
      expect(printVerilog(module)).toMatch(/bitloom_full_adder|assign sum/)
      const engines = [openEngine('js', module), openEngine('verilator', module)]
      const difference = compareEngines(engines, randomStimulus(engines[0]!.ports, 3000, 4))
      for (const engine of engines) engine.close()
      expect(difference && describeDifference(difference, 4)).toBeUndefined()
    }
  })
})
