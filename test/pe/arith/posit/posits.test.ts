import { describe, expect, it } from 'vitest'
import { type PositFormat, positFormat, product, sum, type Value } from '../../../../src/formats/index.ts'
import { decodePosit } from '../../../../src/pe/arith/posit/decode.ts'
import { encodePosit } from '../../../../src/pe/arith/posit/encode.ts'
import { addPosits, multiplyPosits } from '../../../../src/pe/arith/posit/operations.ts'
import { randomWords } from '../../../../src/sim/stimulus.ts'
import { differences, everyCombination, operation, results } from '../operation.ts'

const full = process.env.BITLOOM_FULL === '1'
const count = full ? 100_000 : 20_000
const seed = 161

const mulOf = (format: PositFormat) =>
  operation('multiply', [format.bits, format.bits], format.bits, (a, b) => multiplyPosits(format, a, b))
const addOf = (format: PositFormat) =>
  operation('add', [format.bits, format.bits], format.bits, (a, b) => addPosits(format, a, b))

describe.each([
  [8, 0],
  [8, 1],
  [8, 2],
  [7, 3],
  [4, 1],
  [4, 0],
  [5, 3],
  [3, 0],
  [3, 1],
  [2, 0],
  [2, 2],
] as const)('posit(%i,%i), every pair of codes', (n, es) => {
  const format = positFormat(n, es)
  const values: readonly Value[] = Array.from({ length: 2 ** n }, (_, code) => format.decode(BigInt(code)))
  const pairs = everyCombination([n, n])

  it('decodes and encodes to itself', () => {
    const codes = everyCombination([n])
    const module = operation('there_and_back', [n], n, (code) => encodePosit(format, decodePosit(format, code)))
    expect(differences(codes, results(module, codes), (code) => code)).toEqual([])
  })

  it('is multiplied and rounded once', () => {
    const golden = (a: bigint, b: bigint) => format.encode(product(values[Number(a)]!, values[Number(b)]!))
    expect(differences(pairs, results(mulOf(format), pairs), golden)).toEqual([])
  })

  it('is added and rounded once', () => {
    const golden = (a: bigint, b: bigint) => format.encode(sum(values[Number(a)]!, values[Number(b)]!))
    expect(differences(pairs, results(addOf(format), pairs), golden)).toEqual([])
  })
})

describe.each([
  [16, 1],
  [16, 2],
  [32, 2],
  [19, 3],
] as const)('posit(%i,%i)', (n, es) => {
  const format = positFormat(n, es)
  const top = 2 ** (n - 1)
  const near = (code: number): number[] => [code - 1, code, code + 1]
  const corners = [0, top, top / 2, top + top / 2, 2 ** (n - 3), 3 * 2 ** (n - 3), 2 ** (n - 4), 0x5a5a % top]
    .flatMap(near)
    .map((code) => ((code % (2 * top)) + 2 * top) % (2 * top))
  const random = randomWords(seed)
  const word = (): number => Math.floor((random() / 2 ** 32) * 2 * top)
  const pairs = Int32Array.from([
    ...corners.flatMap((a) => corners.flatMap((b) => [a, b])),
    ...Array.from({ length: count }, () => {
      const a = word()
      // Every fourth pair nearly cancels.
      return random() % 4 === 0 ? [a, (2 * top - a + (random() % 65) - 32 + 2 * top) % (2 * top)] : [a, word()]
    }).flat(),
  ])

  it('corners and random codes are multiplied', () => {
    const golden = (a: bigint, b: bigint) => format.encode(product(format.decode(a), format.decode(b)))
    expect(differences(pairs, results(mulOf(format), pairs), golden), `seed ${seed}`).toEqual([])
  })

  it('corners and random codes are added', () => {
    const golden = (a: bigint, b: bigint) => format.encode(sum(format.decode(a), format.decode(b)))
    expect(differences(pairs, results(addOf(format), pairs), golden), `seed ${seed}`).toEqual([])
  })
})
