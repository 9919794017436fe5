import type { ProcessingElement } from '../../../src/pe/family.ts'
import { formatOfMode, lanesOf, type Mode, modes, type PackingName } from '../../../src/pe/xrnpe/modes.ts'
import { type Engine, portNamed, readPort, writePort } from '../../../src/sim/engine.ts'

/** An operand word as a port takes it. */
export type Word = number | bigint

/** Operand words of one group, in one mode. */
export interface WordGroup {
  readonly mode: Mode
  readonly words: readonly (readonly [activation: Word, weight: Word])[]
  /** Idle cycles before each word; 0 unless given. */
  readonly stalls?: readonly number[]
}

/** Runs groups of any modes back to back through a lone PE and gives each result that comes, with its cycle from the group's last. */
export const runWords = (
  engine: Engine,
  pe: ProcessingElement,
  groups: readonly WordGroup[],
): readonly { readonly result: bigint; readonly after: number }[] => {
  const set = (name: string, value: Word): void =>
    writePort(engine.inputs, portNamed(engine.ports.inputs, name), BigInt(value))
  const result = portNamed(engine.ports.outputs, 'result_0')
  const valid = portNamed(engine.ports.outputs, 'result_valid_0').offset
  const found: { result: bigint; after: number }[] = []
  const ends: number[] = []
  let cycle = 0
  const step = (): void => {
    engine.step()
    if (engine.outputs[valid] === 1)
      found.push({ result: readPort(engine.outputs, result), after: cycle - ends[found.length]! })
    cycle++
  }
  for (const group of groups) {
    group.words.forEach(([x, w], k) => {
      set('mode', group.mode.code)
      set('activation_0', 0)
      set('weight_0', 0)
      set('last', 0)
      for (let n = group.stalls?.[k] ?? 0; n > 0; n--) step()
      set('activation_0', x)
      set('weight_0', w)
      const isLast = k === group.words.length - 1
      set('last', isLast ? 1 : 0)
      if (isLast) ends.push(cycle)
      step()
    })
  }
  engine.inputs.fill(0)
  for (let k = 0; k < pe.timing.latency_cycles; k++) step()
  return found
}

/** The codes of a word, the lowest lane's first. */
export const codesOf = (word: Word, mode: Mode, packing: PackingName): readonly number[] =>
  Array.from({ length: lanesOf(mode, packing) }, (_, lane) =>
    Number(BigInt.asUintN(mode.bits, BigInt(word) >> BigInt(lane * mode.bits))),
  )

/** A word with the same code in so many lanes, the lowest ones; in all of them unless said. */
export const everywhere = (mode: Mode, packing: PackingName, code: Word, lanes = lanesOf(mode, packing)): bigint => {
  let word = 0n
  for (let lane = 0; lane < lanes; lane++) word |= BigInt(code) << BigInt(lane * mode.bits)
  return word
}

/** Largest code of a mode, as it stands in a word. */
export const largestOf = (mode: Mode): bigint => formatOfMode(mode).encode(formatOfMode(mode).max)

export const allModes: readonly Mode[] = Object.values(modes)
