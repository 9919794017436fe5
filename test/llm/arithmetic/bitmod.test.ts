import { describe, expect, it } from 'vitest'
import { openArithmetic } from '../../../src/llm/arithmetic/open.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import type { TiledElement } from '../../../src/pe/tile.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { firstTileDifference, raggedShapes, randomTileProduct } from './random-products.ts'

const specs = [
  'bitmod',
  'bitmod(w=fp3)',
  'bitmod(w=int6)',
  'bitmod(w=int8, significance=shift, inputs=local)',
  'bitmod(w=fp4, inputs=aligned)',
  'bitmod(w=int5, inputs=aligned, significance=shift, lanes=16, guard=8)',
  'bitmod(w=fp4, lanes=3, guard=0, magnitude=10)',
  'bitmod(w=int8, lanes=1, guard=8, magnitude=24)',
  'bitmod(w=fp4, magnitude=16, guard=5, lanes=8)',
]

const wanted = Number(process.env.BITLOOM_DOTS ?? 100_000)

const tileOf = (text: string): TiledElement => {
  const pe = elementOf(text)
  if (!('tile' in pe)) throw new Error(`${text} has no tile`)
  return pe
}

describe('BitMoD’s sums are the golden model’s, bit for bit', () => {
  it('100,000 random dot products over ragged and extreme shapes', { timeout: 600_000 }, async () => {
    const seed = 4
    const random = randomWords(seed)
    for (const text of specs) {
      const pe = tileOf(text)
      const arithmetic = openArithmetic(pe, { threads: 1 })
      for (let done = 0, turn = 0; done < wanted / specs.length; turn++) {
        const shape = raggedShapes[turn % raggedShapes.length]!
        const product = randomTileProduct(pe, shape, random)
        expect(await firstTileDifference(pe, arithmetic, shape, product), `${text}, seed ${seed}`).toBeUndefined()
        done += shape.tokens * shape.outputs * Math.ceil(shape.inputs / shape.group)
      }
      arithmetic.close()
    }
  })
})
