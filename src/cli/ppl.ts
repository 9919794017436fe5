import { activationsOfPe, describeRead } from '../llm/arithmetic/hardware-layer.ts'
import { usualQuantiserOf } from '../llm/arithmetic/usual-quantiser.ts'
import type { Backend } from '../llm/backend.ts'
import { type Perplexity, perplexity } from '../llm/likelihood.ts'
import { parameterCountOf } from '../llm/model.ts'
import { type OpenedModel, openModel } from '../llm/open-model.ts'
import type { Calibration } from '../llm/quantised/calibration.ts'
import { cacheQuantiserOf } from '../llm/quantised/quantised-cache.ts'
import type { Quantiser } from '../llm/quantised/quantisers.ts'
import { readTexts } from '../llm/read-texts.ts'
import { elementOf } from '../pe/catalogue.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { TiledElement } from '../pe/tile.ts'
import type { CacheOptions } from '../quant/key-value.ts'
import { type BackendRequest, backendOf, checkBackend, hardwareOf } from './backend.ts'
import { columns, type Output } from './context.ts'
import { ownQuantiser, quantiserFrom } from './quantiser-from.ts'
import { type CalibrationRequest, calibratorFor, windowsOfTexts } from './windows.ts'

export interface PplRequest extends BackendRequest, CalibrationRequest {
  readonly model: string
  readonly tokenizer?: string
  readonly text: string
  /** Several give a table; float, or with a PE what it reads, unless given. */
  readonly quant?: readonly string[]
  /** The PE in whose arithmetic linear layers compute; float32 unless given. */
  readonly pe?: string
  /** What keeps keys and values. */
  readonly kv: string
  /** Longest window, in tokens; the model's own unless given. */
  readonly context?: number
  /** Most tokens of all texts together; all unless given. */
  readonly tokens?: number
}

/** `bitloom ppl`: the perplexity of texts under a model whose linear layers are quantised, once for each quantiser. */
export const pplCommand = async (request: PplRequest, output: Output): Promise<void> => {
  const pe = request.pe === undefined ? undefined : elementOf(request.pe)
  // Also says why no model runs in the arithmetic of some.
  const read = pe && activationsOfPe(pe)
  const asked = (request.quant ?? [pe ? usualQuantiserOf(pe) : 'float']).map(quantiserFrom)
  const calibrationOf = calibratorFor(asked, request)
  const cache = cacheQuantiserOf(request.kv)
  checkBackend(request.backend)
  const texts = readTexts(request.text)
  const opened = await openModel(request.model, {
    progress: output.progress,
    ...(request.tokenizer === undefined ? {} : { tokenizer: request.tokenizer }),
  })
  const { model } = opened
  const own = ownQuantiser(opened, request.quant)
  const quantisers = own ? [own] : asked
  const { windows, context } = windowsOfTexts(opened, texts, request.text, request)
  const calibration = calibrationOf(opened)
  const { progress } = output
  const results: PplResult[] = []
  try {
    for (const quantiser of quantisers) {
      const work = { windows, calibration, request, pe }
      const found = await perplexityWith(quantiser, cache.options, opened, work, output)
      const { perplexity, tokens, meanNegativeLogLikelihood, seconds, backend } = found
      results.push({
        model: model.name,
        quantiser: quantiser.spec,
        ...(pe ? { pe: pe.spec } : {}),
        kv_cache: cache.spec,
        perplexity,
        mean_negative_log_likelihood_nats: meanNegativeLogLikelihood,
        tokens,
        texts: texts.length,
        windows: windows.length,
        context_tokens: context,
        backend,
        tokensPerSecond: Number((tokens / seconds).toPrecision(4)),
        seconds,
        provenance: {
          model: opened.source,
          model_sha256: opened.sha256,
          parameters: parameterCountOf(model),
          text: request.text,
          weights: quantiser.weights,
          activations: read ? describeRead(read) : quantiser.activations,
          ...(quantiser.calibrated ? { calibration: `${calibration?.tokens} tokens of ${request.calibrate}` } : {}),
          windows: `no overlap, each from its own first token on, at most ${context} tokens`,
          arithmetic: pe
            ? `linear layers in the arithmetic of ${pe.spec}, bit for bit; the rest in float32`
            : 'float32',
        },
      })
    }
  } finally {
    progress.stop()
  }
  output.result(results.length === 1 ? results[0] : { results })
  output.print(tableOf(results))
}

interface PplResult {
  readonly model: string
  readonly quantiser: string
  readonly pe?: string
  readonly kv_cache: string
  readonly perplexity: number
  readonly mean_negative_log_likelihood_nats: number
  readonly tokens: number
  readonly texts: number
  readonly windows: number
  readonly context_tokens: number
  readonly backend: string
  readonly tokensPerSecond: number
  readonly seconds: number
  readonly provenance: Readonly<Record<string, string | number>>
}

interface PplWork {
  readonly windows: readonly (readonly number[])[]
  readonly calibration: Calibration | undefined
  readonly request: PplRequest
  readonly pe: ProcessingElement | TiledElement | undefined
}

const perplexityWith = async (
  quantiser: Quantiser,
  cache: CacheOptions | undefined,
  { model }: OpenedModel,
  { windows, calibration, request, pe }: PplWork,
  output: Output,
): Promise<Perplexity & { readonly seconds: number; readonly backend: string }> => {
  const { progress } = output
  const quantised = await quantiser.prepare(model, { ...(calibration ? { calibration } : {}), progress })
  const hardware = pe && (await hardwareOf(quantised, pe, request, output))
  try {
    const backend = hardware
      ? await backendOf(hardware.model.run, { ...request, backend: 'cpu' }, output, cache)
      : await backendOf(quantised, request, output, cache)
    const result = await measured(backend, windows, model.name, output)
    return { ...result, backend: hardware?.name ?? backend.name }
  } finally {
    hardware?.close()
  }
}

const measured = async (
  backend: Backend,
  windows: PplWork['windows'],
  name: string,
  { progress }: Output,
): Promise<Perplexity & { readonly seconds: number }> => {
  try {
    const predicted = windows.reduce((sum, { length }) => sum + length - 1, 0)
    progress.start(`perplexity of ${name}`, predicted, 'tokens')
    const started = performance.now()
    const result = await perplexity(backend, windows, (soFar) =>
      progress.update(soFar.tokens, `perplexity ${soFar.perplexity.toFixed(3)}`),
    )
    return { ...result, seconds: (performance.now() - started) / 1000 }
  } finally {
    backend.close()
  }
}

/** A row for each quantiser; with several, what each perplexity is over the first one. */
const tableOf = (results: readonly PplResult[]): string => {
  const over = results.length > 1
  return columns([
    ['perplexity', ...(over ? ['over first'] : []), 'tokens', 'windows', 'tokens/s', 'model', 'quantiser'],
    ...results.map((result) => [
      result.perplexity.toFixed(4),
      ...(over ? [(result.perplexity / results[0]!.perplexity).toFixed(4)] : []),
      String(result.tokens),
      String(result.windows),
      String(result.tokensPerSecond),
      result.model,
      result.quantiser,
    ]),
  ])
}
