import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { warningsUnder } from '../../src/dsl/index.ts'
import { widthOf } from '../../src/dsl/ir.ts'
import { catalogue, elementOf, families, processingElement } from '../../src/pe/catalogue.ts'
import { portNamed } from '../../src/sim/engine.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { lonePe } from '../../src/verify/verify.ts'

describe('every family', () => {
  it.each(families.map((family) => [family.id, family] as const))(
    '%s works with no parameters and says where it comes from',
    (id, family) => {
      const pe = elementOf(id)
      expect(pe.family).toBe(id)
      expect(pe.spec).toMatch(new RegExp(`^${id}\\(`))
      expect(family.source).toMatch(/\S/)
      expect(pe.claims.length).toBeGreaterThan(0)
      for (const { what, value, source } of pe.claims)
        for (const text of [what, value, source]) expect(text).toMatch(/\S/)
      expect(elementOf(pe.spec).name).toBe(pe.name)
    },
  )

  it.each([...families.map(({ id }) => id), ...catalogue])('%s gives no warning but those that are meant', (spec) => {
    const pe = elementOf(spec)
    expect(warningsUnder('tile' in pe ? pe.tile({ rows: 2, columns: 2 }) : lonePe(pe))).toEqual([])
  })

  it('an array has a step input where a step takes several cycles, and only there', () => {
    for (const [spec, cycles] of [
      ['mixpe', 1],
      ['mac', 1],
      ['mixpe(w=int3, compute=serial)', 3],
    ] as const) {
      const pe = processingElement(spec)
      expect(pe.timing.cycles_per_step).toBe(cycles)
      expect(lonePe(pe).inputs.some(({ name }) => name === 'step')).toBe(cycles > 1)
    }
  })

  it.each(families.map(({ id }) => id))('%s has a page that names its parameters', (id) => {
    const page = readFileSync(new URL(`../../docs/pe/${id}.md`, import.meta.url), 'utf8')
    const others = id === 'mixpe' ? readFileSync(new URL('../../docs/pe/mixpe-fp16.md', import.meta.url), 'utf8') : ''
    const family = families.find((one) => one.id === id)!
    for (const key of Object.keys(family.parameters)) expect(page + others).toContain(key)
    expect(page).toContain('```')
  })

  it('different parameters give different module names', () => {
    const specs = [
      'mixpe',
      'mixpe(w=int2)',
      'mixpe(w=int3)',
      'mixpe(w=int8)',
      'mixpe(group=64)',
      'mixpe(weights=symmetric)',
      'mixpe(compute=serial)',
      'mac',
      'mac(w=int4)',
      'mac(a=int16)',
      'mac(acc=40)',
      'bitfusion',
      'bitfusion(acc=40)',
      'ant',
      'ant(a=int8)',
      'ant(acc=40)',
      'olive',
      'olive(acc=40)',
      'posit',
      'posit(format=posit(16,1))',
      'posit(group=127)',
      'posit(segment=32)',
      'posit(stages=4)',
    ]
    expect(new Set(specs.map((spec) => processingElement(spec).name)).size).toBe(specs.length)
  })
})

describe('MAC', () => {
  it('takes the shorter operand for the Booth digits, which are half as many as its bits', () => {
    const multiplier = (spec: string) => processingElement(spec).parts.core.module.instances[0]!.of.name
    expect(multiplier('mac(a=int4)')).toBe('multiply_add_s8_s4_s32_booth')
    expect(multiplier('mac(w=int4)')).toBe('multiply_add_s8_s4_s32_booth')
  })
})

