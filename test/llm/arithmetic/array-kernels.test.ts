import { describe, expect, it } from 'vitest'
import { openArithmetic } from '../../../src/llm/arithmetic/open.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { firstDifference, raggedShapes, randomProduct } from './random-products.ts'
import { arraySpecs, wanted } from './specs.ts'

describe('exact sums are the golden model’s, bit for bit', () => {
  it.each(Object.entries(arraySpecs))(
    '%s, 100,000 random dot products over ragged and extreme shapes',
    { timeout: 600_000 },
    async (family, texts) => {
      const seed = family.length
      const random = randomWords(seed)
      for (const text of texts) {
        const pe = processingElement(text)
        const arithmetic = openArithmetic(pe, { threads: 1 })
        for (let done = 0, turn = 0; done < wanted / texts.length; turn++) {
          const shape = raggedShapes[turn % raggedShapes.length]!
          const product = randomProduct(pe, shape, random)
          expect(await firstDifference(pe, arithmetic, shape, product), `${text}, seed ${seed}`).toBeUndefined()
          done += shape.tokens * shape.outputs * Math.ceil(shape.inputs / shape.group)
        }
        arithmetic.close()
      }
    },
  )
})
