import { type Bits, component, type Int, type IntShape } from '../../dsl/index.ts'
import type { ColumnFeederInputs, ColumnFeederOutputs, RowFeederInputs, RowFeederOutputs } from '../array-parts.ts'

export interface DecodingFeederParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  /** The operand as the array takes it, and as cells do. */
  readonly code: IntShape
  readonly decoded: IntShape
  readonly mode: IntShape
}

/** What cells take in place of a code. */
export type Decode = (code: Bits, mode: Int) => Bits

type Moded<Inputs> = Inputs & { readonly mode: IntShape }

/** Feeders that decode, by logic alone: a row's for activations and a column's for weights. */
export const decodingFeeders = (label: string, decode: { readonly activation: Decode; readonly weight: Decode }) => ({
  row: component(`${label}_activation_decoder`, (p: DecodingFeederParameters) => {
    const inputs: Moded<RowFeederInputs> = { activation_in: p.code, mode: p.mode }
    const outputs: RowFeederOutputs = { activation_out: p.decoded }
    return {
      name: `${p.name}_activation_decoder`,
      in: inputs,
      out: outputs,
      logic: (i) => ({ activation_out: decode.activation(i.activation_in.bits(), i.mode).unsigned() }),
    }
  }),
  column: component(`${label}_weight_decoder`, (p: DecodingFeederParameters) => {
    const inputs: Moded<ColumnFeederInputs> = { weight_in: p.code, mode: p.mode }
    const outputs: ColumnFeederOutputs = { weight_out: p.decoded }
    return {
      name: `${p.name}_weight_decoder`,
      in: inputs,
      out: outputs,
      logic: (i) => ({ weight_out: decode.weight(i.weight_in.bits(), i.mode).unsigned() }),
    }
  }),
})
