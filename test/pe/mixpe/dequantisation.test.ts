import { describe, expect, it } from 'vitest'
import { printVerilog, range, s, u, warningsUnder } from '../../../src/dsl/index.ts'
import { Dequantisation, dequantisationLatency, shortestDequantisation } from '../../../src/pe/mixpe/dequantisation.ts'
import { dequantised } from '../../../src/pe/mixpe/dequantisation-golden.ts'
import { correctedSum } from '../../../src/pe/mixpe/zero-point.ts'
import { float16BitsOf, float16FromBits } from '../../../src/quant/float16.ts'
import { applyScales } from '../../../src/quant/integer-reference.ts'
import { compareEngines, describeDifference } from '../../../src/sim/compare.ts'
import { portLayout, portNamed } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { interpreter } from '../../../src/sim/interpret.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { type ColumnGroup, columnDifferences, columnStimulus, floatNamed } from './column.ts'

const full = process.env.BITLOOM_FULL === '1'
const sum = correctedSum({ activation: s(8), weight: u(4), group: 128 })
const [lowest, highest] = [Number(sum.min), Number(sum.max)]
const moduleOf = (rows: number, stages = 4, scale = 'fp16') =>
  Dequantisation({ name: `dequantisation_${rows}_${stages}_${scale}`, sum, rows, scale, accumulate: 'fp32', stages })
    .module

/** Scales of every kind, the usual ones and, one in sixteen, any code; sums of every size. */
const randomColumn = (seed: number, rows: number, count: number, spacing: (random: () => number) => number) => {
  const random = randomWords(seed)
  const scale = (): number => {
    if (random() % 16 === 0) return random() % 2 ** 16
    const usual = random() % 0x7c00
    return random() % 4 === 0 ? usual | 0x8000 : usual
  }
  const one = (): number => {
    const kind = random() % 8
    if (kind < 2) return kind ? lowest : highest
    const magnitude = random() % 2 ** (random() % 19)
    return Math.max(lowest, Math.min(highest, random() % 2 ? magnitude : -magnitude))
  }
  let [left, start] = [0, 1]
  return Array.from({ length: count }, (_, k): ColumnGroup => {
    left = left > 0 ? left - 1 : random() % 9
    start += spacing(random)
    return { scale: scale(), sums: Array.from({ length: rows }, one), lastGroup: left === 0 || k === count - 1, start }
  })
}

describe('one group of every scale', () => {
  it.each([
    ['fp16', float16FromBits],
    ['bf16', (code: number) => new Float32Array(Uint32Array.of(code << 16).buffer)[0]!],
  ] as const)('%s: each of the 65,536 codes times some sums, rounded as float32 rounds doubles', (scale, decode) => {
    const [rows, stages] = [8, 4]
    const { inputs, outputs, inputWords, outputWords } = portLayout(moduleOf(rows, stages, scale))
    const at = (name: string): number => portNamed(inputs, name).offset
    const random = randomWords(5)
    const sums = Array.from({ length: 2 ** 16 }, () => {
      const other = (random() % (highest - lowest)) + lowest
      return [0, 1, -1, 3, highest, lowest, other, -other]
    })
    const cycles = 2 ** 16 * rows + dequantisationLatency(stages) + 1
    const stimulus = new Int32Array(cycles * inputWords)
    sums.forEach((ofRows, code) => {
      const load = code * rows * inputWords
      stimulus[load + at('scale')] = code
      stimulus[load + at('last_group')] = 1
      stimulus[load + at('scale_load')] = 1
      ofRows.forEach((sum, row) => {
        const cycle = (code * rows + row + 1) * inputWords
        stimulus[cycle + at('sum')] = sum
        stimulus[cycle + at('sum_valid')] = 1
      })
    })
    const engine = javascriptEngine(moduleOf(rows, stages, scale))
    const response = new Int32Array(cycles * outputWords)
    engine.replay(stimulus, cycles, response)
    expect(engine.failures).toEqual([])

    const result = portNamed(outputs, 'result').offset
    const wrong: string[] = []
    const word = new Float32Array(1)
    const bits = new Int32Array(word.buffer)
    sums.forEach((ofRows, code) => {
      ofRows.forEach((sum, row) => {
        // The product is exact in a double. From +0, a product of -0 is +0.
        word[0] = 0 + decode(code) * sum
        const want = Number.isNaN(word[0]) ? 0x7fc0_0000 : bits[0]!
        const found = response[(code * rows + row + 1 + dequantisationLatency(stages)) * outputWords + result]!
        if (found !== want) wrong.push(`scale ${code}, sum ${sum}: ${found}, not ${want}`)
      })
    })
    expect(wrong.slice(0, 10)).toEqual([])
  })
})

