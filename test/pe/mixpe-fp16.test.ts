import { describe, expect, it } from 'vitest'
import { runProduct } from '../../src/accel/gemm.ts'
import { outputStationaryArray, resultCycle } from '../../src/accel/output-stationary.ts'
import { bits, cat, component, type IntShape, range, s } from '../../src/dsl/index.ts'
import { compareExact, finite, product, type Value } from '../../src/formats/index.ts'
import { fp16 } from '../../src/pe/arith/float/usual.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import type { Group } from '../../src/pe/group.ts'
import { byShiftAdd, timesInteger } from '../../src/pe/mixpe/float-cell.ts'
import { portNamed } from '../../src/sim/engine.ts'
import { openEngine } from '../../src/sim/engines.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomWords } from '../../src/sim/stimulus.ts'
import { compareGroups, lonePe, verify } from '../../src/verify/verify.ts'

const full = process.env.BITLOOM_FULL === '1'
const options = { groups: full ? 2000 : 60, seed: 416 }

const code = { max: 0x7bff, min: 0xfbff, minusZero: 0x8000, infinity: 0x7c00, minusInfinity: 0xfc00, nan: 0x7e01 }
const one = 0x3c00
const smallest = 1

const group = (activations: readonly number[], weights: readonly number[], idle = 0): Group => ({
  activations,
  weights,
  zero: 0,
  idle,
})
const repeated = (activation: number, weight: number, count: number): Group =>
  group(Array(count).fill(activation), Array(count).fill(weight))

const specs = [
  'mixpe(a=fp16)',
  'mixpe(a=fp16, stages=2)',
  'mixpe(a=fp16, acc=exact)',
  'mixpe(a=fp16, acc=exact, stages=2)',
  'mixpe(a=fp16, acc=aligned)',
  'figna(w=int4)',
]
const summing = specs.slice(0, 4)

