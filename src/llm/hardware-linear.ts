import { groupsOf, macsOf } from '../accel/gemm.ts'
import type { ArraySize } from '../accel/output-stationary.ts'
import type { ProductRunner } from '../accel/product-runner.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { GroupQuantised } from '../quant/group-integer.ts'
import { applyScales, groupSums } from '../quant/integer-reference.ts'
import { quantiseTokens } from '../quant/token-integer.ts'
import type { Linear } from './forward.ts'
import { type QuantisedModel, weightsOf } from './quantised-linear.ts'

/** A prompt goes through as one batch, generated tokens one by one. */
export type Phase = 'prefill' | 'decode'

/** What one linear layer did on the simulated array. */
export interface LayerCount {
  /** `layers.0.query` */
  readonly name: string
  /** `query` */
  readonly kind: string
  readonly phase: Phase
  calls: number
  macs: number
  cycles: number
  /** Integer group sums compared with the software reference, and those that differed. */
  compared: number
  mismatches: number
}

export interface HardwareLinear {
  readonly linear: Linear
  /** One per layer and phase, in the order of first use. */
  readonly layers: readonly LayerCount[]
  /** The first sum that differed, one sentence. */
  readonly firstMismatch: () => string | undefined
}

/**
 * Linear layers on a simulated array: activations become integers per token, the array returns a corrected integer sum per
 * token, output and group, each is compared with the software reference, and the hardware's own sums go on through the
 * scales as the PE's drain applies them. `onCall` is told the cycles done so far.
 */
export const hardwareLinear = (
  runner: ProductRunner,
  model: QuantisedModel,
  activationBits: number,
  onCall: (cycles: number) => void = () => {},
): HardwareLinear => {
  const counts = new Map<string, LayerCount>()
  let cyclesDone = 0
  let first: string | undefined

  const linear: Linear = async (matrix, input, tokens) => {
    const weights = weightsOf(model, matrix)
    const activations = quantiseTokens(input, tokens, matrix.inputs, { bits: activationBits })
    const product = productOf(weights, activations.codes, tokens)
    const running = runner.run(product)
    const reference = groupSums(activations.codes, tokens, weights)
    const { sums, cycles } = await running

    const count = countOf(counts, matrix.name, tokens > 1 ? 'prefill' : 'decode')
    count.calls++
    count.macs += macsOf(product)
    count.cycles += cycles
    count.compared += sums.length
    for (let k = 0; k < sums.length; k++)
      if (sums[k] !== reference[k]) {
        count.mismatches++
        first ??= `${matrix.name}: sum ${k} (${placeOf(k, product)}) is ${sums[k]} on the array and ${reference[k]} in the reference`
      }
    cyclesDone += cycles
    onCall(cyclesDone)
    return applyScales(sums, weights.scales, activations.scales, tokens, weights.outputs, weights.groups)
  }
  return {
    linear,
    get layers() {
      return [...counts.values()]
    },
    firstMismatch: () => first,
  }
}

/** Share of the multiply-accumulates the array could have done in its cycles that were useful work. */
export const utilisationOf = (
  { rows, columns }: ArraySize,
  { timing }: ProcessingElement,
  { macs, cycles }: Pick<LayerCount, 'macs' | 'cycles'>,
): number => (cycles === 0 ? 0 : macs / (cycles * rows * columns * timing.macs_per_cycle))

const productOf = (weights: GroupQuantised, activations: Int8Array, tokens: number) => ({
  tokens,
  outputs: weights.outputs,
  inputs: weights.inputs,
  group: weights.group,
  activations,
  weights: weights.codes,
  zeros: weights.signed ? undefined : weights.zeros,
})

const countOf = (counts: Map<string, LayerCount>, name: string, phase: Phase): LayerCount => {
  const key = `${name} ${phase}`
  const known = counts.get(key)
  if (known) return known
  const kind = name.split('.').at(-1)!
  const made: LayerCount = { name, kind, phase, calls: 0, macs: 0, cycles: 0, compared: 0, mismatches: 0 }
  counts.set(key, made)
  return made
}

const placeOf = (index: number, product: { outputs: number; inputs: number; group: number }): string => {
  const groups = groupsOf(product)
  const row = Math.floor(index / groups)
  return `token ${Math.floor(row / product.outputs)}, output ${row % product.outputs}, group ${index % groups}`
}
