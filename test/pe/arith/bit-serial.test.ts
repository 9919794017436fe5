import { describe, expect, it } from 'vitest'
import { type IntShape, type Module, s, u } from '../../../src/dsl/index.ts'
import { ActivationDoubler, doubledShape, WeightSerialiser } from '../../../src/pe/arith/bit-serial.ts'
import { portNamed, readPort, writePort } from '../../../src/sim/engine.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'

const valuesOf = ({ min, max }: IntShape): bigint[] => {
  const list: bigint[] = []
  for (let value = min; value <= max; value++) list.push(value)
  return list
}

/** What a feeder hands on for each operand, its steps back to back, `cycles` values a step. */
const handedOn = (module: Module, operands: readonly bigint[], cycles: number, idle = 0): bigint[][] => {
  const engine = javascriptEngine(module)
  const [operand, step] = [
    engine.ports.inputs.find(({ name }) => name !== 'step')!,
    portNamed(engine.ports.inputs, 'step'),
  ]
  const [output] = engine.ports.outputs
  const seen: bigint[] = []
  for (const value of operands)
    for (let cycle = 0; cycle < cycles + idle; cycle++) {
      writePort(engine.inputs, operand, value)
      writePort(engine.inputs, step, cycle === 0 ? 1n : 0n)
      engine.step()
      seen.push(readPort(engine.outputs, output!))
    }
  engine.step()
  seen.push(readPort(engine.outputs, output!))
  // The latency is one cycle.
  return operands.map((_, k) => seen.slice(k * (cycles + idle) + 1, (k + 1) * (cycles + idle) + 1))
}

const weights = [u(2), u(3), u(4), u(8), s(2), s(3), s(4), s(8)]

describe.each(weights)('fed a bit a cycle, a weight of %s', (weight) => {
  const { width } = weight
  const signOf = (k: number): bigint => (weight.min < 0n && k === width - 1 ? -1n : 1n)

  it.each([s(8), u(4)])('is its bits, lowest first, and %s is doubled in step, for every operand', (activation) => {
    const p = { name: 'test', activation, weight }
    const parts = handedOn(ActivationDoubler(p).module, valuesOf(activation), width)
    expect(parts).toEqual(valuesOf(activation).map((x) => parts[0]!.map((_, k) => signOf(k) * (x << BigInt(k)))))
    const bits = handedOn(WeightSerialiser(p).module, valuesOf(weight), width)
    expect(bits).toEqual(valuesOf(weight).map((w) => bits[0]!.map((_, k) => (w >> BigInt(k)) & 1n)))
    // And so the products, by the definition of two's complement.
    const sums = bits.map((code) => code.reduce((sum, bit, k) => sum + bit * signOf(k) * (1n << BigInt(k)), 0n))
    expect(sums).toEqual(valuesOf(weight))
  })

  it('is 0 between steps', () => {
    const idle = 3
    const bits = handedOn(
      WeightSerialiser({ name: 'test', activation: s(8), weight }).module,
      valuesOf(weight),
      width,
      idle,
    )
    expect(bits.map((code) => code.slice(width))).toEqual(valuesOf(weight).map(() => Array(idle).fill(0n)))
  })

  it('widens an INT8 activation by as many bits as its highest bit is worth, and the opposite of -128 by one more', () => {
    expect(doubledShape({ activation: s(8), weight }).width).toBe(8 + width - (weight.min < 0n ? 0 : 1))
  })
})
