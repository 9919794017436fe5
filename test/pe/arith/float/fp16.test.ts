import { describe, expect, it } from 'vitest'
import { type FloatFormat, floatOf, product, sum } from '../../../../src/formats/index.ts'
import { addFloats } from '../../../../src/pe/arith/float/add.ts'
import { convertFloat } from '../../../../src/pe/arith/float/convert.ts'
import { multiplyAddFused, multiplyThenAdd } from '../../../../src/pe/arith/float/fused.ts'
import { multiplyFloats } from '../../../../src/pe/arith/float/multiply.ts'
import { randomWords } from '../../../../src/sim/stimulus.ts'
import { differences, everyCombination, operation, results } from '../operation.ts'
import { cornersOf, decoder, floatNamed } from './formats.ts'

const full = process.env.BITLOOM_FULL === '1'
const count = full ? 1_000_000 : 20_000
const seed = 1611

const fp16 = floatNamed('fp16')
const fp32 = floatNamed('fp32')
const flushed = floatOf({ ...fp16, lowest: 'flush' })

/** All combinations of corners, back to back. */
const cornerRows = (formats: readonly FloatFormat[]): Int32Array => {
  const combinations = formats.reduce<bigint[][]>(
    (rows, format) => rows.flatMap((row) => cornersOf(format).map((code) => [...row, code])),
    [[]],
  )
  return Int32Array.from(combinations.flat(), (code) => Number(BigInt.asIntN(32, code)))
}

/**
 * Random codes. In half of the rows the exponent of the last operand is near that of the product of the first two, so that
 * they cancel or just miss each other; a sixth has a subnormal factor.
 */
const randomRows = (formats: readonly FloatFormat[], rows: number): Int32Array => {
  const random = randomWords(seed)
  const below = (limit: number): number => Math.floor((random() / 2 ** 32) * limit)
  const stimulus = new Int32Array(rows * formats.length)
  for (let k = 0; k < rows; k++) {
    const codes = formats.map(({ bits }) => Math.floor((random() / 2 ** 32) * 2 ** bits))
    const field = (column: number): number => {
      const { exponentBits, mantissaBits } = formats[column]!
      return Math.floor(codes[column]! / 2 ** mantissaBits) % 2 ** exponentBits
    }
    if (below(6) === 0) codes[below(formats.length)]! %= 2 ** 10
    if (formats.length > 1 && below(2) === 0) {
      const last = formats.length - 1
      const { bits, exponentBits, mantissaBits, bias } = formats[last]!
      const factors = last === 1 ? field(0) - formats[0]!.bias : field(0) + field(1) - 2 * formats[0]!.bias
      const near = Math.min(2 ** exponentBits - 2, Math.max(0, factors + bias + below(31) - 14))
      codes[last] = below(2) * 2 ** (bits - 1) + near * 2 ** mantissaBits + below(2 ** mantissaBits)
    }
    stimulus.set(codes, k * formats.length)
  }
  return stimulus
}

describe.each([
  ['fp16', fp16],
  ['fp16 with subnormals flushed', flushed],
] as const)('%s', (_, format) => {
  const value = decoder(format)
  const rounded = (code: bigint) => value(code)
  const two = [16, 16]
  const three = [16, 16, 16]

  it.each(['corners', 'random'] as const)('products and sums of %s', (kind) => {
    const rows = kind === 'corners' ? cornerRows([format, format]) : randomRows([format, format], count)
    const times = operation('multiply', two, 16, (a, b) => multiplyFloats(format, format, a, b))
    expect(
      differences(rows, results(times, rows), (a, b) => format.encode(product(value(a), value(b)))),
      `seed ${seed}`,
    ).toEqual([])
    const plus = operation('add', two, 16, (a, b) => addFloats(format, a, b))
    expect(
      differences(rows, results(plus, rows), (a, b) => format.encode(sum(value(a), value(b)))),
      `seed ${seed}`,
    ).toEqual([])
  })

  it.each(['corners', 'random'] as const)('multiply-add of %s, with one rounding and with two', (kind) => {
    const rows = kind === 'corners' ? cornerRows([format, format, format]) : randomRows([format, format, format], count)
    const fused = operation('fused', three, 16, (a, b, c) => multiplyAddFused(format, format, a, b, c))
    expect(
      differences(rows, results(fused, rows), (a, b, c) => format.encode(sum(product(value(a), value(b)), value(c)))),
      `seed ${seed}`,
    ).toEqual([])
    const separate = operation('separate', three, 16, (a, b, c) => multiplyThenAdd(format, format, a, b, c))
    expect(
      differences(rows, results(separate, rows), (a, b, c) =>
        format.encode(sum(rounded(format.encode(product(value(a), value(b)))), value(c))),
      ),
      `seed ${seed}`,
    ).toEqual([])
  })

  it.each(['corners', 'random'] as const)('products of %s added to FP32, rounded once', (kind) => {
    const rows = kind === 'corners' ? cornerRows([format, format, fp32]) : randomRows([format, format, fp32], count)
    const module = operation('accumulate', [16, 16, 32], 32, (a, b, c) => multiplyAddFused(format, fp32, a, b, c))
    expect(
      differences(rows, results(module, rows), (a, b, c) =>
        fp32.encode(sum(product(value(a), value(b)), fp32.decode(c))),
      ),
      `seed ${seed}`,
    ).toEqual([])
  })

  it.each(['fp32', 'bf16', 'e4m3', 'e5m2', 'e2m1', 'e8m0'])('every code converts to %s', (text) => {
    const to = floatNamed(text)
    const module = operation('convert', [16], to.bits, (code) => convertFloat(format, to, code))
    const codes = everyCombination([16])
    expect(
      differences(codes, results(module, codes), (code) =>
        value(code).kind === 'nan' && to.nan === undefined ? undefined : to.encode(value(code)),
      ),
    ).toEqual([])
  })
})

