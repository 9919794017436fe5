import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { coprocessorCore } from '../../../src/accel/coprocessor/core.ts'
import { runCounters } from '../../../src/accel/coprocessor/counters.ts'
import { type CoreDescription, type CoreOptions, coreDescription } from '../../../src/accel/coprocessor/description.ts'
import { type ProductLayout, type ProductSize, productLayout } from '../../../src/accel/coprocessor/layout.ts'
import { packActivations, packWeights, unpackResults } from '../../../src/accel/coprocessor/packer.ts'
import { runError } from '../../../src/accel/coprocessor/run-command.ts'
import type { ArraySize } from '../../../src/accel/output-stationary.ts'
import { bytesPerBeat } from '../../../src/accel/transfers.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import type { ProcessingElement } from '../../../src/pe/family.ts'
import type { TiledElement } from '../../../src/pe/tile.ts'
import { type Engine, portNamed, readPort, writePort } from '../../../src/sim/engine.ts'
import { type EngineName, openEngine } from '../../../src/sim/engines.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { type Faults, fullRate, type MemoryTiming, transferMemory } from './transfer-memory.ts'

export type Element = ProcessingElement | TiledElement
export type CounterName = keyof ReturnType<typeof runCounters>['fields']

/** A core on an engine, run after run. */
export interface CoreBench {
  readonly elements: readonly Element[]
  readonly core: CoreDescription
  readonly engine: Engine
}

export const openCore = (
  specs: readonly string[],
  size: ArraySize,
  options: Partial<Omit<CoreOptions, 'array'>> = {},
  engine: EngineName = 'wasm',
): CoreBench => {
  const elements = specs.map(elementOf)
  const all = {
    array: computeArray(elements, size),
    transfers: { busBits: 64, addressBits: 32, mostBeats: 1024 },
    ...options,
  }
  return { elements, core: coreDescription(all), engine: openEngine(engine, coprocessorCore(all).module) }
}

/** A product in memory, its results by the golden model. */
export interface PlacedProduct {
  readonly size: ProductSize
  readonly layout: ProductLayout
  readonly at: { readonly activations: number; readonly weights: number; readonly results: number }
  readonly memory: Uint8Array
  readonly wanted: readonly bigint[]
}

/** Random operands of the PE, extremes among them, each matrix in a place of its own in a memory filled with other bytes. */
export const placedProduct = (
  { elements, core }: Pick<CoreBench, 'elements' | 'core'>,
  [tokens, outputs, inputs, group]: readonly [number, number, number, number],
  seed: number,
  modeIndex = 0,
): PlacedProduct => {
  const random = randomWords(seed)
  const below = (count: number): number => (random() >>> 0) % count
  const element = elements[modeIndex]!
  const mode = core.array.modes[modeIndex]!
  const size: ProductSize = { tokens, outputs, inputs, group, mode: mode.code }
  const layout = productLayout(core, size)
  const { groups } = layout
  const { activation, weight } = numbersOf(element)
  const within = ({ min, max }: { readonly min: bigint; readonly max: bigint }): number => {
    const edge = below(8)
    if (edge < 2) return Number(edge ? min : max)
    return Number(min) + below(Number(max - min + 1n))
  }
  const codes = (count: number, shape: { readonly min: bigint; readonly max: bigint }, finite: boolean) => {
    const list = Array.from({ length: count }, () => within(shape))
    // FP16 activations that are numbers, most of the time.
    const usual = finite ? list.map((code) => (((code >> 10) & 31) === 31 ? code & 0xbbff : code)) : list
    return shape.min < 0n ? Int8Array.from(usual) : Uint16Array.from(usual)
  }
  const isTile = 'tile' in element
  const activations = codes(tokens * inputs, activation, isTile)
  const weights = codes(outputs * inputs, weight, false)
  const fieldCodes = (name: string, bits: number): Uint16Array =>
    Uint16Array.from({ length: outputs * groups }, () =>
      name === 'scale' && !isTile ? below(0x7c00) : below(2 ** bits),
    )
  const fields = Object.fromEntries(core.weight.fields.map(({ name, bits }) => [name, fieldCodes(name, bits)]))
  const exponents = exponentsOf(element, activations, size, groups)

  const margin = 64
  const align = (address: number): number => Math.ceil(address / margin) * margin
  const at = { activations: align(below(200)), weights: 0, results: 0 }
  at.results = align(at.activations + layout.activations.bytes + below(200))
  at.weights = align(at.results + layout.results.bytes + below(200) + margin)
  const memory = new Uint8Array(align(at.weights + layout.weights.bytes + margin)).map(() => below(256))
  memory.set(packActivations(core, size, layout, activations, exponents), at.activations)
  memory.set(packWeights(core, size, layout, weights, fields), at.weights)
  return { size, layout, at, memory, wanted: golden(element, size, groups, activations, weights, fields) }
}

