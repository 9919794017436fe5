import { describe, expect, it } from 'vitest'
import {
  goldenTileProduct,
  runTileProduct,
  runTileProductInLanes,
  type TileProduct,
} from '../../src/accel/tile-product.ts'
import { cacheFolder } from '../../src/base/cache-folder.ts'
import { openModel } from '../../src/llm/open-model.ts'
import { cacheStateOf } from '../../src/llm/store/cache.ts'
import { builtInModels } from '../../src/llm/store/models.ts'
import { floatsOf } from '../../src/llm/weights.ts'
import { elementOf } from '../../src/pe/catalogue.ts'
import type { TiledElement } from '../../src/pe/tile.ts'
import { type BitmodQuantised, dequantiseBitmod, fitBitmod } from '../../src/quant/bitmod.ts'
import { packBitmod, unpackBitmod } from '../../src/quant/bitmod-packing.ts'
import { roundToNearest } from '../../src/quant/fitted.ts'
import { float16BitsOf, float16FromBits } from '../../src/quant/float16.ts'
import { portNamed } from '../../src/sim/engine.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { laneWords } from '../../src/sim/lanes/engine.ts'
import { openOwnLanes } from '../../src/sim/lanes/open.ts'
import { normalMatrix, normals } from '../quant/normals.ts'

const full = process.env.BITLOOM_FULL === '1'

const tiled = (spec: string): TiledElement => {
  const pe = elementOf(spec)
  if (!('tile' in pe)) throw new Error(`${spec} has no tile`)
  return pe
}

const productOf = (values: Float32Array, tokens: number, weights: BitmodQuantised): TileProduct => ({
  ...weights,
  tokens,
  activations: Uint16Array.from(values, float16BitsOf),
})

const floatOf = (code: number): number => new Float32Array(Uint32Array.of(code).buffer)[0]!

/** Root of the mean square of what differs from the plain product of dequantised weights, over that of the product. */
const errorOf = (results: Uint32Array, product: TileProduct, weights: BitmodQuantised): number => {
  const { tokens, outputs, inputs, activations } = product
  const matrix = dequantiseBitmod(weights)
  let [errors, squares] = [0, 0]
  for (let t = 0; t < tokens; t++)
    for (let n = 0; n < outputs; n++) {
      let want = 0
      for (let k = 0; k < inputs; k++) want += float16FromBits(activations[t * inputs + k]!) * matrix[n * inputs + k]!
      errors += (floatOf(results[t * outputs + n]!) * weights.channelScales[n]! - want) ** 2
      squares += want ** 2
    }
  return Math.sqrt(errors / squares)
}

describe('a product on a tile', () => {
  it.each([
    ['fp4', 3, 5, 50, 16],
    ['fp3', 2, 3, 33, 33],
    ['int8', 5, 2, 40, 12],
    ['int5', 1, 4, 9, 4],
  ] as const)(
    '%s, %i tokens, %i outputs, %i inputs in groups of %i: the golden codes, near the plain product',
    (w, tokens, outputs, inputs, group) => {
      const pe = tiled(`bitmod(w=${w})`)
      const size = { rows: 2, columns: 3 }
      const matrix = normalMatrix(outputs, inputs, 3, 1, 0)
      const weights = roundToNearest(matrix, fitBitmod(matrix, { weights: w, group }))
      const product = productOf(normals(tokens * inputs, 4, 1, 0), tokens, weights)
      const { results, cycles } = runTileProduct(javascriptEngine(pe.tile(size)), pe, size, product)
      expect(results).toEqual(goldenTileProduct(pe, product))
      expect(errorOf(results, product, weights)).toBeLessThan(0.01)
      const blocks = Math.ceil(tokens / size.rows) * Math.ceil(outputs / size.columns)
      expect(cycles).toBeGreaterThan(blocks * Math.ceil(inputs / 4) * pe.timing.cycles_per_step)
    },
  )
})

