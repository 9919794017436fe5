import { afterAll, describe, expect, it } from 'vitest'
import { type GroupedProduct, runProduct } from '../../src/accel/gemm.ts'
import { runProductInLanes } from '../../src/accel/lane-product.ts'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { describeTileFailure } from '../../src/accel/tile-failure.ts'
import { UserError } from '../../src/base/user-error.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import type { ProcessingElement } from '../../src/pe/family.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import type { LaneEngine } from '../../src/sim/lanes/engine.ts'
import { type LaneEngineName, openOwnLanes } from '../../src/sim/lanes/open.ts'
import { openGpu } from '../../src/sim/lanes/webgpu/gpu.ts'
import { randomProduct } from './products.ts'

const open: LaneEngine[] = []
const lanesOf = async (
  pe: ProcessingElement,
  size: { rows: number; columns: number },
  lanes: number,
  name: LaneEngineName = 'wasm',
): Promise<LaneEngine> => {
  const engine = await openOwnLanes(name, outputStationaryArray(pe, size), { lanes })
  open.push(engine)
  return engine
}
afterAll(async () => {
  for (const engine of open) await engine.close()
})

/** Tokens, outputs, inputs, group: one tile, ragged edges and groups, groups that are padded, more rounds than one. */
const shapes = [
  [1, 1, 1, 1],
  [2, 5, 70, 40],
  [9, 41, 40, 40],
  [1, 17, 45, 20],
  [13, 9, 33, 3],
] as const

describe('a matrix product with a tile a lane is that of one array, every sum and every cycle', () => {
  it.each([
    ...['mixpe', 'mac', 'mixpe(output=fp32)', 'mixpe(group=40, compute=serial, output=fp32)'].flatMap((spec) => [
      { spec, rows: 1, columns: 1, lanes: 16 },
      { spec, rows: 3, columns: 2, lanes: 16 },
      { spec, rows: 3, columns: 2, lanes: 20 },
    ]),
    { spec: 'mixpe(w=int3, weights=symmetric, group=40, compute=serial)', rows: 2, columns: 5, lanes: 32 },
    { spec: 'fmac(acc=fp16, stages=2)', rows: 2, columns: 3, lanes: 7 },
    { spec: 'figna', rows: 3, columns: 2, lanes: 16 },
    { spec: 'bitfusion(w=int4, a=int8)', rows: 3, columns: 2, lanes: 16 },
    { spec: 'bitfusion(w=uint2, a=int2)', rows: 2, columns: 2, lanes: 16 },
    { spec: 'ant(w=int4, a=int8)', rows: 3, columns: 2, lanes: 17 },
    { spec: 'olive(a=olive(flint4))', rows: 2, columns: 2, lanes: 16 },
    { spec: 'xrnpe(mode=fp4, packing=lanes_16_4_1)', rows: 1, columns: 2, lanes: 16 },
    { spec: 'posit', rows: 2, columns: 1, lanes: 16 },
  ])('$spec on $rows x $columns in $lanes lanes', async ({ spec, rows, columns, lanes }) => {
    const pe = processingElement(spec)
    const size = { rows, columns }
    const one = javascriptEngine(outputStationaryArray(pe, size))
    const many = await lanesOf(pe, size, lanes)
    expect(many.name).toBe('wasm')
    for (const [seed, shape] of shapes.entries()) {
      const product = randomProduct(pe, shape, seed)
      expect(await runProductInLanes(many, pe, size, product)).toEqual(runProduct(one, pe, size, product))
    }
    expect(many.failures).toEqual([])
  })

  it('of a slice of the outputs too', async () => {
    const pe = processingElement('mixpe')
    const size = { rows: 2, columns: 4 }
    const product = randomProduct(pe, [3, 21, 50, 16], 7)
    const want = runProduct(javascriptEngine(outputStationaryArray(pe, size)), pe, size, product, [8, 21])
    expect(await runProductInLanes(await lanesOf(pe, size, 16), pe, size, product, [8, 21])).toEqual(want)
  })

  it('lane after lane on an engine without a vector program', async () => {
    const pe = processingElement('mac')
    const size = { rows: 2, columns: 2 }
    const product = randomProduct(pe, [5, 7, 20, 8], 7)
    const want = runProduct(javascriptEngine(outputStationaryArray(pe, size)), pe, size, product)
    expect(await runProductInLanes(await lanesOf(pe, size, 3, 'interpreter'), pe, size, product)).toEqual(want)
  })

  it('in replays that begin and end anywhere in a group', async () => {
    const pe = processingElement('mixpe(compute=serial, group=128)')
    const size = { rows: 1, columns: 1 }
    // Groups of 512 cycles, replays of at most 1,024.
    const product = randomProduct(pe, [3, 40, 300, 128], 7)
    const want = runProduct(javascriptEngine(outputStationaryArray(pe, size)), pe, size, product)
    expect(want.cycles).toBeGreaterThan(100_000)
    expect(await runProductInLanes(await lanesOf(pe, size, 16), pe, size, product)).toEqual(want)
    expect(await runProductInLanes(await lanesOf(pe, size, 500), pe, size, product)).toEqual(want)
  })

  it('and a product without scales is refused where the array applies them', async () => {
    const pe = processingElement('mixpe(output=fp32)')
    const size = { rows: 1, columns: 1 }
    const { scales, ...product } = randomProduct(pe, [1, 1, 1, 1], 7)
    expect(scales).toHaveLength(1)
    await expect(runProductInLanes(await lanesOf(pe, size, 16), pe, size, product)).rejects.toThrow(
      /applies scales itself, and the product has none/,
    )
  })

  it('and an array that does not answer in its cycle is said, with the lane', async () => {
    const pe = processingElement('mac')
    const size = { rows: 1, columns: 1 }
    const late = { ...pe, timing: { ...pe.timing, latency_cycles: pe.timing.latency_cycles + 1 } }
    const product = randomProduct(pe, [2, 1, 9, 9], 7)
    await expect(runProductInLanes(await lanesOf(pe, size, 16), late, size, product)).rejects.toThrow(
      `${pe.spec}: no result of row 0, column 0, lane 0 in cycle ${9 + pe.timing.latency_cycles}`,
    )
  })
})

