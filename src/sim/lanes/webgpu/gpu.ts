import { UserError } from '../../../base/user-error.ts'

/** The little of WebGPU's interface that the engine uses (W3C, WebGPU); neither Node's types nor ours bring the browser's. */
export interface GpuBuffer {
  readonly size: number
  mapAsync(mode: number): Promise<void>
  getMappedRange(): ArrayBuffer
  unmap(): void
  destroy(): void
}
type Handle = object
export interface GpuDevice {
  readonly limits: Readonly<Record<string, number>>
  readonly queue: {
    writeBuffer(buffer: GpuBuffer, offset: number, data: ArrayBufferView<ArrayBuffer>): void
    submit(commands: readonly Handle[]): void
  }
  createBuffer(of: { readonly size: number; readonly usage: number }): GpuBuffer
  createShaderModule(of: { readonly code: string }): Handle
  createBindGroupLayout(of: { readonly entries: readonly object[] }): Handle
  createPipelineLayout(of: { readonly bindGroupLayouts: readonly Handle[] }): Handle
  createComputePipelineAsync(of: {
    readonly layout: Handle
    readonly compute: { readonly module: Handle; readonly entryPoint: string }
  }): Promise<Handle>
  createBindGroup(of: { readonly layout: Handle; readonly entries: readonly object[] }): Handle
  createCommandEncoder(): GpuEncoder
  destroy(): void
}
export interface GpuEncoder {
  beginComputePass(): {
    setPipeline(pipeline: Handle): void
    setBindGroup(index: number, group: Handle): void
    dispatchWorkgroups(count: number): void
    end(): void
  }
  copyBufferToBuffer(from: GpuBuffer, fromOffset: number, to: GpuBuffer, toOffset: number, size: number): void
  finish(): Handle
}
interface GpuAdapter {
  readonly info: Readonly<Record<'vendor' | 'architecture' | 'device' | 'description', string>>
  readonly limits: Readonly<Record<string, number>>
  requestDevice(of: { readonly requiredLimits: Readonly<Record<string, number>> }): Promise<GpuDevice>
}
interface Gpu {
  requestAdapter(of: { readonly powerPreference: 'high-performance' }): Promise<GpuAdapter | null>
}

export const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const
export const mapRead = 1
export const computeStage = 4

export interface OpenGpu {
  readonly device: GpuDevice
  /** As the driver names itself. */
  readonly adapter: string
}

/** Where Chromium's packages put the description of SwiftShader, a Vulkan driver that runs on the processor. */
const swiftShader = ['/usr/lib/chromium', '/usr/lib64/chromium-browser', '/usr/lib/chromium-browser'].map(
  (folder) => `${folder}/vk_swiftshader_icd.json`,
)

/**
 * Opens the fastest adapter of the browser or, in Node, of the package `webgpu` (Dawn). Without a graphics processor, Chromium's
 * SwiftShader is taken where it is. A UserError where no adapter opens.
 */
export const openGpu = async (): Promise<OpenGpu> => {
  const inBrowser = (globalThis as { readonly navigator?: { readonly gpu?: Gpu } }).navigator?.gpu
  const adapter = inBrowser ? await adapterOf(inBrowser) : await adapterInNode()
  if (!adapter)
    throw new UserError(
      'E-WEBGPU',
      'WebGPU finds no adapter: no graphics processor with its driver, and no SwiftShader with libvulkan1 and Chromium; ' +
        "install these, or take the engine 'wasm'",
    )
  const names = ['maxStorageBufferBindingSize', 'maxBufferSize'] as const
  const requiredLimits = Object.fromEntries(names.map((limit) => [limit, adapter.limits[limit]!]))
  const device = await adapter.requestDevice({ requiredLimits })
  const { vendor, architecture, description } = adapter.info
  return { device, adapter: description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed' }
}

const adapterOf = (gpu: Gpu): Promise<GpuAdapter | null> => gpu.requestAdapter({ powerPreference: 'high-performance' })

/** The instance that had an adapter; one that is collected takes its devices with it. */
let instance: Gpu | undefined

const adapterInNode = async (): Promise<GpuAdapter | null> => {
  if (instance) return adapterOf(instance)
  const create = await dawn()
  const open = async (): Promise<GpuAdapter | null> => {
    const gpu = create([])
    const adapter = await adapterOf(gpu)
    if (adapter) instance = gpu
    return adapter
  }
  const { env, getBuiltinModule } = globalThis.process
  const found = await open()
  if (found || env.VK_DRIVER_FILES !== undefined) return found
  const driver = swiftShader.find((path) => getBuiltinModule('fs').existsSync(path))
  if (!driver) return null
  // Vulkan's loader looks at this variable each time that an instance is made.
  env.VK_DRIVER_FILES = driver
  try {
    return await open()
  } finally {
    delete env.VK_DRIVER_FILES
  }
}

const dawn = async (): Promise<(options: readonly string[]) => Gpu> => {
  const name = 'webgpu'
  if (typeof globalThis.process?.versions?.node !== 'string')
    throw new UserError('E-WEBGPU', "this browser has no WebGPU; take another, or the engine 'wasm'")
  try {
    return ((await import(/* @vite-ignore */ name)) as { readonly create: (options: readonly string[]) => Gpu }).create
  } catch (cause) {
    const cure = "run npm install webgpu, or take the engine 'wasm'"
    throw new UserError('E-WEBGPU', `the engine 'webgpu' needs the package webgpu; ${cure}`, { cause })
  }
}
