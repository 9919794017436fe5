import { describe, expect, it, vi } from 'vitest'
// Threads run the compiled program.
import { productRunner as compiledRunner } from '../../dist/accel/product-runner.js'
import { processingElement as compiledElement } from '../../dist/pe/catalogue.js'
import { runProduct } from '../../src/accel/gemm.ts'
import { runProductInLanes } from '../../src/accel/lane-product.ts'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { lanesPay, productArray, productEngineNamed } from '../../src/accel/product-array.ts'
import { productRunner } from '../../src/accel/product-runner.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomProduct } from './products.ts'

// As it is, and counted.
vi.mock('../../src/accel/lane-product.ts', async (original) => {
  const module = await original<{ runProductInLanes: typeof runProductInLanes }>()
  return { runProductInLanes: vi.fn(module.runProductInLanes) }
})

const pe = processingElement('mixpe(group=16)')
const size = { rows: 2, columns: 3 }
const large = randomProduct(pe, [9, 40, 37, 16], 3)
const small = randomProduct(pe, [1, 4, 20, 16], 4)
const wanted = (product: typeof large) =>
  runProduct(javascriptEngine(outputStationaryArray(pe, size)), pe, size, product)

describe('a product on an array', () => {
  it.each([
    ['wasm', undefined, [16, 16]],
    ['wasm', 1, []],
    ['wasm', 20, [20, 20, 20, 20]],
    ['js', undefined, []],
    ['js', 2, [2, 2, 2, 2]],
  ] as const)('of engine %s with lanes %s is the same, whatever product came before', async (engine, lanes, used) => {
    vi.mocked(runProductInLanes).mockClear()
    const array = productArray({ pe, size, engine, ...(lanes === undefined ? {} : { lanes }) })
    for (const product of [small, large, small, large])
      expect(await array.run(product, [0, product.outputs])).toEqual(wanted(product))
    expect(vi.mocked(runProductInLanes).mock.calls.map(([of]) => of.lanes)).toEqual(used)
    await array.close()
  })

  it.each([1, 16, undefined])('is the same in threads that have %s lanes', async (lanes) => {
    const runner = compiledRunner({
      pe: compiledElement(pe.spec),
      size,
      engine: 'wasm',
      threads: 2,
      ...(lanes === undefined ? {} : { lanes }),
    })
    for (const product of [large, small]) expect(await runner.run(product)).toEqual(wanted(product))
    await runner.close()
  })
})

describe('lanes are chosen', () => {
  it('where tiles fill them and the array is small, as was measured', () => {
    const cases = [
      [{ rows: 4, columns: 4 }, 11, false],
      [{ rows: 4, columns: 4 }, 12, true],
      [{ rows: 4, columns: 4 }, 16, true],
      [{ rows: 4, columns: 4 }, 17, false],
      [{ rows: 8, columns: 8 }, 13, false],
      [{ rows: 8, columns: 8 }, 14, true],
      [{ rows: 8, columns: 8 }, 1000, true],
      [{ rows: 8, columns: 16 }, 1000, false],
    ] as const
    for (const [of, tiles, pay] of cases) expect(lanesPay(of, tiles), `${of.rows} x ${of.columns}, ${tiles}`).toBe(pay)
  })
})

describe('what an engine cannot do is refused', () => {
  it('lanes of Verilator, threads of a graphics processor, an unknown name', () => {
    expect(() => productRunner({ pe, size, engine: 'verilator', lanes: 16 })).toThrow(
      'the verilator engine runs one tile after the other, got 16 lanes; leave lanes out, or take one of wasm, js, interpreter, webgpu',
    )
    expect(productEngineNamed('verilator', 1)).toBe('verilator')
    expect(() => productRunner({ pe, size, engine: 'webgpu', threads: 2 })).toThrow(
      'webgpu runs all tiles on one graphics processor, got 2 threads; take 1',
    )
    expect(() => productEngineNamed('webgp')).toThrow(/did you mean 'webgpu'/)
  })
})
