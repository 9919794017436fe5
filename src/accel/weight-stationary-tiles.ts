import type { ProcessingElement } from '../pe/family.ts'
import type { GroupedProduct } from './gemm.ts'
import type { TilePlace } from './product-tiles.ts'
import { shortestTile, type WeightStationarySize, weightStationaryResultCycle } from './weight-stationary.ts'

/** A tile of weights at work on tokens. */
export interface WeightTile extends TilePlace {
  readonly tokens: number
  readonly group: number
  /** Inputs `from` to before `to`, at most one a row. */
  readonly from: number
  readonly to: number
  /** The first, the last tile of its group. */
  readonly first: boolean
  readonly last: boolean
  /** Cycle of its first token; that of the first load is 0. The next tile's weights are loaded from here on. */
  readonly start: number
}

/**
 * The tiles of a product in the order in which an array does them: inputs within groups, within outputs, within tokens. Tiles follow
 * each other as soon as their tokens and the next weights are in.
 */
export const weightTiles = (
  { rows, columns, tokens }: WeightStationarySize,
  product: Pick<GroupedProduct, 'tokens' | 'outputs' | 'inputs' | 'group'>,
): readonly WeightTile[] => {
  const tiles: WeightTile[] = []
  let start = rows
  for (let token = 0; token < product.tokens; token += tokens) {
    const count = Math.min(tokens, product.tokens - token)
    for (let output = 0; output < product.outputs; output += columns)
      for (let groupStart = 0; groupStart < product.inputs; groupStart += product.group) {
        const end = Math.min(product.inputs, groupStart + product.group)
        for (let from = groupStart; from < end; from += rows) {
          const to = Math.min(end, from + rows)
          const group = groupStart / product.group
          tiles.push({
            token,
            output,
            tokens: count,
            group,
            from,
            to,
            first: from === groupStart,
            last: to === end,
            start,
          })
          start += Math.max(count, shortestTile(rows))
        }
      }
  }
  return tiles
}

/**
 * Cycles of a product, from the first row of weights to the last result: `rows` for the first weights, then for each tile as many as its
 * tokens, `shortestTile(rows)` at the least, and at last the way through the array.
 */
export const weightStationaryCycles = (
  pe: ProcessingElement,
  size: WeightStationarySize,
  product: Pick<GroupedProduct, 'tokens' | 'outputs' | 'inputs' | 'group'>,
): number => {
  const { rows, columns } = size
  const inputTiles = (inputs: number): number => Math.ceil(inputs / rows)
  const fullGroups = Math.floor(product.inputs / product.group)
  const tilesOfOutputs =
    Math.ceil(product.outputs / columns) *
    (fullGroups * inputTiles(product.group) + inputTiles(product.inputs - fullGroups * product.group))
  const fullBlocks = Math.floor((product.tokens - 1) / size.tokens)
  const lastTokens = product.tokens - fullBlocks * size.tokens
  const spacing = (tokens: number): number => Math.max(tokens, shortestTile(rows))
  return (
    rows +
    tilesOfOutputs * (fullBlocks * spacing(size.tokens) + spacing(lastTokens)) -
    spacing(lastTokens) +
    lastTokens +
    weightStationaryResultCycle(pe, size, columns - 1)
  )
}
