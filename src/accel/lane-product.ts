import type { ProcessingElement } from '../pe/family.ts'
import type { PortLayout } from '../sim/engine.ts'
import type { LaneEngine } from '../sim/lanes/engine.ts'
import { strip } from '../sim/vector/lane-type.ts'
import { type GroupedProduct, type GroupedSums, groupsOf, resultsPerOutput } from './gemm.ts'
import { groupExponents } from './group-exponents.ts'
import { type LaneOperands, writeStrip } from './lane-operands.ts'
import { type ArraySize, drainCycles, resultCycle } from './output-stationary.ts'
import { productPorts } from './product-ports.ts'
import { type GroupSpan, productTiles } from './product-tiles.ts'
import { laneFailures } from './tile-failure.ts'

/** Words of one replay's rows that stay in the cache beside the registers of a strip. */
const wordsInCache = 2 ** 16
const mostWords = 2 ** 24
const [fewestCycles, mostCycles] = [64, 1024]

/** Cycles of one replay. */
const blockOf = ({ inputWords, outputWords }: PortLayout, strips: number): number => {
  const words = strips * strip * (inputWords + outputWords)
  const inCache = Math.min(mostCycles, Math.max(fewestCycles, Math.floor(wordsInCache / words)))
  return Math.max(1, Math.min(inCache, Math.floor(mostWords / words)))
}

/** Where one group of all lanes' tiles ends: tile `first` is lane 0's. */
interface GroupEnd {
  readonly cycle: number
  readonly first: number
  readonly group: number
}

/**
 * As `runProduct`, with a tile a lane: each lane is an array that does every `lanes`-th tile, one after the other without a gap. What
 * comes out is the same, bit for bit, and so are the cycles, which are those of one array that does all tiles. Lanes for which
 * there is no tile left do the last one again. Registers must be as after a reset or a product.
 */
