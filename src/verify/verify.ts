import { setImmediate } from 'node:timers/promises'
import { outputStationaryArray, resultCycle } from '../accel/output-stationary.ts'
import type { Module } from '../dsl/index.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { Group } from '../pe/group.ts'
import { writeLanes } from '../pe/lanes.ts'
import type { TiledElement } from '../pe/tile.ts'
import { describeFailure, type Engine, type PortLayout, portNamed, readPort } from '../sim/engine.ts'
import { combinationCount, everyCombination, randomGroups } from './groups.ts'
import { type Expected, randomTileGroups, type StalledTileGroup, type Trial, tileTrial } from './tile-groups.ts'

export interface VerifyOptions {
  /** Random groups to run. */
  readonly groups: number
  readonly seed: number
  /** Ends the run with the groups, run together, of the first mismatch, so that what an engine recorded ends there; default false. */
  readonly stopAtFirst?: boolean
  /** Whether every product is run where they are few enough; true unless said, and worth false on slow engines. */
  readonly everyProduct?: boolean
  /** Called with the groups done so far. */
  readonly progress?: (done: number, total: number) => void
}

/** What one engine's run of a PE against its golden model came to. */
export interface Verification {
  readonly engine: string
  /** Groups whose result was compared. */
  readonly vectors: number
  /** True where every product of an activation and a weight was among them, as a group of one. */
  readonly exhaustive: boolean
  readonly mismatches: number
  readonly cycles: number
  readonly cyclesPerSecond: number
  readonly seed: number
  /** The first mismatch, one sentence. */
  readonly first?: string
}

/**
 * Runs the lone PE, side chains included, against its golden model: every product as a group of one where there are at
 * most 2^17 of them (with every zero point, if that is still so), then random groups of random length with random idle cycles, extremes that just fill the
 * accumulator among them. A result counts only in the very cycle the timing contract names; a result in any other cycle
 * is a mismatch, and so is a failed check of the hardware.
 */
export const verify = async (
  engine: Engine,
  pe: ProcessingElement | TiledElement,
  { groups: randomCount, seed, everyProduct = true, progress, stopAtFirst = false }: VerifyOptions,
): Promise<Verification> => {
  const combinations = 'tile' in pe || !everyProduct ? 0 : combinationCount(pe.operands)
  const total = combinations + randomCount

  let mismatches = 0
  let first: string | undefined
  const mismatch = (sentence: string): void => {
    mismatches++
    first ??= `${sentence} (engine ${engine.name}, seed ${seed})`
  }
  const failedBefore = engine.failedChecks
  const cyclesBefore = engine.cycle
  const started = performance.now()
  engine.reset()
  let done = 0
  const run = async (checks: Iterable<BatchCheck>): Promise<void> => {
    for (const { groups, check } of checks) {
      if (stopAtFirst && (mismatches > 0 || engine.failedChecks > failedBefore)) return
      check(engine, mismatch)
      done += groups
      progress?.(done, total)
      // Lets signals and the progress bar have their turn.
      await setImmediate()
    }
  }
  if ('tile' in pe) await run(tileChecks(pe, randomTileGroups(pe, randomCount, seed)))
  else {
    if (combinations > 0) await run(checksOf(pe, everyCombination(pe.operands)))
    await run(checksOf(pe, randomGroups(pe, randomCount, seed)))
  }
  const broken = engine.failedChecks - failedBefore
  if (broken > 0) mismatch(`the hardware's own checks failed ${broken} times, first in ${firstFailure(engine)}`)
  const cycles = engine.cycle - cyclesBefore
  const seconds = (performance.now() - started) / 1000
  return {
    engine: engine.name,
    vectors: done,
    exhaustive: combinations > 0 && done >= combinations,
    mismatches,
    cycles,
    cyclesPerSecond: Math.round(cycles / seconds),
    seed,
    ...(first === undefined ? {} : { first }),
  }
}

