import { describe, expect, it } from 'vitest'
import { type TileStep, tileResultCycle, tileStimulus } from '../../../src/accel/tile-driver.ts'
import { NAN, scalarFormatOf, sum } from '../../../src/formats/index.ts'
import { isNoNumber, scaledSum } from '../../../src/pe/bitmod/golden.ts'
import { paperSpecialValues, type WeightName, weightTypes } from '../../../src/pe/bitmod/terms.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import type { TiledElement } from '../../../src/pe/tile.ts'
import { type Engine, portNamed, readPort } from '../../../src/sim/engine.ts'
import { interpreter } from '../../../src/sim/interpret.ts'
import { javascriptEngine } from '../../../src/sim/javascript/engine.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'

const full = process.env.BITLOOM_FULL === '1'
const fp32 = scalarFormatOf('fp32')

const tiled = (spec: string): TiledElement => {
  const pe = elementOf(spec)
  if (!('tile' in pe)) throw new Error(`${spec} has no tile`)
  return pe
}

interface Size {
  readonly rows: number
  readonly columns: number
}

/** Random groups of which one to three make a channel. */
const randomSteps = (
  pe: TiledElement,
  size: Size,
  count: number,
  seed: number,
  lengths: readonly number[],
): TileStep[] => {
  const random = randomWords(seed)
  const below = (limit: number): number => Math.floor((random() / 2 ** 32) * limit)
  const codes = 2 ** pe.operands.weight.width
  return Array.from({ length: count }, (_, k) => {
    const length = lengths[k % lengths.length]!
    const list = (code: () => number): number[] => Array.from({ length }, code)
    const activation = (): number => 0x8000 * below(2) + 0x3000 + below(0x1800)
    return {
      activations: Array.from({ length: size.rows }, () => list(activation)),
      weights: Array.from({ length: size.columns }, () => list(() => below(codes))),
      selectors: Array.from({ length: size.columns }, () => below(4)),
      scales: Array.from({ length: size.columns }, () => below(256)),
      continues: below(3) > 0 && k < count - 1,
      stalls: list(() => (below(4) === 0 ? below(7) : 0)),
    }
  })
}

/** The FP32 sums of each channel, in the cycle and at the place where they must come, and nothing anywhere else. */
const goldenResults = (
  pe: TiledElement,
  size: Size,
  steps: readonly TileStep[],
  ends: readonly number[],
  specials: readonly number[] = paperSpecialValues(weightTypes[pe.parameters.w as WeightName]),
): Map<string, bigint> => {
  const type = weightTypes[pe.parameters.w as WeightName]
  const { lanes, guard, magnitude, significance } = pe.parameters as {
    lanes: number
    guard: number
    magnitude: number
    significance: 'shift' | 'exponent'
  }
  const alignment = pe.parameters.inputs === 'aligned' ? 'activations' : 'terms'
  const results = new Map<string, bigint>()
  for (let r = 0; r < size.rows; r++)
    for (let c = 0; c < size.columns; c++) {
      let total = 0n
      steps.forEach((step, g) => {
        const activations = [...(step.activations[r] as number[])]
        const special = specials[step.selectors[c]!] ?? 0
        const operands = { activations, weights: step.weights[c] as number[], special, scale: step.scales[c]! }
        const term = activations.some(isNoNumber)
          ? NAN
          : scaledSum({ lanes, guard, magnitude, significance, alignment }, type, operands)
        total = fp32.encode(sum(term, fp32.decode(total)))
        if (step.continues) return
        results.set(`cycle ${ends[g]! + tileResultCycle(pe, r)} column ${c}`, total)
        total = 0n
      })
    }
  return results
}

const runSteps = (engine: Engine, size: Size, { stimulus, cycles }: { stimulus: Int32Array; cycles: number }) => {
  const { ports } = engine
  const response = new Int32Array(cycles * ports.outputWords)
  engine.replay(stimulus, cycles, response)
  const results = new Map<string, bigint>()
  for (let cycle = 0; cycle < cycles; cycle++)
    for (let c = 0; c < size.columns; c++) {
      const row = cycle * ports.outputWords
      if (response[row + portNamed(ports.outputs, `result_valid_${c}`).offset] === 1)
        results.set(`cycle ${cycle} column ${c}`, readPort(response, portNamed(ports.outputs, `result_${c}`), row))
    }
  return results
}

