import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { ProcessingElement } from '../pe/family.ts'
import { type EngineName, openEngine } from '../sim/engines.ts'
import { type Codes, type GroupedProduct, type GroupedSums, resultsPerOutput, runProduct } from './gemm.ts'
import { type ArraySize, drainCycles, outputStationaryArray } from './output-stationary.ts'
import type { ProductTask } from './product-worker.ts'

export interface ProductRunnerOptions {
  readonly pe: ProcessingElement
  readonly size: ArraySize
  readonly engine: EngineName
  /** Worker threads that share a product's columns, each with a copy of the array; 1 stays in this thread. */
  readonly threads?: number
}

/** Runs matrix products on one simulated array. */
export interface ProductRunner {
  run(product: GroupedProduct): Promise<GroupedSums>
  close(): Promise<void>
}

/** Threads that pay: one a core. */
export const defaultThreads = (): number => availableParallelism()

/** Opens the array on an engine. Cycles are those of one array, however many threads simulate it. */
export const productRunner = (options: ProductRunnerOptions): ProductRunner => {
  const { threads = 1 } = options
  return threads > 1 ? threadedRunner(options, threads) : runnerInThread(options)
}

const runnerInThread = ({ pe, size, engine: name }: ProductRunnerOptions): ProductRunner => {
  const engine = openEngine(name, outputStationaryArray(pe, size), { checks: false })
  return {
    run: async (product) => runProduct(engine, pe, size, product),
    close: async () => engine.close(),
  }
}

const threadedRunner = ({ pe, size, engine }: ProductRunnerOptions, threads: number): ProductRunner => {
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
          const task: ProductTask = { spec: pe.spec, ...size, engine, product: shared, outputs }
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
  return { sums, cycles }
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
