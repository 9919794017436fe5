import { describe, expect, it } from 'vitest'
import { groupsOf, runProduct } from '../../src/accel/gemm.ts'
import { drainCycles, outputStationaryArray, resultCycle } from '../../src/accel/output-stationary.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { portNamed } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { goldenSums, randomProduct } from './products.ts'

const specs = [
  'mixpe',
  'mixpe(weights=symmetric)',
  'mac',
  'mixpe(w=int2, group=40)',
  'mixpe(w=int8)',
  'mixpe(compute=serial)',
  'mixpe(w=int3, weights=symmetric, group=40, compute=serial)',
  'mixpe(output=fp32)',
  'mixpe(weights=symmetric, group=20, output=fp32)',
  'mixpe(group=40, compute=serial, output=fp32)',
  'fmac(acc=fp16, stages=2)',
  'fmac(format=e4m3, acc=fp32)',
]

/** Operands of a mode, or with lanes; one size will do for these. */
const modeSpecs = [
  'bitfusion(w=int4, a=int8)',
  'bitfusion(w=uint2, a=int2)',
  'ant',
  'ant(w=int4, a=int8)',
  'olive(a=olive(flint4))',
]

describe('a matrix product on the simulated array equals the golden model, every sum of every group', () => {
  it.each([
    ...specs.flatMap((spec) =>
      (
        [
          [1, 1],
          [3, 2],
          [8, 8],
          [1, 6],
        ] as const
      ).map(([rows, columns]) => ({ spec, rows, columns })),
    ),
    ...modeSpecs.map((spec) => ({ spec, rows: 3, columns: 2 })),
  ])('$spec on $rows x $columns, edges and ragged groups included', ({ spec, rows, columns }) => {
    const pe = processingElement(spec)
    const size = { rows, columns }
    const engine = javascriptEngine(outputStationaryArray(pe, size))
    for (const [seed, shape] of (
      [
        [1, 1, 1, 1],
        [2, 5, 70, 40],
        [9, 11, 40, 40],
        [1, 17, 45, 20],
        [13, 9, 33, 3],
      ] as const
    ).entries()) {
      const product = randomProduct(pe, shape, seed)
      expect(runProduct(engine, pe, size, product).sums).toEqual(goldenSums(pe, product))
    }
    expect(engine.failures).toEqual([])
  })

  it('for a slice of the outputs too', () => {
    const pe = processingElement('mixpe')
    const size = { rows: 2, columns: 4 }
    const product = randomProduct(pe, [3, 21, 50, 16], 7)
    const engine = javascriptEngine(outputStationaryArray(pe, size))
    const all = goldenSums(pe, product)
    const groups = groupsOf(product)
    const { sums } = runProduct(engine, pe, size, product, [8, 21])
    const slice = [0, 1, 2].flatMap((m) => [...all.subarray((m * 21 + 8) * groups, (m + 1) * 21 * groups)])
    expect([...sums]).toEqual(slice)
  })

  it('for a slice of the outputs with scales too', () => {
    const pe = processingElement('mixpe(output=fp32)')
    const size = { rows: 2, columns: 4 }
    const product = randomProduct(pe, [3, 21, 50, 16], 7)
    const engine = javascriptEngine(outputStationaryArray(pe, size))
    const all = goldenSums(pe, product)
    const { sums } = runProduct(engine, pe, size, product, [8, 21])
    expect([...sums]).toEqual([0, 1, 2].flatMap((m) => [...all.subarray(m * 21 + 8, (m + 1) * 21)]))
  })

  it('and refuses a product without scales where the array applies them', () => {
    const pe = processingElement('mixpe(output=fp32)')
    const size = { rows: 1, columns: 1 }
    const { scales, ...product } = randomProduct(pe, [1, 1, 1, 1], 7)
    expect(scales).toHaveLength(1)
    expect(() => runProduct(javascriptEngine(outputStationaryArray(pe, size)), pe, size, product)).toThrow(
      /applies scales itself, and the product has none; give it outputs x groups scale codes/,
    )
  })

  it('in the interpreter as in JavaScript, cycle for cycle', () => {
    const pe = processingElement('mixpe(group=16)')
    const size = { rows: 2, columns: 2 }
    const product = randomProduct(pe, [2, 4, 37, 16], 3)
    const module = outputStationaryArray(pe, size)
    expect(runProduct(interpreter(module), pe, size, product)).toEqual(
      runProduct(javascriptEngine(module), pe, size, product),
    )
  })
})

describe('operands with lanes', () => {
  it('go in side by side: sixteen times as many products in a cycle', () => {
    const size = { rows: 2, columns: 2 }
    const steps = ['bitfusion', 'bitfusion(w=int2, a=int2)'].map((spec) => {
      const pe = processingElement(spec)
      const product = randomProduct(pe, [2, 2, 96, 96], 5)
      const { cycles } = runProduct(javascriptEngine(outputStationaryArray(pe, size)), pe, size, product)
      return cycles - drainCycles(pe, size)
    })
    expect(steps).toEqual([96, 6])
  })
})

