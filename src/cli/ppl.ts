import { unknownName } from '../base/suggestion.ts'
import { type Backend, cpuBackend } from '../llm/backend.ts'
import { gpuBackend } from '../llm/gpu/backend.ts'
import { openGpu } from '../llm/gpu/device.ts'
import { perplexity } from '../llm/likelihood.ts'
import { parameterCountOf } from '../llm/model.ts'
import { openModel } from '../llm/open-model.ts'
import { backendWithCache, cacheQuantiserOf } from '../llm/quantised-cache.ts'
import type { QuantisedRun } from '../llm/quantised-run.ts'
import { readTexts } from '../llm/read-texts.ts'
import type { CacheOptions } from '../quant/key-value.ts'
import { columns, type Output } from './context.ts'
import { quantiserFrom } from './quantiser-from.ts'
import { calibrationWindows, windowsOfTexts } from './windows.ts'

export interface PplRequest {
  readonly model: string
  readonly tokenizer?: string
  readonly text: string
  readonly quant: string
  /** What keeps keys and values. */
  readonly kv: string
  /** `cpu` or `webgpu`. */
  readonly backend: string
  /** Longest window, in tokens; the model's own unless given. */
  readonly context?: number
  /** Most tokens of all texts together; all unless given. */
  readonly tokens?: number
  /** Text for quantisers that are calibrated. */
  readonly calibrate?: string
  /** Most tokens of it. */
  readonly calibrateTokens: number
}

export const backendNames: readonly string[] = ['cpu', 'webgpu']

/** `bitloom ppl`: the perplexity of texts under a model whose linear layers are quantised. */
export const pplCommand = async (request: PplRequest, output: Output): Promise<void> => {
  const quantiser = quantiserFrom(request.quant)
  const cache = cacheQuantiserOf(request.kv)
  if (!backendNames.includes(request.backend)) throw unknownName('E-OPTION', 'backend', request.backend, backendNames)
  const texts = readTexts(request.text)
  const opened = await openModel(request.model, {
    progress: output.progress,
    ...(request.tokenizer === undefined ? {} : { tokenizer: request.tokenizer }),
  })
  const { model } = opened
  const { windows, context } = windowsOfTexts(opened, texts, request.text, request)
  const calibration = quantiser.calibrated
    ? calibrationWindows(opened, request.calibrate, request.calibrateTokens)
    : undefined
  const predicted = windows.reduce((sum, { length }) => sum + length - 1, 0)
  const { progress } = output
  let backend: Backend | undefined
  try {
    const quantised = await quantiser.prepare(model, { ...(calibration ? { calibration } : {}), progress })
    backend = await backendOf(quantised, cache.options, request.backend, output)
    progress.start(`perplexity of ${model.name}`, predicted, 'tokens')
    const started = performance.now()
    const result = await perplexity(backend, windows, (soFar) =>
      progress.update(soFar.tokens, `perplexity ${soFar.perplexity.toFixed(3)}`),
    )
    const seconds = (performance.now() - started) / 1000
    const tokensPerSecond = Number((result.tokens / seconds).toPrecision(4))
    output.result({
      model: model.name,
      quantiser: quantiser.spec,
      kv_cache: cache.spec,
      perplexity: result.perplexity,
      mean_negative_log_likelihood_nats: result.meanNegativeLogLikelihood,
      tokens: result.tokens,
      texts: texts.length,
      windows: windows.length,
      context_tokens: context,
      backend: backend.name,
      tokensPerSecond,
      seconds,
      provenance: {
        model: opened.source,
        model_sha256: opened.sha256,
        parameters: parameterCountOf(model),
        text: request.text,
        weights: quantiser.weights,
        activations: quantiser.activations,
        ...(calibration ? { calibration: `${calibration.flat().length} tokens of ${request.calibrate}` } : {}),
        windows: `no overlap, each from its own first token on, at most ${context} tokens`,
        arithmetic: 'float32',
      },
    })
    output.print(
      columns([
        ['perplexity', 'tokens', 'windows', 'tokens/s', 'model', 'quantiser'],
        [
          result.perplexity.toFixed(4),
          String(result.tokens),
          String(windows.length),
          String(tokensPerSecond),
          model.name,
          quantiser.spec,
        ],
      ]),
    )
  } finally {
    progress.stop()
    backend?.close()
  }
}

/** The GPU where it is asked for and can be had, else the CPU, with a word why. */
const backendOf = async (
  { model, linear }: QuantisedRun,
  cache: CacheOptions | undefined,
  wanted: string,
  output: Output,
): Promise<Backend> => {
  const cpu = (): Backend => (cache ? backendWithCache(model, cache, linear) : cpuBackend(model, linear))
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