describe('a product on tiles in lanes is that of one tile, every result and every cycle', () => {
  it.each([
    ['fp4', 3, 5, 50, 16, 16],
    ['fp3', 7, 14, 33, 33, 16],
    ['int5', 1, 4, 9, 4, 3],
    ['int8', 9, 13, 40, 12, 20],
  ] as const)(
    '%s, %i tokens, %i outputs, %i inputs in groups of %i, %i lanes',
    async (w, tokens, outputs, inputs, group, lanes) => {
      const pe = tiled(`bitmod(w=${w})`)
      const size = { rows: 2, columns: 3 }
      const matrix = normalMatrix(outputs, inputs, 3, 1, 0)
      const weights = roundToNearest(matrix, fitBitmod(matrix, { weights: w, group }))
      const product = productOf(normals(tokens * inputs, 4, 1, 0), tokens, weights)
      const engine = await openOwnLanes('wasm', pe.tile(size), { lanes })
      expect(engine.name).toBe('wasm')
      const want = runTileProduct(javascriptEngine(pe.tile(size)), pe, size, product)
      expect(want.failures).toEqual([])
      expect(await runTileProductInLanes(engine, pe, size, product)).toEqual(want)
      // From reset: a group that began before leaves nothing.
      const begun = new Int32Array(laneWords(lanes, 8, engine.ports.inputWords))
      const held = { step: 1, activation_0_0: 0x3c00, weight_0_0: 3, scale_0: 1 }
      for (const [name, value] of Object.entries(held)) {
        const word = 16 * portNamed(engine.ports.inputs, name).offset
        for (let row = 0; row < (name === 'step' ? 1 : pe.timing.cycles_per_step); row++)
          begun.fill(value, row * 16 * engine.ports.inputWords + word, row * 16 * engine.ports.inputWords + word + 16)
      }
      await engine.replay(begun, 8)
      expect(await runTileProductInLanes(engine, pe, size, product)).toEqual(want)
    },
    60_000,
  )

  it('and so are failed checks, each with its tile', async () => {
    const w = 'fp4'
    const pe = tiled(`bitmod(w=${w})`)
    const hasty = { ...pe, timing: { ...pe.timing, shortestGroup: () => 1 } }
    const size = { rows: 6, columns: 2 }
    const matrix = normalMatrix(3, 8, 3, 1, 0)
    const weights = roundToNearest(matrix, fitBitmod(matrix, { weights: w, group: 4 }))
    const product = productOf(normals(7 * 8, 4, 1, 0), 7, weights)
    const want = runTileProduct(javascriptEngine(pe.tile(size)), hasty, size, product).failures
    const engine = await openOwnLanes('wasm', pe.tile(size), { lanes: 16 })
    const { failures } = await runTileProductInLanes(engine, hasty, size, product)
    const places = [0, 6].flatMap((token) => [0, 2].map((output) => ({ token, output })))
    const firstOf = (place: { token: number; output: number }) =>
      want.find(({ token, output }) => token === place.token && output === place.output)
    expect(failures).toEqual(places.map(firstOf))
    expect(failures.map(({ token, output }) => ({ token, output }))).toEqual(places)
    expect(new Set(failures.map(({ cycle }) => cycle)).size).toBe(1)
    // A round more, and the first failure of each lane is still its first round's.
    const two = await openOwnLanes('wasm', pe.tile(size), { lanes: 2 })
    const again = (await runTileProductInLanes(two, hasty, size, product)).failures
    expect(again).toEqual(failures.slice(0, 2))
  }, 60_000)
})

const stories15m = builtInModels.find(({ id }) => id === 'stories15m')!
const cached = cacheStateOf(cacheFolder(), stories15m) === 'present'

describe.skipIf(!cached)('a layer of stories15M', () => {
  it.each(full ? (['fp4', 'fp3', 'int6'] as const) : (['fp4'] as const))(
    'runs through a tile of 8 x 8 PEs as %s, from packed weights, without a mismatch',
    async (w) => {
      const { model, tokenizer } = await openModel('stories15m')
      const { query, attentionNorm } = model.layers[0]!
      const { outputs, inputs } = query
      const tokens = tokenizer.encode('Once upon a time, there was a little girl').slice(0, 8)
      const embedding = floatsOf(model.embedding.weights)
      const values = Float32Array.from(
        tokens.flatMap((token) => {
          const x = [...embedding.subarray(token * inputs, (token + 1) * inputs)]
          const rms = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / inputs + 1e-5)
          return x.map((value, k) => (value / rms) * attentionNorm.weight[k]!)
        }),
      )
      const matrix = { data: floatsOf(query.weights), outputs, inputs, name: 'query' }
      const quantised = roundToNearest(matrix, fitBitmod(matrix, { weights: w, group: 128 }))
      const shape = { weights: w, group: 128, outputs, inputs }
      const weights = unpackBitmod(packBitmod(quantised), shape)
      const product = productOf(values, tokens.length, weights)
      const pe = tiled(`bitmod(w=${w})`)
      const size = { rows: 8, columns: 8 }
      const { results } = runTileProduct(javascriptEngine(pe.tile(size)), pe, size, product)
      const golden = goldenTileProduct(pe, product)
      expect(results.filter((code, k) => code !== golden[k]).length).toBe(0)
      expect(results.length).toBe(8 * 288)
      expect(errorOf(results, product, weights)).toBeLessThan(0.01)
    },
    120_000,
  )
})
