import { describe, expect, it } from 'vitest'
import { outputStationaryArray, resultCycle } from '../../../src/accel/output-stationary.ts'
import { printVerilog, warningsUnder } from '../../../src/dsl/index.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { portNamed } from '../../../src/sim/engine.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { lonePe, verify } from '../../../src/verify/verify.ts'

const full = process.env.BITLOOM_FULL === '1'
const options = { groups: full ? 4000 : 150, seed: 32 }

describe('mixpe(output=fp32)', () => {
  it.each([
    'mixpe(w=int2, group=40, output=fp32)',
    'mixpe(w=int8, output=fp32)',
    'mixpe(weights=symmetric, output=fp32)',
    'mixpe(w=int3, group=50, compute=serial, output=fp32)',
  ])('%s is its golden model, in the cycles of its contract', async (spec) => {
    const pe = processingElement(spec)
    const engine = javascriptEngine(lonePe(pe))
    const result = await verify(engine, pe, options)
    expect(result.first).toBeUndefined()
    expect(result).toMatchObject({ mismatches: 0, exhaustive: true })
    expect(engine.failures).toEqual([])
  })

  it('says that it takes FP16 scales and gives FP32 codes', () => {
    const pe = processingElement('mixpe(output=fp32)')
    expect(pe.operands.scale?.id).toBe('fp16')
    expect(`${pe.operands.result}`).toBe('[0, 4294967295] (u32)')
    expect(processingElement('mixpe').operands.scale).toBeUndefined()
    const { inputs, outputs } = javascriptEngine(outputStationaryArray(pe, { rows: 2, columns: 1 })).ports
    expect(inputs.map(({ name }) => name).join(' ')).toBe(
      'activation_0 activation_1 weight_0 last zero_0 scale_0 last_group',
    )
    expect(outputs.map(({ name }) => name).join(' ')).toBe('result_0 result_valid_0')
  })

  it('is for integer activations', () => {
    expect(() => processingElement('mixpe(a=fp16, output=fp32)')).toThrow(/no parameter 'output'/)
  })

  it('asks for groups as long as an addition, where a column has few rows', () => {
    const { timing } = processingElement('mixpe(output=fp32)')
    const plain = processingElement('mixpe').timing
    expect(timing.shortestGroup(1)).toBe(4)
    for (const rows of [8, 16, 64]) expect(timing.shortestGroup(rows)).toBe(plain.shortestGroup(rows))
  })

  it('says so where a group is too short for the addition', () => {
    const pe = processingElement('mixpe(weights=symmetric, output=fp32)')
    for (const [length, message] of [
      [4, undefined],
      [3, 'dequantisation_0: sums of one row come at least 4 cycles apart'],
    ] as const) {
      const engine = javascriptEngine(lonePe(pe))
      const last = portNamed(engine.ports.inputs, 'last').offset
      for (let cycle = 0; cycle < 40; cycle++) {
        engine.inputs[last] = Number(cycle % length === length - 1)
        engine.step()
      }
      expect(engine.failures[0]?.message).toBe(message)
    }
  })

  it.each([
    [1, 1],
    [4, 2],
  ])('an array of %i x %i gives results of an output after its last group alone', (rows, columns) => {
    const pe = processingElement('mixpe(output=fp32)')
    const engine = javascriptEngine(outputStationaryArray(pe, { rows, columns }))
    const [last, lastGroup] = ['last', 'last_group'].map((name) => portNamed(engine.ports.inputs, name).offset)
    const length = pe.timing.shortestGroup(rows)
    const seen: string[] = []
    const expected: string[] = []
    for (let group = 0; group < 9; group++)
      if (group % 3 === 2)
        for (let row = 0; row < rows; row++)
          for (let column = 0; column < columns; column++)
            expected.push(`${column} ${(group + 1) * length - 1 + resultCycle(pe, row, column)}`)
    for (let cycle = 0; cycle < 9 * length + 60; cycle++) {
      const ends = cycle % length === length - 1 && cycle < 9 * length
      engine.inputs[last!] = Number(ends)
      engine.inputs[lastGroup!] = Number(ends && Math.floor(cycle / length) % 3 === 2)
      engine.step()
      for (let column = 0; column < columns; column++)
        if (engine.outputs[portNamed(engine.ports.outputs, `result_valid_${column}`).offset] === 1)
          seen.push(`${column} ${cycle}`)
    }
    expect(seen.sort()).toEqual(expected.sort())
    expect(engine.failures).toEqual([])
  })

  it.each(['asymmetric', 'symmetric'])('has no idle part and lints silently, %s', async (weights) => {
    const pe = processingElement(`mixpe(weights=${weights}, output=fp32)`)
    const module = outputStationaryArray(pe, { rows: 4, columns: 2 })
    expect(warningsUnder(module)).toEqual([])
    for (const { complaints } of await lintVerilog(printVerilog(module), module.name)) expect(complaints).toEqual([])
  })
})

describe('verification of outputs', () => {
  const pe = processingElement('mixpe(w=int2, group=8, output=fp32)')
  const run = (goldenOutput: typeof pe.goldenOutput & {}) =>
    verify(javascriptEngine(lonePe(pe)), { ...pe, goldenOutput }, { groups: 300, seed: 4 })

  it('runs outputs of 1 to 5 groups, most of them finite', async () => {
    const lengths = new Map<number, number>()
    let finite = 0
    let outputs = 0
    const combinations = 2 ** (8 + 2 + 2)
    await run((sums, scales) => {
      const code = pe.goldenOutput!(sums, scales)
      if (++outputs > combinations) {
        lengths.set(sums.length, (lengths.get(sums.length) ?? 0) + 1)
        if ((Number(code) & 0x7f80_0000) !== 0x7f80_0000) finite++
      }
      return code
    })
    expect([...lengths.keys()].sort()).toEqual([1, 2, 3, 4, 5])
    expect(finite / (outputs - combinations)).toBeGreaterThan(0.8)
  })

  it('finds one wrong result and names the output', async () => {
    let outputs = 0
    const { mismatches, first } = await run((sums, scales) => {
      const code = pe.goldenOutput!(sums, scales)
      return ++outputs > 4096 && sums.length === 4 ? code ^ 1n : code
    })
    expect(mismatches).toBeGreaterThan(0)
    expect(first).toMatch(/^an output of 4 groups gave \d+, the golden model says \d+ \(engine js, seed 4\)$/)
  })
})