describe('a running sum of products', () => {
  it.each([
    ['fp16', 'fp32'],
    ['bf16', 'fp32'],
    ['e4m3', 'fp16'],
    ['e5m2', 'fp16'],
    ['e5m2', 'fp32'],
    ['e2m1', 'fp16'],
  ] as const)('%s in %s', (from, into) => {
    const [format, target] = [floatNamed(from), floatNamed(into)]
    const [value, sumValue] = [decoder(format), decoder(target)]
    const random = randomWords(seed)
    const code = (): bigint => {
      const any = BigInt(Math.floor((random() / 2 ** 32) * 2 ** format.bits))
      // A third of the factors is subnormal, and most others are small, so that subnormals count.
      const style = random() % 3
      if (style === 0) return any & ((1n << BigInt(format.mantissaBits)) - 1n)
      return style === 1 ? any : any & ~(1n << BigInt(format.bits - 2))
    }
    const rows: number[] = []
    const want: bigint[] = []
    let total = 0n
    for (let k = 0; k < count; k++) {
      const [a, b] = [code(), code()]
      if (k % 16 === 0) total = 0n
      rows.push(Number(a), Number(b), Number(BigInt.asIntN(32, total)))
      total = target.encode(sum(product(value(a), value(b)), sumValue(total)))
      want.push(total)
    }
    const module = operation('accumulate', [format.bits, format.bits, target.bits], target.bits, (a, b, c) =>
      multiplyAddFused(format, target, a, b, c),
    )
    let k = 0
    expect(
      differences(Int32Array.from(rows), results(module, Int32Array.from(rows)), () => want[k++]),
      `seed ${seed}`,
    ).toEqual([])
  })
})

describe('fp32', () => {
  it.each(['fp16', 'bf16', 'e4m3', 'e5m2'])('corners and random codes convert to %s', (text) => {
    const to = floatNamed(text)
    const module = operation('convert', [32], to.bits, (code) => convertFloat(fp32, to, code))
    for (const rows of [cornerRows([fp32]), randomRows([fp32], count), nearby(to)])
      expect(
        differences(rows, results(module, rows), (code) => to.encode(fp32.decode(code))),
        `seed ${seed}`,
      ).toEqual([])
  })

  it('corners and random codes are added', () => {
    const module = operation('add', [32, 32], 32, (a, b) => addFloats(fp32, a, b))
    for (const rows of [cornerRows([fp32, fp32]), randomRows([fp32, fp32], count)])
      expect(
        differences(rows, results(module, rows), (a, b) => fp32.encode(sum(fp32.decode(a), fp32.decode(b)))),
        `seed ${seed}`,
      ).toEqual([])
  })
})

/** FP32 codes of random numbers in the range of a smaller format, where rounding matters. */
const nearby = (to: FloatFormat): Int32Array => {
  const random = randomWords(seed + 1)
  return Int32Array.from({ length: count }, () => {
    const code = to.encode(to.decode(BigInt(random() % 2 ** to.bits)))
    const near = to.decode(code)
    const base = near.kind === 'finite' ? fp32.encode(near) : 0n
    // Ties, and what is just above and below them.
    return Number(BigInt.asIntN(32, base + (1n << BigInt(22 - to.mantissaBits)) + BigInt((random() % 3) - 1)))
  })
}
