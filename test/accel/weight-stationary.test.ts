import { describe, expect, it } from 'vitest'
import { type GroupedProduct, runProduct } from '../../src/accel/gemm.ts'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import {
  type WeightStationarySize,
  weightStationaryArray,
  weightStationaryResultCycle,
} from '../../src/accel/weight-stationary.ts'
import { runWeightStationary } from '../../src/accel/weight-stationary-product.ts'
import { weightStationaryCycles } from '../../src/accel/weight-stationary-tiles.ts'
import { UserError } from '../../src/base/user-error.ts'
import { warningsUnder } from '../../src/dsl/check/warnings.ts'
import { printVerilog } from '../../src/dsl/index.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { type Engine, portNamed } from '../../src/sim/engine.ts'
import { openEngine } from '../../src/sim/engines.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { lintVerilog } from '../../src/sim/lint.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { goldenSums, randomProduct } from './products.ts'

const sizeOf = (rows: number, columns: number, tokens: number): WeightStationarySize => ({ rows, columns, tokens })

describe('sums are those of the golden model and of the output-stationary array', () => {
  /** Tokens, outputs, inputs, group: single ones, groups of no whole tiles, groups shorter than a tile, a short last group. */
  const shapes = [
    [1, 1, 1, 1],
    [2, 5, 70, 40],
    [9, 11, 40, 40],
    [1, 17, 45, 20],
    [13, 9, 33, 3],
    [17, 8, 24, 8],
  ] as const
  const sizes = [sizeOf(1, 1, 2), sizeOf(2, 3, 5), sizeOf(5, 2, 16), sizeOf(8, 8, 16)]

  it.each(
    [
      'mac',
      'mac(w=int4, a=int16, acc=48)',
      'mixpe',
      'mixpe(weights=symmetric)',
      'mixpe(w=int2, group=40)',
      'mixpe(w=int8)',
    ].flatMap((spec) => sizes.map((size) => ({ spec, ...size }))),
  )('$spec on $rows x $columns with memories of $tokens tokens, ragged tiles included', ({ spec, ...size }) => {
    const pe = processingElement(spec)
    const engine = javascriptEngine(weightStationaryArray(pe, size))
    const outputStationary = javascriptEngine(outputStationaryArray(pe, size))
    for (const [seed, shape] of shapes.entries()) {
      const product = randomProduct(pe, shape, seed)
      const { sums, cycles, failures } = runWeightStationary(engine, pe, size, product)
      expect(sums).toEqual(goldenSums(pe, product))
      expect(sums).toEqual(runProduct(outputStationary, pe, size, product).sums)
      expect(cycles).toBe(weightStationaryCycles(pe, size, product))
      expect(failures).toEqual([])
    }
    expect(outputStationary.failures).toEqual([])
  })

  it('for every two products of 4-bit operands', () => {
    const pe = processingElement('mac(w=int4, a=int4)')
    const size = sizeOf(2, 8, 256)
    const pairs = Int8Array.from({ length: 512 }, (_, k) => (k % 2 === 0 ? (k >> 1) % 16 : k >> 5) - 8)
    const product: GroupedProduct = {
      ...{ tokens: 256, outputs: 256, inputs: 2, group: 2 },
      ...{ activations: pairs, weights: pairs, zeros: undefined },
    }
    const engine = javascriptEngine(weightStationaryArray(pe, size))
    const { sums, failures } = runWeightStationary(engine, pe, size, product)
    expect(new Set(Array.from({ length: 256 }, (_, k) => `${pairs[2 * k]} ${pairs[2 * k + 1]}`)).size).toBe(256)
    expect(sums).toEqual(goldenSums(pe, product))
    expect(failures).toEqual([])
  })

  it('for every activation, weight and zero point', () => {
    const pe = processingElement('mixpe(w=int3, group=1)')
    const size = sizeOf(1, 4, 256)
    const product: GroupedProduct = {
      ...{ tokens: 256, outputs: 64, inputs: 1, group: 1 },
      activations: Int8Array.from({ length: 256 }, (_, k) => k - 128),
      weights: Uint8Array.from({ length: 64 }, (_, k) => k % 8),
      zeros: Uint8Array.from({ length: 64 }, (_, k) => k >> 3),
    }
    const { sums, failures } = runWeightStationary(javascriptEngine(weightStationaryArray(pe, size)), pe, size, product)
    expect(sums).toEqual(goldenSums(pe, product))
    expect(failures).toEqual([])
  })

  it('where all operands are extremes of one sign, which just fill every register', () => {
    for (const [spec, weight] of [
      ['mac', -128],
      ['mixpe(w=int8, group=16)', 255],
    ] as const) {
      const pe = processingElement(spec)
      const size = sizeOf(4, 2, 2)
      const zeros = pe.operands.zero && new Uint8Array(2)
      const product: GroupedProduct = {
        ...{ tokens: 2, outputs: 2, inputs: 16, group: 16, zeros },
        activations: new Int8Array(32).fill(-128),
        weights: (weight < 0 ? new Int8Array(32) : new Uint8Array(32)).fill(weight),
      }
      const engine = javascriptEngine(weightStationaryArray(pe, size))
      const { sums, failures } = runWeightStationary(engine, pe, size, product)
      expect([...sums]).toEqual(Array.from({ length: 4 }, () => -128 * weight * 16))
      expect(failures).toEqual([])
    }
  })

  it('in the interpreter, in WebAssembly and where it is installed in Verilator', () => {
    const pe = processingElement('mixpe(group=20)')
    const size = sizeOf(3, 2, 4)
    const module = weightStationaryArray(pe, size)
    const product = randomProduct(pe, [6, 5, 47, 20], 11)
    const wanted = { sums: goldenSums(pe, product), cycles: weightStationaryCycles(pe, size, product), failures: [] }
    const engines: Engine[] = [interpreter(module), openEngine('wasm', module)]
    if (versionOf('verilator') !== undefined) engines.push(openEngine('verilator', module))
    for (const engine of engines) {
      expect(runWeightStationary(engine, pe, size, product), engine.name).toEqual(wanted)
      engine.close()
    }
  }, 120_000)
})