describe('PEs with FP16 activations', () => {
  it.each([
    ...specs,
    'mixpe(a=fp16, w=int2)',
    'mixpe(a=fp16, w=int8, weights=asymmetric)',
    'mixpe(a=fp16, weights=asymmetric)',
    'mixpe(a=fp16, acc=exact, weights=asymmetric, group=64)',
    'mixpe(a=fp16, acc=exact, w=int3, group=4096)',
    'mixpe(a=fp16, acc=aligned, bits=15)',
    'mixpe(a=fp16, acc=aligned, bits=6, w=int2)',
    'mixpe(a=fp16, acc=aligned, bits=24, w=int8, weights=asymmetric)',
    'figna',
    'figna(w=int4, bits=15, group=32)',
  ])('%s is its golden model, in the cycles of its contract', async (spec) => {
    const pe = processingElement(spec)
    const result = await verify(javascriptEngine(lonePe(pe)), pe, options)
    expect(result.first).toBeUndefined()
    expect(result.mismatches).toBe(0)
  })

  it
    .runIf(full)
    .each(specs.flatMap((spec) => (['interpreter', 'verilator'] as const).map((name) => [spec, name] as const)))(
    '%s is its golden model in the %s',
    async (spec, name) => {
      const pe = processingElement(spec)
      const engine = openEngine(name, lonePe(pe))
      const result = await verify(engine, pe, { ...options, groups: 300 })
      engine.close()
      expect(result.first).toBeUndefined()
    },
  )

  it.each(specs)('%s: 1, 2 and 17 groups of one or five back to back', (spec) => {
    const pe = processingElement(spec)
    const engine = javascriptEngine(lonePe(pe))
    for (const count of [1, 2, 17])
      for (const length of [1, 5]) {
        const groups = Array.from({ length: count }, (_, g) => repeated(one + g, (g % 15) - 7, length))
        expect(compareGroups(engine, pe, groups)).toEqual([])
      }
  })

  it.each(specs)('%s: a group that fills it, of the largest products either way', (spec) => {
    const pe = processingElement(spec)
    const engine = javascriptEngine(lonePe(pe))
    const groups = [code.max, code.min, smallest].flatMap((x) => [-8, 7].map((w) => repeated(x, w, 128)))
    expect(compareGroups(engine, pe, groups)).toEqual([])
  })

  it.each(specs)('%s: nothing is left of what was under way before a reset', (spec) => {
    const pe = processingElement(spec)
    const engine = javascriptEngine(lonePe(pe))
    const at = (name: string): number => portNamed(engine.ports.inputs, name).offset
    for (const x of [code.nan, code.max]) {
      engine.inputs[at('activation_0')] = x
      engine.inputs[at('weight_0')] = 7
      if (pe.operands.exponent) engine.inputs[at('exponent_0')] = pe.operands.exponent.of([x])
      engine.step(3)
      engine.inputs[at('last')] = 1
      engine.step()
      engine.inputs[at('last')] = 0
      engine.step(2)
      expect(compareGroups(engine, pe, [group([one, one], [1, 2])])).toEqual([])
    }
  })

  it('different parameters give different modules, and those without meaning are refused', () => {
    const names = [
      ...specs,
      'mixpe(a=fp16, w=int8)',
      'mixpe(a=fp16, group=64)',
      'mixpe(a=fp16, weights=asymmetric)',
      'mixpe(a=fp16, acc=exact, group=64)',
      'mixpe(a=fp16, acc=aligned, bits=15)',
      'figna',
      'figna(bits=15)',
      'figna(group=64)',
    ].map((spec) => processingElement(spec).name)
    expect(new Set(names).size).toBe(names.length)
    expect(() => processingElement('mixpe(acc=exact)')).toThrow(
      /no parameter 'acc'[\s\S]*allowed keys: w, a, group, weights, compute, output$/,
    )
    expect(() => processingElement('mixpe(a=fp16, compute=serial)')).toThrow(/no parameter 'compute'/)
    expect(() => processingElement('mixpe(a=fp16, bits=12)')).toThrow(/no parameter 'bits'/)
    expect(() => processingElement('mixpe(a=fp16, acc=aligned, stages=2)')).toThrow(/no parameter 'stages'/)
    expect(processingElement('mixpe(a=fp16)').spec).toBe(
      'mixpe(w=int4, a=fp16, group=128, weights=symmetric, acc=fp32, stages=1)',
    )
  })
})

