import {
  type BoolShape,
  bits,
  bool,
  component,
  delay,
  type Int,
  type IntShape,
  mux,
  range,
  s,
  u,
} from '../../dsl/index.ts'
import type {
  ColumnFeederInputs,
  ColumnFeederOutputs,
  OperandFeeders,
  RowFeederInputs,
  RowFeederOutputs,
} from '../array-parts.ts'

export interface BitSerialParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  readonly activation: IntShape
  /** A step takes as many cycles as this has bits, at least 2. */
  readonly weight: IntShape
}

/**
 * Feeders for products of one weight bit a cycle, lowest first: the column hands on bit k of the weight while the row hands on
 * activation * 2^k, or the opposite for the sign bit of two's complement, so that a cell adds that or nothing.
 */
export const bitSerialFeeders = (p: BitSerialParameters): OperandFeeders => ({
  row: ActivationDoubler(p),
  column: WeightSerialiser(p),
  latency_cycles: 1,
})

/** Inputs of a feeder that follows the steps. */
type Steps<Inputs> = Inputs & { readonly step: BoolShape }

/** Every bit of a weight times every activation, in whole bits. */
export const doubledShape = ({ activation, weight }: Omit<BitSerialParameters, 'name'>): IntShape => {
  const top = 2 ** (weight.width - 1)
  const { min, width } = activation.times(weight.min < 0n ? range(-top, top / 2) : range(1, top))
  return min < 0n ? s(width) : u(width)
}

/** Doubles the activation in each cycle of a step; in idle ones what is left of the last runs out of the register. */
export const ActivationDoubler = component('activation_doubler', (p: BitSerialParameters) => {
  const doubled = doubledShape(p)
  const inputs: Steps<RowFeederInputs> = { activation_in: p.activation, step: bool }
  const outputs: RowFeederOutputs = { activation_out: doubled }
  return {
    name: `${p.name}_activation_doubler`,
    in: inputs,
    out: outputs,
    logic({ activation_in, step }, builder) {
      const r = builder.regs({ doubled })
      const sign = p.weight.width - 1
      const twice = r.doubled.shl(1)
      // The bits under the activation are 0 by then, so that no carry goes through them.
      const opposite = (): Int =>
        r.doubled
          .shr(sign - 1)
          .neg()
          .shl(sign)
      const next = p.weight.min < 0n ? mux(delay(builder, 'at_sign', step, sign), opposite(), twice) : twice
      r.doubled.next = mux(step, activation_in, next.wrap(doubled))
      return { activation_out: r.doubled }
    },
  }
})

/** A weight code in parallel, its bits one a cycle from the lowest, and 0 between steps. */
export const WeightSerialiser = component('weight_serialiser', (p: BitSerialParameters) => {
  const { width } = p.weight
  const inputs: Steps<ColumnFeederInputs> = { weight_in: p.weight, step: bool }
  const outputs: ColumnFeederOutputs = { weight_out: u(1) }
  return {
    name: `${p.name}_weight_serialiser`,
    in: inputs,
    out: outputs,
    logic({ weight_in, step }, builder) {
      const r = builder.regs({ code: bits(width) })
      r.code.next = mux(step, weight_in.bits(), r.code.unsigned().shr(1).bits(width))
      return { weight_out: r.code.bit(0).int() }
    },
  }
})