describe('outputs of 1 to 9 groups', () => {
  const cases = [1, 2, 3, 4, 5, 8, 16].flatMap((rows) => [1, 2, 3, 4].map((stages) => [rows, stages] as const))
  it.each(cases)(
    '%i rows, addition in %i cycles, a sum a cycle, back to back at the shortest spacing',
    (rows, stages) => {
      const engine = javascriptEngine(moduleOf(rows, stages))
      const seed = rows * 10 + stages
      const groups = randomColumn(seed, rows, full ? 20_000 : 600, () => Math.max(rows, shortestDequantisation(stages)))
      const stimulus = columnStimulus(engine, groups, { stages, rowDelay: (r) => r, ahead: 1 })
      expect(columnDifferences(engine, stimulus), `seed ${seed}`).toEqual([])
      expect(engine.failures).toEqual([])
    },
  )

  it.each([
    ['every second cycle', (r: number) => 2 * r],
    ['with a gap after each four', (r: number) => r + Math.floor(r / 4)],
  ] as const)('of 16 rows, sums coming %s, with idle cycles between groups, the scale long before', (_, rowDelay) => {
    const engine = javascriptEngine(moduleOf(16))
    const least = rowDelay(15) + 1
    for (const ahead of [1, 2, 7]) {
      const groups = randomColumn(ahead, 16, 300, (random) => least + (random() % 4 === 0 ? random() % 40 : 0))
      const later = groups.map((group) => ({ ...group, start: group.start + ahead }))
      expect(columnDifferences(engine, columnStimulus(engine, later, { stages: 4, rowDelay, ahead }))).toEqual([])
    }
    expect(engine.failures).toEqual([])
  })

  it('hardly ever are NaN, so that each term counts', () => {
    const groups = randomColumn(1, 1, 600, () => 1)
    const wild = groups.filter(({ scale }) => (scale & 0x7c00) === 0x7c00)
    expect(wild.length).toBeGreaterThan(0)
    expect(wild.length).toBeLessThan(groups.length / 100)
  })
})

describe('the golden model', () => {
  it('is what the host does with scales and sums, bit for bit', () => {
    const random = randomWords(77)
    const [fp16, fp32] = [floatNamed('fp16'), floatNamed('fp32')]
    for (let run = 0; run < 2000; run++) {
      const groups = 1 + (random() % 6)
      const scales = Array.from({ length: groups }, () => 1 + (random() % 0x7bff))
      const sums = Int32Array.from({ length: groups }, () => (random() % (highest - lowest)) + lowest)
      const values = Float32Array.from(scales, float16FromBits)
      expect([...values].map(float16BitsOf)).toEqual(scales)
      const host = applyScales(sums, values, new Float32Array([1]), 1, 1, groups)
      const code = dequantised(fp16, fp32, [...sums].map(BigInt), scales)
      expect(code).toBe(BigInt(new Uint32Array(host.buffer)[0]!))
    }
  })

  it.each([
    ['a zero sum of a negative scale begins from +0', [0n], [0xbc00], 0x00000000n],
    ['the smallest subnormal scale is exact', [1n], [0x0001], 0x33800000n],
    ['what cancels is +0', [5n, -5n], [0x3c00, 0x3c00], 0x00000000n],
    ['a tie goes to the even number', [1n << 24n, 1n], [0x3c00, 0x3c00], 0x4b800000n],
    ['an infinite scale of a sum of 0 is NaN', [0n], [0x7c00], 0x7fc00000n],
    ['opposite infinities are NaN', [1n, -1n], [0x7c00, 0x7c00], 0x7fc00000n],
    ['an infinite scale of a negative sum is -infinity', [-3n], [0x7c00], 0xff800000n],
    ['NaN stays', [1n, 1n], [0x7e01, 0x3c00], 0x7fc00000n],
  ])('%s', (_, sums, scales, code) => {
    expect(dequantised(floatNamed('fp16'), floatNamed('fp32'), sums, scales)).toBe(code)
  })
})

