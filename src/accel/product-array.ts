import { knownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import type { Module } from '../dsl/index.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { Engine } from '../sim/engine.ts'
import { engineNames, openEngine } from '../sim/engines.ts'
import type { LaneEngine } from '../sim/lanes/engine.ts'
import { openLanes } from '../sim/lanes/index.ts'
import { laneEngineNames, withoutLanes } from '../sim/lanes/open.ts'
import { strip } from '../sim/vector/lane-type.ts'
import { type GroupedProduct, type GroupedSums, runProduct } from './gemm.ts'
import { runProductInLanes } from './lane-product.ts'
import { type ArraySize, outputStationaryArray } from './output-stationary.ts'
import { productTiles } from './product-tiles.ts'

/** The engines that run matrix products, the default first. */
export const productEngineNames = [...engineNames, 'webgpu'] as const
export type ProductEngineName = (typeof productEngineNames)[number]

export interface ProductArrayOptions {
  readonly pe: ProcessingElement
  readonly size: ArraySize
  readonly engine: ProductEngineName
  /**
   * Tiles at once, each in a lane of its own (`runProductInLanes`); 1 is tile after tile. Unless said, `webgpu` has 1,024 and `wasm`
   * 16 for products where that is faster (`lanesPay`).
   */
  readonly lanes?: number
}

/** Runs matrix products on one simulated array in this thread, checks off. */
export interface ProductArray {
  /** Of the outputs [from, to). */
  run(product: GroupedProduct, outputs: readonly [number, number]): Promise<GroupedSums>
  close(): Promise<void>
}

/** Lanes where none are said: a strip fills the vectors of `wasm`, and more of them only leave the cache. */
const usualLanes = { wasm: strip, webgpu: 1024 } as const

/** The engine of that name; another name is a UserError that lists them, and so are lanes of an engine that has none. */
export const productEngineNamed = (name: string, lanes?: number): ProductEngineName => {
  const found = knownName('E-ENGINE', 'engine', name, productEngineNames)
  if (lanes !== undefined && lanes > 1 && !laneEngineNames.some((known) => known === found))
    throw new UserError(
      'E-LANES',
      `the ${found} engine runs one tile after the other, got ${lanes} lanes; leave lanes out, or take one of ${laneEngineNames.join(', ')}`,
    )
  return found
}

/** Opens its engines when they are first needed. */
export const productArray = ({ pe, size, engine, lanes }: ProductArrayOptions): ProductArray => {
  const module = outputStationaryArray(pe, size)
  const lanesFor = lanesOf(module, engine, lanes, size)
  let [single, several]: [Engine | undefined, Promise<LaneEngine> | undefined] = [undefined, undefined]
  return {
    async run(product, outputs) {
      const { count } = productTiles(pe, size, product, outputs)
      const at = lanesFor(count)
      if (engine === 'webgpu' || (engine !== 'verilator' && at > 1)) {
        several ??= openLanes(engine, module, { lanes: at, checks: false })
        return runProductInLanes(await several, pe, size, product, outputs)
      }
      single ??= openEngine(engine, module, { checks: false })
      return runProduct(single, pe, size, product, outputs)
    },
    async close() {
      single?.close()
      await (await several)?.close()
    },
  }
}

/** Lanes for a product of so many tiles: 1, or always the same number. */
const lanesOf = (
  module: Module,
  engine: ProductEngineName,
  lanes: number | undefined,
  size: ArraySize,
): ((tiles: number) => number) => {
  if (lanes !== undefined) return () => lanes
  if (engine === 'webgpu') return () => usualLanes.webgpu
  if (engine !== 'wasm' || withoutLanes(module)) return () => 1
  return (tiles) => (lanesPay(size, tiles) ? usualLanes.wasm : 1)
}

/**
 * Whether 16 lanes of `wasm` are faster than tile after tile, by what was measured (`docs/simulation.md`): at least 1.45 times up to 16
 * PEs and 1.2 times up to 64 on most, so that some lanes may be without a tile in the last round. Larger arrays gain nothing.
 */
export const lanesPay = ({ rows, columns }: ArraySize, tiles: number): boolean => {
  const pes = rows * columns
  const filled = tiles / (usualLanes.wasm * Math.ceil(tiles / usualLanes.wasm))
  return pes <= 64 && filled >= (pes <= 16 ? 0.7 : 0.85)
}
