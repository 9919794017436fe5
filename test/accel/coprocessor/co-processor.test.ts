import { describe, expect, it } from 'vitest'
import type { CoprocessorOptions } from '../../../src/accel/coprocessor/co-processor.ts'
import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { unpackResults } from '../../../src/accel/coprocessor/packer.ts'
import {
  type SimulatedCoprocessor,
  type SimulationOptions,
  simulatedCoprocessor,
} from '../../../src/accel/coprocessor/simulated.ts'
import type { ArraySize } from '../../../src/accel/output-stationary.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import { type EngineName, openEngine } from '../../../src/sim/engines.ts'
import { type PlacedProduct, placedProduct } from './core-runs.ts'

const full = Boolean(process.env.BITLOOM_FULL)

interface Setting extends SimulationOptions {
  readonly specs: readonly string[]
  readonly size: ArraySize
  readonly busBits?: number
  readonly engineName?: EngineName
}

const open = ({ specs, size, busBits = 64, engineName = 'wasm', ...simulation }: Setting) => {
  const elements = specs.map(elementOf)
  const options: CoprocessorOptions = {
    array: computeArray(elements, size),
    transfers: { busBits, addressBits: 40, mostBeats: 4095 },
  }
  const simulated = simulatedCoprocessor(options, (module) => openEngine(engineName, module), simulation)
  simulated.driver.interrupts({ done: true, error: false })
  return { elements, simulated }
}

/** Puts a product into memory, operands to read and results to write, between addresses at which nothing is. */
const place = (simulated: SimulatedCoprocessor, { at, layout, memory }: PlacedProduct, base: bigint) => {
  const part = (name: 'activations' | 'weights' | 'results') => {
    return {
      from: base + BigInt(at[name]),
      bytes: memory.slice(at[name], at[name] + layout[name].bytes),
      access: name === 'results' ? ('write' as const) : ('read' as const),
    }
  }
  const [activations, weights, results] = [part('activations'), part('weights'), part('results')]
  simulated.place([activations, weights, results])
  return { places: { activations: activations.from, weights: weights.from, results: results.from }, results }
}

const base = 0x56_7800_0000n

const expectExact = (
  { elements, simulated }: ReturnType<typeof open>,
  shape: readonly [number, number, number, number],
  seed: number,
  mode = 0,
): void => {
  const product = placedProduct({ elements, core: simulated.core }, shape, seed, mode)
  const { places, results } = place(simulated, product, base)
  const report = simulated.driver.run(product.size, places, { wait: () => simulated.untilInterrupt(50_000), looks: 3 })
  expect(report.error).toBe('none')
  expect(unpackResults(simulated.core, product.size, product.layout, results.bytes)).toEqual(product.wanted)
  expect(simulated.memory.faults).toEqual([])
  expect(simulated.memory.idle).toBe(true)
  expect(simulated.broken).toEqual({ bus: [], design: [] })
}

describe('the co-processor', () => {
  it.each([
    { specs: ['mac'], size: { rows: 4, columns: 4 } },
    { specs: ['mixpe'], size: { rows: 4, columns: 4 } },
    { specs: ['mixpe(output=fp32)'], size: { rows: 2, columns: 4 } },
    { specs: ['bitmod(w=fp4)'], size: { rows: 2, columns: 4 }, busBits: 128 },
    {
      specs: ['fp4', 'posit(4,1)', 'posit(8,0)', 'posit(16,1)'].map((mode) => `xrnpe(mode=${mode})`),
      size: { rows: 2, columns: 4 },
    },
  ])('multiplies for $specs through its buses, memory late and busy', (setting) => {
    const bench = open({ ...setting, latency: { least: 1, most: 60 }, pause: 0.3, reorder: true, registerPause: 0.2 })
    const shapes = [
      [1, 1, 1, 1],
      [5, 3, 21, 8],
      [9, 10, 40, 40],
      ...(full
        ? ([
            [23, 17, 37, 20],
            [64, 48, 96, 32],
          ] as const)
        : []),
    ] as const
    for (const [k, shape] of shapes.entries())
      for (let mode = 0; mode < setting.specs.length; mode++) expectExact(bench, shape, k + 1, mode)
  })
})
