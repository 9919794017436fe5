import {
  type Bits,
  type Bool,
  type Builder,
  bool,
  cat,
  component,
  delay,
  type Int,
  type IntShape,
  mux,
  range,
  reset,
  u,
} from '../../dsl/index.ts'
import type { FloatFormat } from '../../formats/index.ts'
import { addAligned, alignOrdered, orderFloats } from '../arith/float/add.ts'
import { multiply } from '../arith/float/multiply.ts'
import { encodeFloat, place, round } from '../arith/float/round.ts'
import { roundable, type Unpacked, unpack, unpackInteger } from '../arith/float/unpacked.ts'
import { floatNamed } from '../arith/float/usual.ts'
import { nextStage } from '../arith/stage.ts'
import type { DequantisationInputs, DequantisationOutputs } from '../array-parts.ts'

export interface DequantisationParameters {
  /** Name of the Verilog module. */
  readonly name: string
  /** Every value of a group's sum. */
  readonly sum: IntShape
  /** Rows of the column: as many sums a group. */
  readonly rows: number
  /** Format of scales, a float of at most 16 bits: `fp16`, `bf16`. */
  readonly scale: string
  /** Format of products and of running results, a float: `fp32`. */
  readonly accumulate: string
  /** Cycles of the addition, 1 to 4. */
  readonly stages: number
}

/** Cycles from a sum to the result it ends: product, its rounding, addition. */
export const dequantisationLatency = (stages: number): number => 3 + stages

/** Fewest cycles between two sums of one row: the addition, and the write of its result. */
export const shortestDequantisation = (stages: number): number => stages + 1

/**
 * One per column: takes the corrected sums of a group row after row, with any gaps, and gives each row's
 * `y = sum over the groups of scale * sum` (MixPE: dequantisation after the group). In the order of the groups and from +0 on:
 * the product is rounded to the accumulator's format, then added to the running result and rounded again, to nearest with
 * ties to even (ours; the order of `applyScales` in src/quant). A row's result leaves after its last group.
 *
 * Rows are counted here. The scale is double-buffered: the next group's may come as soon as the first row's sum was taken.
 * Running results are a small memory, read where the addition begins and written a cycle after it ended, so two sums of one
 * row must come `shortestDequantisation` cycles apart; a column of more rows than the addition has stages keeps that by itself.
 */
export const Dequantisation = component('mixpe_dequantisation', (p: DequantisationParameters) => {
  const [scale, accumulate] = [floatNamed(p.scale), floatNamed(p.accumulate)]
  const inputs: DequantisationInputs = {
    sum: p.sum,
    sum_valid: bool,
    scale: u(scale.bits),
    last_group: bool,
    scale_load: bool,
  }
  const outputs: DequantisationOutputs = { result: u(accumulate.bits), result_valid: bool }
  return {
    name: p.name,
    in: inputs,
    out: outputs,
    logic(i, builder) {
      const operands = operandsOf(builder, p.rows, i)
      const exact = multiply(operands.sum, unpack(scale, operands.scale.bits()))
      const { valid, first, last } = operands
      const multiplied = nextStage(builder, 'product', { ...roundable(exact), valid, first, last })
      const term = nextStage(builder, 'term', {
        code: encodeFloat(accumulate, multiplied),
        valid: multiplied.valid,
        first: multiplied.first,
        last: multiplied.last,
      })

      const r = builder.regs({ result: u(accumulate.bits), result_valid: bool, unfinished: bool })
      const written = r.result_valid.or(r.unfinished).named('written')
      const before = runningResults(builder, p.rows, { ...r, added: term.valid, written })
      const sum = addition(builder, accumulate, p.stages, { ...term, before: mux(term.first, 0, before).bits() })
      r.result.next = sum.code.unsigned()
      r.result_valid.next = sum.valid.and(sum.last)
      r.unfinished.next = sum.valid.and(sum.last.not())
      checkSpacing(builder, p, term.valid, [...sum.underWay, written])
      return { result: r.result, result_valid: r.result_valid }
    },
  }
})

interface Operands {
  readonly sum: Unpacked
  readonly scale: Int
  readonly valid: Bool
  /** The sum's group begins its output. */
  readonly first: Bool
  /** The sum's group ends its output. */
  readonly last: Bool
}

