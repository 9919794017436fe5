import { describe, expect, it } from 'vitest'
import { finite } from '../../../../src/formats/index.ts'
import { integerToFloat } from '../../../../src/pe/arith/float/convert.ts'
import { randomWords } from '../../../../src/sim/stimulus.ts'
import { differences, everyCombination, operation, results } from '../operation.ts'
import { floatNamed } from './formats.ts'

const seed = 32

describe('an integer becomes the nearest float', () => {
  const cases = [
    ['fp16', true, 0],
    ['fp16', false, 20],
    ['fp16', true, 30],
    ['bf16', false, 0],
    ['e4m3', true, 5],
    ['e4m3', false, 20],
    ['e5m2', true, -3],
    ['e2m1', true, 14],
    ['e3m2', false, 12],
  ] as const
  it.each(cases)('%s, every integer of 16 bits (signed: %s), %i of them behind the point', (text, signed, fraction) => {
    const to = floatNamed(text)
    const module = operation('from_integer', [16], to.bits, (code) =>
      integerToFloat(to, signed ? code.signed() : code.unsigned(), fraction),
    )
    const codes = everyCombination([16])
    expect(
      differences(codes, results(module, codes), (code) =>
        to.encode(finite(signed ? BigInt.asIntN(16, code) : code, -fraction)),
      ),
    ).toEqual([])
  })

  it.each(['fp16', 'fp32', 'e4m3'] as const)('%s, integers of 32 bits', (text) => {
    const to = floatNamed(text)
    const module = operation('from_integer', [32], to.bits, (code) => integerToFloat(to, code.signed()))
    const random = randomWords(seed)
    const extremes = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 65504, 65519, 65520, 65535, -65520, 448, 464, 465]
    const codes = Int32Array.from([...extremes, ...Array.from({ length: 20_000 }, () => random() >> (random() % 32))])
    expect(
      differences(codes, results(module, codes), (code) => to.encode(finite(BigInt.asIntN(32, code)))),
      `seed ${seed}`,
    ).toEqual([])
  })
})
