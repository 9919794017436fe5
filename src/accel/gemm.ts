import type { IntShape } from '../dsl/index.ts'
import type { ProcessingElement } from '../pe/family.ts'
import { writeLanes } from '../pe/lanes.ts'
import type { Engine } from '../sim/engine.ts'
import { type ArraySize, drainCycles, resultCycle } from './output-stationary.ts'
import { productPorts } from './product-ports.ts'
import { productTiles } from './product-tiles.ts'
import { type TileFailure, tileFailures } from './tile-failure.ts'

/** Integers, or codes of a number format, as a PE's ports take them. */
export type Codes = Int8Array | Uint8Array | Uint16Array

/**
 * A matrix product in quantisation groups: for every token m, output n and group g the sum over the group's k of
 * activation[m, k] * (weight[n, k] - zero[n, g]), as the PE's golden model adds it up.
 */
export interface GroupedProduct {
  readonly tokens: number
  readonly outputs: number
  readonly inputs: number
  /** Length of a group along the inputs; the last one may be shorter. */
  readonly group: number
  /** tokens x inputs */
  readonly activations: Codes
  /** outputs x inputs, codes as stored */
  readonly weights: Codes
  /** outputs x groups; undefined where weights are symmetric */
  readonly zeros: Uint8Array | undefined
  /** outputs x groups, codes of the PE's scale format; where the PE applies scales. */
  readonly scales?: Uint16Array
}

export interface GroupedSums {
  /**
   * tokens x outputs x groups, or tokens x outputs where the PE applies scales and adds up the groups; a code of 32 bits is its
   * word, read as signed
   */
  readonly sums: Int32Array
  /** Clock cycles the array took, from the first operands to the last result. */
  readonly cycles: number
  /** Failed checks, of an engine that evaluates them; what comes after the first is not defined. */
  readonly failures: readonly TileFailure[]
}

export const groupsOf = ({ inputs, group }: Pick<GroupedProduct, 'inputs' | 'group'>): number =>
  Math.ceil(inputs / group)

/** Results of each token and output: one a group, unless the PE adds the groups up. */
export const resultsPerOutput = (pe: ProcessingElement, product: GroupedProduct): number =>
  pe.operands.scale ? 1 : groupsOf(product)

/** Multiply-accumulates of the product itself, without padding. */
export const macsOf = ({ tokens, outputs, inputs }: GroupedProduct): number => tokens * outputs * inputs

/** Cycles of one replay; short enough that stimulus and response stay in the cache. */
const blockCycles = 1024

/** Where one group of one tile ends in the stream, and what it is. */
interface GroupEnd {
  readonly cycle: number
  readonly firstToken: number
  readonly firstOutput: number
  readonly group: number
}

/**
 * Runs a product on a simulated output-stationary array, tile after tile without a gap; tiles at the edges and short
 * groups are filled with zeros. Numbers go in one a step, or side by side where the PE's operands have lanes. `outputs` limits
 * the columns done, [from, to). Throws an Error where the array does not answer in the cycle its timing contract says.
 */
