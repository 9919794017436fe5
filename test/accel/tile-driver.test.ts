import { describe, expect, it } from 'vitest'
import { tileResultCycle, tileStimulus } from '../../src/accel/tile-driver.ts'
import { elementOf } from '../../src/pe/catalogue.ts'
import { portLayout, portNamed } from '../../src/sim/engine.ts'

const pe = elementOf('bitmod(w=int6)')
if (!('tile' in pe)) throw new Error('bitmod has a tile')
const size = { rows: 2, columns: 1 }
const ports = portLayout(pe.tile(size))
const groupOf = (length: number, stalls: readonly number[]) => ({
  activations: [0, 1].map((r) => Array.from({ length }, (_, k) => 100 * (r + 1) + k)),
  weights: [Array.from({ length }, (_, k) => k + 1)],
  selectors: [0],
  scales: [77],
  continues: false,
  stalls,
})

describe("a tile's stimulus", () => {
  const run = (groups: readonly ReturnType<typeof groupOf>[]) => {
    const { stimulus, cycles, ends } = tileStimulus(ports, pe, size, groups)
    const column = (name: string): number[] =>
      Array.from(
        { length: cycles },
        (_, row) => stimulus[row * ports.inputWords + portNamed(ports.inputs, name).offset]!,
      )
    return { column, cycles, ends }
  }

  it('holds the operands of a step, stalls where it is told, and pads the last step with 0', () => {
    const { column, cycles, ends } = run([groupOf(5, [2, 1])])
    expect(ends).toEqual([8])
    expect(cycles).toBe(9 + tileResultCycle(pe, 1))
    expect(column('step').slice(0, 10)).toEqual([0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
    expect(column('last').slice(0, 10)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    // The operands before an idle cycle stand on.
    expect(column('activation_1_0').slice(0, 10)).toEqual([0, 0, 200, 200, 200, 200, 204, 204, 204, 204])
    expect(column('weight_0_3').slice(0, 9)).toEqual([0, 0, 4, 4, 4, 4, 0, 0, 0])
    expect([column('scale_0')[8], column('scale_0')[7], column('last_group')[8]]).toEqual([77, 0, 1])
  })

  it('lets groups end as soon as the tile takes it, and no sooner', () => {
    const { ends } = run([groupOf(4, []), groupOf(4, []), groupOf(40, [3]), groupOf(12, [])])
    // 2 rows: ends 10 cycles apart at the least; ten steps of three cycles after three idle ones.
    expect(ends).toEqual([2, 12, 12 + 3 + 30, 45 + 10])
  })
})
