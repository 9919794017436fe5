import { describe, expect, it } from 'vitest'
import { outputStationaryArray, resultCycle } from '../../src/accel/output-stationary.ts'
import { quireOf } from '../../src/formats/index.ts'
import { positNamed, quireBits } from '../../src/pe/baseline/posit/cell.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import type { ProcessingElement } from '../../src/pe/family.ts'
import { type Engine, portNamed, readPort } from '../../src/sim/engine.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { randomWords } from '../../src/sim/stimulus.ts'
import { randomGroups } from '../../src/verify/groups.ts'
import { lonePe, verify } from '../../src/verify/verify.ts'

const full = process.env.BITLOOM_FULL === '1'
const options = { groups: full ? 1000 : 30, seed: 128 }
const largest = ({ operands }: ProcessingElement): number => 2 ** (operands.result.width - 1) - 1
const nar = (pe: ProcessingElement): number => largest(pe) + 1

/** Runs groups of codes back to back and gives each result in the cycle that the timing contract names. */
const run = (engine: Engine, pe: ProcessingElement, groups: readonly (readonly (readonly [number, number])[])[]) => {
  const at = (name: string): number => portNamed(engine.ports.inputs, name).offset
  const [activation, weight, last] = [at('activation_0'), at('weight_0'), at('last')]
  const result = portNamed(engine.ports.outputs, 'result_0')
  const valid = portNamed(engine.ports.outputs, 'result_valid_0').offset
  const found: bigint[] = []
  const step = (): void => {
    engine.step()
    if (engine.outputs[valid] === 1) found.push(readPort(engine.outputs, result))
  }
  for (const group of groups)
    group.forEach(([x, w], k) => {
      engine.inputs[activation] = x
      engine.inputs[weight] = w
      engine.inputs[last] = k === group.length - 1 ? 1 : 0
      step()
    })
  engine.inputs.fill(0)
  for (let k = 0; k < pe.timing.latency_cycles; k++) step()
  return found
}

const golden = (pe: ProcessingElement, group: readonly (readonly [number, number])[]): bigint =>
  pe.golden(
    group.map(([x]) => x),
    group.map(([, w]) => w),
    0,
  )

