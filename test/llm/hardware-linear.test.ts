import { describe, expect, it } from 'vitest'
import { type ProductRunner, productRunner } from '../../src/accel/product-runner.ts'
import { createRandom, normal } from '../../src/base/random.ts'
import { hardwareLinear } from '../../src/llm/hardware-linear.ts'
import type { Matrix } from '../../src/llm/model.ts'
import { quantiseMatrix } from '../../src/llm/quantised/quantised-linear.ts'
import { float32Weights } from '../../src/llm/weights.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { quantisedLinear } from './integer-linear.ts'

const random = createRandom(12)
const [outputs, inputs, tokens] = [13, 70, 5]
const matrix: Matrix = {
  name: 'layers.0.query',
  outputs,
  inputs,
  weights: float32Weights(Float32Array.from({ length: outputs * inputs }, () => normal(random) / 8)),
}
const input = Float32Array.from({ length: tokens * inputs }, () => normal(random))

/** The layer on the array, and on the software reference. */
const setUp = (spec: string, change: (runner: ProductRunner) => ProductRunner = (runner) => runner) => {
  const pe = processingElement(spec)
  const { weight, zero, group } = pe.operands
  const options = { bits: weight.width, group: group!, signed: zero === undefined }
  const model = new Map([[matrix.name, quantiseMatrix(matrix, options)]])
  const runner = productRunner({ pe, size: { rows: 3, columns: 4 }, engine: 'js' })
  return { hardware: hardwareLinear(change(runner), model, pe.operands), reference: quantisedLinear(model) }
}

describe('a linear layer on the array', () => {
  it.each([
    'mixpe(group=16)',
    'mixpe(group=16, output=fp32)',
    'mixpe(group=32, weights=symmetric)',
    'mixpe(group=32, weights=symmetric, output=fp32)',
    'mixpe(w=int8, weights=symmetric, output=fp32)',
    'mixpe(w=int8, group=16)',
  ])('%s gives the floats of the software reference, bit for bit, and counts what it compared', async (spec) => {
    const { hardware, reference } = setUp(spec)
    for (const count of [tokens, 1]) {
      const x = input.subarray(0, count * inputs)
      const [found, want] = [await hardware.linear(matrix, x, count), await reference(matrix, x, count)]
      expect(new Uint32Array(found.buffer)).toEqual(new Uint32Array(want.buffer))
    }
    const groups = Math.ceil(inputs / processingElement(spec).operands.group!)
    const perOutput = spec.includes('fp32') ? 1 : groups
    for (const [k, count] of [tokens, 1].entries())
      expect(hardware.layers[k]).toMatchObject({
        groupSums: count * outputs * groups,
        compared: count * outputs * perOutput,
        mismatches: 0,
      })
    expect(hardware.firstMismatch()).toBeUndefined()
  })

  it.each([
    ['mixpe(group=16)', 'sum 67 (token 1, output 0, group 2)'],
    ['mixpe(group=16, output=fp32)', 'the float32 word of output 67 (token 5, output 2)'],
  ])('%s: a result that differs in one bit is counted and told', async (spec, place) => {
    const wrong = (runner: ProductRunner): ProductRunner => ({
      ...runner,
      run: async (product) => {
        const done = await runner.run(product)
        done.sums[67]! ^= 1
        return done
      },
    })
    const { hardware } = setUp(spec, wrong)
    const more = Float32Array.from([...input, ...input])
    await hardware.linear(matrix, more, 2 * tokens)
    expect(hardware.layers[0]!.mismatches).toBe(1)
    expect(hardware.firstMismatch()).toContain(`layers.0.query: ${place} is `)
  })
})
