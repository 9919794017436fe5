import { computeArray } from '../../accel/coprocessor/compute-array.ts'
import type { CoreDescription } from '../../accel/coprocessor/description.ts'
import type { RunCounters } from '../../accel/coprocessor/driver.ts'
import { type ProductLayout, type ProductSize, productLayout } from '../../accel/coprocessor/layout.ts'
import { type FieldCodes, packActivations, packWeights, unpackResults } from '../../accel/coprocessor/packer.ts'
import {
  type SimulatedCoprocessor,
  type SimulationOptions,
  simulatedCoprocessor,
} from '../../accel/coprocessor/simulated.ts'
import { usualTransfers } from '../../accel/coprocessor/usual-transfers.ts'
import type { Codes } from '../../accel/gemm.ts'
import { groupExponents } from '../../accel/group-exponents.ts'
import type { ArraySize } from '../../accel/output-stationary.ts'
import { UserError } from '../../base/user-error.ts'
import type { ProcessingElement } from '../../pe/family.ts'
import type { TiledElement } from '../../pe/tile.ts'
import { type EngineName, openEngine } from '../../sim/engines.ts'
import type { HardwareWeights } from './product.ts'
import { type RtlMachine, refuseUnread } from './rtl-machine.ts'

export interface CoprocessorMachineOptions extends Omit<SimulationOptions, 'watch'> {
  readonly size: ArraySize
  readonly engine: EngineName
}

/** Layers on the whole co-processor, memory and buses included: cycles are those from start to interrupt. */
export interface CoprocessorMachine extends RtlMachine {
  readonly core: CoreDescription
  /** Of all products so far. */
  readonly counters: RunCounters
}

/** Where matrices lie: apart, so that an access beyond one finds nothing there. */
const apart = 0x1000_0000n

/**
 * A co-processor of arrays of a PE. A UserError for a PE whose results are not read one by one, for a run that ends with an error, such as
 * rows that its buffers have no room for, and where a rule of AXI is broken.
 */
export const coprocessorMachine = (
  pe: ProcessingElement | TiledElement,
  { size, engine, ...memory }: CoprocessorMachineOptions,
): CoprocessorMachine => {
  refuseUnread(pe)
  const array = computeArray([pe], size)
  const simulated = simulatedCoprocessor(
    { array, transfers: usualTransfers(pe, size) },
    (module) => openEngine(engine, module, { checks: false }),
    memory,
  )
  simulated.driver.interrupts({ done: true, error: true })
  const packed = new WeakMap<ArrayLike<number>, Uint8Array>()
  const totals: { -readonly [K in keyof RunCounters]?: number } = {}
  return {
    core: simulated.core,
    get counters() {
      return totals as RunCounters
    },
    run: async (weights, activations, tokens) => {
      const product = { ...shapeOf(weights), tokens, mode: array.modes[0]!.code }
      const layout = productLayout(simulated.core, product)
      let weightBytes = packed.get(weights.codes)
      if (!weightBytes) {
        weightBytes = packWeights(simulated.core, product, layout, integersOf(weights.codes), fieldsOf(weights))
        packed.set(weights.codes, weightBytes)
      }
      const exponent = groupExponents(pe, { ...product, activations })
      const fields = exponent ? { exponent } : {}
      const activationBytes = packActivations(simulated.core, product, layout, integersOf(activations), fields)
      const { results, counters } = runOn(simulated, product, layout, activationBytes, weightBytes)
      for (const [name, count] of Object.entries(counters))
        totals[name as keyof RunCounters] = (totals[name as keyof RunCounters] ?? 0) + count
      return { results, cycles: counters.cycles }
    },
    close: async () => simulated.engine.close(),
  }
}

/** Places a product, runs it, and gives its results as tokens x outputs x matrices. */
const runOn = (
  simulated: SimulatedCoprocessor,
  product: ProductSize,
  layout: ProductLayout,
  activations: Uint8Array,
  weights: Uint8Array,
): { readonly results: Int32Array; readonly counters: RunCounters } => {
  const bytes = new Uint8Array(layout.results.bytes)
  const places = { activations: apart, weights: 2n * apart, results: 3n * apart }
  simulated.place([
    { from: places.activations, bytes: activations, access: 'read' },
    { from: places.weights, bytes: weights, access: 'read' },
    { from: places.results, bytes, access: 'write' },
  ])
  const { error, counters } = simulated.driver.run(product, places, {
    wait: () => simulated.untilInterrupt(100_000_000),
    looks: 3,
  })
  if (error !== 'none')
    throw new UserError(
      'E-RUN',
      `the co-processor ended with error '${error}' on ${product.tokens} x ${product.outputs} x ${product.inputs}; give it larger buffers or another product`,
      { exitCode: 1 },
    )
  const [broken] = simulated.broken.bus
  if (broken)
    throw new UserError(
      'E-RUN',
      `the co-processor broke a rule of AXI in cycle ${broken.cycle}: ${broken.rule}; look at its waves`,
      {
        exitCode: 1,
      },
    )
  const { matrices } = layout.results
  const found = unpackResults(simulated.core, product, layout, bytes)
  const perMatrix = product.tokens * product.outputs
  const results = new Int32Array(found.length)
  for (let k = 0; k < perMatrix; k++)
    for (let matrix = 0; matrix < matrices; matrix++)
      results[k * matrices + matrix] = Number(BigInt.asIntN(32, found[matrix * perMatrix + k]!))
  return { results, counters }
}

const shapeOf = ({ outputs, inputs, group }: HardwareWeights) => ({ outputs, inputs, group })

const fieldsOf = ({ zeros, selectors, scales }: HardwareWeights): FieldCodes => ({
  ...(zeros ? { zero: zeros } : {}),
  ...(selectors ? { selector: selectors } : {}),
  ...(scales ? { scale: scales } : {}),
})

/** The packer takes the low bits of each. */
const integersOf = (numbers: ArrayLike<number>): Codes =>
  numbers instanceof Int8Array || numbers instanceof Uint8Array || numbers instanceof Uint16Array
    ? numbers
    : Uint16Array.from(numbers, (number) => number & 0xffff)