/** Runs groups back to back on the lone PE, from reset; every difference from the golden model and its timing, as a sentence. */
export const compareGroups = (engine: Engine, pe: ProcessingElement, groups: readonly Group[]): readonly string[] => {
  const sentences: string[] = []
  const failedBefore = engine.failedChecks
  engine.reset()
  checkBatch(engine, pe, groups, (sentence) => sentences.push(sentence))
  if (engine.failedChecks > failedBefore) sentences.push(`a check failed in ${firstFailure(engine)}`)
  return sentences
}

const firstFailure = ({ failures: [first] }: Engine): string => (first ? describeFailure(first) : 'a cycle before')

/** The design `verify` runs: one PE with its side chains. */
export const lonePe = (pe: ProcessingElement | TiledElement): Module =>
  'tile' in pe ? pe.tile({ rows: 1, columns: 1 }) : outputStationaryArray(pe, { rows: 1, columns: 1 })

/** Groups that one replay runs, to be compared with the golden model. */
interface BatchCheck {
  readonly groups: number
  readonly check: (engine: Engine, mismatch: (sentence: string) => void) => void
}

const checksOf = function* (pe: ProcessingElement, groups: Iterable<Group>): Generator<BatchCheck> {
  const cyclesOf = (group: Group): number => group.idle + stepsOf(pe, group) * pe.timing.cycles_per_step
  for (const batch of batches(groups, { cyclesOf, continues: (group) => group.continues === true }))
    yield { groups: batch.length, check: (engine, mismatch) => checkBatch(engine, pe, batch, mismatch) }
}

const tileChecks = function* (pe: TiledElement, groups: Iterable<StalledTileGroup>): Generator<BatchCheck> {
  const cyclesOf = ({ stalls, activations }: StalledTileGroup): number =>
    stalls.reduce(
      (sum, idle) => sum + idle,
      Math.ceil(activations.length / pe.operands.lanes) * pe.timing.cycles_per_step,
    )
  for (const batch of batches(groups, { cyclesOf, continues: () => false }))
    yield {
      groups: batch.length,
      check: (engine, mismatch) => {
        compareResults(engine, tileTrial(engine.ports, pe, batch), mismatch)
      },
    }
}

/** Steps in which the numbers of a group go in. */
export const stepsOf = ({ operands }: ProcessingElement, { activations }: Group): number =>
  Math.ceil(activations.length / (operands.lanes?.count ?? 1))

interface Batching<G> {
  readonly cyclesOf: (group: G) => number
  /** The next group belongs to the same output. */
  readonly continues: (group: G) => boolean
}

/** Operand cycles of one replay. */
const batchCycles = 8192

function* batches<G>(groups: Iterable<G>, { cyclesOf, continues }: Batching<G>): Generator<readonly G[]> {
  let batch: G[] = []
  let cycles = 0
  for (const group of groups) {
    batch.push(group)
    cycles += cyclesOf(group)
    if (cycles < batchCycles || continues(group)) continue
    yield batch
    batch = []
    cycles = 0
  }
  if (batch.length > 0) yield batch
}

/** Runs groups back to back on the lone PE of the output-stationary array. */
const checkBatch = (
  engine: Engine,
  pe: ProcessingElement,
  groups: readonly Group[],
  mismatch: (sentence: string) => void,
): void => {
  compareResults(engine, trialOf(engine.ports, pe, groups), mismatch)
}

