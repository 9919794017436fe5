import { describe, expect, it } from 'vitest'
import { bits, bool, IntShape, type Module, mux, range, type ScalarShape, s, u, vec } from '../../src/dsl/index.ts'
import { portNamed, readPort, writePort } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomStimulus } from '../../src/sim/stimulus.ts'
import { maker, run } from '../dsl/maker.ts'
import { toldBy } from '../fuzz/failures.ts'

/** What the generated program says of one output, row by row, after the interpreter has said the same. */
const both = (module: Module, rows: readonly Readonly<Record<string, bigint | number>>[]): Record<string, bigint>[] => {
  const engine = javascriptEngine(module)
  const found = rows.map((row) => {
    for (const [name, value] of Object.entries(row))
      writePort(engine.inputs, portNamed(engine.ports.inputs, name), BigInt(value))
    engine.step()
    return Object.fromEntries(engine.ports.outputs.map((port) => [port.name, readPort(engine.outputs, port)]))
  })
  expect(found).toEqual(run(module, rows))
  return found
}

describe('generated JavaScript holds a value', () => {
  const seams: readonly [string, ScalarShape][] = [
    ['32 bits with sign', s(32)],
    ['32 bits without sign', u(32)],
    ['33 bits', s(33)],
    ['53 bits', u(53)],
    ['54 bits with sign, the last that a double holds', s(54)],
    ['54 bits without sign', u(54)],
    ['64 bits', u(64)],
    ['65 bits', s(65)],
    ['96 bits', u(96)],
    ['a field of 32 bits', bits(32)],
    ['a field of 64 bits', bits(64)],
  ]
  it.each(seams)('of %s on a port, in a register and out again', (_, shape) => {
    const module = maker({ a: shape }, { y: shape, held: shape }, ({ a }, { regs }) => {
      const r = regs({ state: shape })
      ;(r.state as { next: unknown }).next = a
      return { y: a, held: r.state } as never
    })
    const corners = [
      ...new Set([shape.min, shape.max, shape.max - 1n, shape.min + 1n, shape.max / 2n, shape.max / 2n + 1n]),
    ]
    const found = both(
      module,
      corners.map((a) => ({ a })),
    )
    expect(found.map(({ y }) => y)).toEqual(corners)
    expect(found.slice(1).map(({ held }) => held)).toEqual(corners.slice(0, -1))
  })

  it('of 32 bits cut from more, as a number without sign that is read further', () => {
    const module = maker({ a: s(40) }, { more: bool, half: u(31), sum: u(33) }, ({ a }) => {
      const low = a.wrap(u(32))
      return { more: low.gt(5), half: low.shr(1), sum: low.add(low) }
    })
    expect(both(module, [{ a: -1 }, { a: 2n ** 32n + 6n }])).toEqual([
      { more: 1n, half: 2n ** 31n - 1n, sum: 2n ** 33n - 2n },
      { more: 1n, half: 3n, sum: 12n },
    ])
  })

  it('of 32 bits combined bit by bit', () => {
    const module = maker({ a: bits(32), b: bits(32) }, { y: u(33), z: u(33), x: u(33) }, ({ a, b }) => ({
      y: a.and(b).unsigned().add(1),
      z: a.or(b).unsigned().add(1),
      x: a.xor(b).unsigned().add(1),
    }))
    expect(both(module, [{ a: 0xffffffff, b: 0xf0000000 }])).toEqual([
      { y: 0xf0000001n, z: 0x100000000n, x: 0x10000000n },
    ])
  })

  it('of 53 bits: fields of it, products into it and shifts out of it', () => {
    const module = maker(
      { a: bits(53), b: s(27) },
      { field: bits(20), square: range(-(2n ** 53n), 2n ** 53n), far: s(27), low: bits(40) },
      ({ a, b }) => ({
        field: a.slice(50, 31),
        square: b.mul(b),
        far: b.mul(2 ** 20).shr(2000),
        low: a.slice(39, 0),
      }),
    )
    expect(
      both(module, [
        { a: 2n ** 53n - 1n, b: -(2 ** 26) },
        { a: 2n ** 31n, b: 3 },
      ]),
    ).toEqual([
      { field: 0xfffffn, square: 2n ** 52n, far: -1n, low: 2n ** 40n - 1n },
      { field: 1n, square: 9n, far: 0n, low: 2n ** 31n },
    ])
  })

  it('of nothing times something negative as 0', () => {
    const module = maker({ a: s(33), b: s(20) }, { y: s(53), sign: bool, wide: s(80) }, ({ a, b }) => {
      const product = a.mul(b).wrap(s(53))
      return { y: product, sign: product.lt(0), wide: product.shl(20).shr(20) }
    })
    expect(both(module, [{ a: 0, b: -5 }])).toEqual([{ y: 0n, sign: 0n, wide: 0n }])
  })

  it('chosen without a branch, whatever the arms are', () => {
    const module = maker(
      { c: bool, a: s(32), b: u(31), w: u(40), h: u(70) },
      {
        plain: s(32),
        zero: s(32),
        nothing: s(32),
        wide: range(-(2n ** 31n), 2n ** 40n),
        huge: range(-(2n ** 31n), 2n ** 70n),
      },
      ({ c, a, b, w, h }) => ({
        plain: mux(c, a, b),
        zero: mux(c, a, 0),
        nothing: mux(c, 0, a),
        wide: mux(c, a, w),
        huge: mux(c, h, a),
      }),
    )
    const row = { a: -(2n ** 31n), b: 5, w: 2n ** 40n - 1n, h: 2n ** 70n - 1n }
    expect(
      both(module, [
        { c: 1, ...row },
        { c: 0, ...row },
      ]),
    ).toEqual([
      { plain: row.a, zero: row.a, nothing: 0n, wide: row.a, huge: row.h },
      { plain: 5n, zero: 0n, nothing: row.a, wide: row.w, huge: row.a },
    ])
  })
})

