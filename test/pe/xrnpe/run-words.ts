import type { ProcessingElement } from '../../../src/pe/family.ts'
import { type Mode, modes } from '../../../src/pe/xrnpe/modes.ts'
import { type Engine, portNamed, readPort } from '../../../src/sim/engine.ts'

/** Operand words of one group, in one mode. */
export interface WordGroup {
  readonly mode: Mode
  readonly words: readonly (readonly [activation: number, weight: number])[]
  /** Idle cycles before each word; 0 unless given. */
  readonly stalls?: readonly number[]
}

/** Runs groups of any modes back to back through a lone PE and gives each result that comes, with its cycle from the group's last. */
export const runWords = (
  engine: Engine,
  pe: ProcessingElement,
  groups: readonly WordGroup[],
): readonly { readonly result: bigint; readonly after: number }[] => {
  const at = (name: string): number => portNamed(engine.ports.inputs, name).offset
  const [activation, weight, last, mode] = [at('activation_0'), at('weight_0'), at('last'), at('mode')]
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
      engine.inputs[mode] = group.mode.code
      engine.inputs[activation] = 0
      engine.inputs[weight] = 0
      engine.inputs[last] = 0
      for (let n = group.stalls?.[k] ?? 0; n > 0; n--) step()
      engine.inputs[activation] = x
      engine.inputs[weight] = w
      engine.inputs[last] = k === group.words.length - 1 ? 1 : 0
      if (engine.inputs[last] === 1) ends.push(cycle)
      step()
    })
  }
  engine.inputs.fill(0)
  for (let k = 0; k < pe.timing.latency_cycles; k++) step()
  return found
}

export const allModes: readonly Mode[] = Object.values(modes)
