import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { UserError } from '../base/user-error.ts'
import { type Codes, type GroupedProduct, type GroupedSums, resultsPerOutput } from './gemm.ts'
import { drainCycles } from './output-stationary.ts'
import { type ProductArrayOptions, productArray, productEngineNamed } from './product-array.ts'
import type { ProductTask } from './product-worker.ts'

export interface ProductRunnerOptions extends ProductArrayOptions {
  /** Worker threads that share a product's columns, each with a copy of the array and its lanes; 1 stays in this thread. */
  readonly threads?: number
}

/** Runs matrix products on one simulated array. */
export interface ProductRunner {
  run(product: GroupedProduct): Promise<GroupedSums>
  close(): Promise<void>
}

/** Threads that pay: one a core, and one that hands work to a graphics processor. */
export const defaultThreads = (engine?: string): number => (engine === 'webgpu' ? 1 : availableParallelism())

/**
 * Opens the array on an engine. Cycles are those of one array, however many threads and lanes simulate it. A UserError where the engine
 * has no lanes and some are asked for, and for threads of a graphics processor.
 */
export const productRunner = (options: ProductRunnerOptions): ProductRunner => {
  const { threads = 1, engine, lanes } = options
  productEngineNamed(engine, lanes)
  if (threads > 1 && engine === 'webgpu')
    throw new UserError('E-THREADS', `webgpu runs all tiles on one graphics processor, got ${threads} threads; take 1`)
  return threads > 1 ? threadedRunner(options, threads) : runnerInThread(options)
}

const runnerInThread = (options: ProductRunnerOptions): ProductRunner => {
  const array = productArray(options)
  return {
    run: (product) => array.run(product, [0, product.outputs]),
    close: () => array.close(),
  }
}

const threadedRunner = ({ pe, size, engine, lanes }: ProductRunnerOptions, threads: number): ProductRunner => {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./product-worker.js', import.meta.url)),
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: 600_000,
  })
  return {
    run: async (product) => {
      const shared = { ...product, weights: inSharedMemory(product.weights), activations: product.activations }
      const slices = slicesOf(product.outputs, size.columns, threads)
      const parts = await Promise.all(
        slices.map((outputs) => {
          const task: ProductTask = { spec: pe.spec, ...size, engine, lanes, product: shared, outputs }
          return pool.run(task) as Promise<GroupedSums>
        }),
      )
      return joined(slices, parts, { ...product, perOutput: resultsPerOutput(pe, product) }, drainCycles(pe, size))
    },
    close: () => pool.destroy(),
  }
}

/** Contiguous slices of whole tiles, as even as tiles allow. */
const slicesOf = (outputs: number, columns: number, threads: number): (readonly [number, number])[] => {
  const tiles = Math.ceil(outputs / columns)
  const count = Math.min(threads, tiles)
  return Array.from({ length: count }, (_, k) => {
    const edge = (index: number): number => Math.min(outputs, Math.round((index * tiles) / count) * columns)
    return [edge(k), edge(k + 1)] as const
  })
}

/** One array would have streamed the slices without a gap, and drained once. */
const joined = (
  slices: readonly (readonly [number, number])[],
  parts: readonly GroupedSums[],
  { tokens, outputs, perOutput }: Pick<GroupedProduct, 'tokens' | 'outputs'> & { readonly perOutput: number },
  drain: number,
): GroupedSums => {
  const sums = new Int32Array(tokens * outputs * perOutput)
  slices.forEach(([from, to], k) => {
    const width = (to - from) * perOutput
    for (let token = 0; token < tokens; token++)
      sums.set(parts[k]!.sums.subarray(token * width, (token + 1) * width), (token * outputs + from) * perOutput)
  })
  const cycles = parts.reduce((sum, part) => sum + part.cycles, 0) - (parts.length - 1) * drain
  return { sums, cycles, failures: parts.flatMap((part) => part.failures) }
}

/** The same codes in memory that threads see without a copy; done once per array of codes. */
const sharedCopies = new WeakMap<Codes, Codes>()
const inSharedMemory = (codes: Codes): Codes => {
  if (codes.buffer instanceof SharedArrayBuffer) return codes
  let copy = sharedCopies.get(codes)
  if (!copy) {
    const memory = new SharedArrayBuffer(codes.byteLength)
    if (codes instanceof Int8Array) copy = new Int8Array(memory)
    else copy = codes instanceof Uint8Array ? new Uint8Array(memory) : new Uint16Array(memory)
    copy.set(codes)
    sharedCopies.set(codes, copy)
  }
  return copy
}
