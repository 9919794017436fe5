import { describe, expect, it } from 'vitest'
import { type Codes, runProduct } from '../../../src/accel/gemm.ts'
import { drainCycles, outputStationaryArray } from '../../../src/accel/output-stationary.ts'
import { cacheFolder } from '../../../src/base/cache-folder.ts'
import { fromNumber, type ScalarFormat } from '../../../src/formats/index.ts'
import { openModel } from '../../../src/llm/open-model.ts'
import { cacheStateOf } from '../../../src/llm/store/cache.ts'
import { builtInModels } from '../../../src/llm/store/models.ts'
import { floatsOf } from '../../../src/llm/weights.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { formatOfMode, lanesOf, modeNames, modes, packingNames } from '../../../src/pe/xrnpe/modes.ts'
import { openEngine } from '../../../src/sim/engines.ts'

const full = process.env.BITLOOM_FULL === '1'
const stories15m = builtInModels.find(({ id }) => id === 'stories15m')!
const cached = cacheStateOf(cacheFolder(), stories15m) === 'present'

/** Values over their root mean square, so that most of them are where the formats have most codes. */
const codesOf = (format: ScalarFormat, values: Float32Array): Codes => {
  const rms = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
  const codes = Array.from(values, (value) =>
    Number(format.encode(fromNumber(value / rms), 'nearest-even', 'saturate')),
  )
  return format.bits > 8 ? Uint16Array.from(codes) : Uint8Array.from(codes)
}

describe.skipIf(!cached)('a layer of stories15M', () => {
  it.each(modeNames.flatMap((name) => packingNames.map((packing) => [name, packing] as const)))(
    'runs through an array as %s with %s without a mismatch',
    async (name, packing) => {
      const { model, tokenizer } = await openModel('stories15m')
      const { query } = model.layers[0]!
      const { inputs } = query
      const outputs = full ? query.outputs : 24
      const size = full ? { rows: 8, columns: 8 } : { rows: 2, columns: 4 }
      const tokens = tokenizer.encode('Once upon a time, there was a little girl').slice(0, size.rows)
      const embedding = floatsOf(model.embedding.weights)
      const values = Float32Array.from(
        tokens.flatMap((token) => [...embedding.subarray(token * inputs, (token + 1) * inputs)]),
      )
      const mode = modes[name]
      const format = formatOfMode(mode)
      const product = {
        tokens: tokens.length,
        outputs,
        inputs,
        group: inputs,
        activations: codesOf(format, values),
        weights: codesOf(format, floatsOf(query.weights).subarray(0, outputs * inputs)),
        zeros: undefined,
      }
      const pe = processingElement(`xrnpe(mode=${name}, packing=${packing})`)
      const { sums, cycles } = runProduct(openEngine('wasm', outputStationaryArray(pe, size)), pe, size, product)
      const rowOf = (codes: Codes, row: number): readonly number[] => [
        ...codes.subarray(row * inputs, (row + 1) * inputs),
      ]
      const golden = Array.from({ length: tokens.length * outputs }, (_, k) =>
        Number(pe.golden(rowOf(product.activations, Math.floor(k / outputs)), rowOf(product.weights, k % outputs), 0)),
      )
      expect([...sums].filter((sum, k) => sum !== golden[k]).length).toBe(0)
      expect(new Set(golden).size).toBeGreaterThan(mode.bits === 4 ? 4 : 10)
      const steps = Math.ceil(inputs / lanesOf(mode, packing))
      expect(cycles).toBe(Math.ceil(outputs / size.columns) * steps + drainCycles(pe, size))
    },
    120_000,
  )
})