describe('posit', () => {
  it.each([
    'posit',
    'posit(stages=1)',
    'posit(stages=3, group=100)',
    'posit(stages=4, segment=7)',
    'posit(segment=256, group=40)',
    'posit(format=posit(4,1), segment=4)',
    'posit(format=posit(16,1), group=127)',
    'posit(format=posit(16,1), group=300, segment=32, stages=4)',
    'posit(format=posit(16,1), group=1, segment=256, stages=1)',
  ])('%s is its golden model, in the cycles of its contract', async (spec) => {
    const pe = processingElement(spec)
    const result = await verify(javascriptEngine(lonePe(pe)), pe, options)
    expect(result.first).toBeUndefined()
    expect(result).toMatchObject({ mismatches: 0, exhaustive: pe.operands.activation.width <= 8 })
  })

  it("has quires of 32, 40 and 128 bits, which hold 32,767 of the largest products, and SoftPosit's of 32 for 127", () => {
    const bits = (text: string, group: number): number => quireBits(positNamed(text), group)
    expect(['posit(4,1)', 'posit(8,0)', 'posit(16,1)'].map((text) => bits(text, 32_767))).toEqual([32, 40, 128])
    expect(bits('posit(8,0)', 127)).toBe(32)
    for (const [text, group] of [
      ['posit(8,0)', 1],
      ['posit(8,0)', 128],
      ['posit(16,1)', 4096],
    ] as const) {
      const capacity = (width: number) => quireOf(positNamed(text), width).capacity
      expect(capacity(bits(text, group))).toBeGreaterThanOrEqual(group)
      if (group > 1) expect(capacity(bits(text, group) - 1)).toBeLessThan(group)
    }
  })

  it.each([
    ['posit', 32_767],
    ['posit(group=127)', 127],
    ['posit(group=127, segment=4, stages=4)', 127],
    ['posit(format=posit(4,1))', 32_767],
    ['posit(format=posit(16,1))', 32_767],
    ['posit(format=posit(16,1), group=511, segment=256)', 511],
  ])(
    '%s: %i of the largest products of either sign fill the quire, and half of them each way leave one',
    (spec, group) => {
      const pe = processingElement(spec)
      const engine = javascriptEngine(lonePe(pe))
      const most = largest(pe)
      const [up, down] = [[most, most] as const, [most, nar(pe) + 1] as const]
      const half = (group - 1) / 2
      const groups = [
        Array.from({ length: group }, () => up),
        Array.from({ length: group }, () => down),
        Array.from({ length: group }, (_, k) => (k <= half ? up : down)),
        Array.from({ length: group }, (_, k) => (k <= half ? down : up)),
        // Up and down in turn, so that carries are always under way, and the smallest product at last.
        Array.from({ length: group }, (_, k) => (k === group - 1 ? ([1, 1] as const) : k % 2 ? up : down)),
      ]
      const found = run(engine, pe, groups)
      expect(engine.failures).toEqual([])
      const most2 = 2n * BigInt(nar(pe)) - BigInt(most)
      expect(found).toEqual([BigInt(most), most2, BigInt(most), most2, 1n])
      expect(found).toEqual(groups.map((pairs) => golden(pe, pairs)))
      // All of a sum beyond the group's length is the hardware's to report.
      const beyond = Array.from({ length: group + 1 }, () => up)
      run(engine, pe, [beyond])
      expect(engine.failures[0]?.message).toMatch(new RegExp(`a group has at most ${group} operand pairs`))
    },
  )

  it.each(['posit', 'posit(format=posit(16,1), stages=4)'])(
    '%s: one NaR in any place of a group makes it NaR, and not the next one',
    (spec) => {
      const pe = processingElement(spec)
      const code = nar(pe)
      const one = code / 2
      const groups = Array.from({ length: 12 }, (_, k) =>
        Array.from({ length: 5 }, (_, place) => {
          if (k % 2 || place !== (k / 2) % 5) return [one, one] as const
          return k % 4 ? ([code, place] as const) : ([place, code] as const)
        }),
      )
      const found = run(javascriptEngine(lonePe(pe)), pe, groups)
      expect(found.map((result) => result === BigInt(code))).toEqual(groups.map((_, k) => k % 2 === 0))
      expect(found).toEqual(groups.map((group) => golden(pe, group)))
    },
  )

  it.each(['posit(format=posit(16,1))', 'posit(format=posit(16,1), stages=4, segment=32)'])(
    '%s: corners times corners, and sums that cancel but for their last place',
    (spec) => {
      const pe = processingElement(spec)
      const top = nar(pe)
      const corners = [0, 1, 2, 3, top / 4, top / 2 - 1, top / 2, top / 2 + 1, (3 * top) / 4, top - 2, top - 1].flatMap(
        (code) => (code ? [code, 2 * top - code] : [code]),
      )
      const random = randomWords(options.seed)
      const any = (): number => random() % top
      const groups = [
        ...corners.flatMap((a) => corners.map((b) => [[a, b] as const])),
        ...Array.from({ length: full ? 5000 : 300 }, () => {
          const [x, w] = [any(), any()]
          return [[x, w] as const, [1, 1] as const, [2 * top - x, w] as const, [any() % 64, any()] as const]
        }),
      ]
      const found = run(javascriptEngine(lonePe(pe)), pe, groups)
      expect(found, `seed ${options.seed}`).toEqual(groups.map((group) => golden(pe, group)))
    },
  )

  it.each([1, 2, 3, 4].flatMap((stages) => [1, 2, 17].map((groups) => [stages, groups] as const)))(
    '%i stages, %i groups back to back: each result exactly the latency after its last operands, none elsewhere',
    (stages, groups) => {
      const pe = processingElement(`posit(stages=${stages})`)
      const engine = javascriptEngine(lonePe(pe))
      const last = portNamed(engine.ports.inputs, 'last').offset
      const valid = portNamed(engine.ports.outputs, 'result_valid_0').offset
      const seen: number[] = []
      for (let cycle = 0; cycle < 3 * groups + 15; cycle++) {
        engine.inputs.fill(0)
        if (cycle < 3 * groups && cycle % 3 === 2) engine.inputs[last] = 1
        engine.step()
        if (engine.outputs[valid] === 1) seen.push(cycle)
      }
      expect(pe.timing.latency_cycles).toBe(stages + 5)
      expect(seen).toEqual(Array.from({ length: groups }, (_, g) => 3 * g + 2 + stages + 5))
    },
  )

  it('forgets a group that a reset cuts off, its carries and NaR with it', () => {
    const pe = processingElement('posit(segment=4, stages=4)')
    const engine = javascriptEngine(lonePe(pe))
    const cutOff = [...Array.from({ length: 9 }, () => [largest(pe), nar(pe) + 1] as const), [nar(pe), 3] as const]
    const group = [[0x35, 0x51] as const, [0x12, 0xe7] as const]
    const want = golden(pe, group)
    for (let length = 1; length <= cutOff.length; length++) {
      // Nothing comes of it while its operands are in the pipeline, nor afterwards.
      for (const [x, w] of cutOff.slice(0, length)) {
        engine.inputs[portNamed(engine.ports.inputs, 'activation_0').offset] = x
        engine.inputs[portNamed(engine.ports.inputs, 'weight_0').offset] = w
        engine.step()
      }
      engine.reset()
      expect(run(engine, pe, [group])).toEqual([want])
    }
  })

  it('works in an array: every row of every column has its own result, in its cycle', () => {
    const pe = processingElement('posit(format=posit(16,1), stages=3)')
    const size = { rows: 3, columns: 2 }
    const engine = javascriptEngine(outputStationaryArray(pe, size))
    const random = randomWords(options.seed)
    const length = 7
    const codes = (count: number) =>
      Array.from({ length: count }, () => Array.from({ length }, () => random() % 0x10000))
    const [activations, weights] = [codes(size.rows), codes(size.columns)]
    const write = (name: string, value: number): void => {
      engine.inputs[portNamed(engine.ports.inputs, name).offset] = value
    }
    const found = new Map<string, bigint>()
    for (let cycle = 0; cycle < length + resultCycle(pe, size.rows, size.columns); cycle++) {
      engine.inputs.fill(0)
      if (cycle < length) {
        activations.forEach((row, r) => {
          write(`activation_${r}`, row[cycle]!)
        })
        weights.forEach((column, c) => {
          write(`weight_${c}`, column[cycle]!)
        })
        write('last', cycle === length - 1 ? 1 : 0)
      }
      engine.step()
      for (let c = 0; c < size.columns; c++)
        if (engine.outputs[portNamed(engine.ports.outputs, `result_valid_${c}`).offset] === 1)
          found.set(`${cycle} ${c}`, readPort(engine.outputs, portNamed(engine.ports.outputs, `result_${c}`)))
    }
    const want = activations.flatMap((row, r) =>
      weights.map((column, c) => [`${length - 1 + resultCycle(pe, r, c)} ${c}`, pe.golden(row, column, 0)] as const),
    )
    expect(found, `seed ${options.seed}`).toEqual(new Map(want))
  })

  it.each(['posit', 'posit(format=posit(16,1))'])(
    'random groups for %s are seldom NaR or the largest number, so that all their terms count',
    (spec) => {
      const pe = processingElement(spec)
      const results = [...randomGroups(pe, 80, 3)].map(({ activations, weights }) => pe.golden(activations, weights, 0))
      const limits = [nar(pe) - 1, nar(pe), nar(pe) + 1].map(BigInt)
      const telling = results.filter((code) => !limits.includes(code) && code > 1n).length
      expect(telling).toBeGreaterThan(40)
      expect(telling).toBeLessThan(80)
    },
  )
})