/** Shapes of single numbers; of a tile's, or of lanes, where there are some. */
const numbersOf = (element: Element) => {
  if ('tile' in element) return element.operands
  return element.operands.lanes ?? element.operands
}

const exponentsOf = (
  element: Element,
  activations: ArrayLike<number>,
  { tokens, inputs, group }: ProductSize,
  groups: number,
) => {
  if ('tile' in element || !element.operands.exponent) return {}
  const { of } = element.operands.exponent
  const all = Array.from(activations)
  const exponent = Array.from({ length: tokens * groups }, (_, k) => {
    const [token, g] = [Math.floor(k / groups), k % groups]
    return of(all.slice(token * inputs + g * group, token * inputs + Math.min(inputs, (g + 1) * group)))
  })
  return { exponent }
}

/** Matrices x tokens x outputs, from the PE's golden model. */
const golden = (
  element: Element,
  { tokens, outputs, inputs, group }: ProductSize,
  groups: number,
  activations: ArrayLike<number>,
  weights: ArrayLike<number>,
  fields: Readonly<Record<string, Uint16Array>>,
): readonly bigint[] => {
  const [a, w] = [Array.from(activations), Array.from(weights)]
  const spans = Array.from({ length: groups }, (_, g) => [g * group, Math.min(inputs, (g + 1) * group)] as const)
  const one = (token: number, output: number): readonly bigint[] => {
    const field = (name: string, g: number): number => fields[name]?.[output * groups + g] ?? 0
    if ('tile' in element)
      return [
        spans.reduce(
          (before, [from, to], g) =>
            element.golden(
              {
                activations: a.slice(token * inputs + from, token * inputs + to),
                weights: w.slice(output * inputs + from, output * inputs + to),
                selector: field('selector', g),
                scale: field('scale', g),
              },
              before,
            ),
          0n,
        ),
      ]
    const all = spans.map(([from, to], g) =>
      element.golden(
        a.slice(token * inputs + from, token * inputs + to),
        w.slice(output * inputs + from, output * inputs + to),
        field('zero', g),
      ),
    )
    return element.goldenOutput
      ? [
          element.goldenOutput(
            all,
            spans.map((_, g) => field('scale', g)),
          ),
        ]
      : all
  }
  const results: bigint[][] = []
  for (let token = 0; token < tokens; token++)
    for (let output = 0; output < outputs; output++) results.push([...one(token, output)])
  const matrices = results[0]!.length
  return Array.from({ length: matrices }, (_, m) => results.map((list) => list[m]!)).flat()
}

/** What stands where the results belong. */
export const resultsIn = ({ core }: Pick<CoreBench, 'core'>, { size, layout, at, memory }: PlacedProduct) =>
  unpackResults(core, size, layout, memory.subarray(at.results, at.results + layout.results.bytes))

export interface RunResult {
  readonly error: string
  readonly results: readonly bigint[]
  readonly counters: Readonly<Record<CounterName, number>>
  readonly violations: readonly string[]
  readonly failures: number
  /** Transfers that were asked for, all and those after one had failed; beats of which bytes were written after that. */
  readonly transfers: {
    readonly reads: number
    readonly writes: number
    readonly afterFailure: number
    readonly writtenAfterFailure: number
  }
  /** Bytes outside the results are as they were. */
  readonly untouched: boolean
}

