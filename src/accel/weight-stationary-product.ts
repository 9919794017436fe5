import type { ProcessingElement } from '../pe/family.ts'
import { type CheckFailure, type Engine, portNamed } from '../sim/engine.ts'
import { type GroupedProduct, type GroupedSums, groupsOf } from './gemm.ts'
import type { TileFailure } from './tile-failure.ts'
import { type WeightStationarySize, weightStationaryParts, weightStationaryResultCycle } from './weight-stationary.ts'
import { type WeightTile, weightTiles } from './weight-stationary-tiles.ts'

/**
 * Runs a product on a simulated weight-stationary array of that size: the same sums as `runProduct` has from the output-stationary one,
 * in `weightStationaryCycles`. What tiles at the edges lack is zeros. Throws an Error where the array does not answer in the cycle
 * its timing contract says.
 */
export const runWeightStationary = (
  engine: Engine,
  pe: ProcessingElement,
  size: WeightStationarySize,
  product: GroupedProduct,
): GroupedSums => {
  weightStationaryParts(pe)
  const { rows, columns } = size
  const { tokens, outputs, inputs, activations, weights, zeros } = product
  const groups = groupsOf(product)
  const { ports } = engine
  const input = (name: string): number => portNamed(ports.inputs, name).offset
  const each = (name: string, count: number, of = ports.inputs): readonly number[] =>
    Array.from({ length: count }, (_, k) => portNamed(of, `${name}_${k}`).offset)
  const at = {
    load: input('load'),
    weight: each('weight', columns),
    valid: input('valid'),
    start: input('start'),
    first: input('first'),
    last: input('last'),
    activation: each('activation', rows),
    zero: zeros ? each('zero', columns) : [],
    result: each('result', columns, ports.outputs),
    resultValid: each('result_valid', columns, ports.outputs),
  }

  const tiles = weightTiles(size, product)
  const end = tiles.at(-1)!
  const latest = weightStationaryResultCycle(pe, size, columns - 1)
  const cycles = end.start + end.tokens + latest
  /** Cycles of the part that begins with a tile's first token. */
  const lengthOf = (tile: number): number => (tiles[tile + 1]?.start ?? cycles) - tiles[tile]!.start

  const longest = Math.max(rows, ...[0, tiles.length - 1].map(lengthOf))
  const stimulus = new Int32Array(longest * ports.inputWords)
  // A tile's results are read once all are there, by when a part may have passed that is as long.
  const kept = latest + 2 * longest
  const response = new Int32Array(kept * ports.outputWords)
  const startCycle = engine.cycle
  const failuresBefore = engine.failures.length
  let cycle = 0
  /** Replays the stimulus; the response ends with its last cycle. */
  const replay = (count: number): void => {
    response.copyWithin(0, count * ports.outputWords)
    engine.replay(
      stimulus.subarray(0, count * ports.inputWords),
      count,
      response.subarray((kept - count) * ports.outputWords),
    )
    cycle += count
    stimulus.fill(0)
  }

  /** The weights of a tile, from the first cycle of the stimulus on. */
  const load = ({ output, from, to }: WeightTile): void => {
    stimulus[at.load] = 1
    for (let k = from; k < to; k++) {
      const row = (rows - 1 - (k - from)) * ports.inputWords
      for (let c = 0; c < columns && output + c < outputs; c++)
        stimulus[row + at.weight[c]!] = weights[(output + c) * inputs + k]!
    }
  }
  const feed = (tile: WeightTile): void => {
    for (let m = 0; m < tile.tokens; m++) {
      const row = m * ports.inputWords
      stimulus[row + at.valid] = 1
      stimulus[row + at.first] = Number(tile.first)
      stimulus[row + at.last] = Number(tile.last)
      for (let k = tile.from; k < tile.to; k++)
        stimulus[row + at.activation[k - tile.from]!] = activations[(tile.token + m) * inputs + k]!
    }
    stimulus[at.start] = 1
    if (zeros && tile.last)
      for (let c = 0; c < columns && tile.output + c < outputs; c++)
        stimulus[at.zero[c]!] = zeros[(tile.output + c) * groups + tile.group]!
  }
  const sums = new Int32Array(tokens * outputs * groups)
  const collect = ({ token, tokens: count, output, group, start }: WeightTile): void => {
    for (let m = 0; m < count; m++)
      for (let c = 0; c < columns && output + c < outputs; c++) {
        const answered = start + m + weightStationaryResultCycle(pe, size, c)
        const row = (answered - cycle + kept) * ports.outputWords
        if (response[row + at.resultValid[c]!] !== 1)
          throw new Error(`${pe.spec}: no result of token ${token + m}, column ${c} in cycle ${answered}`)
        sums[((token + m) * outputs + output + c) * groups + group] = response[row + at.result[c]!]!
      }
  }

  load(tiles[0]!)
  replay(rows)
  let pending: WeightTile[] = []
  tiles.forEach((tile, k) => {
    feed(tile)
    const next = tiles[k + 1]
    if (next) load(next)
    replay(lengthOf(k))
    if (tile.last) pending.push(tile)
    const isDone = (of: WeightTile): boolean => of.start + of.tokens + latest <= cycle
    for (const done of pending.filter(isDone)) collect(done)
    pending = pending.filter((of) => !isDone(of))
  })
  return { sums, cycles, failures: weightTileFailures(tiles, engine.failures.slice(failuresBefore), startCycle) }
}

/** Each failed check with the tile whose tokens went in last. */
const weightTileFailures = (
  tiles: readonly WeightTile[],
  failures: readonly CheckFailure[],
  from: number,
): readonly TileFailure[] =>
  failures.map(({ cycle, message }) => {
    const { token, output, start } = tiles.findLast((tile) => tile.start <= cycle - from) ?? tiles[0]!
    return { token, output, cycle: cycle - from - start, message }
  })
