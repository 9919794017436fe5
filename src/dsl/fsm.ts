import type { Builder } from './builder.ts'
import { type Enum, enumeration } from './enumeration.ts'
import type { Graph } from './graph.ts'
import type { Bool } from './signal.ts'

/** What each state does, by its name. */
export type States<State extends string> = {
  readonly [K in State]: (machine: { goto(state: NoInfer<State>): void }) => void
}

/** A state machine: what state it is in, as a condition and as a value. */
export interface Fsm<State extends string> {
  /** True while the machine is in one of these states. */
  is(...states: readonly [State, ...State[]]): Bool
  /** The state register. */
  readonly state: Enum<State>
}

/** A register of an enumeration and a `match` over it: nothing of it is left but that. */
export const fsmOf = <State extends string>(
  graph: Graph,
  builder: Builder,
  name: string,
  states: States<State>,
): Fsm<State> => {
  const names = Object.keys(states) as State[]
  if (names.length < 2)
    throw graph.error(
      'E-RANGE',
      `state machine '${name}' has at least two states, got ${names.length}; use when() where there is nothing to tell apart`,
    )
  const shape = enumeration(name, names)
  const register = (builder.regs({ [name]: shape }) as { readonly [name: string]: Enum<State> & { next: State } })[
    name
  ]!
  const goto = (state: State): void => {
    register.next = state
  }
  const arms = Object.fromEntries(names.map((state) => [state, () => states[state]({ goto })]))
  builder.match(register, arms as { readonly [K in State]: () => void })
  return { is: (...some) => register.is(...some), state: register }
}
