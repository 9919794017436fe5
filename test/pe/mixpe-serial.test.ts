import { describe, expect, it } from 'vitest'
import { outputStationaryArray, resultCycle } from '../../src/accel/output-stationary.ts'
import { printVerilog, warningsUnder } from '../../src/dsl/index.ts'
import { widthOf } from '../../src/dsl/ir.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import type { ProcessingElement } from '../../src/pe/family.ts'
import { type Engine, portNamed } from '../../src/sim/engine.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { lintVerilog } from '../../src/sim/lint.ts'
import { randomWords } from '../../src/sim/stimulus.ts'
import { lonePe, verify } from '../../src/verify/verify.ts'
import { yosysComplaints } from '../synth/complaints.ts'

const full = process.env.BITLOOM_FULL === '1'

const formats = ['int2', 'int3', 'int4', 'int8'].flatMap((w) =>
  ['symmetric', 'asymmetric'].flatMap((weights) =>
    ['parallel', 'serial'].map((compute) => `mixpe(w=${w}, weights=${weights}, compute=${compute})`),
  ),
)

/** What goes into a lone PE in one cycle; what is not said is 0. */
type Cycle = Readonly<Partial<Record<'activation_0' | 'weight_0' | 'step' | 'last' | 'zero_0', number>>>

/** The results that come while the cycles are played and long enough after them. */
const play = (engine: Engine, pe: ProcessingElement, cycles: readonly Cycle[]): { cycle: number; result: number }[] => {
  const { inputs, outputs } = engine.ports
  const [result, valid] = ['result_0', 'result_valid_0'].map((name) => portNamed(outputs, name).offset)
  const seen: { cycle: number; result: number }[] = []
  for (let cycle = 0; cycle < cycles.length + pe.timing.latency_cycles + 5; cycle++) {
    engine.inputs.fill(0)
    for (const [name, value] of Object.entries(cycles[cycle] ?? {}))
      engine.inputs[portNamed(inputs, name).offset] = value
    engine.step()
    if (engine.outputs[valid!] === 1) seen.push({ cycle, result: engine.outputs[result!]! })
  }
  return seen
}

/** The cycles of one step, its operands held. */
const stepOf = (pe: ProcessingElement, x: number, w: number): Cycle[] =>
  Array.from({ length: pe.timing.cycles_per_step }, (_, n) => ({
    activation_0: x,
    weight_0: w,
    ...(n === 0 ? { step: 1 } : {}),
  }))

const groupOf = (pe: ProcessingElement, x: readonly number[], w: readonly number[], zero?: number): Cycle[] => {
  const cycles = x.flatMap((value, k) => stepOf(pe, value, w[k]!))
  return [...cycles.slice(0, -1), { ...cycles.at(-1), last: 1, ...(zero === undefined ? {} : { zero_0: zero }) }]
}

describe('MixPE', () => {
  it.each(formats)('%s: every product, and random groups with idle cycles between them', async (spec) => {
    const pe = processingElement(spec)
    const result = await verify(javascriptEngine(lonePe(pe)), pe, { groups: full ? 5000 : 60, seed: 5 })
    expect(result.first).toBeUndefined()
    expect(result).toMatchObject({ mismatches: 0, exhaustive: true })
  })

  it('takes a cycle per weight bit where it is serial', () => {
    for (const bits of [2, 3, 4, 8]) {
      const { timing } = processingElement(`mixpe(w=int${bits}, compute=serial)`)
      expect(timing).toMatchObject({ cycles_per_step: bits, macs_per_cycle: 1 / bits })
    }
  })
})