describe('the product of an FP16 code and an integer', () => {
  const magnitudeBits = ({ min, max }: IntShape): number => range(0, -min > max ? -min : max).width
  const Times = component('times', (p: { weight: IntShape }) => ({
    in: { x: bits(16), q: p.weight },
    out: { y: bits(9 + 11 + magnitudeBits(p.weight)) },
    logic({ x, q }, builder) {
      const y = timesInteger(fp16, x, q, byShiftAdd(builder))
      return {
        y: cat(y.nan.bits(), y.infinite.bits(), y.zero.bits(), y.sign.bits(), y.exponent.bits(5), y.significand),
      }
    },
  }))

  it.each(full ? [s(4), range(-15, 15), s(8)] : [s(4)])(
    'is exact for all 65,536 codes and every %s, in 15 bits with INT4',
    (weight) => {
      const engine = javascriptEngine(Times({ weight }).module)
      const values: readonly Value[] = Array.from({ length: 65536 }, (_, x) => fp16.decode(BigInt(x)))
      const stimulus = new Int32Array(2 * 65536)
      const response = new Int32Array(65536)
      const significandBits = 11 + magnitudeBits(weight)
      const wrong: string[] = []
      for (let q = Number(weight.min); q <= Number(weight.max); q++) {
        for (let x = 0; x < 65536; x++) stimulus.set([x, q], 2 * x)
        engine.replay(stimulus, 65536, response)
        response.forEach((y, x) => {
          const want = product(values[x]!, finite(BigInt(q)))
          const [flags, exponent] = [(y >>> (significandBits + 5)) & 15, (y >>> significandBits) & 31]
          const significand = BigInt(y & (2 ** significandBits - 1))
          const [nan, infinite, zero, sign] = [flags & 8, flags & 4, flags & 2, flags & 1]
          const isRight =
            want.kind === 'nan'
              ? nan > 0
              : want.kind === 'infinite'
                ? !nan && infinite && sign === Number(want.negative)
                : want.kind === 'finite' &&
                  !nan &&
                  !infinite &&
                  sign === Number(want.negative) &&
                  zero > 0 === (significand === 0n) &&
                  compareExact(finite(sign ? -significand : significand, exponent - 25), want) === 0
          if (!isRight && wrong.length < 10) wrong.push(`${x} times ${q} gave ${y.toString(2)}`)
        })
      }
      expect(wrong).toEqual([])
    },
  )

  it.each(summing)('%s gives it as an FP32 number, for all 65,536 codes and 16 weights', (spec) => {
    const pe = processingElement(spec)
    const engine = javascriptEngine(lonePe(pe))
    const latency = resultCycle(pe, 0, 0)
    const { inputs, outputs } = engine.ports
    const at = (name: string): number => portNamed(inputs, name).offset
    const columns = [at('activation_0'), at('weight_0'), at('last')] as const
    const cycles = 65536 + latency
    const stimulus = new Int32Array(cycles * engine.ports.inputWords)
    const response = new Int32Array(cycles * engine.ports.outputWords)
    const result = portNamed(outputs, 'result_0').offset
    // A double holds the product, and FP32 as well; a sum that starts from +0 is never -0.
    const values = Float64Array.from({ length: 65536 }, (_, x) => doubleOf(fp16.decode(BigInt(x))))
    const wanted = new Float32Array(65536)
    const wantedCodes = new Int32Array(wanted.buffer)
    let wrong = 0
    for (let q = -8; q < 8; q++) {
      for (let x = 0; x < 65536; x++) {
        const row = x * engine.ports.inputWords
        stimulus[row + columns[0]] = x
        stimulus[row + columns[1]] = q
        stimulus[row + columns[2]] = 1
        wanted[x] = values[x]! * q + 0
      }
      engine.replay(stimulus, cycles, response)
      for (let x = 0; x < 65536; x++) {
        const found = response[(x + latency) * engine.ports.outputWords + result]!
        if (found !== (Number.isNaN(wanted[x]) ? 0x7fc00000 : wantedCodes[x])) wrong++
      }
    }
    expect(wrong).toBe(0)
    expect(engine.failures).toEqual([])
  })
})

const doubleOf = (value: Value): number => {
  if (value.kind === 'finite') return Number(value.significand) * 2 ** value.exponent
  return value.kind === 'infinite' ? (value.negative ? -Infinity : Infinity) : Number.NaN
}

describe('infinities, NaN and zeros', () => {
  const nan = 0x7fc00000
  const [plus, minus] = [0x7f800000, 0xff800000]
  const cases: readonly (readonly [string, readonly number[], readonly number[], number])[] = [
    ['NaN stays', [one, code.nan, one], [1, 1, 1], nan],
    ['NaN times 0', [code.nan], [0], nan],
    ['infinity times 0', [one, code.infinity], [1, 0], nan],
    ['infinity stays', [code.infinity, one, code.min], [1, -8, 7], plus],
    ['infinity times a negative weight', [code.infinity, one], [-1, 1], minus],
    ['minus infinity times a negative weight', [code.minusInfinity, code.min], [-8, 1], plus],
    ['infinities of one sign', [code.infinity, code.minusInfinity], [1, -1], plus],
    ['infinities of both signs', [code.infinity, code.infinity], [1, -1], nan],
    ['-0 alone', [code.minusZero], [1], 0],
    ['-0 from a weight', [0, 0], [-1, -8], 0],
    ['a product of -0 from weight 0', [code.min], [0], 0],
    ['cancellation', [one, code.min, one], [3, 0, -3], 0],
  ]
  it.each(summing)('%s: as IEEE 754 has them, from +0', (spec) => {
    const pe = processingElement(spec)
    const engine = javascriptEngine(lonePe(pe))
    for (const [what, activations, weights, want] of cases)
      expect([what, pe.golden(activations, weights, 0)]).toEqual([what, BigInt(want)])
    expect(
      compareGroups(
        engine,
        pe,
        cases.map(([, a, w]) => group(a, w)),
      ),
    ).toEqual([])
    // Each again before a group of numbers: no flag stays.
    const between = cases.flatMap(([, a, w]) => [group(a, w), group([one, one], [1, 2], 1)])
    expect(compareGroups(engine, pe, between)).toEqual([])
  })

  it.each(['mixpe(a=fp16, acc=aligned)', 'figna'])(
    '%s: a group with an infinity or NaN is NaN, zeros give +0',
    (spec) => {
      const pe = processingElement(spec)
      const engine = javascriptEngine(lonePe(pe))
      for (const [what, activations, weights, want] of cases) {
        const special = activations.some((x) => (x & code.infinity) === code.infinity)
        expect([what, pe.golden(activations, weights, 0)]).toEqual([what, BigInt(special ? nan : want)])
      }
      const between = cases.flatMap(([, a, w]) => [group(a, w), group([one, one], [1, 2], 1)])
      expect(compareGroups(engine, pe, between)).toEqual([])
    },
  )
})