it.each(['mac', 'mixpe'].flatMap((spec) => [sizeOf(1, 1, 2), sizeOf(2, 3, 8)].map((size) => ({ spec, ...size }))))(
  '$spec on $rows x $columns has no warnings, and no linter complains about its Verilog',
  async ({ spec, ...size }) => {
    const module = weightStationaryArray(processingElement(spec), size)
    expect(warningsUnder(module)).toEqual([])
    for (const { complaints, tool } of await lintVerilog(printVerilog(module), module.name))
      expect(complaints, tool).toEqual([])
  },
)

describe('cycles', () => {
  it.each([
    { spec: 'mac', outputs: 16, inputs: 64, tokens: 32, tiles: 16, each: 32 },
    { spec: 'mixpe', outputs: 16, inputs: 64, tokens: 32, tiles: 16, each: 32 },
    { spec: 'mac', outputs: 8, inputs: 40, tokens: 8, tiles: 5, each: 8 },
    { spec: 'mac', outputs: 8, inputs: 40, tokens: 3, tiles: 5, each: 8 },
  ])(
    'of $spec, $tokens tokens, $outputs outputs and $inputs inputs on 8 x 8: $each for each of $tiles tiles, and no gap',
    ({ spec, outputs, inputs, tokens, tiles, each }) => {
      const pe = processingElement(spec)
      const size = sizeOf(8, 8, 32)
      const product = randomProduct(pe, [tokens, outputs, inputs, inputs], 5)
      const engine = javascriptEngine(weightStationaryArray(pe, size))
      const { cycles, failures } = runWeightStationary(engine, pe, size, product)
      // Rows of the first weights, tiles, then operand registers, rows, columns, memory and what the edges have.
      expect(cycles).toBe(8 + (tiles - 1) * each + tokens + 8 + pe.timing.latency_cycles + 7)
      expect(engine.cycle).toBe(cycles)
      expect(failures).toEqual([])
    },
  )

  /** The table of docs/accelerator.md. */
  it.each([
    ['mac', 256, 64, 16_402, 16_409],
    ['mixpe', 128, 64, 16_404, 16_411],
    ['mac', 256, 8, 2066, 2073],
    ['mixpe', 128, 8, 2068, 2075],
    ['mac', 256, 1, 2066, 2066],
    ['mixpe', 128, 1, 2068, 2068],
  ])(
    'of %s in groups of %i, %i tokens x 64 x 256: %i output-stationary, %i weight-stationary',
    (spec, group, tokens, ...cycles) => {
      const pe = processingElement(spec)
      const size = sizeOf(8, 8, 256)
      const product = randomProduct(pe, [tokens, 64, 256, group], 3)
      const one = runProduct(openEngine('wasm', outputStationaryArray(pe, size)), pe, size, product)
      const other = runWeightStationary(openEngine('wasm', weightStationaryArray(pe, size)), pe, size, product)
      expect([one.cycles, other.cycles]).toEqual(cycles)
      expect(other.sums).toEqual(one.sums)
      expect([...one.failures, ...other.failures]).toEqual([])
    },
  )

  it('of more tokens than the memories hold: all weights go in once for each part of them', () => {
    const pe = processingElement('mac')
    const size = sizeOf(2, 2, 4)
    const product = randomProduct(pe, [11, 4, 6, 6], 5)
    const { cycles } = runWeightStationary(javascriptEngine(weightStationaryArray(pe, size)), pe, size, product)
    expect(cycles).toBe(2 + 6 * 4 + 6 * 4 + 5 * 3 + 3 + 2 + 2 + 1)
    expect(weightStationaryCycles(pe, size, product)).toBe(cycles)
  })

  it.each(['mac', 'mixpe'])('of %s: results come when the contract says, and at no other time', (spec) => {
    const pe = processingElement(spec)
    const size = sizeOf(3, 2, 8)
    const bench = portsOf(javascriptEngine(weightStationaryArray(pe, size)))
    const seen: string[] = []
    const wanted: string[] = []
    // Tiles of 4 tokens with idle cycles among them; each third one ends a group.
    const tileStarts = [3, 9, 15, 22]
    for (let cycle = 0; cycle < 50; cycle++) {
      const tile = tileStarts.findLastIndex((start) => start <= cycle)
      const token = cycle - (tileStarts[tile] ?? 0)
      const valid = tile >= 0 && token < 5 && token !== 2
      const last = tile % 3 === 2
      bench.step({
        load: Number(cycle === 0),
        valid: Number(valid),
        start: Number(valid && token === 0),
        first: Number(valid && tile % 3 === 0),
        last: Number(valid && last),
      })
      if (valid && last) for (const c of [0, 1]) wanted.push(`${cycle + weightStationaryResultCycle(pe, size, c)} ${c}`)
      for (const c of [0, 1]) if (bench.output(`result_valid_${c}`) === 1) seen.push(`${cycle} ${c}`)
    }
    expect(wanted).toHaveLength(8)
    expect(new Set(seen)).toEqual(new Set(wanted))
    expect(bench.engine.failures).toEqual([])
    expect([0, 1].map((c) => weightStationaryResultCycle(pe, size, c))).toEqual(spec === 'mac' ? [5, 6] : [7, 8])
  })
})

