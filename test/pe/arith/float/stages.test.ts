import { describe, expect, it } from 'vitest'
import { bits, bool, component, range } from '../../../../src/dsl/index.ts'
import { type FloatFormat, floatOf, sameValue, type Value } from '../../../../src/formats/index.ts'
import { addAligned, alignOrdered, orderFloats } from '../../../../src/pe/arith/float/add.ts'
import { fusedAlign, multiplyAddFused, multiplyThenAdd } from '../../../../src/pe/arith/float/fused.ts'
import { exactProduct } from '../../../../src/pe/arith/float/multiply.ts'
import { place, round } from '../../../../src/pe/arith/float/round.ts'
import { unpack } from '../../../../src/pe/arith/float/unpacked.ts'
import { nextStage } from '../../../../src/pe/arith/stage.ts'
import { portNamed, readPort } from '../../../../src/sim/engine.ts'
import { javascriptEngine } from '../../../../src/sim/javascript/engine.ts'
import { randomStimulus } from '../../../../src/sim/stimulus.ts'
import { operation, results } from '../operation.ts'
import { floatNamed } from './formats.ts'

const fp16 = floatNamed('fp16')

describe('unpacking', () => {
  it.each([
    ['fp16', fp16],
    ['fp16 flushed', floatOf({ ...fp16, lowest: 'flush' })],
    ['e4m3', floatNamed('e4m3')],
    ['e3m0', floatNamed('e3m0')],
    ['e8m0', floatNamed('e8m0')],
    ['ue5m3', floatNamed('ue5m3')],
    ['e4m3 fnuz', floatOf({ ...floatNamed('e4m3'), special: 'fnuz' })],
  ] as const)('%s: every code is its exact value', (_, format: FloatFormat) => {
    let [bias, leadingZeros, width] = [0, 0, 0]
    const Unpack = component('unpack', (_: object) => ({
      in: { code: bits(format.bits) },
      out: {
        sign: bool,
        exponent: range(0, 2 ** format.exponentBits - 1),
        significand: bits(format.mantissaBits + 1),
        zero: bool,
        infinite: bool,
        nan: bool,
      },
      logic({ code }) {
        const { bias: atCode, leadingZeros: most, ...signals } = unpack(format, code)
        ;[bias, leadingZeros, width] = [atCode, most, signals.significand.width]
        return signals
      },
    }))
    const engine = javascriptEngine(Unpack({}).module)
    const outputs = ['sign', 'exponent', 'significand', 'zero', 'infinite', 'nan'].map((name) =>
      portNamed(engine.ports.outputs, name),
    )
    for (let code = 0; code < 2 ** format.bits; code++) {
      engine.inputs[0] = code
      engine.step()
      const [sign, exponent, significand, zero, infinite, nan] = outputs.map((port) => readPort(engine.outputs, port))
      const value: Value = nan
        ? { kind: 'nan' }
        : infinite
          ? { kind: 'infinite', negative: sign === 1n }
          : {
              kind: 'finite',
              negative: sign === 1n,
              significand: sign ? -significand! : significand!,
              exponent: Number(exponent) - bias,
            }
      const want = format.decode(BigInt(code))
      if (!sameValue(value, want)) expect.fail(`code ${code}`)
      if (zero !== (want.kind === 'finite' && want.significand === 0n ? 1n : 0n)) expect.fail(`zero of code ${code}`)
      if (significand && value.kind === 'finite' && significand < 2n ** BigInt(width - 1 - leadingZeros))
        expect.fail(`leading zeros of code ${code}`)
    }
  })
})

describe('a pipeline cut after every stage', () => {
  const operands = { a: bits(16), b: bits(16), c: bits(16) }

  it('gives the fused multiply-add three cycles later', () => {
    const Pipeline = component('fused_pipeline', (_: object) => ({
      in: operands,
      out: { y: bits(16) },
      latency: 'checked',
      logic({ a, b, c }, builder) {
        const first = nextStage(builder, 'product', { ...exactProduct(fp16, a, b), c })
        const second = nextStage(builder, 'aligned', fusedAlign(fp16, first, first.c))
        const third = nextStage(builder, 'placed', place(fp16, addAligned(second)))
        return { y: round(fp16, third) }
      },
    }))
    const whole = operation('fused', [16, 16, 16], 16, (a, b, c) => multiplyAddFused(fp16, fp16, a, b, c))
    expectLater(Pipeline({}).module, whole, 3)
  })

  it('gives the separate multiply-add three cycles later', () => {
    const Pipeline = component('separate_pipeline', (_: object) => ({
      in: operands,
      out: { y: bits(16) },
      latency: 'checked',
      logic({ a, b, c }, builder) {
        const first = nextStage(builder, 'product', { ...exactProduct(fp16, a, b), c })
        const second = nextStage(builder, 'rounded', { code: round(fp16, place(fp16, first)), c: first.c })
        const [larger, smaller] = orderFloats(fp16, second.code, second.c)
        const exact = { leadingZeros: 0 }
        const third = nextStage(builder, 'aligned', alignOrdered({ ...larger, ...exact }, { ...smaller, ...exact }, 11))
        return { y: round(fp16, place(fp16, addAligned(third))) }
      },
    }))
    const whole = operation('separate', [16, 16, 16], 16, (a, b, c) => multiplyThenAdd(fp16, fp16, a, b, c))
    expectLater(Pipeline({}).module, whole, 3)
  })
})

const expectLater = (pipeline: Parameters<typeof results>[0], whole: typeof pipeline, cycles: number): void => {
  const stimulus = randomStimulus(javascriptEngine(whole).ports, 3000, 5)
  const [early, late] = [results(whole, stimulus), results(pipeline, stimulus)]
  expect(late.slice(cycles)).toEqual(early.slice(0, -cycles))
}
