import type { TiledElement, TileGroup } from '../pe/tile.ts'
import { type PortLayout, portNamed } from '../sim/engine.ts'
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

/** A group and the idle cycles before it. */
export interface IdleTileGroup extends TileGroup {
  readonly idle: number
}

/**
 * Groups one after the other on a 1 x 1 tile, at once where they are long enough. Lanes without operands have 0; in idle cycles
 * the operands before them stand on, which must not count.
 */
export const tileStimulus = (ports: PortLayout, pe: TiledElement, groups: readonly IdleTileGroup[]): Trial => {
  const { lanes, selector } = pe.operands
  const { latency_cycles: latency, cycles_per_step, shortestGroup } = pe.timing
  const offset = (name: string): number => portNamed(ports.inputs, name).offset
  const laneOffsets = (name: string): number[] => Array.from({ length: lanes }, (_, k) => offset(`${name}_0_${k}`))
  const [activation, weight] = [laneOffsets('activation'), laneOffsets('weight')]
  const [step, last, scale] = [offset('step'), offset('last'), offset('scale_0')]
  const selected = selector && offset('selector_0')

  // Where each group begins, so that none ends too soon after the one before.
  let cycle = 0
  let earliest = 0
  const starts = groups.map(({ idle, activations }) => {
    const length = Math.ceil(activations.length / lanes) * cycles_per_step
    const start = Math.max(cycle + idle, earliest - length)
    cycle = start + length
    earliest = cycle + shortestGroup(1)
    return start
  })
  const cycles = cycle + latency + 1
  const stimulus = new Int32Array(cycles * ports.inputWords)
  const expected = new Map<number, Expected>()
  groups.forEach((group, g) => {
    const steps = Math.ceil(group.activations.length / lanes)
    for (let n = 0; n < steps * cycles_per_step; n++) {
      const row = (starts[g]! + n) * ports.inputWords
      const from = Math.floor(n / cycles_per_step) * lanes
      for (let lane = 0; lane < lanes; lane++) {
        stimulus[row + activation[lane]!] = group.activations[from + lane] ?? 0
        stimulus[row + weight[lane]!] = group.weights[from + lane] ?? 0
      }
      if (selected !== undefined) stimulus[row + selected] = group.selector
      stimulus[row + step] = n % cycles_per_step === 0 ? 1 : 0
    }
    const end = starts[g]! + steps * cycles_per_step - 1
    stimulus[end * ports.inputWords + last] = 1
    stimulus[end * ports.inputWords + scale] = group.scale
    expected.set(end + latency, { value: pe.golden(group), what: `a group of ${group.activations.length}` })
  })
  for (let at = 1; at < cycles; at++) {
    if (stimulus.subarray(at * ports.inputWords, (at + 1) * ports.inputWords).some((word) => word !== 0)) continue
    for (const port of [...activation, ...weight])
      stimulus[at * ports.inputWords + port] = stimulus[(at - 1) * ports.inputWords + port]!
  }
  return { stimulus, cycles, expected, latency }
}

/**
 * Random groups of random length with random idle cycles. Activations of a group are all finite codes alike, near 1 as a model's
 * are, subnormal, or near the largest number; one group in sixteen takes any code, so that some meet an infinity or NaN. One in
 * eight holds extremes throughout.
 */
export function* randomTileGroups(pe: TiledElement, count: number, seed: number): Generator<IdleTileGroup> {
  const random = randomWords(seed)
  const below = (limit: number): number => Math.floor((random() / 2 ** 32) * limit)
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!
  const { activation, weight, selector, scale, group: longest, codes } = pe.operands
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
      idle: below(3) === 0 ? below(9) : 0,
    }
  }
}
