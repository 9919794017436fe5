import { describe, expect, it } from 'vitest'
import { type FloatFormat, floatOf, product, sum, type Value } from '../../../../src/formats/index.ts'
import { addFloats } from '../../../../src/pe/arith/float/add.ts'
import { convertFloat } from '../../../../src/pe/arith/float/convert.ts'
import { multiplyAddFused, multiplyThenAdd } from '../../../../src/pe/arith/float/fused.ts'
import { multiplyFloats } from '../../../../src/pe/arith/float/multiply.ts'
import { randomWords } from '../../../../src/sim/stimulus.ts'
import { differences, everyCombination, operation, results } from '../operation.ts'
import { floatNamed } from './formats.ts'

/** Values of all codes, so that a test decodes each once. */
const valuesOf = (format: FloatFormat): readonly Value[] =>
  Array.from({ length: 2 ** format.bits }, (_, code) => format.decode(BigInt(code)))

const seed = 88
/** Rows of two codes with a third of 8 bits behind them. */
const withRandomCodes = (pairs: Int32Array): Int32Array => {
  const random = randomWords(seed)
  return Int32Array.from({ length: (pairs.length / 2) * 3 }, (_, k) =>
    k % 3 === 2 ? random() % 256 : pairs[2 * Math.floor(k / 3) + (k % 3)]!,
  )
}

const e4m3 = floatNamed('e4m3')
const formats = [
  ...['e4m3', 'e5m2', 'e3m2', 'e2m1', 'e2m3', 'e3m0', 'e3m1', 'e1m2', 'ue5m3', 'e8m0'].map(floatNamed),
  floatOf({ ...e4m3, lowest: 'flush' }),
  floatOf({ ...e4m3, special: 'fnuz', bias: 8 }),
  floatOf({ ...e4m3, special: 'ieee', bias: 3 }),
  floatOf({ ...floatNamed('e5m2'), lowest: 'flush' }),
  floatOf({ ...floatNamed('e2m3'), lowest: 'flush', bias: 0 }),
]

describe.each(formats.map((format) => [format.id, format] as const))('%s, every pair of codes', (_, format) => {
  const { bits } = format
  const values = valuesOf(format)
  const pairs = everyCombination([bits, bits])

  it('is multiplied and rounded once', () => {
    const module = operation('multiply', [bits, bits], bits, (a, b) => multiplyFloats(format, format, a, b))
    const golden = (a: bigint, b: bigint) => format.encode(product(values[Number(a)]!, values[Number(b)]!))
    expect(differences(pairs, results(module, pairs), golden)).toEqual([])
  })

  it('is added and rounded once', () => {
    const module = operation('add', [bits, bits], bits, (a, b) => addFloats(format, a, b))
    const golden = (a: bigint, b: bigint) => format.encode(sum(values[Number(a)]!, values[Number(b)]!))
    expect(differences(pairs, results(module, pairs), golden)).toEqual([])
  })

  it(`is multiplied and added, with one rounding and with two, to ${bits === 8 ? 'a random code' : 'every code'}`, () => {
    const triples = bits === 8 ? withRandomCodes(pairs) : everyCombination([bits, bits, bits])
    const value = (code: bigint): Value => values[Number(code)]!
    const fused = operation('fused', [bits, bits, bits], bits, (a, b, c) => multiplyAddFused(format, format, a, b, c))
    const onceRounded = (a: bigint, b: bigint, c: bigint) => format.encode(sum(product(value(a), value(b)), value(c)))
    expect(differences(triples, results(fused, triples), onceRounded), `seed ${seed}`).toEqual([])
    const separate = operation('separate', [bits, bits, bits], bits, (a, b, c) =>
      multiplyThenAdd(format, format, a, b, c),
    )
    const twiceRounded = (a: bigint, b: bigint, c: bigint) =>
      format.encode(sum(value(format.encode(product(value(a), value(b)))), value(c)))
    expect(differences(triples, results(separate, triples), twiceRounded), `seed ${seed}`).toEqual([])
  })

  it.each(['e4m3', 'e5m2', 'e3m2', 'e2m1', 'fp16', 'bf16', 'ue5m3', 'e8m0'])('converts to %s', (text) => {
    const to = floatNamed(text)
    for (const overflow of ['special', 'saturate'] as const) {
      const module = operation('convert', [bits], to.bits, (code) => convertFloat(format, to, code, overflow))
      const codes = everyCombination([bits])
      const golden = (code: bigint) =>
        values[Number(code)]!.kind === 'nan' && to.nan === undefined
          ? undefined
          : to.encode(values[Number(code)]!, 'nearest-even', overflow)
      expect(differences(codes, results(module, codes), golden)).toEqual([])
    }
  })
})
