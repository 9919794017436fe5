import { macsOf } from '../accel/gemm.ts'
import type { ArraySize } from '../accel/output-stationary.ts'
import type { ProductRunner } from '../accel/product-runner.ts'
import type { Operands, ProcessingElement } from '../pe/family.ts'
import { float16BitsOf } from '../quant/float16.ts'
import type { GroupQuantised } from '../quant/group-integer.ts'
import { applyGroupScales, applyTokenScales, groupSums } from '../quant/integer-reference.ts'
import { quantiseTokens } from '../quant/token-integer.ts'
import type { Linear } from './forward.ts'
import type { Matrix } from './model.ts'
import { type QuantisedModel, weightsOf } from './quantised/quantised-linear.ts'

/** A prompt goes through as one batch, generated tokens one by one. */
export type Phase = 'prefill' | 'decode'

/** What one linear layer did on the simulated array. */
export interface LayerCount {
  /** `layers.0.query` */
  readonly name: string
  /** `query` */
  readonly kind: string
  readonly phase: Phase
  /** K and N of its matrix. */
  readonly inputs: number
  readonly outputs: number
  calls: number
  macs: number
  cycles: number
  /** Integer group sums that the array made. */
  groupSums: number
  /** Results that left the array, group sums or outputs, compared with the software reference, and those that differed. */
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
 * scales as a dequantising array's columns apply them. An array that does so itself (`operands.scale`) returns a float32 per
 * token and output, and these are compared, bit for bit, and go on. `onCall` is told the cycles done so far.
 */
export const hardwareLinear = (
  runner: ProductRunner,
  model: QuantisedModel,
  { activation, scale }: Pick<Operands, 'activation' | 'scale'>,
  onCall: (cycles: number) => void = () => {},
): HardwareLinear => {
  const counts = new Map<string, LayerCount>()
  let cyclesDone = 0
  let first: string | undefined

  const linear: Linear = async (matrix, input, tokens) => {
    const weights = weightsOf(model, matrix)
    const activations = quantiseTokens(input, tokens, matrix.inputs, { bits: activation.width })
    const product = productOf(weights, activations.codes, tokens)
    const running = runner.run(scale ? { ...product, scales: scaleCodes(weights) } : product)
    const { scales, outputs, groups } = weights
    const referenceSums = groupSums(activations.codes, tokens, weights)
    const reference = scale ? wordsOf(applyGroupScales(referenceSums, scales, tokens, outputs, groups)) : referenceSums
    const { sums, cycles } = await running

    const count = countOf(counts, matrix, tokens > 1 ? 'prefill' : 'decode')
    count.calls++
    count.macs += macsOf(product)
    count.cycles += cycles
    count.groupSums += referenceSums.length
    count.compared += sums.length
    for (let k = 0; k < sums.length; k++)
      if (sums[k] !== reference[k]) {
        count.mismatches++
        first ??= `${matrix.name}: ${scale ? 'the float32 word of output' : 'sum'} ${k} (${placeOf(k, product, scale ? 1 : groups)}) is ${sums[k]} on the array and ${reference[k]} in the reference`
      }
    cyclesDone += cycles
    onCall(cyclesDone)
    const results = scale ? new Float32Array(sums.buffer) : applyGroupScales(sums, scales, tokens, outputs, groups)
    return applyTokenScales(results, activations.scales, outputs)
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

const countOf = (
  counts: Map<string, LayerCount>,
  { name, inputs, outputs }: Pick<Matrix, 'name' | 'inputs' | 'outputs'>,
  phase: Phase,
): LayerCount => {
  const key = `${name} ${phase}`
  const known = counts.get(key)
  if (known) return known
  const kind = name.split('.').at(-1)!
  const made: LayerCount = {
    ...{ name, kind, phase, inputs, outputs },
    ...{ calls: 0, macs: 0, cycles: 0, groupSums: 0, compared: 0, mismatches: 0 },
  }
  counts.set(key, made)
  return made
}

/** The word of each float32, read as signed, as the array gives it. */
const wordsOf = (values: Float32Array): Int32Array => new Int32Array(values.buffer)

/** The FP16 codes of the scales, which hold FP16 values exactly; made once per matrix. */
const knownScaleCodes = new WeakMap<GroupQuantised, Uint16Array>()
const scaleCodes = (weights: GroupQuantised): Uint16Array => {
  let codes = knownScaleCodes.get(weights)
  if (!codes) {
    codes = Uint16Array.from(weights.scales, float16BitsOf)
    knownScaleCodes.set(weights, codes)
  }
  return codes
}

const placeOf = (index: number, { outputs }: { outputs: number }, perOutput: number): string => {
  const row = Math.floor(index / perOutput)
  const group = perOutput > 1 ? `, group ${index % perOutput}` : ''
  return `token ${Math.floor(row / outputs)}, output ${row % outputs}${group}`
}
