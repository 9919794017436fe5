import type { TiledElement } from '../pe/tile.ts'
import { type Engine, portNamed } from '../sim/engine.ts'
import type { ArraySize } from './output-stationary.ts'
import { type TileStep, tileResultCycle, tileStimulus } from './tile-driver.ts'

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
}

/** Runs a product on a tile, `size.rows` tokens and `size.columns` outputs at a time, from reset. */
export const runTileProduct = (
  engine: Engine,
  pe: TiledElement,
  size: ArraySize,
  product: TileProduct,
): TileProductResult => {
  const { tokens, outputs } = product
  const { ports } = engine
  const found = Array.from({ length: size.columns }, (_, c) => portNamed(ports.outputs, `result_${c}`).offset)
  const results = new Uint32Array(tokens * outputs)
  let cycles = 0
  for (let token = 0; token < tokens; token += size.rows)
    for (let output = 0; output < outputs; output += size.columns) {
      const live = { rows: Math.min(size.rows, tokens - token), columns: Math.min(size.columns, outputs - output) }
      const trial = tileStimulus(ports, pe, size, stepsOf(product, { token, output }, live))
      const response = new Int32Array(trial.cycles * ports.outputWords)
      engine.reset()
      engine.replay(trial.stimulus, trial.cycles, response)
      cycles += trial.cycles
      for (let r = 0; r < live.rows; r++) {
        const row = (trial.ends.at(-1)! + tileResultCycle(pe, r)) * ports.outputWords
        for (let c = 0; c < live.columns; c++) results[(token + r) * outputs + output + c] = response[row + found[c]!]!
      }
    }
  return { results, cycles }
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
