import type { CoreDescription } from './description.ts'
import { mostTiles } from './description.ts'
import { type OperandLayout, type ProductSize, productLayout } from './layout.ts'

/** A row of operands, as the core asks for it. */
export interface OperandRow {
  readonly side: 'activations' | 'weights'
  readonly row: number
}

/** Results that leave together: of one token, in outputs `from` to `from + count - 1`, of one group's matrix or of the only one. */
export interface ResultRow {
  readonly matrix: number
  readonly token: number
  readonly from: number
  readonly count: number
}

/** Rows in the order in which a core reads them; what streams them has to give them so. */
export const operandOrder = (core: CoreDescription, product: ProductSize): readonly OperandRow[] => {
  const { tiles, strip, weightsStay } = tilingOf(core, product)
  const rows: OperandRow[] = []
  const tile = (side: OperandRow['side'], [from, to]: Span): void => {
    for (let row = from; row < to; row++) rows.push({ side, row })
  }
  for (let first = 0; first < tiles.activations.length; first += strip) {
    const [head, ...others] = tiles.activations.slice(first, first + strip)
    const weights = first === 0 || !weightsStay ? tiles.weights : []
    tile('activations', head!)
    if (weights[0]) tile('weights', weights[0])
    for (const other of others) tile('activations', other)
    for (const other of weights.slice(1)) tile('weights', other)
  }
  return rows
}

/** Rows of tiles in the order in which a core writes them. */
export const resultOrder = (core: CoreDescription, product: ProductSize): readonly ResultRow[] => {
  const { tiles, strip } = tilingOf(core, product)
  const { matrices } = productLayout(core, product).results
  const rows: ResultRow[] = []
  for (let first = 0; first < tiles.activations.length; first += strip)
    for (const [from, to] of tiles.weights)
      for (const [top, bottom] of tiles.activations.slice(first, first + strip))
        for (let matrix = 0; matrix < matrices; matrix++)
          for (let token = top; token < bottom; token++) rows.push({ matrix, token, from, count: to - from })
  return rows
}

/** From a row, to the one behind the last. */
type Span = readonly [number, number]

/** Tiles of both sides, how many of activations make a strip, and whether weights are read once: as the core's plan has it. */
const tilingOf = (core: CoreDescription, product: ProductSize) => {
  const { rows, columns } = core.array.size
  const { activations, weights } = productLayout(core, product)
  const strip = Math.max(1, roomFor(core, activations) >> 1)
  return {
    tiles: { activations: tilesOf(product.tokens, rows), weights: tilesOf(product.outputs, columns) },
    strip,
    weightsStay: roomFor(core, weights) * columns >= product.outputs,
  }
}

const roomFor = (
  { bufferBeats, fieldBeats, transfers }: CoreDescription,
  { rowBytes, fieldsAt }: OperandLayout,
): number => {
  const bytes = transfers.busBits / 8
  const [codes, fields] = [fieldsAt / bytes, (rowBytes - fieldsAt) / bytes]
  const ofFields = fields === 0 ? mostTiles : Math.floor(fieldBeats / fields)
  return Math.min(mostTiles, Math.floor(bufferBeats / codes), ofFields)
}

const tilesOf = (count: number, lines: number): readonly Span[] =>
  Array.from({ length: Math.ceil(count / lines) }, (_, k) => [k * lines, Math.min(count, (k + 1) * lines)] as const)
