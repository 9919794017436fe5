/// <reference types="@webgpu/types" />
import { reasonOf } from '../../base/user-error.ts'

/** A GPU that kernels run on. */
export interface Gpu {
  /** Where the device came from: Dawn's must live as long as it. */
  readonly entry: GPU
  readonly device: GPUDevice
  /** As the adapter describes itself. */
  readonly name: string
  /** The first thing that went wrong on it, so that no result of a failed kernel is taken for one. */
  readonly fault: () => string | undefined
}

/** Opens the GPU that WebGPU offers, in a browser or through the package `webgpu` (Dawn); a text says why there is none. */
export const openGpu = async (): Promise<Gpu | string> => {
  const gpu = await entryPoint()
  if (typeof gpu === 'string') return gpu
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
    if (!adapter) return 'WebGPU found no adapter; a Vulkan driver is needed, or SwiftShader (VK_DRIVER_FILES)'
    const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits
    const device = await adapter.requestDevice({ requiredLimits: { maxStorageBufferBindingSize, maxBufferSize } })
    let fault: string | undefined
    device.onuncapturederror = ({ error }) => {
      fault ??= error.message
    }
    const { vendor, architecture, device: model, description } = adapter.info
    const name = description || [vendor, architecture, model].filter(Boolean).join(' ') || 'unnamed adapter'
    return { entry: gpu, device, name, fault: () => fault }
  } catch (error) {
    return `WebGPU gave no device (${reasonOf(error)})`
  }
}

const entryPoint = async (): Promise<GPU | string> => {
  const own = (globalThis as { readonly navigator?: { readonly gpu?: GPU } }).navigator?.gpu
  if (own) return own
  try {
    const { create, globals } = await import('webgpu')
    Object.assign(globalThis, globals)
    return create([])
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
    return missing
      ? 'the package webgpu is not installed; npm install webgpu brings it'
      : `the package webgpu does not start (${reasonOf(error)})`
  }
}