describe('an exact sum', () => {
  const pe = processingElement('mixpe(a=fp16, acc=exact)')

  it('keeps what FP32 loses: a smallest number between two largest that cancel', () => {
    const activations = [code.max, smallest, code.max]
    const weights = [7, 1, -7]
    expect(pe.golden(activations, weights, 0)).toBe(BigInt(0x33800000))
    expect(processingElement('mixpe(a=fp16)').golden(activations, weights, 0)).toBe(0n)
    expect(compareGroups(javascriptEngine(lonePe(pe)), pe, [group(activations, weights)])).toEqual([])
  })

  it('leaves the cell with carries under way, whatever the signs do', () => {
    const random = randomWords(5)
    const groups = Array.from({ length: full ? 4000 : 400 }, () => {
      const length = 1 + (random() % 6)
      // Small numbers around 0, so that ones run up and down all segments.
      const activations = Array.from({ length }, () => (random() & 0x8000) | (random() % (1 << (1 + (random() % 15)))))
      return group(
        activations.map((x) => x & 0xfbff),
        activations.map(() => (random() % 16) - 8),
      )
    })
    expect(compareGroups(javascriptEngine(lonePe(pe)), pe, groups)).toEqual([])
  })

  it('tells when a group overflows', () => {
    const engine = javascriptEngine(lonePe(pe))
    compareGroups(engine, pe, [repeated(code.min, -8, 129)])
    expect(engine.failures[0]!.message).toMatch(/a group has at most 128 operand pairs/)
  })
})

