import type { CheckFailure } from '../sim/engine.ts'
import type { LaneFailure } from '../sim/lanes/engine.ts'
import type { ProductTiles, TilePlace } from './product-tiles.ts'

/** A failed check of an array at work on a product, with the tile whose operands went in in that cycle. */
export interface TileFailure extends TilePlace {
  /** Counted from the tile's first; where the array drains after the last tile, it goes on. */
  readonly cycle: number
  /** Instance path and message of the check. */
  readonly message: string
}

/** One line: `tile of token 4, output 8, cycle 17: pe_0_1: the sum fits`. */
export const describeTileFailure = ({ token, output, cycle, message }: TileFailure): string =>
  `tile of token ${token}, output ${output}, cycle ${cycle}: ${message}`

type Tiles = Pick<ProductTiles, 'count' | 'cycles' | 'place'>

/** Of an array that does the tiles one after the other from cycle `start` on. */
export const tileFailures = (tiles: Tiles, failures: readonly CheckFailure[], start: number): readonly TileFailure[] =>
  laneFailures(
    tiles,
    1,
    failures.map((failure) => ({ ...failure, lane: 0 })),
    start,
  )

/** Of arrays in lanes, the first of which does tiles 0, `lanes`, 2 `lanes` and so on from cycle `start` on. */
export const laneFailures = (
  { count, cycles, place }: Tiles,
  lanes: number,
  failures: readonly LaneFailure[],
  start: number,
): readonly TileFailure[] => {
  const lastRound = Math.ceil(count / lanes) - 1
  return failures.flatMap(({ lane, cycle, message }) => {
    const round = Math.min(lastRound, Math.floor((cycle - start) / cycles))
    const tile = round * lanes + lane
    // A lane without a tile does one that another lane has; what failed before was another product's.
    if (cycle < start || tile >= count) return []
    return [{ ...place(tile), cycle: cycle - start - round * cycles, message }]
  })
}