export interface RunOptions {
  readonly timing?: MemoryTiming
  readonly faults?: Faults
  /** Raises `abort_run` in this cycle of the run. */
  readonly abortAt?: number
  /** Resets the core in this cycle of the run, which then has no end; the memory forgets what was under way. */
  readonly resetAt?: number
  /** Fields of the command to change. */
  readonly command?: Readonly<Record<string, number | bigint>>
  readonly limit?: number
}

/** Runs a product; an Error where it does not end. The memory is changed. */
export const runCore = (bench: CoreBench, product: PlacedProduct, options: RunOptions = {}): RunResult => {
  const { engine, core } = bench
  const { timing = fullRate, faults, abortAt, resetAt, limit = 2_000_000 } = options
  const { inputs, outputs } = engine.ports
  const before = product.memory.slice()
  const writable = [product.at.results, product.at.results + product.layout.results.bytes] as const
  const memory = transferMemory(engine, core, product.memory, timing, writable, faults)
  const { mode = core.array.modes[0]!.code, ...sizes } = product.size
  const command = { ...sizes, mode, ...product.at, ...options.command }
  for (const [name, value] of Object.entries(command))
    writePort(engine.inputs, portNamed(inputs, `command_data_${name}`), BigInt(value))
  const valid = portNamed(inputs, 'command_valid').offset
  const ready = portNamed(outputs, 'command_ready').offset
  const abort = portNamed(inputs, 'abort_run').offset
  const endedReady = portNamed(inputs, 'ended_ready').offset
  const ended = portNamed(outputs, 'ended_valid').offset
  const failures = engine.failedChecks
  engine.inputs[valid] = 1
  engine.inputs[endedReady] = 0
  const step = (): void => {
    memory.before()
    engine.step()
    memory.after()
  }
  let cycle = 0
  for (; ; cycle++) {
    engine.inputs[abort] = Number(abortAt !== undefined && cycle >= abortAt)
    step()
    if (engine.inputs[valid] === 1 && engine.outputs[ready] === 1) engine.inputs[valid] = 0
    if (engine.outputs[ended] === 1 || cycle === resetAt) break
    if (cycle > limit) throw new Error(`the run does not end within ${limit} cycles`)
  }
  engine.inputs[abort] = 0
  engine.inputs[valid] = 0
  const isReset = engine.outputs[ended] !== 1
  if (isReset) engine.reset()
  const error = isReset ? 'reset' : runError.names[Number(readPort(engine.outputs, portNamed(outputs, 'ended_data')))]!
  const counters = Object.fromEntries(
    Object.keys(runCounters(core).fields).map((name) => [
      name,
      Number(readPort(engine.outputs, portNamed(outputs, `counters_${name}`))),
    ]),
  ) as Record<CounterName, number>
  const violations = [...memory.violations]
  const beatBytes = bytesPerBeat(core.transfers)
  if (!isReset) {
    engine.inputs[endedReady] = 1
    step()
    engine.inputs[endedReady] = 0
  }
  if (!isReset && !memory.isQuiet()) violations.push('transfers are open after the end')
  if (!isReset && counters.bytes_read !== memory.count.beatsRead * beatBytes)
    violations.push('beats read are counted wrong')
  if (!isReset && counters.bytes_written !== memory.count.beatsWritten * beatBytes)
    violations.push('beats written are counted wrong')
  const results = resultsIn(bench, product)
  const untouched = product.memory.every((byte, k) => byte === before[k] || (k >= writable[0] && k < writable[1]))
  const { reads, writes, afterFailure, writtenAfterFailure } = memory.count
  return {
    error,
    results,
    counters,
    violations,
    failures: engine.failedChecks - failures,
    transfers: { reads, writes, afterFailure, writtenAfterFailure },
    untouched,
  }
}
