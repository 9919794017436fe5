import { afterAll, describe, expect, it } from 'vitest'
import {
  bool,
  component,
  openEngine,
  optimise,
  printVerilog,
  printWithMap,
  s,
  u,
  verilogForSimulation,
} from '../../src/index.ts'
import { openYosys } from '../../src/synth/yosys.ts'
import { equivalenceProof, gatesDiffer } from './equivalence.ts'
import { mistake } from './maker.ts'
import { printed } from './verilog/printed.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

const Half = component('half', (_: object) => ({
  in: { a: bool, b: bool },
  out: { sum: bool, carry: bool },
  logic: ({ a, b }) => ({ sum: a.xor(b), carry: a.and(b) }),
}))

/** Adds 0 to 3 to 0 to 3; `wrong` leaves a carry out. */
const Adder = component('adder', (p: { wrong: boolean }) => ({
  in: { a: u(2), b: u(2) },
  out: { sum: u(3) },
  logic: ({ a, b }) => ({ sum: a.add(b).wrap(u(3)) }),
  gates({ a, b }, { use, wires }) {
    wires({ spare: bool }).spare.value = a.bit(0)
    const low = use('low', Half({}), { a: a.bit(0), b: b.bit(0) })
    const high = use('high', Half({}), { a: a.bit(1), b: b.bit(1) })
    const ripple = use('ripple', Half({}), { a: high.sum, b: low.carry })
    const top = p.wrong ? high.carry : high.carry.or(ripple.carry)
    return { sum: top.bits().cat(ripple.sum.bits()).cat(low.sum.bits()).unsigned() }
  },
}))

const Around = component('around', (_: object) => ({
  in: { a: u(2), b: u(2) },
  out: { sum: u(3) },
  logic({ a, b }, { use, regs }) {
    const r = regs({ held: u(3) })
    r.held.next = use('adder', Adder({ wrong: false }), { a, b }).sum
    return { sum: r.held }
  },
}))

describe('a component with gates', () => {
  it('is printed as its gates, with what they instantiate, and no linter complains', async () => {
    const text = await printed(Around({}).module)
    expect(text.match(/^module \w+/gm)).toEqual(['module half', 'module adder_wrong_false', 'module around'])
    expect(text).toMatch(/half ripple \(/)
    expect(text).not.toMatch(/\+/)
  })

  it('is printed as its logic where that is asked for, without what only gates instantiate', () => {
    const text = printVerilog(Around({}).module, { gates: false })
    expect(text.match(/^module \w+/gm)).toEqual(['module adder_wrong_false', 'module around'])
    expect(text).toMatch(/assign sum = .*a.* \+ .*b/)
    expect(text).not.toMatch(/half/)
    expect(verilogForSimulation(Around({}).module, { gates: false })).toBe(text)
  })

  it('runs as its logic in our engines', () => {
    const engine = openEngine('js', Adder({ wrong: true }).module)
    engine.inputs.set([3, 3])
    engine.step()
    expect(engine.outputs[0]).toBe(6)
  })

  it('is in the source map with the instances of its gates', () => {
    const { map } = printWithMap(Around({}).module, 'around.v')
    expect(map.modules.adder_wrong_false!.instances).toEqual({ low: 'half', high: 'half', ripple: 'half' })
  })

  it('keeps them through passes, which are done to both', () => {
    const [before, text] = [Around({}).module, optimise(Around({}).module)].map((module) => printVerilog(module))
    expect(text).toMatch(/half ripple \(/)
    expect(text!.match(/^module \w+/gm)).toHaveLength(3)
    expect([before, text].map((verilog) => /spare/.test(verilog!))).toEqual([true, false])
  })

  it('is compared with them case by case, and by proof', async () => {
    expect(gatesDiffer(Adder({ wrong: false }).module)).toBeUndefined()
    expect(await yosys.run(equivalenceProof(Adder({ wrong: false }).module))).toMatchObject({ ok: true })
    expect(gatesDiffer(Adder({ wrong: true }).module)).toMatch(/^a=3 b=1: sum=0, expected sum=4/)
    expect(await yosys.run(equivalenceProof(Adder({ wrong: true }).module))).toMatchObject({ ok: false })
  })

  it('has neither registers nor checks, in logic or gates', () => {
    const Held = component('held', (p: { where: 'logic' | 'gates' }) => ({
      in: { a: s(4) },
      out: { y: s(4) },
      logic({ a }, { check }) {
        if (p.where === 'logic') check(a.gt(0), 'positive')
        return { y: a }
      },
      gates({ a }, { regs }) {
        if (p.where === 'logic') return { y: a }
        const r = regs({ kept: s(4) })
        r.kept.next = a
        return { y: r.kept }
      },
    }))
    expect(mistake(() => Held({ where: 'gates' }).module)).toMatchInlineSnapshot(
      `"E-GATES in held_where_gates (gates.test.ts, line 'const Held = component('held', (p: { where: 'logic' | 'gates' }) => ({'): a component with 'gates' has no registers, memories and checks, and its 'gates' has; move them into the component around it"`,
    )
    expect(mistake(() => Held({ where: 'logic' }).module)).toMatchInlineSnapshot(
      `"E-GATES in held_where_logic (gates.test.ts, line 'const Held = component('held', (p: { where: 'logic' | 'gates' }) => ({'): a component with 'gates' has no registers, memories and checks, and its 'logic' has; move them into the component around it"`,
    )
  })

  it('hears of mistakes in its gates as of those in its logic', () => {
    const Narrow = component('narrow', (_: object) => ({
      in: { a: s(4) },
      out: { y: s(4) },
      logic: ({ a }) => ({ y: a }),
      gates: ({ a }) => ({ y: a.add(1) }),
    }))
    expect(mistake(() => Narrow({}).module)).toMatch(/^E-RANGE in narrow .*output 'y' holds \[-8, 7\]/)
  })
})
