import { UserError } from '../base/user-error.ts'
import {
  type Bool,
  type Builder,
  bool,
  component,
  delay,
  delays,
  type Int,
  type IntShape,
  type Module,
  range,
  type SignalsOf,
  type VectorShape,
  vec,
} from '../dsl/index.ts'
import type { WeightStationaryParts } from '../pe/array-parts.ts'
import type { ProcessingElement } from '../pe/family.ts'
import type { ArraySize } from './output-stationary.ts'
import { RunningSums } from './running-sums.ts'

/** Rows along K x columns of outputs. */
export interface WeightStationarySize extends ArraySize {
  /** Tokens at most that a tile of weights serves: words of the memory under each column. */
  readonly tokens: number
}

/**
 * Weight-stationary systolic array. Cell (r, c) keeps weight r of column c while tokens pass: activations move right, the sums
 * of products down, one register a hop, so that the sum of `rows` products leaves at the bottom of each column. There it is added
 * up over the tiles of a group (`RunningSums`).
 *
 * - `load`: the weights of a tile come in, a row a cycle, from this cycle on and the last row first. They wait in registers of
 *   their own while the tile before is at work.
 * - `valid`: a token's activations come in, unskewed, one for each row. Rows that a tile lacks are 0, on one side or the other.
 * - `start`, with a tile's first token: the weights that were loaded last come into use, `rows` cycles after `load` or later; the next may
 *   be loaded from the same cycle on.
 * - `first`, `last`, with all tokens of a tile: it is its group's first, its last one. With `last` results leave. A group's zero points
 *   come with the `start` of its last tile.
 *
 * Tokens of a tile are counted from its `start`; tiles of a group have the same ones, which come two cycles apart or more. Column c gives
 * a token's result, `result_valid_c` beside it, when `weightStationaryResultCycle` says.
 *
 * A UserError where the PE's sums are not exact integers that come from the row above.
 */
export const weightStationaryArray = (pe: ProcessingElement, size: WeightStationarySize): Module => {
  weightStationaryParts(pe)
  if (size.tokens < 2)
    throw new UserError(
      'E-TOKENS',
      `a weight-stationary array keeps the sums of tokens in memories of 2 words or more, got tokens ${size.tokens}; give 2 or more, of which a product need not use all`,
    )
  return WeightStationary({ pe: { ...pe, identity: pe.spec }, ...size }).module
}

/** Cycles from the one with a token of a group's last tile to the one in which its result of that column is valid. */
export const weightStationaryResultCycle = (pe: ProcessingElement, { rows }: ArraySize, column: number): number =>
  rows + pe.timing.latency_cycles + column

/** Fewest cycles from a tile's first token to the next tile's: its weights come a row a cycle, and a token's sums two cycles apart. */
export const shortestTile = (rows: number): number => Math.max(rows, 2)

/** The parts of a PE that a weight-stationary array is made of; a UserError where it has none. */
export const weightStationaryParts = (pe: ProcessingElement): WeightStationaryParts => {
  const { weightStationary } = pe.parts
  if (weightStationary && !pe.operands.scale) return weightStationary
  throw new UserError(
    'E-DATAFLOW',
    `${pe.spec} has no weight-stationary array: ${reasonAgainst(pe)}; take the output-stationary one, or a PE whose sums of products are plain integers: mac, or mixpe with a=int8, compute=parallel and output=sum`,
  )
}

const reasonAgainst = ({ operands, timing }: ProcessingElement): string => {
  if (operands.scale) return 'its columns apply scales to a group of rows, and here rows are inputs and not tokens'
  if (timing.cycles_per_step > 1) return 'a step takes it several cycles, and here a token goes on every cycle'
  if (operands.exponent)
    return "its row edges align a token's activations to their group's exponent, and here a row has one input of every token"
  if (operands.codes?.result)
    return "its results are codes of floats or posits, and partial sums would be rounded in another order or be as wide as the cell's whole accumulator"
  return 'its family has no cell for one'
}