export const runProduct = (
  engine: Engine,
  pe: ProcessingElement,
  { rows, columns }: ArraySize,
  product: GroupedProduct,
  [fromOutput, toOutput]: readonly [number, number] = [0, product.outputs],
): GroupedSums => {
  const { tokens, inputs, activations, weights, zeros } = product
  const groups = groupsOf(product)
  const perOutput = resultsPerOutput(pe, product)
  const { ports } = engine
  const at = productPorts(ports, pe, { rows, columns }, product)
  const tiles = productTiles(pe, { rows, columns }, product, [fromOutput, toOutput])
  const scales = pe.operands.scale && product.scales
  const { cycles_per_step } = pe.timing
  const { lanes } = pe.operands
  const perStep = lanes?.count ?? 1
  const latest = drainCycles(pe, { rows, columns }) - 1
  const sums = new Int32Array(tokens * (toOutput - fromOutput) * perOutput)
  const startCycle = engine.cycle
  const failuresBefore = engine.failures.length

  const exponentOf = (token: number, from: number, to: number): number =>
    pe.operands.exponent!.of(Array.from(activations.subarray(token * inputs + from, token * inputs + to)))

  const stimulus = new Int32Array(blockCycles * ports.inputWords)
  // Results of a block's last groups come in the next one: the response keeps as many old rows as the latency is long.
  const response = new Int32Array((latest + blockCycles) * ports.outputWords)
  const clear = (): void => {
    stimulus.fill(0)
    const { mode } = at
    if (mode) for (let word = mode.at; word < stimulus.length; word += ports.inputWords) stimulus[word] = mode.value
  }
  clear()
  let filled = 0
  let cycle = 0
  let pending: GroupEnd[] = []

  const collect = ({ cycle: end, firstToken, firstOutput, group: g }: GroupEnd, firstCycle: number): void => {
    for (let r = 0; r < rows && firstToken + r < tokens; r++)
      for (let c = 0; c < columns && firstOutput + c < toOutput; c++) {
        const row = (end + resultCycle(pe, r, c) - firstCycle + latest) * ports.outputWords
        if (response[row + at.valid[c]!] !== 1)
          throw new Error(`${pe.spec}: no result of row ${r}, column ${c} in cycle ${end + resultCycle(pe, r, c)}`)
        const output = firstOutput + c - fromOutput
        const place = ((firstToken + r) * (toOutput - fromOutput) + output) * perOutput
        sums[place + (scales ? 0 : g)] = response[row + at.result[c]!]!
      }
  }
  const flush = (): void => {
    if (filled === 0) return
    response.copyWithin(0, blockCycles * ports.outputWords)
    // A short block is replayed at the end of the window, so that "latest" rows before it are always the rows before it.
    const short = blockCycles - filled
    if (short > 0) response.copyWithin(short * ports.outputWords, 0, latest * ports.outputWords)
    const window = response.subarray((latest + short) * ports.outputWords)
    engine.replay(stimulus.subarray(0, filled * ports.inputWords), filled, window)
    const firstCycle = cycle - blockCycles
    const ready = (end: GroupEnd): boolean => end.cycle + latest < cycle
    for (const end of pending) if (ready(end)) collect(end, firstCycle)
    pending = pending.filter((end) => !ready(end))
    clear()
    filled = 0
  }
  /** Goes on by cycles of the block that is being filled. */
  const advance = (cycles: number): void => {
    cycle += cycles
    filled += cycles
    if (filled === blockCycles) flush()
  }
  const idle = (cycles: number): void => {
    for (let left = cycles; left > 0; ) {
      const count = Math.min(left, blockCycles - filled)
      advance(count)
      left -= count
    }
  }

  const width = ports.inputWords
  /** The operands that one port takes in cycles `from` to before `to` of a group, which are numbers `first` to before `end`. */
  const write = (
    at: number,
    codes: Codes,
    [first, end]: readonly [number, number],
    [from, to]: readonly [number, number],
    lane: IntShape | undefined,
  ): void => {
    let word = filled * width + at
    // Most operands, and far faster.
    if (!lane && cycles_per_step === 1) {
      for (let k = first + from; k < first + to; k++, word += width) stimulus[word] = codes[k]!
      return
    }
    if (!lane) {
      let held = from % cycles_per_step
      for (let n = from, k = first + (from - held) / cycles_per_step; n < to; n++, word += width) {
        stimulus[word] = codes[k]!
        if (++held < cycles_per_step) continue
        held = 0
        k++
      }
      return
    }
    for (let n = from; n < to; n++, word += width) {
      const k = first + Math.floor(n / cycles_per_step) * perStep
      writeLanes(stimulus, word, codes, [k, Math.min(end, k + perStep)], lane.width)
    }
  }

  for (let tile = 0; tile < tiles.count; tile++) {
    const { token: firstToken, output: firstOutput } = tiles.place(tile)
    const liveRows = Math.min(rows, tokens - firstToken)
    const liveColumns = Math.min(columns, toOutput - firstOutput)
    for (const { group: g, from: start, to: end, first: begins, cycles: length } of tiles.spans) {
      idle(tile * tiles.cycles + begins - cycle)
      const exponents = at.exponent.map((_, r) => (r < liveRows ? exponentOf(firstToken + r, start, end) : 0))
      for (let n = 0; n < length; ) {
        const to = Math.min(length, n + blockCycles - filled)
        for (let r = 0; r < liveRows; r++) {
          const row = (firstToken + r) * inputs
          write(at.activation[r]!, activations, [row + start, row + end], [n, to], lanes?.activation)
        }
        for (let c = 0; c < liveColumns; c++) {
          const row = (firstOutput + c) * inputs
          write(at.weight[c]!, weights, [row + start, row + end], [n, to], lanes?.weight)
        }
        const first = filled * width
        exponents.forEach((exponent, r) => {
          for (let k = 0; k < to - n; k++) stimulus[first + k * width + at.exponent[r]!] = exponent
        })
        if (at.step !== undefined)
          for (let k = n; k < to; k++) if (k % cycles_per_step === 0) stimulus[first + (k - n) * width + at.step] = 1
        if (to === length) {
          const row = first + (to - 1 - n) * width
          stimulus[row + at.last] = 1
          if (zeros)
            for (let c = 0; c < liveColumns; c++) stimulus[row + at.zero[c]!] = zeros[(firstOutput + c) * groups + g]!
          if (scales) {
            for (let c = 0; c < liveColumns; c++) stimulus[row + at.scale[c]!] = scales[(firstOutput + c) * groups + g]!
            stimulus[row + at.lastGroup!] = Number(g === groups - 1)
          }
          if (!scales || g === groups - 1)
            pending.push({ cycle: cycle + to - 1 - n, firstToken, firstOutput, group: g })
        }
        advance(to - n)
        n = to
      }
    }
  }
  idle(latest + 1)
  flush()
  return { sums, cycles: cycle, failures: tileFailures(tiles, engine.failures.slice(failuresBefore), startCycle) }
}
