import type { Codes } from '../../accel/gemm.ts'
import type { ArraySize } from '../../accel/output-stationary.ts'
import { productRunner } from '../../accel/product-runner.ts'
import { runTileProduct } from '../../accel/tile-product.ts'
import { UserError } from '../../base/user-error.ts'
import type { ProcessingElement } from '../../pe/family.ts'
import type { TiledElement } from '../../pe/tile.ts'
import { type EngineName, openEngine } from '../../sim/engines.ts'
import type { HardwareWeights } from './product.ts'

/** A PE's RTL, simulated: results as its kernels give them, and the clock cycles of one array. */
export interface RtlMachine {
  readonly run: (
    weights: HardwareWeights,
    activations: ArrayLike<number>,
    tokens: number,
  ) => Promise<{ readonly results: Int32Array; readonly cycles: number }>
  readonly close: () => Promise<void>
}

export interface RtlOptions {
  readonly size: ArraySize
  readonly engine: EngineName
  /** Worker threads of an output-stationary array; a tile runs in this one. */
  readonly threads: number
}

/** The array of a PE, or its tile; a UserError for a PE whose results the driver does not read. */
export const rtlMachine = (pe: ProcessingElement | TiledElement, { size, engine, threads }: RtlOptions): RtlMachine => {
  if ('tile' in pe) {
    const opened = openEngine(engine, pe.tile(size), { checks: false })
    return {
      run: async ({ codes, selectors, scales, ...shape }, activations, tokens) => {
        const product = {
          ...shape,
          tokens,
          activations: Uint16Array.from(activations),
          codes: Uint8Array.from(codes),
          selectors: Uint8Array.from(selectors ?? []),
          scales: Uint8Array.from(scales ?? []),
        }
        const { results, cycles } = runTileProduct(opened, pe, size, product)
        return { results: new Int32Array(results.buffer), cycles }
      },
      close: async () => opened.close(),
    }
  }
  refuseUnread(pe)
  const runner = productRunner({ pe, size, engine, threads })
  const copies = new WeakMap<ArrayLike<number>, Codes>()
  return {
    run: async ({ codes, zeros, outputs, inputs, group }, activations, tokens) => {
      const product = {
        ...{ outputs, inputs, group },
        tokens,
        activations: asCodes(activations, copies),
        weights: asCodes(codes, copies),
        zeros: zeros && Uint8Array.from(zeros),
      }
      const { sums, cycles } = await runner.run(product)
      return { results: sums, cycles }
    },
    close: () => runner.close(),
  }
}

/** A UserError for a PE whose results layers do not read one by one. */
export const refuseUnread = (pe: ProcessingElement | TiledElement): void => {
  const { spec, operands } = pe
  if (!('tile' in pe) && operands.scale)
    throw new UserError(
      'E-RUN-PE',
      `an array of ${spec} applies scales itself, and layers one by one run on arrays that do not; give output=sum, or no --layers`,
    )
  if (operands.result.width > 32)
    throw new UserError(
      'E-RUN-PE',
      `results of ${spec} have ${operands.result.width} bits, and layers run on arrays whose results have at most 32; give it another result`,
    )
}

/** Numbers in the array type that threads share: bytes where they fit. `copies` has those of weights that came before. */
const asCodes = (numbers: ArrayLike<number>, copies: WeakMap<ArrayLike<number>, Codes>): Codes => {
  if (numbers instanceof Int8Array || numbers instanceof Uint8Array || numbers instanceof Uint16Array) return numbers
  const known = copies.get(numbers)
  if (known) return known
  const made = Int8Array.from(numbers)
  for (let k = 0; k < made.length; k++)
    if (made[k] !== numbers[k])
      throw new UserError(
        'E-RUN-PE',
        `a weight less its zero point is ${numbers[k]}, and the driver of arrays takes bytes from -128 to 127; give weights of at most 7 bits`,
      )
  copies.set(numbers, made)
  return made
}
