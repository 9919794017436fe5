import { expect, test } from 'vitest'
import { createAssembly } from '../../../src/llm/cpu/assembly.ts'
import { exponential } from '../../../src/llm/cpu/exponential.ts'
import { moduleOf } from '../../../src/sim/wasm/encoding.ts'
import { webAssembly } from '../../../src/sim/wasm/web-assembly.ts'

/** e^x of every float in an array whose length is a multiple of four. */
const powersOf = (values: Float32Array): Float32Array => {
  const asm = createAssembly()
  const { define, v, times, move } = asm
  define(['i32', 'i32'], (at, left) => {
    const power = exponential(asm)
    times(left, () => {
      v.store(at, power(v.load('vector', at)))
      move(at, 16)
    })
  })
  const { Memory, Module, Instance } = webAssembly!
  const memory = new Memory({ initial: Math.ceil(values.byteLength / 65_536) })
  const instance = new Instance(new Module(moduleOf(asm.functions)), { host: { memory, failed: () => {} } })
  const floats = new Float32Array(memory.buffer, 0, values.length)
  floats.set(values)
  const run = instance.exports.run as (at: number, fours: number) => void
  run(0, values.length / 4)
  return floats
}

test('e^x is within two units of the last place from the smallest normal float32 to the largest', () => {
  const values = Float32Array.from({ length: 400_000 }, (_, k) => -87.3 + (k * 176) / 400_000)
  let worst = 0
  powersOf(values).forEach((value, at) => {
    const exact = Math.exp(values[at]!)
    worst = Math.max(worst, Math.abs(value - exact) / 2 ** (Math.floor(Math.log2(exact)) - 23))
  })
  expect(worst).toBeLessThan(2)
})

test('0 gives 1, and what float32 does not hold the ends of its range', () => {
  const [one, least, most, infinite] = powersOf(Float32Array.of(0, -1000, 1000, Number.NEGATIVE_INFINITY))
  expect(one).toBe(1)
  expect(least).toBeGreaterThan(0)
  expect(least).toBeLessThan(1.3e-38)
  expect(most).toBeGreaterThan(3.3e38)
  expect(Number.isFinite(most)).toBe(true)
  expect(infinite).toBe(least)
})
