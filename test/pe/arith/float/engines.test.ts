import { describe, expect, it } from 'vitest'
import { type Module, warningsUnder } from '../../../../src/dsl/index.ts'
import { floatOf, positFormat } from '../../../../src/formats/index.ts'
import { addFloats } from '../../../../src/pe/arith/float/add.ts'
import { convertFloat, integerToFloat } from '../../../../src/pe/arith/float/convert.ts'
import { multiplyAddFused, multiplyThenAdd } from '../../../../src/pe/arith/float/fused.ts'
import { multiplyFloats } from '../../../../src/pe/arith/float/multiply.ts'
import { addPosits, multiplyPosits } from '../../../../src/pe/arith/posit/operations.ts'
import { openEngine } from '../../../../src/sim/engines.ts'
import { randomStimulus } from '../../../../src/sim/stimulus.ts'
import { icarusEngine } from '../../../fuzz/icarus.ts'
import { operation, results } from '../operation.ts'
import { floatNamed } from './formats.ts'

const [fp16, fp32, e4m3, e5m2, e8m0] = ['fp16', 'fp32', 'e4m3', 'e5m2', 'e8m0'].map(floatNamed)
const flushed = floatOf({ ...fp16!, lowest: 'flush' })
const posit16 = positFormat(16, 1)

const designs: readonly (readonly [string, Module])[] = [
  ['FP16 separate', operation('separate', [16, 16, 16], 16, (a, b, c) => multiplyThenAdd(fp16!, fp16!, a, b, c))],
  ['FP16 flushed', operation('flushed', [16, 16, 16], 16, (a, b, c) => multiplyThenAdd(flushed, flushed, a, b, c))],
  ['FP16 fused', operation('fused', [16, 16, 16], 16, (a, b, c) => multiplyAddFused(fp16!, fp16!, a, b, c))],
  ['FP16 into FP32', operation('wide', [16, 16, 32], 32, (a, b, c) => multiplyAddFused(fp16!, fp32!, a, b, c))],
  ['E4M3 times', operation('times', [8, 8], 8, (a, b) => multiplyFloats(e4m3!, e4m3!, a, b))],
  ['E5M2 plus', operation('plus', [8, 8], 8, (a, b) => addFloats(e5m2!, a, b))],
  ['FP32 to E4M3', operation('narrow', [32], 8, (a) => convertFloat(fp32!, e4m3!, a))],
  ['E8M0 to FP32', operation('scale', [8], 32, (a) => convertFloat(e8m0!, fp32!, a))],
  ['an integer to FP16', operation('from_integer', [24], 16, (a) => integerToFloat(fp16!, a.signed(), 8))],
  ['posit times', operation('posit_times', [16, 16], 16, (a, b) => multiplyPosits(posit16, a, b))],
  ['posit plus', operation('posit_plus', [16, 16], 16, (a, b) => addPosits(posit16, a, b))],
]

describe.each(designs)('%s', (_, module) => {
  it('is the same on the interpreter and as Verilog on Icarus', () => {
    const stimulus = randomStimulus(openEngine('js', module).ports, 1000, 3)
    const [js, ...others] = [
      results(module, stimulus),
      results(module, stimulus, 'interpreter'),
      results(module, stimulus, icarusEngine(module)),
    ]
    for (const other of others) expect(other).toEqual(js)
  })

  it('compares nothing whose outcome is known', () => {
    expect(warningsUnder(module).map(({ message }) => message)).toEqual([])
  })
})
