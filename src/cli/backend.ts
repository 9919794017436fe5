import { knownName } from '../base/suggestion.ts'
import { type HardwareModel, hardwareModel } from '../llm/arithmetic/hardware-model.ts'
import { type Backend, cpuBackend } from '../llm/backend.ts'
import { gpuBackend } from '../llm/gpu/backend.ts'
import { openGpu } from '../llm/gpu/device.ts'
import { backendWithCache } from '../llm/quantised/quantised-cache.ts'
import type { QuantisedRun } from '../llm/quantised/quantised-run.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import type { CacheOptions } from '../quant/key-value.ts'
import type { Output } from './context.ts'

export const backendNames: readonly string[] = ['cpu', 'webgpu']

/** Refuses a name that is no backend's. */
export const checkBackend = (name: string): void => {
  knownName('E-OPTION', 'backend', name, backendNames)
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

/** A quantised model in a PE's arithmetic, on the GPU where it is asked for and can be had; all but its linear layers runs on the CPU. */
export const hardwareOf = async (
  quantised: QuantisedRun,
  pe: ProcessingElement | TiledElement,
  { backend: wanted, threads }: BackendRequest,
  output: Output,
): Promise<{ readonly model: HardwareModel; readonly name: string; readonly close: () => void }> => {
  const found = wanted === 'webgpu' ? await openGpu() : undefined
  if (typeof found === 'string') output.progress.say(`${found}; running on the CPU`)
  const gpu = typeof found === 'object' ? found : undefined
  const model = hardwareModel(quantised, pe, {
    ...(threads === undefined ? {} : { threads }),
    ...(gpu ? { gpu } : {}),
  })
  return {
    model,
    name: gpu ? `cpu, linear layers on webgpu (${gpu.name})` : 'cpu',
    close: () => {
      model.close()
      gpu?.device.destroy()
    },
  }
}
