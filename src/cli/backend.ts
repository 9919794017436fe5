import { unknownName } from '../base/suggestion.ts'
import { type Backend, cpuBackend } from '../llm/backend.ts'
import { gpuBackend } from '../llm/gpu/backend.ts'
import { openGpu } from '../llm/gpu/device.ts'
import type { QuantisedRun } from '../llm/quantisers.ts'
import type { Output } from './context.ts'

export const backendNames: readonly string[] = ['cpu', 'webgpu']

/** Refuses a name that is no backend's. */
export const checkBackend = (name: string): void => {
  if (!backendNames.includes(name)) throw unknownName('E-OPTION', 'backend', name, backendNames)
}

/** The GPU where it is asked for and can be had, else the CPU, with a word why. */
export const backendOf = async ({ model, linear }: QuantisedRun, wanted: string, output: Output): Promise<Backend> => {
  if (wanted === 'cpu') return cpuBackend(model, linear)
  const instead = (why: string): Backend => {
    output.progress.say(`${why}; running on the CPU`)
    return cpuBackend(model, linear)
  }
  if (linear) return instead('integer activations have no kernels on the GPU')
  const gpu = await openGpu()
  return typeof gpu === 'string' ? instead(gpu) : gpuBackend(gpu, model)
}
