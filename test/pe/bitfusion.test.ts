import { describe, expect, it } from 'vitest'
import { printVerilog } from '../../src/dsl/index.ts'
import { BitBrick } from '../../src/pe/baseline/bitfusion/brick.ts'
import { brickDigits, lanesOf, modeOf } from '../../src/pe/baseline/bitfusion/mode.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import type { ProcessingElement } from '../../src/pe/family.ts'
import { unpackLanes } from '../../src/pe/lanes.ts'
import { portNamed, readPort } from '../../src/sim/engine.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomGroups } from '../../src/verify/groups.ts'
import { lonePe, verify } from '../../src/verify/verify.ts'
import { firstDifference } from '../dsl/equivalence.ts'
import { runGroup } from './run-group.ts'

const full = process.env.BITLOOM_FULL === '1'
const options = { groups: full ? 2000 : 60, seed: 23 }
const widths = [8, 4, 2] as const
const pairs = widths.flatMap((w) => widths.map((a) => [w, a] as const))
const signed = pairs.map(([w, a]) => `bitfusion(w=int${w}, a=int${a})`)

describe('a brick', () => {
  it('multiplies two digits of two bits, with or without sign, for every input', () => {
    const digit = (bits: bigint, isSigned: bigint): bigint => (isSigned && bits >= 2n ? bits - 4n : bits)
    expect(
      firstDifference(BitBrick({}).module, ({ x, x_signed, y, y_signed }) => ({
        product: digit(x!, x_signed!) * digit(y!, y_signed!),
      })),
    ).toBeUndefined()
  })
})

describe('the bricks of a unit', () => {
  it.each(pairs)('at %i x %i bits take every pair of digits of every lane once', (weightBits, activationBits) => {
    const [a, w] = [activationBits / 2, weightBits / 2]
    const found = Array.from({ length: 16 }, (_, brick) => brickDigits(brick, { activationBits, weightBits }))
    const lanes = lanesOf({ activationBits, weightBits, activationSigned: true, weightSigned: true })
    expect(lanes).toBe(16 / (a * w))
    const seen = new Set(found.map(({ activation, weight }) => `${activation} ${weight}`))
    expect(seen.size).toBe(16)
    for (const { activation, weight, activationTop, weightTop } of found) {
      expect(Math.floor(activation / a)).toBe(Math.floor(weight / w))
      expect(Math.floor(activation / a)).toBeLessThan(lanes)
      expect(activationTop).toBe(activation % a === a - 1)
      expect(weightTop).toBe(weight % w === w - 1)
    }
  })
})

