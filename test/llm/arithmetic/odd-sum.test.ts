import { expect, test } from 'vitest'
import { oddSum } from '../../../src/llm/arithmetic/odd-sum.ts'
import { createAssembly } from '../../../src/llm/cpu/assembly.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { moduleOf } from '../../../src/sim/wasm/encoding.ts'
import { webAssembly } from '../../../src/sim/wasm/web-assembly.ts'

/** The sum of each pair: 2k and 2k + 1 of `values` are added to 2k and 2k + 1 of `others`. */
const sumsOf = (values: Float64Array, others: Float64Array): Float64Array => {
  const asm = createAssembly()
  const { define, v, set, times, move, locals } = asm
  define(['i32', 'i32', 'i32'], (at, from, left) => {
    const [a, b] = locals(['v128', 'v128'])
    times(left, () => {
      set(a, v.load('vector', at))
      set(b, v.load('vector', from))
      v.store(at, oddSum(asm, a, b))
      move(at, 16)
      move(from, 16)
    })
  })
  const { Memory, Module, Instance } = webAssembly!
  const memory = new Memory({ initial: Math.ceil((2 * values.byteLength) / 65_536) })
  const instance = new Instance(new Module(moduleOf(asm.functions)), { host: { memory, failed: () => {} } })
  const floats = new Float64Array(memory.buffer, 0, 2 * values.length)
  floats.set(values)
  floats.set(others, values.length)
  const run = instance.exports.run as (at: number, from: number, twos: number) => void
  run(0, 8 * values.length, values.length / 2)
  return floats.slice(0, values.length)
}

/** In units of 2^-200. */
const unitsOf = (value: number): bigint => {
  const high = Math.floor(value * 2 ** 100)
  return (BigInt(high) << 100n) + BigInt((value * 2 ** 100 - high) * 2 ** 100)
}

const bits = new DataView(new ArrayBuffer(8))
const wordOf = (value: number): bigint => {
  bits.setFloat64(0, value)
  return bits.getBigInt64(0)
}

test('a sum that is no double becomes the one of its two neighbours whose last bit is 1', () => {
  const seed = 6
  const random = randomWords(seed)
  const number = (): number => {
    const significand = random() * 2 ** 21 + (random() >>> 11)
    return (random() % 2 === 0 ? significand : -significand) * 2 ** ((random() % 80) - 90)
  }
  const count = 20_000
  const values = Float64Array.from({ length: count }, number)
  const others = Float64Array.from({ length: count }, number)
  let [exact, odd] = [0, 0]
  sumsOf(values, others).forEach((sum, at) => {
    const wanted = unitsOf(values[at]!) + unitsOf(others[at]!)
    const found = unitsOf(sum)
    if (found === wanted) {
      exact++
      return
    }
    odd++
    expect(wordOf(sum) & 1n, `pair ${at}, seed ${seed}`).toBe(1n)
    // Less than one place of the last bit away.
    const place = unitsOf(2 ** (Math.floor(Math.log2(Math.abs(sum))) - 52))
    const distance = found < wanted ? wanted - found : found - wanted
    expect(distance < place, `pair ${at}, seed ${seed}`).toBe(true)
  })
  expect(exact).toBeGreaterThan(100)
  expect(odd).toBeGreaterThan(1000)
})

test('infinities and NaN stay what they are', () => {
  const infinity = Number.POSITIVE_INFINITY
  const sums = sumsOf(Float64Array.of(infinity, infinity, -infinity, 1), Float64Array.of(1, -infinity, -1, Number.NaN))
  expect([...sums]).toEqual([infinity, Number.NaN, -infinity, Number.NaN])
})
