import { describe, expect, it } from 'vitest'
import { openArithmetic } from '../../../src/llm/arithmetic/open.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import type { TiledElement } from '../../../src/pe/tile.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { firstTileDifference, raggedShapes, randomTileProduct } from './random-products.ts'
import { tileSpecs, wanted } from './specs.ts'

const tileOf = (text: string): TiledElement => {
  const pe = elementOf(text)
  if (!('tile' in pe)) throw new Error(`${text} has no tile`)
  return pe
}

describe('BitMoD’s sums are the golden model’s, bit for bit', () => {
  it('100,000 random dot products over ragged and extreme shapes', { timeout: 600_000 }, async () => {
    const seed = 4
    const random = randomWords(seed)
    for (const text of tileSpecs) {
      const pe = tileOf(text)
      const arithmetic = openArithmetic(pe, { threads: 1 })
      for (let done = 0, turn = 0; done < wanted / tileSpecs.length; turn++) {
        const shape = raggedShapes[turn % raggedShapes.length]!
        const product = randomTileProduct(pe, shape, random)
        expect(await firstTileDifference(pe, arithmetic, shape, product), `${text}, seed ${seed}`).toBeUndefined()
        done += shape.tokens * shape.outputs * Math.ceil(shape.inputs / shape.group)
      }
      arithmetic.close()
    }
  })
})
