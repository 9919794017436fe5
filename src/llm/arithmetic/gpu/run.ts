import type { Gpu } from '../../gpu/device.ts'
import { type Dispatch, pipelinesOf, readBack, recorderOf } from '../../gpu/recorder.ts'
import { uploadArray } from '../../gpu/upload.ts'

/** Threads of a workgroup, each with a result of its own. */
export const threads = 64

/** Arrays on a GPU, and kernels that give one array of words. */
export interface GpuRunner {
  /** Until the runner is closed. */
  readonly upload: (data: ArrayBufferView, name: string) => GPUBuffer
  /** Until the next call of this kind: the activations of a call. */
  readonly uploadForOne: (data: ArrayBufferView) => GPUBuffer
  /** Runs a kernel whose last array is its result, of `words` words. */
  readonly run: (dispatch: Dispatch, words: number) => Promise<Int32Array>
  readonly close: () => void
}

export const gpuRunner = (gpu: Gpu): GpuRunner => {
  const pipelines = pipelinesOf(gpu)
  const kept: GPUBuffer[] = []
  let one: GPUBuffer | undefined
  return {
    upload: (data, name) => {
      const buffer = uploadArray(gpu, data, name)
      kept.push(buffer)
      return buffer
    },
    uploadForOne: (data) => {
      one?.destroy()
      one = uploadArray(gpu, data, 'the activations')
      return one
    },
    run: async (dispatch, words) => {
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC
      const result = gpu.device.createBuffer({ size: Math.max(16, 4 * words), usage })
      try {
        const recorder = recorderOf(gpu, pipelines)
        recorder.record([{ ...dispatch, arrays: [...dispatch.arrays, result] }])
        const { buffer } = await readBack(gpu, recorder, result)
        return new Int32Array(buffer, 0, words)
      } finally {
        result.destroy()
      }
    },
    close: () => {
      for (const buffer of kept) buffer.destroy()
      one?.destroy()
    },
  }
}

/** The head of a kernel: its numbers, what it reads, and `y`, which it writes. */
export const kernelHead = (
  numbers: readonly string[],
  arrays: readonly (readonly [name: string, type: string])[],
  result: string,
): string => `
struct Numbers { ${numbers.map((name) => `${name}: u32`).join(', ')} }
@group(0) @binding(0) var<uniform> n: Numbers;
${arrays.map(([name, type], at) => `@group(0) @binding(${at + 1}) var<storage, read> ${name}: array<${type}>;`).join('\n')}
@group(0) @binding(${arrays.length + 1}) var<storage, read_write> y: array<${result}>;
`