describe('MixPE', () => {
  const asymmetric = processingElement('mixpe')
  const symmetric = processingElement('mixpe(weights=symmetric)')

  it('has the widths of the arithmetic: product 12, group sum 19, activation sum 15 bits at group 128', () => {
    expect(widthOf(asymmetric.parts.cell.draining.in.sum_in)).toBe(19)
    expect(widthOf(asymmetric.parts.rowEdge!.draining.in.sum_in)).toBe(15)
    expect(widthOf(asymmetric.operands.result)).toBe(19)
    expect(widthOf(symmetric.parts.cell.draining.in.sum_in)).toBe(19)
    expect(widthOf(asymmetric.operands.activation.times(asymmetric.operands.weight))).toBe(12)
  })

  it('unsigned codes with zero point 8 are signed codes', () => {
    const groups = fc.array(fc.tuple(fc.integer({ min: -128, max: 127 }), fc.integer({ min: -8, max: 7 })), {
      minLength: 1,
      maxLength: 128,
    })
    fc.assert(
      fc.property(groups, (pairs) => {
        const activations = pairs.map(([x]) => x)
        const signed = pairs.map(([, q]) => q)
        const unsigned = signed.map((q) => q + 8)
        expect(asymmetric.golden(activations, unsigned, 8)).toBe(symmetric.golden(activations, signed, 0))
      }),
    )
  })

  it.each([
    ['the most negative', -128, 15, 0],
    ['the most positive', 127, 15, 0],
    ['the most negative through the zero point', 127, 0, 15],
    ['the most positive through the zero point', -128, 0, 15],
  ])('a full group of %s operands fits; one pair more is reported by the hardware', (_, x, w, zero) => {
    const engine = javascriptEngine(lonePe(asymmetric))
    const at = (name: string): number => portNamed(engine.ports.inputs, name).offset
    engine.inputs[at('activation_0')] = x
    engine.inputs[at('weight_0')] = w
    engine.inputs[at('zero_0')] = zero
    engine.step(127)
    engine.inputs[at('last')] = 1
    engine.step()
    engine.inputs.fill(0)
    engine.step(asymmetric.timing.latency_cycles)
    expect(engine.failures).toEqual([])
    expect(engine.outputs[portNamed(engine.ports.outputs, 'result_0').offset]).toBe(128 * x * (w - zero))

    engine.reset()
    engine.inputs[at('activation_0')] = x
    engine.inputs[at('weight_0')] = w || 15
    engine.step(130 + 2)
    expect(engine.failedChecks).toBeGreaterThan(0)
    expect(engine.failures[0]!.message).toMatch(/a group has at most 128/)
  })
})

describe('the timing contract is what the RTL does', () => {
  it.each(
    [
      'mixpe',
      'mixpe(weights=symmetric)',
      'mac',
      'mixpe(compute=serial)',
      'bitfusion',
      'ant',
      'ant(a=int8)',
      'olive',
    ].flatMap((spec) => [1, 2, 17].map((groups) => [spec, groups] as const)),
  )(
    '%s, %i groups back to back: each result exactly the latency after its last operands, none elsewhere',
    (spec, groups) => {
      const pe = processingElement(spec)
      const engine = javascriptEngine(lonePe(pe))
      const last = portNamed(engine.ports.inputs, 'last').offset
      const step = pe.timing.cycles_per_step > 1 ? portNamed(engine.ports.inputs, 'step').offset : undefined
      const valid = portNamed(engine.ports.outputs, 'result_valid_0').offset
      const { cycles_per_step } = pe.timing
      const length = 5 * cycles_per_step
      const cycles = groups * length + pe.timing.latency_cycles + 3
      const seen: number[] = []
      for (let cycle = 0; cycle < cycles; cycle++) {
        engine.inputs.fill(0)
        if (cycle < groups * length && cycle % length === length - 1) engine.inputs[last] = 1
        if (step !== undefined && cycle % cycles_per_step === 0) engine.inputs[step] = 1
        engine.step()
        if (engine.outputs[valid] === 1) seen.push(cycle)
      }
      expect(seen).toEqual(Array.from({ length: groups }, (_, g) => (g + 1) * length - 1 + pe.timing.latency_cycles))
    },
  )
})