const WeightStationary = component(
  'weight_stationary',
  ({ pe, rows, columns, tokens }: WeightStationarySize & { pe: ProcessingElement & { readonly identity: string } }) => {
    const { activation, weight, zero, result } = pe.operands
    const { columnEdge } = pe.parts
    const { cell, sum, promise } = weightStationaryParts(pe)
    const ports = {
      load: bool,
      weight: vec(columns, weight),
      valid: bool,
      start: bool,
      first: bool,
      last: bool,
      activation: vec(rows, activation),
      ...(zero ? { zero: vec(columns, zero) } : {}),
    }
    const inputs = ports as typeof ports & { zero: VectorShape<IntShape> }
    const sumsOf = (name: string, term: IntShape, ofGroup: IntShape) =>
      RunningSums({ name: `${pe.name}_running_${name}_${rows}_${tokens}`, tokens, term, sum: ofGroup, promise })
    return {
      name: `${pe.name}_weight_stationary_${rows}x${columns}x${tokens}`,
      in: inputs,
      out: { result: vec(columns, result), result_valid: vec(columns, bool) },
      logic(i, builder) {
        const { use } = builder
        // The column of activation sums is one more before the first.
        const edge = zero ? 1 : 0
        // A zero point is there in the cycle before its group's first sum.
        const zeroSkew = rows + 1 + edge
        const starts = delays(builder, 'start_skew', i.start, zero ? zeroSkew + columns - 1 : rows - 1)
        const loads = delays(builder, 'load_skew', i.load, rows - 1 + edge)
        checkDriver(builder, i, loads, rows)
        const shifts = shiftsOf(builder, loads.slice(edge))
        const activations = i.activation.map((value, r) => delay(builder, `activation_skew_${r}`, value, r))
        let control = controlOf(builder, i, { rows, tokens, starts })

        let rowValue: Int | undefined
        if (zero) {
          let activationSum: Int | undefined
          for (let r = 0; r < rows; r++) {
            const part = ActivationSum({ name: pe.name, activation, row: r })
            const out = use(`activation_sum_${r}`, part, {
              activation_in: activations[r]!,
              sum_in: activationSum ?? 0,
            })
            activations[r] = out.activation_out
            activationSum = out.sum_out
          }
          const part = sumsOf('activation_sums', activation.sumOf(rows), activation.sumOf(pe.operands.group!))
          const out = use('activation_sums', part, { ...control, term: activationSum! })
          rowValue = out.result
          control = controlFrom(out)
        }

        const across = Array.from({ length: rows }, (_, r) => ({
          activation: activations[r]!,
          start: starts[r + edge]!,
          shift: shifts[r]!,
        }))
        const results: Int[] = []
        const valids: Bool[] = []
        const sums = sumsOf('sums', cell(rows - 1).out.sum_out, sum)
        for (let c = 0; c < columns; c++) {
          let weightAbove = delay(builder, `weight_skew_${c}`, i.weight[c]!, c + edge)
          let sumAbove: Int | undefined
          for (let r = 0; r < rows; r++) {
            const { activation, start, shift } = across[r]!
            const out = use(`pe_${r}_${c}`, cell(r), {
              activation_in: activation,
              start_in: start,
              weight_in: weightAbove,
              shift_in: shift,
              sum_in: sumAbove ?? 0,
            })
            weightAbove = out.weight_out
            sumAbove = out.sum_out
            across[r] = { activation: out.activation_out, start: out.start_out, shift: out.shift_out }
          }
          const total = use(`sums_${c}`, sums, { ...control, term: sumAbove! })
          control = controlFrom(total)
          results.push(total.result)
          valids.push(total.result_valid)
        }

        if (columnEdge) {
          for (let c = 0; c < columns; c++) {
            const out: { readonly result: Int; readonly result_valid: Bool; readonly row_value_out?: Int } = use(
              `column_edge_${c}`,
              columnEdge,
              {
                sum_in: results[c]!,
                sum_in_valid: valids[c]!,
                ...(rowValue ? { row_value_in: rowValue } : {}),
                ...(zero
                  ? {
                      zero_in: delay(builder, `zero_skew_${c}`, i.zero[c]!, zeroSkew + c),
                      zero_load: starts[zeroSkew + c]!,
                    }
                  : {}),
              },
            )
            rowValue = out.row_value_out
            results[c] = out.result
            valids[c] = out.result_valid
          }
        }
        return { result: results, result_valid: valids }
      },
    }
  },
)