describe('a failed check comes with its tile', () => {
  const pe = processingElement('mac')
  const size = { rows: 2, columns: 2 }
  /** The sums of three outputs of two tokens leave 32 bits, for `length` is so large; every other operand is 0. */
  const length = 140_000
  const product: GroupedProduct = {
    tokens: 5,
    outputs: 9,
    inputs: length,
    group: length,
    activations: new Int8Array(5 * length).fill(-128, 4 * length).fill(-128, 2 * length, 3 * length),
    weights: new Int8Array(9 * length).fill(-128, 3 * length, 4 * length).fill(-128, 8 * length),
    zeros: undefined,
  }
  const places = [
    { token: 2, output: 2 },
    { token: 2, output: 8 },
    { token: 4, output: 2 },
    { token: 4, output: 8 },
  ]

  it('in lanes as on one array', async () => {
    const want = runProduct(javascriptEngine(outputStationaryArray(pe, size)), pe, size, product).failures
    const firstOf = ({ token, output }: { token: number; output: number }) =>
      want.find((failure) => failure.token === token && failure.output === output)
    const engine = await lanesOf(pe, size, 16)
    const { failures } = await runProductInLanes(engine, pe, size, product)
    expect(failures.map(({ token, output }) => ({ token, output }))).toEqual(places)
    expect(failures).toEqual(places.map(firstOf))
    expect(describeTileFailure(failures[0]!)).toBe(
      'tile of token 2, output 2, cycle 131073: pe_0_1.core: the sum fits 32 bits',
    )
    // Seven lanes do these tiles in three rounds, and list them by lane.
    const few = await runProductInLanes(await lanesOf(pe, size, 7), pe, size, product)
    expect(few.failures).toEqual([3, 1, 2, 0].map((k) => failures[k]))
    // What failed before is not of the next product.
    const next = randomProduct(pe, [2, 2, 3, 3], 1)
    expect((await runProductInLanes(engine, pe, size, next)).failures).toEqual([])
  })
})

/** Why no adapter opens here, one sentence. */
const missing = await openGpu().then(
  ({ device }) => {
    device.destroy()
    return undefined
  },
  (error) => {
    if (error instanceof UserError) return error.message
    throw error
  },
)
if (missing) console.warn(`skipped: products on webgpu: ${missing}`)

describe.skipIf(missing !== undefined)('on webgpu', () => {
  it.each(['mixpe', 'mac', 'mixpe(compute=serial, group=16)'])(
    '%s gives the sums and cycles of one array',
    async (spec) => {
      const pe = processingElement(spec)
      const size = { rows: 2, columns: 2 }
      const product = randomProduct(pe, [7, 33, 40, 16], 3)
      const want = runProduct(javascriptEngine(outputStationaryArray(pe, size)), pe, size, product)
      expect(await runProductInLanes(await lanesOf(pe, size, 50, 'webgpu'), pe, size, product)).toEqual(want)
    },
    120_000,
  )
})