/** What groups back to back on the lone PE are cycle by cycle, from reset, and what must come of them. */
export const trialOf = (ports: PortLayout, pe: ProcessingElement, groups: readonly Group[]): Trial => {
  const offset = (name: string): number => portNamed(ports.inputs, name).offset
  const [activation, weight, last] = [offset('activation_0'), offset('weight_0'), offset('last')]
  const zero = pe.operands.zero && offset('zero_0')
  const exponent = pe.operands.exponent && { at: offset('exponent_0'), of: pe.operands.exponent.of }
  const scaled = pe.operands.scale && { scale: offset('scale_0'), lastGroup: offset('last_group') }
  const { cycles_per_step } = pe.timing
  const step = cycles_per_step > 1 ? offset('step') : undefined
  const { mode, lanes } = pe.operands
  const perStep = lanes?.count ?? 1
  const latency = resultCycle(pe, 0, 0)
  const shortest = pe.timing.shortestGroup(1)
  const idleOf = (group: Group): number => Math.max(group.idle, shortest - stepsOf(pe, group) * cycles_per_step)
  const cyclesOf = (group: Group): number => idleOf(group) + stepsOf(pe, group) * cycles_per_step
  const cycles = groups.reduce((sum, group) => sum + cyclesOf(group), 0) + latency + 1
  const stimulus = new Int32Array(cycles * ports.inputWords)
  if (mode) for (let row = offset('mode'); row < stimulus.length; row += ports.inputWords) stimulus[row] = mode.value
  const expected = new Map<number, Expected>()
  let cycle = 0
  let output: Group[] = []
  for (const group of groups) {
    cycle += idleOf(group)
    const shared = exponent?.of(group.activations) ?? 0
    for (let k = 0; k < stepsOf(pe, group); k++) {
      if (step !== undefined) stimulus[cycle * ports.inputWords + step] = 1
      for (let n = 0; n < cycles_per_step; n++) {
        const row = cycle++ * ports.inputWords
        const numbers = [k * perStep, Math.min((k + 1) * perStep, group.activations.length)] as const
        writeLanes(stimulus, row + activation, group.activations, numbers, lanes?.activation.width ?? 32)
        writeLanes(stimulus, row + weight, group.weights, numbers, lanes?.weight.width ?? 32)
        if (exponent) stimulus[row + exponent.at] = shared
      }
    }
    const row = (cycle - 1) * ports.inputWords
    stimulus[row + last] = 1
    if (zero !== undefined) stimulus[row + zero] = group.zero
    if (scaled) {
      stimulus[row + scaled.scale] = group.scale ?? 0
      stimulus[row + scaled.lastGroup] = Number(!group.continues)
    }
    output.push(group)
    if (group.continues) continue
    expected.set(cycle - 1 + latency, { value: goldenOf(pe, output), what: describe(pe, output) })
    output = []
  }
  return { stimulus, cycles, expected, latency }
}

/** Runs a stimulus and compares every cycle's `result_valid_0` and every result; gives all outputs, a row a cycle. */
export const compareResults = (
  engine: Engine,
  { stimulus, cycles, expected, latency }: Trial,
  mismatch: (sentence: string) => void,
): Int32Array => {
  const { ports } = engine
  const response = new Int32Array(cycles * ports.outputWords)
  engine.replay(stimulus, cycles, response)

  const result = portNamed(ports.outputs, 'result_0')
  const valid = portNamed(ports.outputs, 'result_valid_0').offset
  for (let k = 0; k < cycles; k++) {
    const row = k * ports.outputWords
    const want = expected.get(k)
    const isValid = response[row + valid] === 1
    if (!want && isValid) mismatch(`a result came in cycle ${k}, where the timing contract has none`)
    if (!want) continue
    if (!isValid) mismatch(`no result came in cycle ${k}, ${latency} after a group's last`)
    else {
      const found = readPort(response, result, row)
      if (found !== want.value) mismatch(`${want.what} gave ${found}, the golden model says ${want.value}`)
    }
  }
  return response
}

const goldenOf = ({ golden, goldenOutput }: ProcessingElement, output: readonly Group[]): bigint => {
  const sums = output.map(({ activations, weights, zero }) => golden(activations, weights, zero))
  return goldenOutput
    ? goldenOutput(
        sums,
        output.map(({ scale }) => scale ?? 0),
      )
    : sums[0]!
}

const describe = (pe: ProcessingElement, output: readonly Group[]): string => {
  const [first] = output as [Group]
  const { activations, weights, zero, scale } = first
  if (output.length > 1) return `an output of ${output.length} groups`
  if (stepsOf(pe, first) > 1) return `a group of ${activations.length}`
  if (activations.length > 1) return `activations ${activations.join(' ')}, weights ${weights.join(' ')}`
  return `activation ${activations[0]}, weight ${weights[0]}, zero point ${zero}${scale === undefined ? '' : `, scale ${scale}`}`
}