describe('bitfusion', () => {
  it.each([
    ...signed,
    'bitfusion(w=uint8, a=uint8)',
    'bitfusion(w=int4, a=uint8)',
    'bitfusion(w=uint2, a=int8)',
    'bitfusion(w=uint4, a=int4, acc=40)',
    'bitfusion(w=int2, a=uint4)',
    'bitfusion(w=uint2, a=uint2)',
  ])('%s is its golden model, for every product in every lane', async (spec) => {
    const pe = processingElement(spec)
    const { count, activation, weight } = pe.operands.lanes!
    const result = await verify(javascriptEngine(lonePe(pe)), pe, options)
    expect(result.first).toBeUndefined()
    expect(result).toMatchObject({ mismatches: 0, exhaustive: true })
    expect(result.vectors).toBe(count * 2 ** (activation.width + weight.width) + options.groups)
    expect(pe.timing.macs_per_cycle).toBe(64 / (activation.width * weight.width))
  })

  it('is one hardware in every mode: the same Verilog, and one engine runs them all in turn', async () => {
    const modes = [...signed, 'bitfusion(w=uint4, a=uint8)'].map(processingElement)
    const verilog = printVerilog(lonePe(modes[0]!))
    const engine = javascriptEngine(lonePe(modes[0]!))
    for (const pe of modes) {
      expect(printVerilog(lonePe(pe))).toBe(verilog)
      const result = await verify(engine, pe, { groups: 20, seed: 5 })
      expect(result.first, pe.spec).toBeUndefined()
    }
    expect(new Set(modes.map((pe) => pe.operands.mode!.value)).size).toBe(modes.length)
  })

  it('changes mode between groups without a reset, once the last sum is out', () => {
    const all = (value: number): readonly number[] => Array.from({ length: 16 }, () => value)
    const [byte, crumb] = [processingElement('bitfusion'), processingElement('bitfusion(w=int2, a=int2)')]
    const engine = javascriptEngine(lonePe(byte))
    for (const [pe, activations, weights] of [
      [byte, [-128, 127], [-128, -127]],
      [crumb, [...all(-1), ...all(1)], [...all(-2), ...all(1)]],
      [byte, [-1], [-1]],
    ] as const)
      expect(runGroup(engine, pe, activations, weights)).toBe(pe.golden(activations, weights, 0))
  })

  it('ignores the bits of a word above its lanes', () => {
    for (const [spec, activation, weight] of [
      ['bitfusion(w=int8, a=int8)', 0xffff_ff05, 0x1234_5607],
      ['bitfusion(w=int2, a=int8)', 0xffff_ff05, 0x1234_5601],
      ['bitfusion(w=uint8, a=uint8)', 0xffff_ff05, 0x1234_5607],
    ] as const) {
      const pe = processingElement(spec)
      const { count, ...lane } = pe.operands.lanes!
      const words = (word: number, shape: typeof lane.activation) => unpackLanes(word, shape, count)
      // The driver writes whole words; what stands above the lanes comes from here.
      const engine = javascriptEngine(lonePe(pe))
      const [x, w, last, mode] = ['activation_0', 'weight_0', 'last', 'mode'].map(
        (name) => portNamed(engine.ports.inputs, name).offset,
      ) as [number, number, number, number]
      engine.inputs[x] = activation
      engine.inputs[w] = weight
      engine.inputs[last] = 1
      engine.inputs[mode] = pe.operands.mode!.value
      engine.step()
      engine.inputs.fill(0)
      engine.step(pe.timing.latency_cycles)
      expect(readPort(engine.outputs, portNamed(engine.ports.outputs, 'result_0')), spec).toBe(
        pe.golden(words(activation, lane.activation), words(weight, lane.weight), 0),
      )
    }
  })

  it('starts from zero after a reset in the middle of a group', () => {
    const pe = processingElement('bitfusion(w=int4, a=int4)')
    const engine = javascriptEngine(lonePe(pe))
    const [activations, weights] = [
      [4, 3, 2, 1, -8, -8, -8, -8],
      [7, 7, 7, 7, -8, -8, -8, -8],
    ]
    expect(runGroup(engine, pe, activations, weights, { resetAfter: 1 })).toBe(256n)
  })

  it('holds 33,025 of the largest products in 32 bits; one more is reported by the hardware', () => {
    const pe = processingElement('bitfusion(w=uint8, a=uint8)')
    const engine = javascriptEngine(lonePe(pe))
    const most = Math.floor((2 ** 31 - 1) / 255 ** 2)
    const group = Array.from({ length: most }, () => 255)
    expect(runGroup(engine, pe, group, group)).toBe(BigInt(most) * 255n ** 2n)
    expect(engine.failures).toEqual([])
    runGroup(engine, pe, [...group, 255], [...group, 255])
    expect(engine.failures[0]!.message).toMatch(/the sum fits 32 bits/)
  })

  it('is tried with all lanes at their extremes', () => {
    const pe: ProcessingElement = processingElement('bitfusion(w=int4, a=int4)')
    const extremes = new Set<number>()
    for (const { activations } of randomGroups(pe, 100, 3))
      if (activations.length > 32 && new Set(activations).size === 1) extremes.add(activations[0]!)
    expect([...extremes].sort((a, b) => a - b)).toEqual([-8, 7])
  })

  it('numbers its modes by flags of widths and signs', () => {
    const mode = { activationBits: 4, weightBits: 8, activationSigned: false, weightSigned: true }
    expect(modeOf(mode)).toBe(0b101101)
    expect(modeOf({ activationBits: 2, weightBits: 2, activationSigned: true, weightSigned: false })).toBe(0b010000)
  })
})
