import { afterAll, describe, expect, test } from 'vitest'
import { openGpuArithmetic } from '../../../src/llm/arithmetic/open.ts'
import { type Gpu, openGpu } from '../../../src/llm/gpu/device.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { swiftShaderEnvironment } from '../gpu-here.ts'
import {
  firstDifference,
  firstTileDifference,
  raggedShapes,
  randomProduct,
  randomTileProduct,
  type Shape,
} from './random-products.ts'
import { arraySpecs, tileSpecs, wanted } from './specs.ts'

Object.assign(process.env, swiftShaderEnvironment() ?? {})
const gpu: Gpu | string = swiftShaderEnvironment() ? await openGpu() : 'Chromium with SwiftShader is not installed'
const missing = typeof gpu === 'string' ? ` (skipped: ${gpu})` : ''
afterAll(() => {
  if (typeof gpu !== 'string') gpu.device.destroy()
})

/** Many results at once, since a call of the GPU takes long, and the ragged ones. */
const shapes: readonly Shape[] = [
  { tokens: 9, outputs: 67, inputs: 40, group: 8 },
  { tokens: 5, outputs: 65, inputs: 37, group: 5 },
  ...raggedShapes,
]

describe(`WGSL gives the golden model's results, bit for bit${missing}`, () => {
  test.skipIf(typeof gpu === 'string').each([...Object.entries(arraySpecs), ['bitmod', tileSpecs] as const])(
    '%s, 100,000 random dot products over ragged and extreme shapes',
    { timeout: 900_000 },
    async (family, texts) => {
      if (typeof gpu === 'string') return
      const seed = 100 + family.length
      const random = randomWords(seed)
      for (const text of texts) {
        const pe = elementOf(text)
        const arithmetic = openGpuArithmetic(pe, gpu)
        for (let done = 0, turn = 0; done < wanted / texts.length; turn++) {
          const shape = shapes[turn % shapes.length]!
          const different =
            'tile' in pe
              ? await firstTileDifference(pe, arithmetic, shape, randomTileProduct(pe, shape, random))
              : await firstDifference(pe, arithmetic, shape, randomProduct(pe, shape, random))
          expect(different, `${text}, seed ${seed}`).toBeUndefined()
          done += shape.tokens * shape.outputs * Math.ceil(shape.inputs / shape.group)
        }
        arithmetic.close()
      }
    },
  )
})
