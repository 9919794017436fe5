import { bool, component, type IntShape, mux, range } from '../dsl/index.ts'

export interface RunningSumsParameters {
  /** Name of the Verilog module. */
  readonly name: string
  /** Tokens at most: words of the memory. */
  readonly tokens: number
  /** What comes in. */
  readonly term: IntShape
  /** Every value a sum may take. */
  readonly sum: IntShape
  /** The promise under which it fits. */
  readonly promise: string
}

/**
 * Under a column of a weight-stationary array: adds a tile's sums up with those of the same tokens in the tiles before it, in
 * a memory, a token a cycle. A sum that is its group's `last` leaves instead of being written, so nothing needs clearing.
 *
 * What controls it comes a cycle before the term, for the memory to be read, and is handed on to the next column. Two terms of a token
 * must be two cycles apart or more, which the memory checks.
 */
export const RunningSums = component('running_sums', (p: RunningSumsParameters) => {
  const control = { token: range(0, p.tokens - 1), valid: bool, first: bool, last: bool }
  return {
    name: p.name,
    in: {
      token_in: control.token,
      /** A term comes in the next cycle. */
      valid_in: bool,
      /** It is the first of its group and token, and so the sum. */
      first_in: bool,
      /** It is the last. */
      last_in: bool,
      term: p.term,
    },
    out: {
      token_out: control.token,
      valid_out: bool,
      first_out: bool,
      last_out: bool,
      result: p.sum,
      result_valid: bool,
    },
    logic(i, { checked, memory, regs, when }) {
      const r = regs({ ...control, result: p.sum, result_valid: bool })
      r.token.next = i.token_in
      r.valid.next = i.valid_in
      r.first.next = i.first_in
      r.last.next = i.last_in
      const sums = memory('sums', { depth: p.tokens, of: p.sum, collide: 'never' })
      const before = sums.read(i.token_in, { enable: i.valid_in.and(i.first_in.not()) })
      r.result_valid.next = r.valid.and(r.last)
      when(r.valid, () => {
        const sum = checked(mux(r.first, 0, before).add(i.term), p.sum, p.promise)
        when(
          r.last,
          () => {
            r.result.next = sum
          },
          () => sums.write(r.token, sum),
        )
      })
      return {
        token_out: r.token,
        valid_out: r.valid,
        first_out: r.first,
        last_out: r.last,
        result: r.result,
        result_valid: r.result_valid,
      }
    },
  }
})
