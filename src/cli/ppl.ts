import { unknownName } from '../base/suggestion.ts'
import { UserError } from '../base/user-error.ts'
import { type Backend, cpuBackend } from '../llm/backend.ts'
import { gpuBackend } from '../llm/gpu/backend.ts'
import { openGpu } from '../llm/gpu/device.ts'
import { perplexity, windowsOf } from '../llm/likelihood.ts'
import { linearLayersOf, parameterCountOf } from '../llm/model.ts'
import { type OpenedModel, openModel } from '../llm/open-model.ts'
import type { QuantisedRun } from '../llm/quantised-run.ts'
import { quantiserOf } from '../llm/quantisers.ts'
import { readTexts } from '../llm/read-texts.ts'
import { columns, type Output } from './context.ts'

export interface PplRequest {
  readonly model: string
  readonly tokenizer?: string
  readonly text: string
  readonly quant: string
  /** `cpu` or `webgpu`. */
  readonly backend: string
  /** Longest window, in tokens; the model's own unless given. */
  readonly context?: number
  /** Most tokens of all texts together; all unless given. */
  readonly tokens?: number
}

export const backendNames: readonly string[] = ['cpu', 'webgpu']

/** `bitloom ppl`: the perplexity of texts under a model whose linear layers are quantised. */
export const pplCommand = async (request: PplRequest, output: Output): Promise<void> => {
  const quantiser = quantiserOf(request.quant)
  if (!backendNames.includes(request.backend)) throw unknownName('E-OPTION', 'backend', request.backend, backendNames)
  const texts = readTexts(request.text)
  const opened = await openModel(request.model, {
    progress: output.progress,
    ...(request.tokenizer === undefined ? {} : { tokenizer: request.tokenizer }),
  })
  const { model } = opened
  const { windows, context } = windowsOfTexts(opened, texts, request)
  const predicted = windows.reduce((sum, { length }) => sum + length - 1, 0)
  const { progress } = output
  let backend: Backend | undefined
  try {
    const quantised = quantiser.prepare(model, (done) => {
      if (done === 1) progress.start(`quantise ${model.name}`, linearLayersOf(model).length, 'layers')
      progress.update(done)
    })
    backend = await backendOf(quantised, request.backend, output)
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
const backendOf = async ({ model, linear }: QuantisedRun, wanted: string, output: Output): Promise<Backend> => {
  if (wanted === 'cpu') return cpuBackend(model, linear)
  const instead = (why: string): Backend => {
    output.progress.say(`${why}; running on the CPU`)
    return cpuBackend(model, linear)
  }
  if (linear) return instead('quantised activations have no kernels on the GPU')
  const gpu = await openGpu()
  return typeof gpu === 'string' ? instead(gpu) : gpuBackend(gpu, model)
}

interface Windows {
  readonly windows: readonly (readonly number[])[]
  readonly context: number
}

const windowsOfTexts = (
  { model, tokenizer, prefix }: OpenedModel,
  texts: readonly string[],
  request: PplRequest,
): Windows => {
  const { sequence } = model.config
  const context = request.context ?? sequence
  const own = tokenizer.encode('').length
  const least = prefix.length + 2
  if (context > sequence || context < least)
    throw new UserError(
      'E-OPTION',
      `--context ${context} does not fit model ${model.name}; give ${least} to ${sequence} tokens`,
    )
  let left = request.tokens ?? Number.POSITIVE_INFINITY
  const windows = texts.flatMap((text) => {
    const tokens = tokenizer.encode(text).slice(own).slice(0, left)
    left -= tokens.length
    return windowsOf(tokens, prefix, context)
  })
  if (!windows.some(({ length }) => length > 1))
    throw new UserError(
      'E-TEXT',
      `${request.text} holds no token that model ${model.name} could predict; give a longer text or more --tokens`,
    )
  return { windows, context }
}
