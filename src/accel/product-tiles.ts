import type { ProcessingElement } from '../pe/family.ts'
import type { GroupedProduct } from './gemm.ts'
import type { ArraySize } from './output-stationary.ts'

/** A group's place in its tile. */
export interface GroupSpan {
  readonly group: number
  /** Inputs `from` to before `to`. */
  readonly from: number
  readonly to: number
  /** The first cycle of its operands, the tile's first being 0; what is before is idle. */
  readonly first: number
  /** Cycles that its operands take. */
  readonly cycles: number
}

/** Where a tile lies in the product: its first token and output. */
export interface TilePlace {
  readonly token: number
  readonly output: number
}

/** The tiles of a product on an array, which all take the same cycles: those at the edges are filled. */
export interface ProductTiles {
  readonly count: number
  /** Cycles from a tile's first to the next one's. */
  readonly cycles: number
  readonly spans: readonly GroupSpan[]
  /** In the order in which one array does them: outputs within tokens. */
  readonly place: (tile: number) => TilePlace
}

/** Tiles of the outputs `from` to before `to`; groups end `shortestGroup` cycles apart at the least. */
export const productTiles = (
  { operands, timing }: ProcessingElement,
  { rows, columns }: ArraySize,
  { tokens, inputs, group }: Pick<GroupedProduct, 'tokens' | 'inputs' | 'group'>,
  [from, to]: readonly [number, number],
): ProductTiles => {
  const perStep = operands.lanes?.count ?? 1
  const shortest = timing.shortestGroup(rows)
  const spans: GroupSpan[] = []
  let cycles = 0
  for (let start = 0; start < inputs; start += group) {
    const end = Math.min(inputs, start + group)
    const length = Math.ceil((end - start) / perStep) * timing.cycles_per_step
    cycles += Math.max(0, shortest - length)
    spans.push({ group: spans.length, from: start, to: end, first: cycles, cycles: length })
    cycles += length
  }
  const across = Math.ceil((to - from) / columns)
  return {
    count: Math.ceil(tokens / rows) * across,
    cycles,
    spans,
    place: (tile) => ({ token: Math.floor(tile / across) * rows, output: from + (tile % across) * columns }),
  }
}
