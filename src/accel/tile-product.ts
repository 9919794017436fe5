import type { TiledElement } from '../pe/tile.ts'
import { type Engine, type PortLayout, portNamed } from '../sim/engine.ts'
import { firstWord, type LaneEngine, laneRows, laneWords } from '../sim/lanes/engine.ts'
import { strip } from '../sim/vector/lane-type.ts'
import type { ArraySize } from './output-stationary.ts'
import type { TilePlace } from './product-tiles.ts'
import { type TileStep, type TileStimulus, tileResultCycle, tileStimulus } from './tile-driver.ts'
import { laneFailures, type TileFailure, tileFailures } from './tile-failure.ts'

/** A product of M x K activations and N x K weights, both as codes, weights in groups along K. */
export interface TileProduct {
  /** M. */
  readonly tokens: number
  /** N. */
  readonly outputs: number
  /** K. */
  readonly inputs: number
  /** Weights along K that share selector and scale; the last group of a row may be shorter. */
  readonly group: number
  /** M x K row-major. */
  readonly activations: Uint16Array
  /** N x K row-major. */
  readonly codes: Uint8Array
  /** N x groups. */
  readonly selectors: Uint8Array
  /** N x groups. */
  readonly scales: Uint8Array
}

export interface TileProductResult {
  /** M x N codes of the result's format, row-major. */
  readonly results: Uint32Array
  readonly cycles: number
  /** Failed checks, of an engine that evaluates them; what comes after the first is not defined. */
  readonly failures: readonly TileFailure[]
}

/** Runs a product on a tile, `size.rows` tokens and `size.columns` outputs at a time, from reset. */
export const runTileProduct = (
  engine: Engine,
  pe: TiledElement,
  size: ArraySize,
  product: TileProduct,
): TileProductResult => {
  const { ports } = engine
  const { blocks, results, stimulusOf, collect } = tileRun(ports, pe, size, product)
  const startCycle = engine.cycle
  const failuresBefore = engine.failures.length
  let cycles = 0
  for (let k = 0; k < blocks.count; k++) {
    const trial = stimulusOf(k)
    const response = new Int32Array(trial.cycles * ports.outputWords)
    engine.reset()
    engine.replay(trial.stimulus, trial.cycles, response)
    collect(k, trial, (row, word) => response[row * ports.outputWords + word]!)
    cycles += trial.cycles
  }
  const tiles = { ...blocks, cycles: cycles / blocks.count }
  return { results, cycles, failures: tileFailures(tiles, engine.failures.slice(failuresBefore), startCycle) }
}

/**
 * As `runTileProduct`, as many blocks of tokens and outputs at a time as the engine has lanes, from reset. Results, and the cycles
 * of one tile that does all blocks, are the same.
 */
export const runTileProductInLanes = async (
  engine: LaneEngine,
  pe: TiledElement,
  size: ArraySize,
  product: TileProduct,
): Promise<TileProductResult> => {
  const { ports, lanes } = engine
  const { blocks, results, stimulusOf, collect } = tileRun(ports, pe, size, product)
  const startCycle = engine.cycle
  let cycles = 0
  for (let first = 0; first < blocks.count; first += lanes) {
    const count = Math.min(lanes, blocks.count - first)
    // All blocks have groups of the same lengths, and so as many cycles.
    const trials = Array.from({ length: count }, (_, lane) => stimulusOf(first + lane))
    const [trial] = trials as [TileStimulus]
    const stimulus = new Int32Array(laneWords(lanes, trial.cycles, ports.inputWords))
    stimulus.set(laneRows(trials.map((of) => of.stimulus)))
    const response = new Int32Array(laneWords(lanes, trial.cycles, ports.outputWords))
    await engine.reset()
    await engine.replay(stimulus, trial.cycles, response)
    const length = trial.cycles * ports.outputWords
    for (let lane = 0; lane < count; lane++) {
      const at = firstWord(lane, length)
      collect(first + lane, trial, (row, word) => response[at + (row * ports.outputWords + word) * strip]!)
    }
    cycles += count * trial.cycles
  }
  const tiles = { ...blocks, cycles: cycles / blocks.count }
  return { results, cycles, failures: laneFailures(tiles, lanes, engine.failures, startCycle) }
}

/** The blocks of a product, what goes into the tile for each, and where the results that come out belong. */
const tileRun = (ports: PortLayout, pe: TiledElement, size: ArraySize, product: TileProduct) => {
  const { tokens, outputs } = product
  const across = Math.ceil(outputs / size.columns)
  const found = Array.from({ length: size.columns }, (_, c) => portNamed(ports.outputs, `result_${c}`).offset)
  const results = new Uint32Array(tokens * outputs)
  const place = (block: number): TilePlace => ({
    token: Math.floor(block / across) * size.rows,
    output: (block % across) * size.columns,
  })
  const liveOf = ({ token, output }: TilePlace): ArraySize => ({
    rows: Math.min(size.rows, tokens - token),
    columns: Math.min(size.columns, outputs - output),
  })
  return {
    blocks: { count: Math.ceil(tokens / size.rows) * across, place },
    results,
    stimulusOf: (block: number): TileStimulus => {
      const at = place(block)
      return tileStimulus(ports, pe, size, stepsOf(product, at, liveOf(at)))
    },
    collect: (block: number, { ends }: TileStimulus, wordAt: (row: number, word: number) => number): void => {
      const at = place(block)
      const live = liveOf(at)
      for (let r = 0; r < live.rows; r++)
        for (let c = 0; c < live.columns; c++)
          results[(at.token + r) * outputs + at.output + c] = wordAt(ends.at(-1)! + tileResultCycle(pe, r), found[c]!)
    },
  }
}

/** The same product by the golden model. */
export const goldenTileProduct = (pe: TiledElement, product: TileProduct): Uint32Array => {
  const { tokens, outputs } = product
  const results = new Uint32Array(tokens * outputs)
  for (let token = 0; token < tokens; token++)
    for (let output = 0; output < outputs; output++) {
      const steps = stepsOf(product, { token, output }, { rows: 1, columns: 1 })
      results[token * outputs + output] = Number(
        steps.reduce((before, { activations, weights, selectors, scales }) => {
          const [activation, weight] = [Array.from(activations[0]!), Array.from(weights[0]!)]
          return pe.golden(
            { activations: activation, weights: weight, selector: selectors[0]!, scale: scales[0]! },
            before,
          )
        }, 0n),
      )
    }
  return results
}

/** The groups of a block of tokens and outputs, in order. */
const stepsOf = (
  { inputs, group, activations, codes, selectors, scales }: TileProduct,
  { token, output }: { readonly token: number; readonly output: number },
  { rows, columns }: ArraySize,
): readonly TileStep[] => {
  const groups = Math.ceil(inputs / group)
  const lists = <T>(count: number, of: (k: number) => T): readonly T[] => Array.from({ length: count }, (_, k) => of(k))
  return lists(groups, (g) => {
    const [from, to] = [g * group, Math.min((g + 1) * group, inputs)]
    return {
      activations: lists(rows, (r) => activations.subarray((token + r) * inputs + from, (token + r) * inputs + to)),
      weights: lists(columns, (c) => codes.subarray((output + c) * inputs + from, (output + c) * inputs + to)),
      selectors: lists(columns, (c) => selectors[(output + c) * groups + g]!),
      scales: lists(columns, (c) => scales[(output + c) * groups + g]!),
      continues: g < groups - 1,
      stalls: [],
    }
  })
}
