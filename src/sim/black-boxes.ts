import { UserError } from '../base/user-error.ts'
import { showRange } from '../dsl/ir.ts'
import type { Flat } from './flatten.ts'

/** The states of a design's black boxes while it runs, and their models. */
export interface BlackBoxes {
  /** Value of an output of box `index`, given the inputs it depends on. */
  output(index: number, port: string, inputs: readonly bigint[]): bigint
  /** Moves the state of box `index` over a clock edge, given all its inputs. */
  step(index: number, inputs: readonly bigint[]): void
  reset(): void
  states(): readonly unknown[]
  setStates(states: readonly unknown[]): void
}

/** Throws a UserError where a model gives a value its port cannot hold. */
export const blackBoxes = ({ boxes }: Flat): BlackBoxes => {
  let states: unknown[] = []
  const reset = (): void => {
    states = boxes.map(({ of }) => of.blackBox.reset)
  }
  reset()
  const ranges = boxes.map(({ of }) => new Map(of.outputs.map(({ name, range }) => [name, range])))
  return {
    reset,
    states: () => states,
    setStates(next) {
      states = [...next]
    },
    output(index, port, inputs) {
      const { of, path } = boxes[index]!
      const value = of.blackBox.output(port, inputs, states[index])
      const range = ranges[index]!.get(port)!
      if (typeof value === 'bigint' && value >= range.min && value <= range.max) return value
      throw new UserError(
        'E-MODEL',
        `the model of black box '${of.name}'${path ? ` at ${path}` : ''} gives ${value} for output '${port}', which holds ${showRange(range)}; correct the model or widen the port`,
      )
    },
    step(index, inputs) {
      states[index] = boxes[index]!.of.blackBox.next!(inputs, states[index])
    },
  }
}