describe('a reset in mid-stream', () => {
  it.each([1, 4, 16])('begins a new output with row 0 and forgets what was on its way, %i rows', (rows) => {
    const engine = javascriptEngine(moduleOf(rows))
    const spacing = Math.max(rows, shortestDequantisation(4))
    for (let cut = 1; cut < 4 * spacing; cut++) {
      const before = randomColumn(cut, rows, 6, () => spacing).map((group) => ({ ...group, lastGroup: false }))
      const { stimulus } = columnStimulus(engine, before, { stages: 4, rowDelay: (r) => r, ahead: 1 })
      engine.replay(stimulus.subarray(0, cut * engine.ports.inputWords), cut)
      engine.reset()
      const after = randomColumn(cut + 100, rows, 5, () => spacing)
      const next = columnStimulus(engine, after, { stages: 4, rowDelay: (r) => r, ahead: 1 })
      expect(columnDifferences(engine, next), `after ${cut} cycles`).toEqual([])
    }
    expect(engine.failures).toEqual([])
  })
})

describe('the hardware says so', () => {
  const failureOf = (rows: number, stages: number, groups: readonly ColumnGroup[], ahead = 1) => {
    const engine = javascriptEngine(moduleOf(rows, stages))
    const { stimulus, cycles } = columnStimulus(engine, groups, { stages, rowDelay: (r) => r, ahead })
    engine.replay(stimulus, cycles)
    return engine.failures[0]?.message
  }
  const close = (rows: number, spacing: number) => randomColumn(1, rows, 4, () => spacing)

  it.each([
    [1, 1],
    [1, 4],
    [2, 3],
    [3, 4],
    [4, 4],
  ])(
    'where sums of one of %i rows are too close for an addition of %i cycles, and not at the limit',
    (rows, stages) => {
      const shortest = shortestDequantisation(stages)
      expect(failureOf(rows, stages, close(rows, shortest))).toBeUndefined()
      expect(failureOf(rows, stages, close(rows, shortest - 1))).toBe(
        `sums of one row come at least ${shortest} cycles apart`,
      )
    },
  )

  it('where a scale comes late, or one on top of another', () => {
    expect(failureOf(4, 4, close(4, 9), 0)).toBe('the scale of a group comes before its first sum')
    const late = close(4, 5).map((group) => ({ ...group, start: group.start + 20 }))
    expect(failureOf(4, 4, late, 5)).toBeUndefined()
    expect(failureOf(4, 4, late, 6)).toBe('a group has its first sum before the next scale')
  })
})

describe('every engine', () => {
  it.each([
    [16, 4, 'fp16'],
    [1, 3, 'fp16'],
    [3, 1, 'bf16'],
  ] as const)('agrees on a column of %i rows, addition in %i cycles, scales in %s', (rows, stages, scale) => {
    const module = moduleOf(rows, stages, scale)
    const engines = [interpreter(module), javascriptEngine(module), openEngine('verilator', module)]
    const spacing = Math.max(rows, shortestDequantisation(stages))
    const groups = randomColumn(9, rows, 100, (random) => spacing + (random() % 3))
    const { stimulus } = columnStimulus(engines[0]!, groups, { stages, rowDelay: (r) => r, ahead: 1 }, scale)
    const difference = compareEngines(engines, stimulus)
    expect(difference && describeDifference(difference)).toBeUndefined()
    for (const engine of engines) {
      expect(engine.failures).toEqual([])
      engine.close()
    }
  })

  it.each([1, 2, 16])('and linters are silent, and nothing is idle, with %i rows', async (rows) => {
    const module = moduleOf(rows)
    expect(warningsUnder(module)).toEqual([])
    for (const { complaints } of await lintVerilog(printVerilog(module), module.name)) expect(complaints).toEqual([])
  })
})

it('sums of another shape fit too: without sign, and of 32 bits', () => {
  for (const shape of [range(0, 300), s(32)]) {
    const { module } = Dequantisation({
      name: 'other',
      sum: shape,
      rows: 2,
      scale: 'bf16',
      accumulate: 'fp32',
      stages: 2,
    })
    const engine = javascriptEngine(module)
    const random = randomWords(3)
    const groups = Array.from({ length: 2000 }, (_, k): ColumnGroup => {
      const one = () => (shape.min < 0n ? random() | 0 : random() % 301)
      return { scale: random() % 0x7f80, sums: [one(), one()], lastGroup: k % 3 === 2 || k === 1999, start: 1 + 3 * k }
    })
    const stimulus = columnStimulus(engine, groups, { stages: 2, rowDelay: (r) => r, ahead: 1 }, 'bf16')
    expect(columnDifferences(engine, stimulus)).toEqual([])
    expect(engine.failures).toEqual([])
  }
})
