import { processingElement } from '../pe/catalogue.ts'
import type { Engine } from '../sim/engine.ts'
import { type EngineName, openEngine } from '../sim/engines.ts'
import { type GroupedProduct, type GroupedSums, runProduct } from './gemm.ts'
import { outputStationaryArray } from './output-stationary.ts'

/** One slice of a product, as it is sent to a worker thread; big arrays are shared memory. */
export interface ProductTask {
  readonly spec: string
  readonly rows: number
  readonly columns: number
  readonly engine: EngineName
  readonly product: GroupedProduct
  readonly outputs: readonly [number, number]
}

/** A thread keeps the engine of the last design it worked on. */
let held: { key: string; engine: Engine } | undefined

/** Runs a slice on this thread's own copy of the array. */
export default ({ spec, rows, columns, engine: name, product, outputs }: ProductTask): GroupedSums => {
  const pe = processingElement(spec)
  const key = `${pe.spec} ${rows} ${columns} ${name}`
  if (held?.key !== key) {
    held?.engine.close()
    held = { key, engine: openEngine(name, outputStationaryArray(pe, { rows, columns }), { checks: false }) }
  }
  return runProduct(held.engine, pe, { rows, columns }, product, outputs)
}
