import { bool, component } from '../../dsl/index.ts'

/**
 * Three bits of one weight as one of that weight, `sum`, and one of the next, `carry`. In Verilog it stays a module of its
 * own, which synthesis maps to the library's full-adder cell by this name and these ports (`src/synth/recipe.ts`), because
 * its mapper knows cells of one output only; everything else reads it as plain logic. A half adder is no cell here: its two
 * gates are as large as one (generic45), and may merge with others.
 */
export const FullAdder = component('bitloom_full_adder', (_: object) => ({
  in: { a: bool, b: bool, c: bool },
  out: { sum: bool, carry: bool },
  logic: ({ a, b, c }) => ({ sum: a.xor(b).xor(c), carry: a.and(b).or(c.and(a.or(b))) }),
}))