describe('a bit-serial MixPE', () => {
  const asymmetric = processingElement('mixpe(group=16, compute=serial)')
  const symmetric = processingElement('mixpe(weights=symmetric, group=16, compute=serial)')

  it('has cells that take one bit of a weight and an activation shifted by up to three, and sums as wide as ever', () => {
    const { cell: forms, rowEdge } = processingElement('mixpe(compute=serial)').parts
    const cell = forms.draining
    expect([cell.in.weight_in, cell.in.activation_in, cell.in.sum_in].map(widthOf)).toEqual([1, 11, 19])
    expect([rowEdge!.draining.in.activation_in, rowEdge!.draining.in.sum_in].map(widthOf)).toEqual([8, 15])
    expect(
      widthOf(processingElement('mixpe(weights=symmetric, compute=serial)').parts.cell.draining.in.activation_in),
    ).toBe(12)
  })

  it.each([
    ['the most negative', asymmetric, -128, 15, 0],
    ['the most positive', asymmetric, 127, 15, 0],
    ['the most negative through the zero point', asymmetric, 127, 0, 15],
    ['the most positive through the zero point', asymmetric, -128, 0, 15],
    ['the most positive', symmetric, -128, -8, undefined],
    ['the most negative', symmetric, 127, -8, undefined],
  ] as const)('a full group of %s operands fits; one pair more is reported by the hardware', (_, pe, x, w, zero) => {
    const engine = javascriptEngine(lonePe(pe))
    const pairs = (length: number, weight = w): Cycle[] =>
      groupOf(pe, Array(length).fill(x) as number[], Array(length).fill(weight) as number[], zero)
    expect(play(engine, pe, pairs(16)).map(({ result }) => result)).toEqual([16 * x * (w - (zero ?? 0))])
    expect(engine.failures).toEqual([])
    engine.reset()
    play(engine, pe, pairs(17, w || 15))
    expect(engine.failures[0]?.message).toMatch(/a group has at most 16/)
  })

  it('waits between steps as long as the driver likes, and does not look at operands meanwhile', () => {
    for (const pe of [asymmetric, symmetric]) {
      const engine = javascriptEngine(lonePe(pe))
      const seed = 11
      const random = randomWords(seed)
      const { activation, weight, zero } = pe.operands
      const within = ({ min, max }: { min: bigint; max: bigint }): number =>
        Number(min) + (random() % Number(max - min + 1n))
      const cycles: Cycle[] = []
      const wanted: { cycle: number; result: number }[] = []
      for (let group = 0; group < 200; group++) {
        const pairs = Array.from({ length: 1 + (random() % 16) }, () => [within(activation), within(weight)] as const)
        const z = zero && within(zero)
        pairs.forEach(([x, w], k) => {
          for (let idle = random() % 6; idle > 0; idle--)
            cycles.push({
              activation_0: within(activation),
              weight_0: within(weight),
              ...(zero ? { zero_0: within(zero) } : {}),
            })
          cycles.push(...(k < pairs.length - 1 ? stepOf(pe, x, w) : groupOf(pe, [x], [w], z)))
        })
        const sum = pe.golden(
          pairs.map(([x]) => x),
          pairs.map(([, w]) => w),
          z ?? 0,
        )
        wanted.push({ cycle: cycles.length - 1 + pe.timing.latency_cycles, result: Number(sum) })
      }
      expect(play(engine, pe, cycles), `seed ${seed}`).toEqual(wanted)
      expect(engine.failures).toEqual([])
    }
  })

  it('begins anew after a reset in any cycle of a step', () => {
    for (const pe of [asymmetric, symmetric])
      for (let cut = 1; cut <= 3 * 4 + pe.timing.latency_cycles + 1; cut++) {
        const engine = javascriptEngine(lonePe(pe))
        const { inputs } = engine.ports
        const broken = groupOf(pe, [-128, 127, -3], [7, 5, 7], pe.operands.zero && 9)
        for (let cycle = 0; cycle < cut; cycle++) {
          engine.inputs.fill(0)
          for (const [name, value] of Object.entries(broken[cycle] ?? {}))
            engine.inputs[portNamed(inputs, name).offset] = value
          engine.step()
        }
        engine.reset()
        const [x, w, zero] = [[100, -7], [6, 3], pe.operands.zero && 4]
        expect(play(engine, pe, groupOf(pe, x, w, zero)), `${pe.spec}, reset after ${cut} cycles`).toEqual([
          { cycle: 2 * 4 - 1 + pe.timing.latency_cycles, result: Number(pe.golden(x, w, zero ?? 0)) },
        ])
        expect(engine.failures).toEqual([])
      }
  })

  it('says so when a step begins before the last is over, and when a group ends inside one', () => {
    const early = (cycles: readonly Cycle[]): string | undefined => {
      const engine = javascriptEngine(lonePe(symmetric))
      play(engine, symmetric, cycles)
      return engine.failures[0]?.message
    }
    const step = stepOf(symmetric, 3, 5)
    for (let length = 1; length < 4; length++)
      expect(early([...step.slice(0, length), ...step])).toBe('a step begins before the 4 cycles of the last are over')
    for (let at = 0; at < 3; at++)
      expect(early(step.map((cycle, n) => (n === at ? { ...cycle, last: 1 } : cycle)))).toBe(
        "'last' comes before the last cycle of its step",
      )
    expect(early([...step, ...step])).toBeUndefined()
    expect(early(groupOf(symmetric, [3, 4], [5, 6]))).toBeUndefined()
  })

  it('hands results of an array on in the cycles of its contract', () => {
    const size = { rows: 3, columns: 2 }
    const engine = javascriptEngine(outputStationaryArray(asymmetric, size))
    const { inputs, outputs } = engine.ports
    const length = 2 * 4
    const seen: string[] = []
    for (let cycle = 0; cycle < 30; cycle++) {
      engine.inputs.fill(0)
      if (cycle < length) for (let r = 0; r < 3; r++) engine.inputs[portNamed(inputs, `activation_${r}`).offset] = r + 1
      if (cycle < length) for (let c = 0; c < 2; c++) engine.inputs[portNamed(inputs, `weight_${c}`).offset] = 5 + c
      if (cycle < length && cycle % 4 === 0) engine.inputs[portNamed(inputs, 'step').offset] = 1
      if (cycle === length - 1) {
        engine.inputs[portNamed(inputs, 'last').offset] = 1
        for (let c = 0; c < 2; c++) engine.inputs[portNamed(inputs, `zero_${c}`).offset] = 2 + c
      }
      engine.step()
      for (let c = 0; c < 2; c++)
        if (engine.outputs[portNamed(outputs, `result_valid_${c}`).offset] === 1)
          seen.push(`${cycle} ${c} ${engine.outputs[portNamed(outputs, `result_${c}`).offset]}`)
    }
    const wanted = [0, 1, 2].flatMap((r) =>
      [0, 1].map((c) => `${length - 1 + resultCycle(asymmetric, r, c)} ${c} ${2 * (r + 1) * (5 + c - 2 - c)}`),
    )
    expect(new Set(seen)).toEqual(new Set(wanted))
    expect(seen.length).toBe(wanted.length)
    expect(engine.failures).toEqual([])
  })

  it.each([asymmetric, symmetric])('is silent in Verilator, Icarus and Yosys ($name)', async (pe) => {
    const module = outputStationaryArray(pe, { rows: 3, columns: 2 })
    const verilog = printVerilog(module)
    for (const { tool, complaints } of await lintVerilog(verilog, module.name)) expect(complaints, tool).toEqual([])
    expect(await yosysComplaints(verilog, module.name)).toEqual([])
    expect(warningsUnder(module)).toEqual([])
  })
})
