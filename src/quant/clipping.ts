/** Whether a scale covers the whole range of its weights, or the range of least squared error is searched for. */
export type Clip = 'none' | 'mse'

/** Parts of the range that a search tries: 1 down to 0.5 in steps of 0.02. */
const tried: readonly number[] = Array.from({ length: 26 }, (_, step) => 1 - step / 50)
const whole: readonly number[] = [1]

/**
 * The parts of the weights' range that scales are tried for. Published searches differ: GPTQ's program goes down to 0.2 in steps of
 * 0.01 with an exponent of 2.4, AWQ's to 0.5 in steps of 0.05 with the error of the layer's output, ANT's to a part that its user gives
 * in steps of 0.01. Here: 0.5, 0.02, squared error of the weights (ours).
 */
export const clipRatios = (clip: Clip): readonly number[] => (clip === 'mse' ? tried : whole)

/**
 * The candidate of the least error, the first one of several. `errorOf` may stop and give any larger number once it is beyond `limit`.
 */
export const leastError = <P extends object>(
  candidates: readonly P[],
  errorOf: (candidate: P, limit: number) => number,
): P => {
  const [first] = candidates
  if (!first) throw new RangeError('there is no candidate')
  if (candidates.length === 1) return first
  let best = first
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const error = errorOf(candidate, least)
    if (error >= least) continue
    least = error
    best = candidate
  }
  return best
}
