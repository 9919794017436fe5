import { describe, expect, it } from 'vitest'
import { openArithmetic } from '../../../src/llm/arithmetic/open.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { firstDifference, raggedShapes, randomProduct } from './random-products.ts'

const specs: Readonly<Record<string, readonly string[]>> = {
  mac: ['mac', 'mac(w=int4, a=int8)', 'mac(w=int16, a=int16, acc=48)'],
  mixpe: [
    'mixpe',
    'mixpe(w=int8)',
    'mixpe(w=int3, weights=symmetric, compute=serial)',
    'mixpe(a=fp16)',
    'mixpe(w=int8, a=fp16, weights=asymmetric)',
    'mixpe(a=fp16, acc=exact)',
    'mixpe(w=int8, a=fp16, acc=exact, weights=asymmetric)',
    'mixpe(a=fp16, acc=aligned)',
    'mixpe(w=int8, a=fp16, acc=aligned, bits=24)',
  ],
  figna: ['figna', 'figna(w=int4, bits=6)'],
  bitfusion: ['bitfusion', 'bitfusion(w=uint4, a=uint8)', 'bitfusion(w=int2, a=uint2)'],
  ant: ['ant', 'ant(w=int4, a=int8)'],
  olive: ['olive', 'olive(w=olive(flint4), a=olive(int4))'],
  fmac: [
    'fmac',
    'fmac(acc=fp16)',
    'fmac(acc=fp16, rounding=separate, subnormals=flushed)',
    'fmac(format=bf16)',
    'fmac(format=bf16, subnormals=flushed)',
    'fmac(format=bf16, acc=bf16)',
    'fmac(format=bf16, acc=bf16, rounding=separate, subnormals=flushed)',
    'fmac(format=e5m2, acc=bf16)',
    'fmac(format=e4m3, acc=fp16, rounding=separate)',
  ],
  posit: ['posit', 'posit(format=posit(4,1))', 'posit(format=posit(16,1))'],
  xrnpe: [
    'xrnpe',
    'xrnpe(mode=fp4)',
    'xrnpe(mode=posit(4,1))',
    'xrnpe(mode=posit(16,1))',
    'xrnpe(mode=fp4, result=posit(16,1))',
    'xrnpe(mode=posit(4,1), lanes=separate)',
    'xrnpe(mode=posit(16,1), result=quire)',
    'xrnpe(mode=posit(8,0), lanes=separate, result=quire)',
    'xrnpe(mode=fp4, packing=lanes_16_4_1)',
  ],
}

/** Dot products of each family. */
const wanted = Number(process.env.BITLOOM_DOTS ?? 100_000)

describe('exact sums are the golden model’s, bit for bit', () => {
  it.each(Object.entries(specs))(
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
