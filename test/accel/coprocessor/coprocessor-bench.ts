import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import type { CoprocessorOptions } from '../../../src/accel/coprocessor/coprocessor.ts'
import {
  type SimulatedCoprocessor,
  type SimulationOptions,
  simulatedCoprocessor,
} from '../../../src/accel/coprocessor/simulated.ts'
import type { ArraySize } from '../../../src/accel/output-stationary.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import { type EngineName, openEngine } from '../../../src/sim/engines.ts'
import { type Element, type PlacedProduct, placedProduct } from './core-runs.ts'

export interface Setting extends SimulationOptions {
  readonly specs: readonly string[]
  readonly size: ArraySize
  readonly busBits?: number
  readonly engineName?: EngineName
  readonly core?: Partial<Omit<CoprocessorOptions, 'array' | 'transfers'>>
}

export interface CoprocessorBench {
  readonly elements: readonly Element[]
  readonly simulated: SimulatedCoprocessor
}

export const openCoprocessor = ({
  specs,
  size,
  busBits = 64,
  engineName = 'wasm',
  core = {},
  ...simulation
}: Setting): CoprocessorBench => {
  const elements = specs.map(elementOf)
  const array = computeArray(elements, size)
  const options = { array, transfers: { busBits, addressBits: 40, mostBeats: 4095 }, ...core }
  const simulated = simulatedCoprocessor(options, (module) => openEngine(engineName, module), simulation)
  simulated.driver.interrupts({ done: true, error: false })
  return { elements, simulated }
}

/** Where products lie; between their matrices, and around them, there is nothing. */
export const base = 0x56_7800_0000n

export type Shape = readonly [tokens: number, outputs: number, inputs: number, group: number]

/** A random product in the memory of a co-processor: operands may be read, results written, all else is refused by the bus. */
export const placeProduct = ({ elements, simulated }: CoprocessorBench, shape: Shape, seed: number, mode = 0) => {
  const product: PlacedProduct = placedProduct({ elements, core: simulated.core }, shape, seed, mode)
  const { at, layout, memory } = product
  const part = (name: 'activations' | 'weights' | 'results') => {
    return {
      from: base + BigInt(at[name]),
      bytes: memory.slice(at[name], at[name] + layout[name].bytes),
      access: name === 'results' ? ('write' as const) : ('read' as const),
    }
  }
  const [activations, weights, results] = [part('activations'), part('weights'), part('results')]
  simulated.place([activations, weights, results])
  const places = { activations: activations.from, weights: weights.from, results: results.from }
  return { product, places, results }
}
