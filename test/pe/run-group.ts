import type { ProcessingElement } from '../../src/pe/family.ts'
import { writeLanes } from '../../src/pe/lanes.ts'
import { type Engine, portNamed, readPort } from '../../src/sim/engine.ts'

/** Runs one group of numbers through a lone PE and gives its result; `resetAfter` that many steps it is reset. */
export const runGroup = (
  engine: Engine,
  pe: ProcessingElement,
  activations: readonly number[],
  weights: readonly number[],
  { resetAfter }: { readonly resetAfter?: number } = {},
): bigint => {
  const { inputs, outputs } = engine.ports
  const set = (name: string, value: number): void => {
    engine.inputs[portNamed(inputs, name).offset] = value
  }
  engine.inputs.fill(0)
  if (pe.operands.mode) set('mode', pe.operands.mode.value)
  const { lanes } = pe.operands
  const perStep = lanes?.count ?? 1
  const steps = Math.ceil(activations.length / perStep)
  for (let k = 0; k < steps; k++) {
    if (k === resetAfter) engine.reset()
    if (pe.operands.mode) set('mode', pe.operands.mode.value)
    const numbers = [k * perStep, Math.min((k + 1) * perStep, activations.length)] as const
    const put = (name: string, values: readonly number[], width = 32): void =>
      writeLanes(engine.inputs, portNamed(inputs, name).offset, values, numbers, width)
    put('activation_0', activations, lanes?.activation.width)
    put('weight_0', weights, lanes?.weight.width)
    set('last', k === steps - 1 ? 1 : 0)
    engine.step()
  }
  set('activation_0', 0)
  set('weight_0', 0)
  set('last', 0)
  engine.step(pe.timing.latency_cycles)
  if (engine.outputs[portNamed(outputs, 'result_valid_0').offset] !== 1) throw new Error('no result where it should be')
  return readPort(engine.outputs, portNamed(outputs, 'result_0'))
}