describe('the array never stalls', () => {
  it('a tile of full groups takes one cycle per operand pair, and the last result comes after the latency', () => {
    const pe = processingElement('mixpe')
    const size = { rows: 8, columns: 8 }
    const engine = javascriptEngine(outputStationaryArray(pe, size))
    const product = randomProduct(pe, [16, 16, 256, 128], 5)
    const { cycles } = runProduct(engine, pe, size, product)
    expect(cycles).toBe(2 * 2 * 256 + pe.timing.latency_cycles + (7 + 1) + 7 + 1)
  })

  it.each([
    ['mixpe(weights=symmetric, compute=serial)', 4],
    ['mixpe(w=int2, compute=serial)', 2],
  ])('%s takes %i cycles per operand pair, and no more', (spec, cycles_per_step) => {
    const pe = processingElement(spec)
    const size = { rows: 8, columns: 8 }
    const engine = javascriptEngine(outputStationaryArray(pe, size))
    const product = randomProduct(pe, [16, 16, 256, 128], 5)
    const { sums, cycles } = runProduct(engine, pe, size, product)
    expect(sums).toEqual(goldenSums(pe, product))
    expect(cycles).toBe(cycles_per_step * 2 * 2 * 256 + pe.timing.latency_cycles + (7 + 1) + 7 + 1)
    expect(engine.failures).toEqual([])
  })

  it('a group of long steps that is short of pairs is padded to the cycles it needs, and not further', () => {
    const pe = processingElement('mixpe(compute=serial)')
    const size = { rows: 8, columns: 2 }
    expect(pe.timing.shortestGroup(size.rows)).toBe(9)
    const engine = javascriptEngine(outputStationaryArray(pe, size))
    const product = randomProduct(pe, [8, 2, 5 * 2, 2], 5)
    const { sums, cycles } = runProduct(engine, pe, size, product)
    expect(sums).toEqual(goldenSums(pe, product))
    expect(cycles).toBe(5 * 9 + pe.timing.latency_cycles + (7 + 1) + 1 + 1)
    expect(engine.failures).toEqual([])
  })

  /** Heights, and the cycles a group must last there: a cycle a row, and one more for every block of four above the lowest. */
  const heights = [
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [5, 6],
    [7, 8],
    [9, 11],
    [16, 19],
  ] as const

  it.each(
    ['mixpe', 'fmac(format=e4m3, acc=fp16, stages=3)', 'figna'].flatMap((spec) =>
      heights.map(([rows, shortest]) => ({ spec, rows, shortest })),
    ),
  )('$spec: groups of $shortest cycles follow each other without a gap through $rows rows', (at) => {
    const pe = processingElement(at.spec)
    const size = { rows: at.rows, columns: 2 }
    expect(pe.timing.shortestGroup(at.rows)).toBe(at.shortest)
    const engine = javascriptEngine(outputStationaryArray(pe, size))
    const groups = 9
    const product = randomProduct(pe, [at.rows, 2, groups * at.shortest, at.shortest], 5)
    const { sums, cycles } = runProduct(engine, pe, size, product)
    expect(sums).toEqual(goldenSums(pe, product))
    const lastRow = at.rows - 1 + Math.floor((at.rows - 1) / 4)
    expect(cycles).toBe(groups * at.shortest + pe.timing.latency_cycles + lastRow + 1 + 1)
    expect(engine.failures).toEqual([])
  })

  it.each(heights.filter(([rows]) => rows > 1))(
    'through %i rows groups of one cycle less than %i are too short, and the hardware says so',
    (rows, shortest) => {
      const pe = processingElement('mac')
      const hasty = { ...pe, timing: { ...pe.timing, shortestGroup: () => shortest - 1 } }
      const size = { rows, columns: 1 }
      const engine = javascriptEngine(outputStationaryArray(pe, size))
      const product = randomProduct(pe, [rows, 1, 3 * (shortest - 1), shortest - 1], 5)
      runProduct(engine, hasty, size, product)
      expect(engine.failures[0]?.message).toMatch(/^pe_0_0: a group ends while a sum from below passes/)
    },
  )

  it('results come in the cycles of the contract and in no others', () => {
    const pe = processingElement('mixpe')
    const size = { rows: 9, columns: 3 }
    const engine = javascriptEngine(outputStationaryArray(pe, size))
    const last = portNamed(engine.ports.inputs, 'last').offset
    const ends = [0, 11, 22, 40, 51]
    const seen: string[] = []
    for (let cycle = 0; cycle < 90; cycle++) {
      engine.inputs[last] = ends.includes(cycle) ? 1 : 0
      engine.step()
      for (let c = 0; c < size.columns; c++)
        if (engine.outputs[portNamed(engine.ports.outputs, `result_valid_${c}`).offset] === 1)
          seen.push(`${cycle} ${c}`)
    }
    const expected = ends.flatMap((end) =>
      [0, 1, 2].flatMap((c) => Array.from({ length: 9 }, (_, r) => `${end + resultCycle(pe, r, c)} ${c}`)),
    )
    expect(new Set(seen)).toEqual(new Set(expected))
    expect(new Set(expected).size).toBe(expected.length)
    expect(Array.from({ length: 9 }, (_, r) => resultCycle(pe, r, 0))).toEqual([4, 5, 6, 7, 9, 10, 11, 12, 14])
    expect(drainCycles(pe, size)).toBe(14 + 2 + 1)
    expect(engine.failures).toEqual([])
  })

  it('a group shorter than the drain is padded by the driver; unpadded, the hardware says so', () => {
    const pe = processingElement('mixpe')
    const engine = javascriptEngine(outputStationaryArray(pe, { rows: 4, columns: 1 }))
    const last = engine.ports.inputs.find(({ name }) => name === 'last')!.offset
    engine.inputs[last] = 1
    engine.step(12)
    expect(engine.failures[0]?.message).toMatch(/^row_edge_\d: a group ends while a sum from below passes/)
  })
})