/** A sum in a register, beside it what belongs to its group: with the first row's sum comes what waits for it. */
const operandsOf = (
  builder: Builder,
  rows: number,
  i: {
    readonly sum: Int
    readonly sum_valid: Bool
    readonly scale: Int
    readonly last_group: Bool
    readonly scale_load: Bool
  },
): Operands => {
  const { regs, when, check } = builder
  const waiting = regs({ next_scale: i.scale.shape, next_last: bool, next_waits: bool })
  const taken = i.sum_valid.and(counter(builder, 'row_taken', rows, i.sum_valid).isFirst).named('begins_group')
  check(i.scale_load.and(waiting.next_waits).and(taken.not()).not(), 'a group has its first sum before the next scale')
  check(taken.and(waiting.next_waits.not()).not(), 'the scale of a group comes before its first sum')
  // Before the first group, an output has just ended.
  const group = regs({ group_scale: i.scale.shape, group_first: bool, group_last: reset(bool, true) })
  when(taken, () => {
    group.group_scale.next = waiting.next_scale
    group.group_first.next = group.group_last
    group.group_last.next = waiting.next_last
    waiting.next_waits.next = false
  })
  when(i.scale_load, () => {
    waiting.next_scale.next = i.scale
    waiting.next_last.next = i.last_group
    waiting.next_waits.next = true
  })
  return {
    sum: nextStage(builder, 'sum', unpackInteger(i.sum)),
    scale: group.group_scale,
    valid: delay(builder, 'sum_valid', i.sum_valid, 1),
    first: group.group_first,
    last: group.group_last,
  }
}

/** Counts the rows that pass; a single row needs no register. */
const counter = (
  { regs, when, checked }: Builder,
  name: string,
  rows: number,
  passes: Bool,
): { readonly row: Int | undefined; readonly isFirst: Bool } => {
  if (rows === 1) return { row: undefined, isFirst: passes.or(true) }
  const shape = range(0, rows - 1)
  const row = regs({ [name]: shape })[name]!
  when(passes, () => {
    row.next = checked(mux(row.eq(rows - 1), 0, row.add(1)), shape, 'after the last row comes the first')
  })
  return { row, isFirst: row.eq(0) }
}

/** The running result of the row that is added now. One that is finished is not kept. */
const runningResults = (
  builder: Builder,
  rows: number,
  i: { readonly added: Bool; readonly written: Bool; readonly unfinished: Bool; readonly result: Int },
): Int => {
  const [from, to] = [counter(builder, 'row_added', rows, i.added), counter(builder, 'row_written', rows, i.written)]
  if (!from.row || !to.row) {
    const one = builder.regs({ running: i.result.shape })
    builder.when(i.unfinished, () => {
      one.running.next = i.result
    })
    return one.running
  }
  const words = builder.memory('running', { depth: rows, of: i.result.shape, collide: 'old' })
  words.write(to.row, i.result, { enable: i.unfinished })
  return words.lookup(from.row)
}

interface Term {
  readonly code: Bits
  /** The running result. */
  readonly before: Bits
  readonly valid: Bool
  readonly last: Bool
}

/** Aligned | added | normalised | rounded, cut into as many stages as are wanted; the last one ends outside. */
const addition = (builder: Builder, format: FloatFormat, stages: number, { code, before, valid, last }: Term) => {
  const valids: Bool[] = []
  const cut = <Stage extends { readonly valid: Bool }>(name: string, stage: Stage, least: number): Stage => {
    if (stages < least) return stage
    const next = nextStage(builder, name, stage)
    valids.push(next.valid)
    return next
  }
  const [larger, smaller] = orderFloats(format, code, before)
  // Subnormals lose no bit below the format's last place.
  const exact = { leadingZeros: 0 }
  const inPlace = alignOrdered({ ...larger, ...exact }, { ...smaller, ...exact }, format.mantissaBits + 1)
  const aligned = cut('aligned', { ...inPlace, valid, last }, 3)
  const added = cut('added', { ...roundable(addAligned(aligned)), valid: aligned.valid, last: aligned.last }, 2)
  const placed = cut('placed', { ...place(format, added), valid: added.valid, last: added.last }, 4)
  return { code: round(format, placed), valid: placed.valid, last: placed.last, underWay: valids }
}

/** More rows than stages keep the distance by themselves, because rows take turns. */
const checkSpacing = (
  { check }: Builder,
  p: DequantisationParameters,
  begins: Bool,
  underWay: readonly Bool[],
): void => {
  if (p.rows > underWay.length) return
  const count = cat(...underWay.map((valid) => valid.bits())).popcount()
  const cycles = shortestDequantisation(p.stages)
  check(begins.and(count.ge(p.rows)).not(), `sums of one row come at least ${cycles} cycles apart`)
}
