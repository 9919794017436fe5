import type { Gpu } from './device.ts'

/** One run of a kernel. */
export interface Dispatch {
  /** WGSL with an entry point `main`. */
  readonly kernel: string
  /** What binding 0 holds, as uint32; negative ones in two's complement. */
  readonly numbers: readonly number[]
  /** What the bindings from 1 on hold. */
  readonly arrays: readonly GPUBuffer[]
  readonly workgroups: readonly [number, number, number]
}

/** The pipeline of a kernel, made once. */
export const pipelinesOf = ({ device }: Gpu): ((kernel: string) => GPUComputePipeline) => {
  const known = new Map<string, GPUComputePipeline>()
  return (kernel) => {
    const found = known.get(kernel)
    if (found) return found
    const module = device.createShaderModule({ code: kernel })
    const made = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } })
    known.set(kernel, made)
    return made
  }
}

/** Collects dispatches, which run in order when they are submitted. */
export interface Recorder {
  readonly record: (dispatches: readonly Dispatch[]) => void
  /** Runs what was recorded, then `after`. */
  readonly submit: (after?: (encoder: GPUCommandEncoder) => void) => void
}

/** Alignment of a piece of a uniform buffer, and bytes that the numbers of a dispatch take at most. */
const slotBytes = 256

export const recorderOf = ({ device }: Gpu, pipelineOf: (kernel: string) => GPUComputePipeline): Recorder => {
  const dispatches: Dispatch[] = []
  return {
    record: (more) => {
      dispatches.push(...more)
    },
    submit: (after) => {
      const usage = GPUBufferUsage.UNIFORM
      const numbers = device.createBuffer({ size: slotBytes * dispatches.length, usage, mappedAtCreation: true })
      const words = new Uint32Array(numbers.getMappedRange())
      dispatches.forEach((dispatch, at) => {
        words.set(dispatch.numbers, (at * slotBytes) / 4)
      })
      numbers.unmap()
      const encoder = device.createCommandEncoder()
      const pass = encoder.beginComputePass()
      dispatches.forEach(({ kernel, arrays, workgroups }, at) => {
        const pipeline = pipelineOf(kernel)
        pass.setPipeline(pipeline)
        pass.setBindGroup(
          0,
          device.createBindGroup({
            layout: pipeline.getBindGroupLayout(0),
            entries: [
              { binding: 0, resource: { buffer: numbers, offset: at * slotBytes, size: slotBytes } },
              ...arrays.map((buffer, index) => ({ binding: index + 1, resource: { buffer } })),
            ],
          }),
        )
        pass.dispatchWorkgroups(...workgroups)
      })
      pass.end()
      after?.(encoder)
      device.queue.submit([encoder.finish()])
      numbers.destroy()
    },
  }
}

/** Runs what was recorded and brings an array back. */
export const readBack = async (
  { device, fault }: Gpu,
  recorder: Recorder,
  buffer: GPUBuffer,
): Promise<Float32Array> => {
  const { size } = buffer
  const copy = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  try {
    recorder.submit((encoder) => encoder.copyBufferToBuffer(buffer, 0, copy, 0, size))
    await copy.mapAsync(GPUMapMode.READ)
    const failed = fault()
    if (failed !== undefined) throw new Error(`the GPU refused a kernel: ${failed}`)
    return new Float32Array(copy.getMappedRange().slice(0))
  } finally {
    copy.destroy()
  }
}
