import { bits, bool, cat, component, delay, mux, range, u, vec } from '../../dsl/index.ts'
import type { Arithmetic } from './golden.ts'
import { activationShape, alignedShape, type InputRegisters, scaleBits, stepExponentShape } from './pe.ts'
import { fieldWidth } from './stages.ts'
import { significanceShape, specialShape, TermGenerator, termShape } from './term-generator.ts'
import { specialValueCount, type WeightName, weightTypes } from './terms.ts'

interface EdgeParameters {
  readonly name: string
  readonly lanes: number
  readonly inputs: InputRegisters
  readonly alignment: Arithmetic['alignment']
}

/**
 * A row's way in: FP16 activations as sign, exponent and significand, for all its PEs. `no_number` says of the group that ended
 * last that an activation of it was infinite or NaN, from the cycle after `sum_last` on.
 */
export const RowEdge = component('bitmod_row', (p: EdgeParameters) => ({
  name: `${p.name}_row`,
  in: { activation: vec(p.lanes, u(16)), step: bool, last: bool, sum_last: bool },
  out: { activation_out: vec(p.lanes, activationShape), no_number: bool },
  logic({ activation, step, last, sum_last }, builder) {
    const { regs, when } = builder
    const codes = activation.map((word) => word.bits(16))
    const fields = codes.map((code) => code.slice(14, 10))
    const activation_out = codes.map((code, k) => {
      const field = fields[k]!
      const signExponent = {
        negative: code.bit(15),
        exponent: field.unsigned().sat(range(1, 31)),
      }
      const significand = cat(field.any().bits(), code.slice(9, 0))
      if (p.inputs === 'local') return { ...signExponent, significand }
      return {
        negative: delay(builder, `negative_${k}`, signExponent.negative, 1),
        exponent: delay(builder, `exponent_${k}`, signExponent.exponent, 1),
        significand: delay(
          builder,
          `significand_${k}`,
          significand,
          p.inputs === 'skewed' && p.alignment === 'terms' ? 2 : 1,
        ),
      }
    })

    const r = regs({ met: bool, group_met: bool, no_number: bool })
    const meets = fields.map((field) => field.all()).reduce((one, other) => one.or(other))
    const met = r.met.or(step.and(meets))
    r.met.next = met.and(last.not())
    when(last, () => {
      r.group_met.next = met
    })
    when(sum_last, () => {
      r.no_number.next = r.group_met
    })
    return { activation_out, no_number: r.no_number }
  },
}))

/** Behind a row's edge: a step's activations under the largest of them, whose exponent goes on, a cycle later. */
export const RowAligner = component('bitmod_aligner', (p: { name: string; lanes: number; guard: number }) => ({
  name: `${p.name}_aligner`,
  in: { activation: vec(p.lanes, activationShape) },
  out: { aligned: vec(p.lanes, alignedShape(p)), exponent: stepExponentShape },
  logic({ activation }, builder) {
    const width = fieldWidth(p)
    const largest = activation.map(({ exponent }) => exponent).reduce((one, other) => mux(one.lt(other), other, one))
    const aligned = activation.map(({ negative, exponent, significand }, k) => {
      const distance = largest.sub(exponent).wrap(u(5))
      const magnitude = significand.unsigned().shl(p.guard).shrBy(distance).bits(width)
      return {
        negative: delay(builder, `negative_${k}`, negative, 1),
        magnitude: delay(builder, `magnitude_${k}`, magnitude, 1),
      }
    })
    return { aligned, exponent: delay(builder, 'largest', largest, 1) }
  },
}))

/** A column's way in: weights become terms, and the scale of the group that ended comes bit by bit. */
export const ColumnEdge = component('bitmod_column', (p: EdgeParameters & { readonly type: WeightName }) => {
  const type = weightTypes[p.type]
  const inputs = { weight: vec(p.lanes, u(type.bits)), step: bool, scale: u(scaleBits), last: bool, sum_last: bool }
  const specials = { special: vec(specialValueCount, specialShape), selector: u(2) }
  return {
    name: `${p.name}_column`,
    in: (type.kind === 'float' ? { ...inputs, ...specials } : inputs) as typeof inputs & Partial<typeof specials>,
    out: { term: vec(p.lanes, termShape), significance: significanceShape, scale_bit: bool, scale_start: bool },
    logic({ scale, last, sum_last, ...operands }, builder) {
      const { regs, when } = builder
      const terms = builder.use('terms', TermGenerator({ type: p.type, lanes: p.lanes }), operands)
      const held = p.inputs === 'local' ? 0 : p.alignment === 'activations' ? 2 : 1
      const r = regs({ group_scale: bits(scaleBits), scale_left: bits(scaleBits), scale_start: bool })
      when(last, () => {
        r.group_scale.next = scale.bits(scaleBits)
      })
      r.scale_left.next = mux(sum_last, r.group_scale, r.scale_left.unsigned().shr(1).bits(scaleBits))
      r.scale_start.next = sum_last
      return {
        term: terms.term.map(({ negative, exponent, present }, k) => ({
          negative: delay(builder, `term_${k}_negative`, negative, held),
          exponent: delay(builder, `term_${k}_exponent`, exponent, held),
          present: delay(builder, `term_${k}_present`, present, held),
        })),
        significance: delay(builder, 'significance', terms.significance, held),
        scale_bit: r.scale_left.bit(0),
        scale_start: r.scale_start,
      }
    },
  }
})
