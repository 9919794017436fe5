import { tileResultCycle, tileStimulus } from '../accel/tile-driver.ts'
import type { TiledElement, TileGroup } from '../pe/tile.ts'
import type { PortLayout } from '../sim/engine.ts'
import { randomWords } from '../sim/stimulus.ts'

/** What a lone PE gets cycle by cycle, and what must come out of it. */
export interface Trial {
  readonly stimulus: Int32Array
  readonly cycles: number
  /** The result that each of these cycles has, and no other. */
  readonly expected: ReadonlyMap<number, Expected>
  /** Cycles from a group's last operands to its result. */
  readonly latency: number
}

export interface Expected {
  readonly value: bigint
  /** The group, for a message. */
  readonly what: string
}

/** A group and the idle cycles before each of its steps. */
export interface StalledTileGroup extends TileGroup {
  readonly stalls: readonly number[]
}

/** Groups on a 1 x 1 tile, each with its result. */
export const tileTrial = (ports: PortLayout, pe: TiledElement, groups: readonly StalledTileGroup[]): Trial => {
  const steps = groups.map(({ activations, weights, selector, scale, stalls }) => ({
    activations: [activations],
    weights: [weights],
    selectors: [selector],
    scales: [scale],
    continues: false,
    stalls,
  }))
  const { stimulus, cycles, ends } = tileStimulus(ports, pe, { rows: 1, columns: 1 }, steps)
  const latency = tileResultCycle(pe, 0)
  const expected = new Map<number, Expected>()
  groups.forEach((group, g) => {
    expected.set(ends[g]! + latency, { value: pe.golden(group), what: `a group of ${group.activations.length}` })
  })
  return { stimulus, cycles, expected, latency }
}

/**
 * Random groups of random length with random stalls. Activations of a group are all finite codes alike, near 1 as a model's
 * are, subnormal, or near the largest number; one group in sixteen takes any code, so that some meet an infinity or NaN. One in
 * eight holds extremes throughout.
 */
export function* randomTileGroups(pe: TiledElement, count: number, seed: number): Generator<StalledTileGroup> {
  const random = randomWords(seed)
  const below = (limit: number): number => Math.floor((random() / 2 ** 32) * limit)
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!
  const { activation, weight, lanes, selector, scale, group: longest, codes } = pe.operands
  const signed = (magnitude: number): number => magnitude + 2 ** (activation.width - 1) * below(2)
  const of = (value: ReturnType<typeof codes.activation.decode>): number => Number(codes.activation.encode(value))
  const [largest, smallest, unit] = [
    of(codes.activation.max),
    of(codes.activation.smallest),
    of({ kind: 'finite', significand: 1n, exponent: 0, negative: false }),
  ]
  const kinds: readonly (() => number)[] = [
    () => signed(below(largest + 1)),
    () => signed(unit + below(4096) - 2048),
    () => signed(unit + below(4096) - 2048),
    () => signed(below(1024)),
    () => signed(largest - below(1024)),
    () => signed(below(2) ? below(1024) : largest - below(largest)),
  ]
  /** Idle cycles before some groups, and in one group in four before any of its steps. */
  const stallsOf = (steps: number): number[] => {
    if (below(4) > 0) return [below(3) === 0 ? below(9) : 0]
    return Array.from({ length: steps }, () => (below(3) === 0 ? below(6) : 0))
  }
  const codeCount = Number(weight.max) + 1
  for (let k = 0; k < count; k++) {
    const length = below(4) === 0 ? longest : 1 + below(longest)
    const extreme = below(8) === 0
    const [x, w] = [signed(one([largest, smallest, unit])), one([codeCount / 2, codeCount / 2 - 1, codeCount - 1, 1])]
    const kind = below(16) === 0 ? () => below(Number(activation.max) + 1) : one(kinds)
    yield {
      activations: Array.from({ length }, () => (extreme ? x : kind())),
      weights: Array.from({ length }, () => (extreme ? w : below(codeCount))),
      selector: selector ? below(Number(selector.max) + 1) : 0,
      scale: one([Number(scale.max), 1, 0, below(256), below(256), below(256)]),
      stalls: stallsOf(Math.ceil(length / lanes)),
    }
  }
}
