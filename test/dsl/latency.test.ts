import { describe, expect, it } from 'vitest'
import type { OperandsOf, SignalsOf } from '../../src/dsl/component.ts'
import {
  type Bool,
  type Builder,
  balance,
  bits,
  blackBox,
  bool,
  clock,
  component,
  type Int,
  latencyOf,
  mux,
  on,
  type Shapes,
  s,
  sync2,
  u,
} from '../../src/dsl/index.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import { lonePe } from '../../src/verify/verify.ts'
import { mistake, trace } from './maker.ts'
import { printed } from './verilog/printed.ts'

const byte = u(8)

/** A component whose delays are checked. */
const checked = <In extends Shapes, Out extends Shapes>(
  inputs: In,
  outputs: Out,
  logic: (inputs: SignalsOf<In>, builder: Builder) => OperandsOf<Out>,
  latency: 'checked' | { readonly steady: readonly string[] } = 'checked',
) => component('pipeline', (_: object) => ({ in: inputs, out: outputs, latency, logic }))({})

const Delay = component('delay', (p: { cycles: number }) => ({
  in: { a: byte },
  out: { y: byte },
  logic({ a }, { regs }) {
    let value = a
    for (let k = 0; k < p.cycles; k++) {
      const r = regs({ [`stage_${k}`]: byte })[`stage_${k}`]!
      r.next = value
      value = r
    }
    return { y: value }
  },
}))

describe('latencyOf', () => {
  it('counts registers on every path, through instances, and says where there is no one number', () => {
    const Plain = component('plain', (_: object) => ({
      in: { a: byte, b: byte, clear: bool, idle: bool },
      out: { sum: u(9), mixed: u(9), sum_of_all: u(16), kept: byte, fixed: byte },
      logic({ a, b, clear }, { regs, use, when }) {
        const r = regs({ late: byte, total: u(16), held: byte })
        const { y } = use('delay', Delay({ cycles: 2 }), { a })
        r.late.next = b
        r.total.next = mux(clear, 0, r.total.add(a).wrap(u(16)))
        when(clear, () => {
          r.held.next = b
        })
        return { sum: y.add(r.late), mixed: a.add(y), sum_of_all: r.total, kept: r.held, fixed: 3 }
      },
    }))
    expect(latencyOf(Plain({}))).toEqual({
      sum: { a: 2, b: 1, clear: 'none', idle: 'none' },
      mixed: { a: 'varies', b: 'none', clear: 'none', idle: 'none' },
      sum_of_all: { a: 'varies', b: 'none', clear: 'varies', idle: 'none' },
      kept: { a: 'none', b: 'varies', clear: 'varies', idle: 'none' },
      fixed: { a: 'none', b: 'none', clear: 'none', idle: 'none' },
    })
  })

  it('knows of feedback through instances, black boxes and other clocks', () => {
    const pixel = clock('pixel')
    const Box = blackBox('BOX', {
      in: { A: byte, B: byte },
      out: { P: byte, Q: byte },
      clock: 'CLK',
      through: { P: [], Q: ['B'] },
      latency: 3,
      model: { reset: 0n, outputs: { P: (_, p) => p, Q: ({ B }) => B }, next: ({ A }) => A },
    })
    const Mixed = component('mixed', (_: object) => ({
      in: { a: byte, b: byte, flag: bool },
      out: { ring: byte, boxed: byte, across: on(pixel, bool) },
      logic({ a, b, flag }, builder) {
        const w = builder.wires({ back: byte })
        const { y } = builder.use('delay', Delay({ cycles: 1 }), { a: w.back.add(a).wrap(byte) })
        w.back.value = y
        const { P } = builder.use('box', Box, { A: a, B: b })
        return { ring: y, boxed: P, across: sync2(builder, 'seen', flag, { to: pixel }) }
      },
    }))
    expect(latencyOf(Mixed({}))).toEqual({
      ring: { a: 'varies', b: 'none', flag: 'none' },
      boxed: { a: 3, b: 3, flag: 'none' },
      across: { a: 'none', b: 'none', flag: 'varies' },
    })
  })

  it("agrees with MixPE's timing contract: cell, zero-point unit and the lone PE that holds both", () => {
    for (const [spec, hasZero] of [
      ['mixpe', true],
      ['mixpe(w=int8, weights=symmetric)', false],
      ['mixpe(compute=serial)', true],
    ] as const) {
      const pe = processingElement(spec)
      const cell = latencyOf(pe.parts.cell.draining)
      expect(cell.sum_out_valid).toMatchObject({ last_in: 2, sum_in_valid: 1 })
      expect(latencyOf(pe.parts.cell.passing).sum_out_valid).toMatchObject({ last_in: 1, sum_in_valid: 0 })
      expect(cell.sum_out!.activation_in).toBe('varies')
      expect(cell.activation_out).toMatchObject({ activation_in: 1, weight_in: 'none' })
      if (hasZero) {
        const zeroPoint = latencyOf(pe.parts.columnEdge!)
        expect(zeroPoint.result_valid).toMatchObject({ sum_in_valid: 1 })
        expect(zeroPoint.result).toMatchObject({ sum_in: 'varies' })
        expect(zeroPoint.row_value_out).toMatchObject({ row_value_in: 1 })
      }
      const whole = latencyOf({ module: lonePe(pe) })
      expect(whole.result_valid_0!.last).toBe(pe.timing.latency_cycles)
    }
  })
})

