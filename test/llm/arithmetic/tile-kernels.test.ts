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
        const shapes = raggedShapes.filter(({ group }) => group <= pe.operands.group)
        const shape = shapes[turn % shapes.length]!
        const product = randomTileProduct(pe, shape, random)
        expect(await firstTileDifference(pe, arithmetic, shape, product), `${text}, seed ${seed}`).toBeUndefined()
        done += shape.tokens * shape.outputs * Math.ceil(shape.inputs / shape.group)
      }
      arithmetic.close()
    }
  })

  it('a group longer than the PE’s is refused', () => {
    const arithmetic = openArithmetic(tileOf('bitmod(group=16)'), { threads: 1 })
    const codes = new Uint8Array(20)
    const weights = { outputs: 1, inputs: 20, group: 17, codes, scales: codes }
    expect(() => arithmetic.load(weights)).toThrow(/at most 16 numbers, got 17/)
    arithmetic.close()
  })

  it('what a group before had where a short last step has nothing does not count', async () => {
    const pe = tileOf('bitmod(w=fp4, inputs=aligned)')
    const arithmetic = openArithmetic(pe, { threads: 1 })
    // The second group ends with one number, large, whose weight is 0: its sum must not be shifted under that number's exponent.
    const [one, large] = [0x3c01, 0x7800]
    const shape = { tokens: 1, outputs: 1, inputs: 13, group: 8 }
    const weights = {
      ...shape,
      codes: [7, 7, 7, 7, 7, 7, 7, 7, 1, 1, 1, 1, 0],
      selectors: Uint8Array.of(0, 0),
      scales: Uint8Array.of(255, 255),
    }
    const activations = [...new Array<number>(12).fill(one), large]
    expect(await firstTileDifference(pe, arithmetic, shape, { weights, activations })).toBeUndefined()
    arithmetic.close()
  })

  it('sums of more bits than a float32 has are exact', async () => {
    const pe = tileOf('bitmod(w=fp4, inputs=aligned, lanes=16, guard=8)')
    const arithmetic = openArithmetic(pe, { threads: 1 })
    // Fourteen times 2047 * 2^11, of 26 bits, less 1: that cuts off to one below the rest.
    const [large, least] = [(25 << 10) | 1023, 7 << 10]
    const [eight, minusOne] = [8, 10]
    const shape = { tokens: 1, outputs: 1, inputs: 16, group: 16 }
    const weights = {
      ...shape,
      codes: [...new Array<number>(14).fill(eight), minusOne, 0],
      selectors: Uint8Array.of(2),
      scales: Uint8Array.of(1),
    }
    const activations = [...new Array<number>(14).fill(large), least, 0]
    expect(await firstTileDifference(pe, arithmetic, shape, { weights, activations })).toBeUndefined()
    arithmetic.close()
  })
})