/** Sets ports for one cycle; all others are 0. */
const portsOf = (engine: Engine) => ({
  engine,
  step(ports: Readonly<Record<string, number>>, cycles = 1): void {
    engine.inputs.fill(0)
    for (const [name, value] of Object.entries(ports))
      engine.inputs[portNamed(engine.ports.inputs, name).offset] = value
    engine.step(cycles)
  },
  output: (name: string): number => engine.outputs[portNamed(engine.ports.outputs, name).offset]!,
})

describe('what the driver promises is checked', () => {
  const firstFailure = (drive: (step: (ports: Readonly<Record<string, number>>, cycles?: number) => void) => void) => {
    const bench = portsOf(javascriptEngine(weightStationaryArray(processingElement('mac'), sizeOf(3, 1, 4))))
    drive(bench.step)
    return bench.engine.failures[0]
  }
  const token = { valid: 1, first: 1, last: 1 }
  const start = { ...token, start: 1 }

  it('nothing fails where weights come into use as soon as they may, and the next ones move in then', () => {
    const none = firstFailure((step) => {
      step({ load: 1 })
      step({}, 2)
      for (let k = 0; k < 3; k++) {
        step({ ...start, load: 1 })
        step(token)
        step(token)
      }
      step({}, 20)
    })
    expect(none).toBeUndefined()
  })

  it('weights that come into use a cycle too early, or before any load', () => {
    const message = 'weights come into use before all their rows are loaded'
    const early = firstFailure((step) => {
      step({ load: 1 })
      step({})
      step(start)
    })
    expect(early).toMatchObject({ cycle: 2, message })
    expect(firstFailure((step) => step(start))).toMatchObject({ cycle: 0, message })
  })

  it('a load within another', () => {
    const within = firstFailure((step) => {
      step({ load: 1 })
      step({})
      step({ load: 1 })
    })
    expect(within).toMatchObject({ cycle: 2, message: 'a load begins before the 3 rows of the last are over' })
  })

  it('a tile that starts without a token', () => {
    const empty = firstFailure((step) => {
      step({ load: 1 })
      step({}, 2)
      step({ start: 1 })
    })
    expect(empty).toMatchObject({ cycle: 3, message: 'a tile starts without a token' })
  })

  it('a token more than the memories hold', () => {
    const driven = (tokens: number) =>
      firstFailure((step) => {
        step({ load: 1 })
        step({}, 2)
        step(start)
        step(token, tokens - 1)
        step({}, 20)
      })
    expect(driven(4)).toBeUndefined()
    expect(driven(5)?.message).toBe('a tile has at most 4 tokens')
  })

  it('two sums of a token in neighbouring cycles', () => {
    const hasty = firstFailure((step) => {
      step({ load: 1 })
      step({}, 2)
      step({ valid: 1, start: 1, first: 1 })
      step({ valid: 1, start: 1, last: 1 })
      step({}, 20)
    })
    expect(hasty?.message).toMatch(/^sums_0: memory 'sums': a word is read at the edge that writes it/)
  })

  it('a group longer than the PE allows, and the tile it was in', () => {
    const pe = processingElement('mixpe(group=8)')
    const size = sizeOf(4, 2, 8)
    const engine = javascriptEngine(weightStationaryArray(pe, size))
    const product: GroupedProduct = {
      ...{ tokens: 5, outputs: 4, inputs: 12, group: 12 },
      activations: new Int8Array(60).fill(-128),
      weights: new Uint8Array(48).fill(15),
      zeros: new Uint8Array(4),
    }
    const { failures } = runWeightStationary(engine, pe, size, product)
    expect(failures[0]?.message).toBe('activation_sums: a group has at most 8 operand pairs')
    expect(failures[0]).toMatchObject({ token: 0, output: 2, cycle: 0 })
  })
})

describe('a PE whose sums are not exact integers from the row above is refused in a sentence', () => {
  it.each([
    ['fmac', /rounded in another order or be as wide/],
    ['posit(format=posit(8,0))', /rounded in another order or be as wide/],
    ['figna', /align a token's activations/],
    ['mixpe(compute=serial)', /takes it several cycles/],
    ['mixpe(output=fp32)', /columns apply scales/],
    ['bitfusion', /its family has no cell for one/],
  ])('%s', (spec, reason) => {
    const pe = processingElement(spec)
    const make = () => weightStationaryArray(pe, sizeOf(2, 2, 4))
    expect(make).toThrow(UserError)
    expect(make).toThrow(reason)
    expect(make).toThrow(/^\S.* has no weight-stationary array: .*; take the output-stationary one, or a PE/)
  })

  it('and so are memories of one token', () => {
    expect(() => weightStationaryArray(processingElement('mac'), sizeOf(2, 2, 1))).toThrow(
      /memories of 2 words or more, got tokens 1; give 2 or more/,
    )
  })
})
