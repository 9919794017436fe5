import type { ProcessingElement } from '../../src/pe/family.ts'
import { type Engine, portNamed, readPort } from '../../src/sim/engine.ts'

/** Runs one group through a lone PE and gives its result; `resetAfter` that many operands it is reset. */
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
  activations.forEach((activation, k) => {
    if (k === resetAfter) engine.reset()
    if (pe.operands.mode) set('mode', pe.operands.mode.value)
    set('activation_0', activation)
    set('weight_0', weights[k]!)
    set('last', k === activations.length - 1 ? 1 : 0)
    engine.step()
  })
  set('activation_0', 0)
  set('weight_0', 0)
  set('last', 0)
  engine.step(pe.timing.latency_cycles)
  if (engine.outputs[portNamed(outputs, 'result_valid_0').offset] !== 1) throw new Error('no result where it should be')
  return readPort(engine.outputs, portNamed(outputs, 'result_0'))
}