describe('a component with checked latency', () => {
  it('is refused where paths of different delay meet, with both paths and the line', () => {
    expect(
      mistake(
        () =>
          checked({ a: s(8), b: s(8), c: s(8) }, { y: s(18) }, ({ a, b, c }, { regs }) => {
            const r = regs({ product: s(16), total: s(17) })
            r.product.next = a.mul(b)
            r.total.next = r.product.add(c)
            return { y: r.total }
          }).module,
      ),
    ).toMatchInlineSnapshot(
      `"E-LATENCY in pipeline (latency.test.ts, line 'const r = regs({ product: s(16), total: s(17) })'): register 'total' takes values of different delay, 0 cycles along c and 1 cycle along a -> product (latency.test.ts, line 'const r = regs({ product: s(16), total: s(17) })'); bring them together with balance(), or list what holds still while data passes under 'steady'"`,
    )
  })

  it('is refused where they meet in a condition, in an instance, and in an output', () => {
    expect(
      mistake(
        () =>
          checked({ a: byte, valid: bool }, { y: byte }, ({ a, valid }, { regs, when }) => {
            const r = regs({ first: byte, second: byte })
            r.first.next = a
            when(valid, () => {
              r.second.next = r.first
            })
            return { y: r.second }
          }).module,
      ),
    ).toMatchInlineSnapshot(
      `"E-LATENCY in pipeline (latency.test.ts, line 'const r = regs({ first: byte, second: byte })'): register 'second' takes values of different delay, 0 cycles along valid and 1 cycle along a -> first (latency.test.ts, line 'const r = regs({ first: byte, second: byte })'); bring them together with balance(), or list what holds still while data passes under 'steady'"`,
    )
    const Adder = component('adder', (_: object) => ({
      in: { a: byte, b: byte },
      out: { y: u(9) },
      logic: ({ a, b }) => ({ y: a.add(b) }),
    }))
    expect(
      mistake(
        () =>
          checked({ a: byte }, { y: u(9) }, ({ a }, { use }) => {
            const late = use('delay', Delay({ cycles: 3 }), { a }).y
            return use('adder', Adder({}), { a, b: late })
          }).module,
      ),
    ).toMatchInlineSnapshot(
      `"E-LATENCY in pipeline (latency.test.ts, line 'return use('adder', Adder({}), { a, b: late })'): instance 'adder' takes values of different delay, 0 cycles along a and 3 cycles along a -> delay.y (latency.test.ts, line 'const late = use('delay', Delay({ cycles: 3 }), { a }).y'); bring them together with balance(), or list what holds still while data passes under 'steady'"`,
    )
    expect(
      mistake(
        () =>
          checked({ a: byte, b: byte }, { y: u(9) }, ({ a, b }, { use }) => ({
            y: use('delay', Delay({ cycles: 1 }), { a }).y.add(b),
          })).module,
      ),
    ).toMatchInlineSnapshot(
      `"E-LATENCY in pipeline (latency.test.ts, line ') => component('pipeline', (_: object) => ({ in: inputs, out: outputs, latency, logic }))({})'): output 'y' takes values of different delay, 0 cycles along b and 1 cycle along a -> delay.y (latency.test.ts, line 'y: use('delay', Delay({ cycles: 1 }), { a }).y.add(b)'); bring them together with balance(), or list what holds still while data passes under 'steady'"`,
    )
  })

  it('may accumulate, hold and count: what comes back out of a ring is not compared with what enters it', () => {
    const Sum = checked({ a: byte, valid: bool }, { sum: u(16), done: bool }, ({ a, valid }, { regs, when }) => {
      const r = regs({ operand: byte, operand_valid: bool, total: u(16), total_valid: bool })
      r.operand.next = a
      r.operand_valid.next = valid
      r.total_valid.next = r.operand_valid
      when(r.operand_valid, () => {
        r.total.next = r.total.add(r.operand).wrap(u(16))
      })
      return { sum: r.total, done: r.total_valid.and(r.total.gt(9)) }
    })
    expect(Sum.module.registers).toHaveLength(4)
  })

  it('lets values be that hold still while data passes, if they are named', () => {
    const logic = ({ a, scale, load }: { a: Int; scale: Int; load: Bool }, { regs, when }: Builder) => {
      const r = regs({ operand: byte, kept: byte })
      r.operand.next = a
      when(load, () => {
        r.kept.next = scale
      })
      const scaled = regs({ product: u(16), again: u(16) })
      scaled.product.next = r.operand.mul(r.kept)
      scaled.again.next = scaled.product.add(r.kept).wrap(u(16))
      return { y: scaled.again }
    }
    const ports = [{ a: byte, scale: byte, load: bool }, { y: u(16) }] as const
    expect(mistake(() => checked(...ports, logic).module)).toMatch(/2 cycles along a -> operand \(.*\) -> product \(/)
    expect(checked(...ports, logic, { steady: ['kept'] }).module.registers).toHaveLength(4)
    expect(mistake(() => checked(...ports, logic, { steady: ['keptt'] }).module)).toMatch(/'steady' lists 'keptt'/)
  })
})

describe('balance', () => {
  const Fused = checked(
    { a: s(8), b: s(8), c: s(8), tag: bits(3), valid: bool },
    { y: s(17), tag_out: bits(3), done: bool },
    ({ a, b, c, tag, valid }, builder) => {
      const r = builder.regs({ low: s(16), product: s(16) })
      r.low.next = a.mul(b)
      r.product.next = r.low
      const all = balance(builder, { product: r.product, c, tag, valid })
      return { y: all.product.add(all.c), tag_out: all.tag, done: all.valid }
    },
  )

  it('delays what is early by registers called after it, so that all meet in the cycle of the latest', async () => {
    expect(latencyOf(Fused)).toMatchObject({
      y: { a: 2, b: 2, c: 2, tag: 'none' },
      tag_out: { tag: 2 },
      done: { valid: 2 },
    })
    expect(Fused.module.registers.map(({ name }) => name)).toEqual([
      'low',
      'product',
      'c_delay_1',
      'c_delay_2',
      'tag_delay_1',
      'tag_delay_2',
      'valid_delay_1',
      'valid_delay_2',
    ])
    await printed(Fused.module)
    const rows = [
      { a: 3, b: 4, c: 5 },
      { a: 1, b: 1, c: -1 },
      { a: 0, b: 0, c: 0 },
      { a: 0, b: 0, c: 0 },
    ]
    expect(trace(Fused.module, 'y', rows)).toEqual([0n, 0n, 17n, 0n])
  })

  it('adds nothing to signals that are in step, and leaves constants alone', () => {
    const Same = checked({ a: byte, b: byte }, { y: u(9) }, ({ a, b }, builder) => {
      const all = balance(builder, { a, b, one: a.sub(a).add(1) })
      return { y: all.a.add(all.b) }
    })
    expect(Same.module.registers).toEqual([])
  })

  it('cannot count what comes out of a register that nothing was assigned to', () => {
    expect(
      mistake(
        () =>
          checked({ a: byte }, { y: byte }, ({ a }, builder) => {
            const r = builder.regs({ later: byte })
            const all = balance(builder, { a, later: r.later })
            r.later.next = a
            return { y: all.a.add(all.later).wrap(byte) }
          }).module,
      ),
    ).toMatchInlineSnapshot(
      `"E-LATENCY in pipeline (latency.test.ts, line 'const all = balance(builder, { a, later: r.later })'): balance cannot count the delay of 'later': it comes out of feedback or another clock alone, or out of registers that nothing was assigned to yet; assign them first or leave it out"`,
    )
  })
})