const compare = (
  pe: TiledElement,
  size: Size,
  steps: readonly TileStep[],
  engine = javascriptEngine(pe.tile(size)),
) => {
  const stimulus = tileStimulus(engine.ports, pe, size, steps)
  const found = runSteps(engine, size, stimulus)
  const want = goldenResults(pe, size, steps, stimulus.ends)
  expect(new Map([...found].sort())).toEqual(new Map([...want].sort()))
  expect(engine.failures).toEqual([])
  return { engine, stimulus, want }
}

describe("BitMoD's tile", () => {
  it.each([
    ['bitmod(w=fp4)', { rows: 3, columns: 2 }],
    ['bitmod(w=int8, inputs=local, significance=shift)', { rows: 2, columns: 3 }],
    ['bitmod(w=int6, inputs=skewed)', { rows: 5, columns: 1 }],
    ['bitmod(w=fp3, lanes=2, magnitude=18)', { rows: 1, columns: 2 }],
    ['bitmod(w=int4, inputs=aligned)', { rows: 3, columns: 2 }],
  ] as const)('%s, %o: every sum of every channel is the golden one, in its cycle', (spec, size) => {
    const pe = tiled(spec)
    // Ragged groups, full ones, and some as short as a group can be, so that the tile waits no longer than it has to.
    compare(pe, size, randomSteps(pe, size, 40, 7, [128, 5, 36, 1, 2, 64]))
  })

  it('the same in the interpreter', () => {
    const pe = tiled('bitmod(w=fp4)')
    const size = { rows: 2, columns: 2 }
    compare(pe, size, randomSteps(pe, size, 6, 8, [20, 33]), interpreter(pe.tile(size)))
  })

  it('of 8 x 8 PEs takes full groups back to back, in 4, 3 and 2 cycles a step, the scales hidden', () => {
    const size = { rows: 8, columns: 8 }
    for (const [w, cycles] of [
      ['int8', 128],
      ['int6', 96],
      ['fp4', 64],
    ] as const) {
      const pe = tiled(`bitmod(w=${w})`)
      const count = full ? 1000 : 3
      const steps = randomSteps(pe, size, count, 9, [128]).map((step) => ({ ...step, stalls: [] }))
      const { stimulus } = compare(pe, size, steps)
      expect(stimulus.ends).toEqual(Array.from({ length: count }, (_, g) => (g + 1) * cycles - 1))
    }
  }, 1_800_000)

  it.each([1, 2, 17])(
    '%i groups as short as they may be, back to back: a result each, exactly the latency later',
    (count) => {
      for (const rows of [1, 2, 8]) {
        const pe = tiled('bitmod(w=int4)')
        const size = { rows, columns: 1 }
        const shortest = pe.timing.shortestGroup(rows)
        expect(shortest).toBe(8 + rows)
        const length = Math.ceil(shortest / 2) * 4
        const steps = randomSteps(pe, size, count, 10, [length]).map((step) => ({
          ...step,
          stalls: [],
          continues: false,
        }))
        const { want, stimulus } = compare(pe, size, steps)
        expect(want.size).toBe(count * rows)
        expect(stimulus.ends[count - 1]).toBe(count * Math.ceil(shortest / 2) * 2 - 1)
        expect([...want.keys()][0]).toBe(`cycle ${stimulus.ends[0]! + 17} column 0`)
      }
    },
  )

  it('forgets everything at a reset in the middle of groups and sums', () => {
    const pe = tiled('bitmod(w=fp4)')
    const size = { rows: 2, columns: 2 }
    const engine = javascriptEngine(pe.tile(size))
    const steps = randomSteps(pe, size, 8, 11, [40, 12])
    const { stimulus } = tileStimulus(engine.ports, pe, size, steps)
    for (const cut of [3, 10, 29, 31, 38, 41, 77, 100]) {
      engine.replay(stimulus, cut)
      engine.reset()
      compare(pe, size, steps, engine)
      engine.reset()
    }
  })

  it("an infinite or NaN activation makes its row's sums NaN for its channel, and nothing else", () => {
    const pe = tiled('bitmod(w=int4)')
    const size = { rows: 3, columns: 2 }
    for (const code of [0x7c00, 0xfc00, 0x7e01]) {
      const steps = randomSteps(pe, size, 7, 12, [16, 20]).map((step, g) => {
        const activations = step.activations.map((list) => [...(list as number[])])
        if (g === 2) activations[1]![g] = code
        if (g === 4) activations[0]![15] = code
        return {
          ...step,
          activations,
          weights: step.weights
            .map(() => Array.from({ length: 20 }, () => 0))
            .map((list) => list.slice(0, activations[0]!.length)),
          continues: g % 2 === 0 && g < 6,
        }
      })
      const { want } = compare(pe, size, steps)
      expect([...want.values()].filter((value) => value === fp32.encode(NAN))).toHaveLength(4)
    }
  })

  it('an infinite activation that stands there outside of a step does not count', () => {
    const pe = tiled('bitmod(w=int4)')
    const size = { rows: 1, columns: 1 }
    const engine = javascriptEngine(pe.tile(size))
    const steps = randomSteps(pe, size, 2, 13, [8]).map((step) => ({ ...step, stalls: [9], continues: false }))
    const { stimulus, cycles, ends } = tileStimulus(engine.ports, pe, size, steps)
    const at = (name: string): number => portNamed(engine.ports.inputs, name).offset
    const begins = ends.map((end) => end - 3)
    for (let cycle = 0; cycle < cycles; cycle++) {
      if (begins.some((begin) => cycle >= begin && cycle <= begin + 3)) continue
      for (let lane = 0; lane < 4; lane++) {
        stimulus[cycle * engine.ports.inputWords + at(`activation_0_${lane}`)] = 0x7c00
        stimulus[cycle * engine.ports.inputWords + at(`weight_0_${lane}`)] = 7
      }
    }
    expect(runSteps(engine, size, { stimulus, cycles })).toEqual(goldenResults(pe, size, steps, ends))
  })

  it('reports a step, an end and a group that come too soon', () => {
    const pe = tiled('bitmod(w=int6)')
    const failuresOf = (rows: number, cycles: readonly { step?: true; last?: true }[]): readonly string[] => {
      const engine = javascriptEngine(pe.tile({ rows, columns: 1 }))
      const at = (name: string): number => portNamed(engine.ports.inputs, name).offset
      for (const { step, last } of cycles) {
        engine.inputs[at('step')] = step ? 1 : 0
        engine.inputs[at('last')] = last ? 1 : 0
        engine.step()
      }
      return engine.failures.map(({ cycle, message }) => `${cycle}: ${message}`)
    }
    const [step, last] = [{ step: true }, { last: true }] as const
    const idle = (count: number) => Array.from({ length: count }, () => ({}))
    expect(failuresOf(1, [step, {}, {}, step, {}, last, ...idle(8), last])).toEqual([])
    expect(failuresOf(1, [step, {}, step])).toEqual(['2: a step begins before the 3 cycles of the last are over'])
    expect(failuresOf(1, [step, last])).toEqual(["1: 'last' comes before the last cycle of its step"])
    expect(failuresOf(1, [{ step: true, last: true }])).toHaveLength(1)
    expect(failuresOf(1, [last, ...idle(7), last])).toEqual(['8: a group ends less than 9 cycles after the one before'])
    expect(failuresOf(8, [last, ...idle(14), last])).toEqual([
      '15: a group ends less than 16 cycles after the one before',
    ])
    expect(failuresOf(8, [last, ...idle(15), last])).toEqual([])
  })

  it('takes special values that are written into it, and refuses one of three ones', () => {
    const pe = tiled('bitmod(w=fp4)')
    const size = { rows: 1, columns: 2 }
    const engine = javascriptEngine(pe.tile(size))
    const at = (name: string): number => portNamed(engine.ports.inputs, name).offset
    const specials = [7, -20, 9, -1].map((halves) => (halves === 7 ? 24 : halves))
    specials.forEach((halves, index) => {
      engine.inputs.fill(0)
      engine.inputs[at('special_write')] = 1
      engine.inputs[at('special_index')] = index
      engine.inputs[at('special_value_negative')] = halves < 0 ? 1 : 0
      engine.inputs[at('special_value_magnitude')] = Math.abs(halves)
      engine.step()
    })
    expect(engine.failures).toEqual([])
    const steps = randomSteps(pe, size, 12, 14, [33])
    const { stimulus, cycles, ends } = tileStimulus(engine.ports, pe, size, steps)
    const found = runSteps(engine, size, { stimulus, cycles })
    const order = <V>(map: Map<string, V>) => new Map([...map].sort())
    expect(order(found)).toEqual(order(goldenResults(pe, size, steps, ends, specials)))

    engine.inputs.fill(0)
    engine.inputs[at('special_write')] = 1
    engine.inputs[at('special_value_magnitude')] = 7
    engine.step()
    expect(engine.failures[0]?.message).toMatch(/a special value is a sum of two powers of two/)
  })
})
