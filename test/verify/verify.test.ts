import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../src/accel/output-stationary.ts'
import { processingElement } from '../../src/pe/catalogue.ts'
import type { ProcessingElement } from '../../src/pe/family.ts'
import { type Engine, portNamed } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { lonePe, verify } from '../../src/verify/verify.ts'

const options = { groups: 60, seed: 9 }
const pe = processingElement('mixpe')
const run = (changed: Partial<ProcessingElement>) =>
  verify(javascriptEngine(lonePe(pe)), { ...pe, ...changed }, options)

describe('verification', () => {
  it.each(['mixpe', 'mixpe(weights=symmetric)', 'mixpe(compute=serial)', 'mac'])(
    '%s: every product of 4 or 8 by 8 bits and random groups, in JavaScript',
    async (spec) => {
      const pe = processingElement(spec)
      const { activation, weight, zero } = pe.operands
      const span = ({ min, max }: { min: bigint; max: bigint }): number => Number(max - min) + 1
      const result = await verify(javascriptEngine(lonePe(pe)), pe, options)
      expect(result).toMatchObject({ mismatches: 0, exhaustive: true })
      expect(result.vectors).toBe(span(activation) * span(weight) * (zero ? span(zero) : 1) + options.groups)
    },
  )

  it('the same in the interpreter', async () => {
    const pe = processingElement('mixpe(w=int2, group=16)')
    const result = await verify(interpreter(lonePe(pe)), pe, options)
    expect(result).toMatchObject({ engine: 'interpreter', mismatches: 0 })
  })

  it('finds one wrong product among all of them, and names it', async () => {
    const result = await run({
      golden: (x, w, z) => pe.golden(x, w, z) + (x.length === 1 && x[0] === -77 && w[0] === 13 && z === 5 ? 1n : 0n),
    })
    expect(result.mismatches).toBe(1)
    expect(result.first).toMatch(
      /activation -77, weight 13, zero point 5 gave -616, the golden model says -615 \(engine js, seed 9\)/,
    )
  })

  it('ends where asked with the groups of the first mismatch', async () => {
    const wrong = { ...pe, golden: () => 1n }
    const whole = await verify(javascriptEngine(lonePe(pe)), pe, options)
    const { vectors, mismatches, exhaustive, first } = await verify(javascriptEngine(lonePe(pe)), wrong, {
      ...options,
      stopAtFirst: true,
    })
    expect(mismatches).toBeGreaterThan(1000)
    expect(vectors).toBeLessThan(whole.vectors / 3)
    expect(exhaustive).toBe(false)
    expect(first).toMatch(/the golden model says 1/)
    expect(await verify(javascriptEngine(lonePe(pe)), pe, { ...options, stopAtFirst: true })).toMatchObject({
      vectors: whole.vectors,
      exhaustive: true,
    })
  })

  it('finds results that come a cycle early or late', async () => {
    for (const latency_cycles of [3, 5]) {
      const { mismatches } = await run({ timing: { ...pe.timing, latency_cycles } })
      expect(mismatches).toBeGreaterThan(1000)
    }
  })

  it('finds an accumulator one bit too narrow', async () => {
    const narrow = processingElement('mixpe(group=64)')
    const engine = javascriptEngine(outputStationaryArray(narrow, { rows: 1, columns: 1 }))
    const { mismatches, first } = await verify(engine, { ...pe, parts: narrow.parts }, options)
    expect(mismatches).toBeGreaterThan(0)
    expect(first).toMatch(/golden model says/)
  })

  it('finds a result that comes where none should', async () => {
    const engine = javascriptEngine(lonePe(pe))
    const valid = portNamed(engine.ports.outputs, 'result_valid_0').offset
    const chatty: Engine = {
      ...engine,
      replay: (stimulus, cycles, response) => {
        engine.replay(stimulus, cycles, response)
        if (response) response[valid] = 1
      },
    }
    const { mismatches, first } = await verify(chatty, pe, options)
    expect(mismatches).toBeGreaterThan(0)
    expect(first).toMatch(/a result came in cycle 0, where the timing contract has none/)
  })

  it("counts the hardware's own failed checks", async () => {
    let failedChecks = 0
    const engine = javascriptEngine(lonePe(pe))
    const worried: Engine = {
      ...engine,
      failures: [{ cycle: 3, message: 'pe_0_0: too much' }],
      get failedChecks() {
        return failedChecks++
      },
    }
    const { mismatches, first } = await verify(worried, pe, options)
    expect(mismatches).toBe(1)
    expect(first).toMatch(/checks failed 1 times, first in cycle 3: pe_0_0: too much/)
  })

  it('gives the same result for the same seed', async () => {
    const of = async () => {
      const { cyclesPerSecond, ...rest } = await run({})
      return rest
    }
    expect(await of()).toEqual(await of())
  })
})