describe('the JavaScript engine', () => {
  /** A ring of registers of all three representations, more operations than one function holds. */
  const ring = (length: number): Module => {
    const shapes = [s(8), s(40), s(70)] as const
    return maker({ a: s(8) }, { y: s(8) }, ({ a }, { regs }) => {
      const stages = Array.from({ length }, (_, k) => regs({ [`r${k}`]: shapes[k % 3]! })[`r${k}`]!)
      stages.forEach((stage, k) => {
        const before = stages[(k + length - 1) % length]!
        stage.next = before
          .mul(3)
          .add(a)
          .add(k)
          .wrap(shapes[k % 3]!)
      })
      return { y: stages[0]!.wrap(s(8)) }
    })
  }

  it.each([9, 900])('gives the same in steps, in one replay and in a replay in pieces, with %i registers', (length) => {
    const module = ring(length)
    const definition = interpreter(module)
    const stimulus = randomStimulus(definition.ports, 20, 1)
    const expected = new Int32Array(50)
    definition.replay(stimulus, 50, expected)
    const whole = new Int32Array(50)
    javascriptEngine(module).replay(stimulus, 50, whole)
    expect(whole).toEqual(expected)

    const pieces = javascriptEngine(module)
    const first = new Int32Array(20)
    pieces.replay(stimulus, 20, first)
    pieces.replay(stimulus, 15)
    pieces.inputs.set(stimulus.subarray(15, 16))
    pieces.step()
    expect([...first]).toEqual([...expected.subarray(0, 20)])
    expect([pieces.outputs[0], pieces.cycle]).toEqual([expected[35], 36])
    for (const { name } of module.registers.slice(0, 9)) expect(typeof pieces.register(name)).toBe('bigint')
  })

  it('looks into registers by their hierarchical names, and starts over after a reset', () => {
    const module = ring(9)
    const engine = javascriptEngine(module)
    const definition = interpreter(module)
    engine.inputs[0] = 5
    definition.inputs[0] = 5
    engine.step(7)
    definition.step(7)
    for (const { name } of module.registers) expect(engine.register(name)).toBe(definition.register(name))
    expect(engine.register('nobody')).toBeUndefined()
    engine.reset()
    for (const { name } of module.registers) expect(engine.register(name)).toBe(0n)
    expect(engine.cycle).toBe(7)
  })

  it('counts all failed checks and keeps the first hundred', () => {
    const module = maker({ a: u(4) }, { y: u(4) }, ({ a }, { check }) => {
      check(a.ne(3), 'a is not 3')
      return { y: a }
    })
    for (const start of [interpreter, javascriptEngine]) {
      const engine = start(module)
      engine.step(2)
      engine.inputs[0] = 3
      engine.step(150)
      expect([engine.failedChecks, engine.failures.length]).toEqual([150, 100])
      expect(toldBy(engine)[0]).toEqual({ cycle: 2, message: 'a is not 3' })
    }
  })

  it('runs a design without inputs, without outputs and without either', () => {
    const counter = maker({}, { y: u(4) }, (_, { regs }) => {
      const r = regs({ count: u(4) })
      r.count.next = r.count.add(1).wrap(u(4))
      return { y: r.count }
    })
    const response = new Int32Array(20)
    javascriptEngine(counter).replay(new Int32Array(0), 20, response)
    expect([...response]).toEqual(Array.from({ length: 20 }, (_, k) => k % 16))
    const sink = maker({ a: vec(2, bool) }, {}, () => ({}))
    expect(javascriptEngine(sink).step(3)).toBeUndefined()
    const nothing = maker({}, {}, () => ({}))
    expect(javascriptEngine(nothing).step(3)).toBeUndefined()
  })

  it('refuses a stimulus that is no whole number of rows', () => {
    const module = maker({ a: u(8), b: new IntShape(0n, 5n) }, { y: u(8) }, ({ a }) => ({ y: a }))
    expect(() => javascriptEngine(module).replay(new Int32Array(3), 1)).toThrow(/whole rows of 2 words, got 3/)
  })
})
