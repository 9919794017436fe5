import type { Progress } from '../src/base/progress.ts'
import { UserError } from '../src/base/user-error.ts'
import { gpuBackend } from '../src/llm/gpu/backend.ts'
import { type Gpu, openGpu } from '../src/llm/gpu/device.ts'
import { type Model, memoryOf } from '../src/llm/model.ts'
import { openRandom } from '../src/llm/open-random.ts'
import { greedy } from '../src/llm/sample.ts'
import { memoryOfWeights } from '../src/llm/weights.ts'
import { machine, median, othersAtWork, printTable } from './table.ts'

const rounds = 5
const prompt = 128
/** Tokens that are decoded, or as many as two seconds hold. */
const decoded = 32
const mostMilliseconds = 2_000

interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface LlmGpuResult {
  readonly model: string
  readonly prefill_tokens_per_s: Spread
  readonly decode_tokens_per_s: Spread
  /** Weights that one token reads, times the rate of decoding. */
  readonly weights_gb_per_s: number
  /** A kernel that only reads. */
  readonly reading_gb_per_s: number
  readonly fraction_of_bandwidth: number
  readonly adapter: string
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
}

/**
 * Prefill and decoding of a random model on the GPU that WebGPU finds, or on what stands in for one: which is in the result. A published
 * shape in 4 bits is `random(shape=llama-2-7b, weights=q4_0)`.
 */
export const llmGpuBench = async (progress: Progress, reference: string): Promise<LlmGpuResult> => {
  const { model } = openRandom(reference)
  const gpu = await openGpu()
  if (typeof gpu === 'string') throw new UserError('E-BENCH', `there is no GPU to measure: ${gpu}`)
  const backend = gpuBackend(gpu, model)
  const adapter = gpu.name
  try {
    const prefill: number[] = []
    const decode: number[] = []
    progress.start(`${model.name} on ${adapter}`, rounds, 'rounds')
    // The first round compiles kernels and does not count.
    for (let round = 0; round <= rounds; round++) {
      const conversation = backend.open(prompt + decoded)
      const tokens = Array.from({ length: prompt }, (_, k) => (k * k * 31 + 1) % model.config.vocabulary)
      const started = performance.now()
      let token = greedy(await conversation.next(tokens))
      const first = performance.now()
      let count = 0
      for (; count < decoded && performance.now() - first < mostMilliseconds; count++)
        token = greedy(await conversation.next([token]))
      const last = performance.now()
      conversation.close()
      if (round === 0) continue
      prefill.push((1000 * prompt) / (first - started))
      decode.push((1000 * count) / (last - first))
      progress.update(round)
    }
    const reading = await readingRate(gpu)
    const weights = (bytesOfToken(model) * median(decode)) / 1e9
    const three = (value: number): number => Number(value.toPrecision(3))
    return {
      model: reference,
      prefill_tokens_per_s: spread(prefill),
      decode_tokens_per_s: spread(decode),
      weights_gb_per_s: three(weights),
      reading_gb_per_s: three(reading),
      fraction_of_bandwidth: three(weights / reading),
      adapter,
      machine: machine(),
      versions: {
        node: process.version,
        others_at_work: othersAtWork(),
      },
    }
  } finally {
    progress.stop()
    backend.close()
  }
}

/** Bytes of weights that a token reads: all but the table of embeddings, where the classifier is not the same. */
const bytesOfToken = (model: Model): number =>
  memoryOf(model) - (model.config.sharedClassifier ? 0 : memoryOfWeights(model.embedding.weights))

/** Each thread adds up vectors of four words, 256 bytes from one another in a workgroup's stretch. */
const readingKernel = `
@group(0) @binding(0) var<storage, read> words: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var sum = vec4<u32>();
  for (var k = 0u; k < 256u; k++) { sum += words[(group.x * 256u + k) * 64u + lane]; }
  sums[group.x * 64u + lane] = sum.x + sum.y + sum.z + sum.w;
}
`
const stretchBytes = 256 * 64 * 16

/** GB/s of a kernel that reads as much as one buffer holds, at most 512 MB. */
const readingRate = async ({ device }: Gpu): Promise<number> => {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits
  const stretches = Math.floor(Math.min(2 ** 29, maxStorageBufferBindingSize, maxBufferSize) / stretchBytes)
  const usage = GPUBufferUsage.STORAGE
  const words = device.createBuffer({ size: stretches * stretchBytes, usage })
  const sums = device.createBuffer({ size: 4 * 64 * stretches, usage })
  const module = device.createShaderModule({ code: readingKernel })
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } })
  const entries = [words, sums].map((buffer, binding) => ({ binding, resource: { buffer } }))
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries })
  const rates: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    pass.dispatchWorkgroups(stretches)
    pass.end()
    const started = performance.now()
    device.queue.submit([encoder.finish()])
    await device.queue.onSubmittedWorkDone()
    if (round > 0) rates.push((stretches * stretchBytes) / 1e6 / (performance.now() - started))
  }
  for (const buffer of [words, sums]) buffer.destroy()
  return median(rates)
}

const spread = (values: readonly number[]): Spread => {
  const three = (value: number): number => Number(value.toPrecision(3))
  return { median: three(median(values)), min: three(Math.min(...values)), max: three(Math.max(...values)) }
}

export const printLlmGpu = (result: LlmGpuResult): string => {
  const rate = ({ median, min, max }: Spread): string => `${median} tokens/s (${min} to ${max})`
  return printTable(
    ['model', 'prefill', 'decode', 'weights read', 'of a kernel that only reads'],
    [
      [
        result.model,
        rate(result.prefill_tokens_per_s),
        rate(result.decode_tokens_per_s),
        `${result.weights_gb_per_s} GB/s`,
        `${(100 * result.fraction_of_bandwidth).toFixed(1)} % of ${result.reading_gb_per_s} GB/s`,
      ],
    ],
    { machine: result.machine, versions: { adapter: result.adapter, ...result.versions } },
  )
}