export const runProductInLanes = async (
  engine: LaneEngine,
  pe: ProcessingElement,
  size: ArraySize,
  product: GroupedProduct,
  [fromOutput, toOutput]: readonly [number, number] = [0, product.outputs],
): Promise<GroupedSums> => {
  const { rows, columns } = size
  const { tokens, inputs, activations, weights, zeros } = product
  const { ports, lanes } = engine
  const groups = groupsOf(product)
  const perOutput = resultsPerOutput(pe, product)
  const scales = pe.operands.scale && product.scales
  const at = productPorts(ports, pe, size, product)
  const tiles = productTiles(pe, size, product, [fromOutput, toOutput])
  const { cycles_per_step } = pe.timing
  const { lanes: packed } = pe.operands
  const latest = drainCycles(pe, size) - 1
  const sums = new Int32Array(tokens * (toOutput - fromOutput) * perOutput)
  const exponents = groupExponents(pe, product)
  const startCycle = engine.cycle

  const strips = Math.ceil(lanes / strip)
  const rounds = Math.ceil(tiles.count / lanes)
  const total = rounds * tiles.cycles + latest + 1
  const block = Math.min(total, blockOf(ports, strips))
  const [rowIn, rowOut] = [ports.inputWords * strip, ports.outputWords * strip]
  const stimulus = new Int32Array(block * strips * rowIn)
  const response = new Int32Array(block * strips * rowOut)
  const places = placesOf(tiles.count, rounds * lanes + strip, tiles.place)

  /** Cycles that the stimulus has of each strip. */
  let count = 0
  const starts = new Int32Array(strip)
  const held = { perStep: packed?.count ?? 1, cyclesPerStep: cycles_per_step }
  const rowOperands: LaneOperands = { codes: activations, packed: packed?.activation, ...held }
  const columnOperands: LaneOperands = { codes: weights, packed: packed?.weight, ...held }
  /** A strip's part of a span, whose first row stands at word `base`. */
  const writeSpan = (
    base: number,
    tile: number,
    { group, from, to, cycles }: GroupSpan,
    start: number,
    end: number,
  ): void => {
    const length = end - start
    const ends = end === cycles
    const lastRow = base + (length - 1) * rowIn
    for (let r = 0; r < rows; r++) {
      for (let lane = 0; lane < strip; lane++)
        starts[lane] = Math.min(places.tokens[tile + lane]! + r, tokens - 1) * inputs + from
      writeStrip(stimulus, base + at.activation[r]! * strip, rowIn, rowOperands, starts, to - from, start, end)
      if (exponents)
        for (let lane = 0; lane < strip; lane++) {
          const exponent = exponents[Math.floor(starts[lane]! / inputs) * groups + group]!
          const word = base + at.exponent[r]! * strip + lane
          for (let k = 0; k < length; k++) stimulus[word + k * rowIn] = exponent
        }
    }
    for (let c = 0; c < columns; c++) {
      for (let lane = 0; lane < strip; lane++)
        starts[lane] = Math.min(places.outputs[tile + lane]! + c, toOutput - 1) * inputs + from
      writeStrip(stimulus, base + at.weight[c]! * strip, rowIn, columnOperands, starts, to - from, start, end)
      if (ends)
        for (let lane = 0; lane < strip; lane++) {
          const of = Math.floor(starts[lane]! / inputs) * groups + group
          if (zeros) stimulus[lastRow + at.zero[c]! * strip + lane] = zeros[of]!
          if (scales) stimulus[lastRow + at.scale[c]! * strip + lane] = scales[of]!
        }
    }
    const set = (row: number, port: number, value: number): void => {
      stimulus.fill(value, row + port * strip, row + (port + 1) * strip)
    }
    if (at.step !== undefined)
      for (let k = 0; k < length; k++) if ((start + k) % cycles_per_step === 0) set(base + k * rowIn, at.step, 1)
    if (ends) {
      set(lastRow, at.last, 1)
      if (at.lastGroup !== undefined) set(lastRow, at.lastGroup, Number(group === groups - 1))
    }
  }

  const collect = ({ cycle, first, group }: GroupEnd, firstCycle: number): void => {
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        const row = cycle + resultCycle(pe, r, c) - firstCycle
        if (row < 0 || row >= count) continue
        for (let lane = 0; lane < lanes && first + lane < tiles.count; lane++) {
          const token = places.tokens[first + lane]! + r
          const output = places.outputs[first + lane]! + c
          if (token >= tokens || output >= toOutput) continue
          const word = (Math.floor(lane / strip) * count + row) * rowOut + (lane % strip)
          if (response[word + at.valid[c]! * strip] !== 1)
            throw new Error(`${pe.spec}: no result of row ${r}, column ${c}, lane ${lane} in cycle ${firstCycle + row}`)
          const place = (token * (toOutput - fromOutput) + output - fromOutput) * perOutput
          sums[place + (scales ? 0 : group)] = response[word + at.result[c]! * strip]!
        }
      }
  }

  let pending: GroupEnd[] = []
  for (let first = 0; first < total; first += count) {
    count = Math.min(block, total - first)
    const rowsIn = stimulus.subarray(0, count * strips * rowIn).fill(0)
    if (at.mode)
      for (let word = at.mode.at * strip; word < rowsIn.length; word += rowIn)
        rowsIn.fill(at.mode.value, word, word + strip)
    for (let round = Math.floor(first / tiles.cycles); round < rounds && round * tiles.cycles < first + count; round++)
      for (const span of tiles.spans) {
        const begins = round * tiles.cycles + span.first
        const [start, end] = [Math.max(0, first - begins), Math.min(span.cycles, first + count - begins)]
        if (start >= end) continue
        for (let k = 0; k < strips && round * lanes + k * strip < tiles.count; k++)
          writeSpan((k * count + begins + start - first) * rowIn, round * lanes + k * strip, span, start, end)
        if (end === span.cycles && (!scales || span.group === groups - 1))
          pending.push({ cycle: begins + span.cycles - 1, first: round * lanes, group: span.group })
      }
    await engine.replay(rowsIn, count, response.subarray(0, count * strips * rowOut))
    for (const end of pending) collect(end, first)
    pending = pending.filter(({ cycle }) => cycle + latest >= first + count)
  }
  return {
    sums,
    cycles: tiles.count * tiles.cycles + latest + 1,
    failures: laneFailures(tiles, lanes, engine.failures, startCycle),
  }
}

/** The first tokens and outputs of tiles, `length` of them: behind the last the last again. */
const placesOf = (
  count: number,
  length: number,
  place: (tile: number) => { readonly token: number; readonly output: number },
) => {
  const tokens = new Int32Array(length)
  const outputs = new Int32Array(length)
  for (let tile = 0; tile < length; tile++) {
    const { token, output } = place(Math.min(tile, count - 1))
    tokens[tile] = token
    outputs[tile] = output
  }
  return { tokens, outputs }
}
