import { UserError } from '../../base/user-error.ts'
import type { ProcessingElement } from '../../pe/family.ts'
import type { TiledElement } from '../../pe/tile.ts'
import { floatLinear } from '../float-linear.ts'
import type { Linear } from '../forward.ts'
import type { Gpu } from '../gpu/device.ts'
import type { QuantisedRun } from '../quantised/quantised-run.ts'
import { activationsOfPe, type HardwareLayer, hardwareLayer } from './hardware-layer.ts'
import { type ArithmeticOptions, openArithmetic, openGpuArithmetic } from './open.ts'
import type { HardwareProduct } from './product.ts'
import type { RtlMachine } from './rtl-machine.ts'

/** What a layer did on a simulated array. */
export interface RtlCount {
  /** `layers.0.query` */
  readonly name: string
  macs: number
  cycles: number
  /** Results that left the array, compared with the kernels', and those that differed. */
  compared: number
  mismatches: number
}

/** A quantised model whose linear layers compute in a PE's arithmetic. */
export interface HardwareModel {
  readonly run: QuantisedRun & { readonly linear: Linear }
  /** Layers that ran on an array, in the order of first use. */
  readonly onRtl: () => readonly RtlCount[]
  /** The first result that differed, one sentence. */
  readonly firstMismatch: () => string | undefined
  /** Gives back threads and memory. */
  readonly close: () => void
}

export interface HardwareModelOptions extends ArithmeticOptions {
  /** Computes there; on the CPU unless given. */
  readonly gpu?: Gpu
  /** Layers that run on the RTL as well, by name: each result is compared with the kernels', and the array's goes on. */
  readonly rtl?: { readonly machine: RtlMachine; readonly runs: (name: string) => boolean }
}

/**
 * Linear layers in exactly a PE's arithmetic: activations become the codes that it reads, each group's result is that of its golden model,
 * and around it stands what `bitloom run` has on the host: `y = y + scale * result` group by group in float32, at last times the scale of
 * the token, of BitMoD that of the channel. Layers that stayed float32 are multiplied in float32. A UserError where codes are none that the PE
 * reads.
 */
export const hardwareModel = (
  quantised: QuantisedRun,
  pe: ProcessingElement | TiledElement,
  { rtl, gpu, ...options }: HardwareModelOptions = {},
): HardwareModel => {
  activationsOfPe(pe)
  const layers = new Map<string, HardwareLayer>()
  for (const [name, { coded, activations }] of quantised.matrices)
    if (coded) layers.set(name, hardwareLayer(pe, name, coded, activations))
  if (layers.size === 0)
    throw new UserError(
      'E-ARITHMETIC-CODES',
      `no layer has codes for ${pe.spec} to read; give --quant a quantiser other than float`,
    )
  const arithmetic = gpu ? openGpuArithmetic(pe, gpu) : openArithmetic(pe, options)
  const products = new Map<string, HardwareProduct>()
  const counts = new Map<string, RtlCount>()
  let first: string | undefined

  const compare = (name: string, macs: number, found: Int32Array, wanted: Int32Array, cycles: number): void => {
    const count = counts.get(name) ?? { name, macs: 0, cycles: 0, compared: 0, mismatches: 0 }
    counts.set(name, count)
    count.macs += macs
    count.cycles += cycles
    count.compared += wanted.length
    for (let k = 0; k < wanted.length; k++)
      if (found[k] !== wanted[k]) {
        count.mismatches++
        first ??= `${name}: result ${k} is ${found[k]} on the array and ${wanted[k]} in the kernels`
      }
  }

  const linear: Linear = async (matrix, input, tokens) => {
    const layer = layers.get(matrix.name)
    if (!layer) return floatLinear(matrix, input, tokens)
    const product = products.get(matrix.name) ?? arithmetic.load(layer.weights)
    products.set(matrix.name, product)
    const { codes, scales } = layer.inputs(input, tokens)
    const wanted = await product.run(codes, tokens)
    if (!rtl?.runs(matrix.name)) return layer.outputs(wanted, tokens, scales)
    const { results, cycles } = await rtl.machine.run(layer.weights, codes, tokens)
    compare(matrix.name, tokens * matrix.outputs * matrix.inputs, results, wanted, cycles)
    return layer.outputs(results, tokens, scales)
  }
  return {
    run: { ...quantised, linear },
    onRtl: () => [...counts.values()],
    firstMismatch: () => first,
    close: arithmetic.close,
  }
}
