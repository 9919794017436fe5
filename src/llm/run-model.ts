import type { ArraySize } from '../accel/output-stationary.ts'
import type { ProductEngineName } from '../accel/product-array.ts'
import { defaultThreads, productRunner } from '../accel/product-runner.ts'
import { type Progress, silent } from '../base/progress.ts'
import { UserError } from '../base/user-error.ts'
import type { ProcessingElement } from '../pe/family.ts'
import { arrayWeights } from './array-weights.ts'
import { generate } from './generate.ts'
import { hardwareLinear, type LayerCount, utilisationOf } from './hardware-linear.ts'
import { parameterCountOf } from './model.ts'
import type { OpenedModel } from './open-model.ts'
import type { Sampler } from './sample.ts'

export interface ModelRunOptions {
  readonly opened: OpenedModel
  readonly pe: ProcessingElement
  readonly size: ArraySize
  readonly engine: ProductEngineName
  readonly prompt: string
  /** Most tokens to generate. */
  readonly tokens: number
  readonly sampler: Sampler
  /** Worker threads; default one a core. */
  readonly threads?: number
  /** Tiles at once, each in a lane of its own; as `productRunner` chooses unless said. */
  readonly lanes?: number
  readonly progress?: Progress
  /** Called with each piece of text as it comes, the prompt first. */
  readonly onText?: (text: string) => void
}

/** A model's text with every linear layer on simulated hardware, and what that took. */
export interface ModelRun {
  readonly text: string
  readonly promptTokens: number
  readonly tokens: readonly { readonly text: string; readonly milliseconds: number }[]
  readonly parameters: number
  readonly layers: readonly LayerCount[]
  readonly macs: number
  readonly cycles: number
  /** Integer group sums that the array made. */
  readonly groupSums: number
  /** Results of the array compared with the reference, group sums or float32 outputs, and those that differed. */
  readonly compared: number
  readonly mismatches: number
  readonly firstMismatch: string | undefined
  readonly utilisation: number
  readonly seconds: number
  readonly provenance: Readonly<Record<string, string | number>>
}

/** A UserError for a PE on which no model runs; callers ask before they open a model, which takes long. */
export const refuseUnlessRunnable = (pe: ProcessingElement): void => {
  const reason = whyNotRunnable(pe)
  if (reason !== undefined) throw new UserError('E-RUN-PE', `${pe.spec} ${reason}`)
}

/** What a PE takes that no model runs on; undefined where one does. */
export const whyNotRunnable = ({ operands }: ProcessingElement): string | undefined => {
  const { activation, codes, lanes } = operands
  if (codes) return `takes ${codes.activation.id}; a model runs on integers, as mixpe and mac take them`
  if (lanes)
    return `takes operands that are packed, ${lanes.count} in a word of ${activation.width} bits; a model runs on a PE that takes one integer at a time, as mixpe and mac do`
  return activation.width === 8 ? undefined : `takes ${activation.width}-bit activations; a model runs with a=int8`
}

/**
 * Quantises a model to the codes the PE reads, unless it has its codes already, and generates text with every linear layer, the
 * classifier included, on a simulated array of the PE. Attention, norms and the embedding look-up stay in float32 on the host.
 */
export const runModel = async (options: ModelRunOptions): Promise<ModelRun> => {
  const { opened, pe, size, engine, prompt, sampler, progress = silent, onText = () => {} } = options
  refuseUnlessRunnable(pe)
  const { activation, scale } = pe.operands
  const { weights, described } = arrayWeights(opened, pe)
  const threads = options.threads ?? defaultThreads(engine)
  const { lanes } = options
  const runner = productRunner({ pe, size, engine, threads, ...(lanes === undefined ? {} : { lanes }) })
  const started = performance.now()
  const tokens: { text: string; milliseconds: number }[] = []
  try {
    const hardware = hardwareLinear(runner, weights, pe.operands)
    progress.start(`${opened.model.name} on ${size.rows} x ${size.columns} ${pe.family}`, options.tokens, 'tokens')
    onText(prompt)
    let last = started
    const generated = await generate({
      model: opened.model,
      tokenizer: opened.tokenizer,
      prompt,
      tokens: options.tokens,
      linear: hardware.linear,
      sampler,
      onToken: (_, text) => {
        const now = performance.now()
        tokens.push({ text, milliseconds: Math.round(now - last) })
        last = now
        onText(text)
        progress.update(tokens.length)
      },
    })
    const { layers } = hardware
    const sum = (key: 'macs' | 'cycles' | 'groupSums' | 'compared' | 'mismatches'): number =>
      layers.reduce((total, layer) => total + layer[key], 0)
    const totals = { macs: sum('macs'), cycles: sum('cycles') }
    return {
      text: generated.text,
      promptTokens: generated.promptTokens.length,
      tokens,
      parameters: parameterCountOf(opened.model),
      layers,
      ...totals,
      groupSums: sum('groupSums'),
      compared: sum('compared'),
      mismatches: sum('mismatches'),
      firstMismatch: hardware.firstMismatch(),
      utilisation: utilisationOf(size, pe, totals),
      seconds: (performance.now() - started) / 1000,
      provenance: {
        cycles: `simulated clock cycles of one ${size.rows} x ${size.columns} array, padding and drain included; memory is ideal`,
        engine,
        threads,
        ...(lanes === undefined ? {} : { lanes }),
        weights: described,
        activations: `int${activation.width} per token, scale = largest magnitude / ${activation.max}`,
        comparison: scale
          ? 'every float32 output, bit for bit, with a software reference written from the definition'
          : 'every integer group sum with a software reference written from the definition',
      },
    }
  } finally {
    progress.stop()
    await runner.close()
  }
}
