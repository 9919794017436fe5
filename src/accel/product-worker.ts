import { processingElement } from '../pe/catalogue.ts'
import type { GroupedProduct, GroupedSums } from './gemm.ts'
import { type ProductArray, type ProductEngineName, productArray } from './product-array.ts'

/** One slice of a product, as it is sent to a worker thread; big arrays are shared memory. */
export interface ProductTask {
  readonly spec: string
  readonly rows: number
  readonly columns: number
  readonly engine: ProductEngineName
  readonly lanes: number | undefined
  readonly product: GroupedProduct
  readonly outputs: readonly [number, number]
}

/** A thread keeps the engines of the last design it worked on. */
let held: { key: string; array: ProductArray } | undefined

/** Runs a slice on this thread's own copy of the array. */
export default async ({ spec, rows, columns, engine, lanes, product, outputs }: ProductTask): Promise<GroupedSums> => {
  const pe = processingElement(spec)
  const key = `${pe.spec} ${rows} ${columns} ${engine} ${lanes}`
  if (held?.key !== key) {
    await held?.array.close()
    held = {
      key,
      array: productArray({ pe, size: { rows, columns }, engine, ...(lanes === undefined ? {} : { lanes }) }),
    }
  }
  return held.array.run(product, outputs)
}
