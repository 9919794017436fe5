import { describe, expect, it } from 'vitest'
import type { Module } from '../../../src/dsl/index.ts'
import { Block, SignificandProduct } from '../../../src/pe/xrnpe/rmmec.ts'
import { portLayout, portNamed, writePort } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'

/** What a component of pure logic answers to rows of inputs, as it is described and as gates. */
const bothAnswers = (module: Module, stimulus: Int32Array, rows: number) =>
  [module, module.gates!].map((form) => {
    const response = new Int32Array(rows * portLayout(module).outputWords)
    openEngine('js', form).replay(stimulus, rows, response)
    return response
  }) as [Int32Array, Int32Array]

describe('a block of the array', () => {
  const { module } = Block({})
  const ports = portLayout(module)
  const rows = 2 ** 13
  const stimulus = new Int32Array(rows * ports.inputWords)
  for (let k = 0; k < rows; k++) {
    const row = stimulus.subarray(k * ports.inputWords, (k + 1) * ports.inputWords)
    writePort(row, portNamed(ports.inputs, 'a'), BigInt(k & 63))
    writePort(row, portNamed(ports.inputs, 'b'), BigInt((k >> 6) & 63))
    writePort(row, portNamed(ports.inputs, 'exponent'), BigInt(k >> 12))
  }

  it('multiplies, or says how far the larger operand is above the right one: every case, as logic and as gates', () => {
    const [product, difference] = ['product', 'difference'].map((name) => portNamed(ports.outputs, name).offset) as [
      number,
      number,
    ]
    for (const response of bothAnswers(module, stimulus, rows)) {
      const wrong = Array.from({ length: rows }, (_, k) => k).filter((k) => {
        const [a, b, compares] = [k & 63, (k >> 6) & 63, k >> 12 === 1]
        const row = k * ports.outputWords
        return (
          response[row + product] !== (compares ? 0 : a * b) ||
          response[row + difference] !== (compares ? Math.max(a, b) - b : 0)
        )
      })
      expect(wrong).toEqual([])
    }
  })
})

describe('the product of two significands', () => {
  it('is the same as logic and as gates, on random parts, whose sum wraps where it must', () => {
    const { module } = SignificandProduct({})
    const rows = 20_000
    const stimulus = randomStimulus(portLayout(module), rows, 26)
    const [logic, gates] = bothAnswers(module, stimulus, rows)
    expect(gates).toEqual(logic)
  })

  it('is that of whole significands where the parts are theirs', () => {
    const { module } = SignificandProduct({})
    const ports = portLayout(module)
    const significands = [0, 4096, 4097, 5461, 6826, 8190, 8191]
    for (const a of significands)
      for (const b of significands)
        for (const form of [module, module.gates!]) {
          const engine = openEngine('js', form)
          const [left, right] = [a & 4095, b & 4095]
          const parts = {
            block_0: (left & 63) * (right & 63),
            block_1: (left & 63) * (right >> 6),
            block_2: (left >> 6) * (right & 63),
            block_3: (left >> 6) * (right >> 6),
            left,
            right,
            left_hidden: a >> 12,
            right_hidden: b >> 12,
          }
          for (const [name, value] of Object.entries(parts))
            writePort(engine.inputs, portNamed(ports.inputs, name), BigInt(value))
          engine.step()
          expect(engine.outputs[0]).toBe(a * b)
        }
  })
})
