import type { CheckFailure, Engine } from '../../src/sim/engine.ts'

/**
 * An engine's failed checks in an order of their own, since engines need not agree on it within a cycle. Where more failed
 * than are kept, the last cycle kept may be cut anywhere and is left out.
 */
export const sortedFailures = ({ failures, failedChecks }: Engine): readonly string[] => {
  const cut = failedChecks > failures.length ? failures.at(-1)!.cycle : Number.POSITIVE_INFINITY
  return [
    `${failedChecks} failed`,
    ...failures
      .filter(({ cycle }) => cycle < cut)
      .map(({ cycle, message }) => `${cycle} ${message}`)
      .sort(),
  ]
}

/** Failed checks without the values of their signals. */
export const toldBy = ({ failures }: Pick<Engine, 'failures'>): readonly Pick<CheckFailure, 'cycle' | 'message'>[] =>
  failures.map(({ cycle, message }) => ({ cycle, message }))
