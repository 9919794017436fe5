import type { Bool } from '../../dsl/index.ts'

/**
 * `high + constant + carries` modulo 2^bits, bit 0 first, for carries that are known late: at most one beside a constant of
 * 0, at most two beside -1, so that the value goes up by 1, down by 1 or stays. Which bits then turn is known early, from
 * the ones or zeros below them; the late carries only choose, one gate before the result instead of a ripple behind them.
 */
export const addCarries = (high: readonly Bool[], carries: readonly Bool[], constant: 0 | -1): readonly Bool[] => {
  const [first, second] = carries
  const up = constant === 0 ? first : first && second && first.and(second)
  const down = constant === 0 ? undefined : (first?.or(second ?? false).not() ?? true)
  let ones: Bool | undefined
  let zeros: Bool | undefined
  return high.map((bit) => {
    const rises = up && (ones ? up.and(ones) : up)
    const falls = down === undefined ? undefined : zeros ? zeros.and(down) : down
    ones = ones ? ones.and(bit) : bit
    zeros = zeros ? zeros.and(bit.not()) : bit.not()
    const turns = rises && falls !== undefined ? rises.or(falls) : (rises ?? falls)
    return turns === undefined ? bit : bit.xor(turns)
  })
}