describe('activations aligned by group', () => {
  /** Codes of numbers whose exponents are at most `spread` apart. */
  const groupsOf = (seed: number, spread: number, count: number): readonly Group[] => {
    const random = randomWords(seed)
    return Array.from({ length: count }, () => {
      const length = 1 + (random() % 128)
      const lowest = random() % (31 - spread)
      const activations = Array.from(
        { length },
        () => (random() & 0x83ff) | ((lowest + (random() % (spread + 1))) << 10),
      )
      return group(
        activations,
        activations.map(() => (random() % 16) - 8),
        random() % 3,
      )
    })
  }

  it.each([
    'mixpe(a=fp16, acc=aligned, bits=6)',
    'mixpe(a=fp16, acc=aligned)',
    'mixpe(a=fp16, acc=aligned, bits=17)',
    'figna(w=int4, bits=11)',
  ])('%s is its golden model where exponents are near each other', (spec) => {
    const pe = processingElement(spec)
    const engine = javascriptEngine(lonePe(pe))
    for (const spread of [0, 1, 4, 13, 30])
      expect(compareGroups(engine, pe, groupsOf(spread, spread, full ? 1000 : 40))).toEqual([])
  })

  it('are exact while the bits reach from the highest to the lowest', () => {
    const exact = processingElement('mixpe(a=fp16, acc=exact)')
    const aligned = processingElement('mixpe(a=fp16, acc=aligned, bits=20)')
    let different = 0
    for (const { activations, weights } of groupsOf(20, 8, 100))
      expect(aligned.golden(activations, weights, 0)).toBe(exact.golden(activations, weights, 0))
    for (const { activations, weights } of groupsOf(20, 12, 100))
      if (aligned.golden(activations, weights, 0) !== exact.golden(activations, weights, 0)) different++
    expect(different).toBeGreaterThan(0)
  })

  it('are rounded to the nearest integer, a tie to the even one', () => {
    const pe = processingElement('mixpe(a=fp16, acc=aligned)')
    // In a group whose largest number is 1, the unit is 2^-10: 1.5 and 2.5 units are 2, 3.5 are 4.
    const units = (halves: number): bigint => pe.golden([one, codeOf(halves * 2 ** -11)], [0, 1], 0)
    expect([3, 5, 7].map(units)).toEqual([2, 2, 4].map((n) => BigInt(float32Code(n * 2 ** -10))))
  })

  it('take exponent 0 for 1, in a group of subnormals', () => {
    const pe = processingElement('mixpe(a=fp16, acc=aligned)')
    const zero = { ...pe, operands: { ...pe.operands, exponent: { ...pe.operands.exponent!, of: () => 0 } } }
    expect(compareGroups(javascriptEngine(lonePe(pe)), zero, [group([smallest, 0x83ff], [7, -8])])).toEqual([])
  })

  it('tell an exponent below that of one of them', () => {
    const pe = processingElement('mixpe(a=fp16, acc=aligned)')
    const engine = javascriptEngine(lonePe(pe))
    const wrong = { ...pe, operands: { ...pe.operands, exponent: { ...pe.operands.exponent!, of: () => 14 } } }
    compareGroups(engine, wrong, [group([one], [1])])
    expect(engine.failures[0]!.message).toMatch(/no activation has a larger exponent than its group/)
  })

  it('tell when a group is too long', () => {
    const pe = processingElement('mixpe(a=fp16, acc=aligned)')
    const engine = javascriptEngine(lonePe(pe))
    compareGroups(engine, pe, [repeated(code.max, -8, 129)])
    expect(engine.failures[0]!.message).toMatch(/a group has at most 128 operand pairs/)
  })
})

const float32Code = (x: number): number => new Int32Array(new Float32Array([x]).buffer)[0]!
const codeOf = (x: number): number =>
  Array.from({ length: 0x7c00 }, (_, c) => c).find((c) => doubleOf(fp16.decode(BigInt(c))) === x)!

describe('in an array', () => {
  it.each(['mixpe(a=fp16, stages=2)', 'mixpe(a=fp16, acc=exact)', 'mixpe(a=fp16, acc=aligned)', 'figna'])(
    '%s on 3 x 2: every sum of a matrix product',
    (spec) => {
      const pe = processingElement(spec)
      const size = { rows: 3, columns: 2 }
      const engine = javascriptEngine(outputStationaryArray(pe, size))
      const random = randomWords(32)
      const [tokens, outputs, inputs, length] = [7, 5, 45, 20]
      const activations = Uint16Array.from({ length: tokens * inputs }, () => random() & 0xbfff)
      const weights = Int8Array.from({ length: outputs * inputs }, () => (random() % 16) - 8)
      const p = { tokens, outputs, inputs, group: length, activations, weights, zeros: undefined }
      const { sums } = runProduct(engine, pe, size, p)
      const golden = new Int32Array(sums.length)
      for (let m = 0; m < tokens; m++)
        for (let n = 0; n < outputs; n++)
          for (let g = 0; g < 3; g++) {
            const part = (list: Uint16Array | Int8Array, row: number): number[] =>
              Array.from(list.subarray(row * inputs + g * length, row * inputs + Math.min(inputs, (g + 1) * length)))
            golden[(m * outputs + n) * 3 + g] = Number(pe.golden(part(activations, m), part(weights, n), 0))
          }
      expect(sums).toEqual(golden)
      expect(engine.failures).toEqual([])
    },
  )
})
