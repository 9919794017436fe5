import { unknownName } from '../base/suggestion.ts'
import { type Backend, cpuBackend } from '../llm/backend.ts'
import { gpuBackend } from '../llm/gpu/backend.ts'
import { openGpu } from '../llm/gpu/device.ts'
import { backendWithCache } from '../llm/quantised/quantised-cache.ts'
import type { QuantisedRun } from '../llm/quantised/quantised-run.ts'
import type { CacheOptions } from '../quant/key-value.ts'
import type { Output } from './context.ts'

export const backendNames: readonly string[] = ['cpu', 'webgpu']

/** Refuses a name that is no backend's. */
export const checkBackend = (name: string): void => {
  if (!backendNames.includes(name)) throw unknownName('E-OPTION', 'backend', name, backendNames)
}

export interface BackendRequest {
  /** `cpu` or `webgpu`. */
  readonly backend: string
  /** Threads of the CPU for what runs in WebAssembly; one a core unless given. */
  readonly threads?: number
}

/** The GPU where it is asked for and can be had, else the CPU, with a word why. A quantised KV cache where options of one are given. */
export const backendOf = async (
  { model, linear }: QuantisedRun,
  { backend: wanted, threads }: BackendRequest,
  output: Output,
  cache?: CacheOptions,
): Promise<Backend> => {
  const cpu = (): Backend =>
    cache ? backendWithCache(model, cache, linear) : cpuBackend(model, linear, threads === undefined ? {} : { threads })
  if (wanted === 'cpu') return cpu()
  const instead = (why: string): Backend => {
    output.progress.say(`${why}; running on the CPU`)
    return cpu()
  }
  if (cache) return instead('a quantised KV cache has no kernels on the GPU')
  if (linear) return instead('quantised activations have no kernels on the GPU')
  const gpu = await openGpu()
  return typeof gpu === 'string' ? instead(gpu) : gpuBackend(gpu, model)
}