type Control = Pick<SignalsOf<ReturnType<typeof RunningSums>['in']>, 'token_in' | 'valid_in' | 'first_in' | 'last_in'>

const controlFrom = (
  out: Pick<SignalsOf<ReturnType<typeof RunningSums>['out']>, 'token_out' | 'valid_out' | 'first_out' | 'last_out'>,
): Control => ({
  token_in: out.token_out,
  valid_in: out.valid_out,
  first_in: out.first_out,
  last_in: out.last_out,
})

/** What tells the first column's memory about a term, in the cycle before it. */
const controlOf = (
  builder: Builder,
  i: { readonly valid: Bool; readonly first: Bool; readonly last: Bool },
  { rows, tokens, starts }: { rows: number; tokens: number; starts: readonly Bool[] },
): Control => {
  const valids = delays(builder, 'valid_skew', i.valid, rows)
  const r = builder.regs({ token: range(0, tokens - 1) })
  builder.when(valids[rows - 1]!, () => {
    builder.when(
      starts[rows - 1]!,
      () => {
        r.token.next = 0
      },
      () => {
        r.token.next = builder.checked(r.token.add(1), r.token.shape, `a tile has at most ${tokens} tokens`)
      },
    )
  })
  return {
    token_in: r.token,
    valid_in: valids[rows]!,
    first_in: delay(builder, 'first_skew', i.first, rows),
    last_in: delay(builder, 'last_skew', i.last, rows),
  }
}

/**
 * When the next weights of each row move, given `load` delayed by a cycle a row: from when the first row of weights gets there until
 * the last one has come into the array. So row r takes `rows - r` of them and keeps the last.
 */
const shiftsOf = ({ regs, when }: Builder, loads: readonly Bool[]): readonly Bool[] => {
  const ends = loads.at(-1)!
  return loads.map((begins, row) => {
    if (row === loads.length - 1) return begins
    const key = `loading_${row}`
    const loading = regs({ [key]: bool })[key]!
    when(begins, () => {
      loading.next = true
    })
    when(ends, () => {
      loading.next = false
    })
    return begins.or(loading)
  })
}

/** What the driver promises of weights, given `load` and its delays of a cycle each. The register serves these checks alone. */
const checkDriver = (
  { check, regs, when }: Builder,
  { start, valid }: { readonly start: Bool; readonly valid: Bool },
  [load, ...later]: readonly Bool[],
  rows: number,
): void => {
  const r = regs({ loaded: bool })
  when(load!, () => {
    r.loaded.next = true
  })
  const [first, ...others] = later.slice(0, rows - 1)
  const busy = first && others.reduce((one, other) => one.or(other), first)
  if (busy) check(load!.and(busy).not(), `a load begins before the ${rows} rows of the last are over`)
  const missing = busy ? busy.or(r.loaded.not()) : r.loaded.not()
  check(start.and(missing).not(), 'weights come into use before all their rows are loaded')
  check(start.and(valid.not()).not(), 'a tile starts without a token')
}

/** A row of the column before the first one: adds its activation to those above, as a cell would with a weight of 1. */
const ActivationSum = component(
  'weight_stationary_activation_sum',
  (p: { name: string; activation: IntShape; row: number }) => {
    const below = p.activation.sumOf(p.row + 1)
    return {
      name: `${p.name}_weight_stationary_activation_sum_${p.row}`,
      in: { activation_in: p.activation, sum_in: p.activation.sumOf(p.row) },
      out: { activation_out: p.activation, sum_out: below },
      logic({ activation_in, sum_in }, { regs }) {
        const r = regs({ activation: p.activation, sum: below })
        r.activation.next = activation_in
        r.sum.next = sum_in.add(r.activation)
        return { activation_out: r.activation, sum_out: r.sum }
      },
    }
  },
)
