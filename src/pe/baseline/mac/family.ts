import { type Int, s } from '../../../dsl/index.ts'
import { integerFormatOf } from '../../../formats/index.ts'
import { fullSpec, type ParameterSchema, readParameters } from '../../../spec/index.ts'
import { shortestGroup } from '../../arith/group-accumulator.ts'
import { multiplyAdd } from '../../arith/multiply-add.ts'
import { systolicCell } from '../../arith/systolic-cell.ts'
import type { PeFamily } from '../../family.ts'

const parameters = {
  w: { kind: 'format', allowed: ['int4', 'int8', 'int16'], default: 'int8', summary: 'weight format' },
  a: { kind: 'format', allowed: ['int4', 'int8', 'int16'], default: 'int8', summary: 'activation format' },
  acc: { kind: 'integer', min: 32, max: 48, default: 32, summary: 'accumulator width in bits' },
} as const satisfies ParameterSchema

/** Booth's rows are as many as half the bits of `b`. */
const byWidth = (x: Int, y: Int): { readonly a: Int; readonly b: Int } =>
  x.shape.width < y.shape.width ? { a: y, b: x } : { a: x, b: y }

/** Multiply-accumulate with a plain multiplier, in the same cell as the other PEs so that nothing else differs. */
export const macCell = systolicCell('mac_cell', (builder, activation, weight, accumulator) =>
  multiplyAdd(builder, 'multiply_add', { ...byWidth(activation, weight), c: accumulator, form: 'booth' }),
)

/** The yardstick: signed integer multiply-accumulate, INT8 x INT8 into 32 bits unless said otherwise. */
export const mac: PeFamily = {
  id: 'mac',
  summary: 'signed integer multiply-accumulate, the yardstick',
  source: 'ours: the textbook output-stationary MAC cell, as in area tables of the literature',
  parameters,
  apply(spec) {
    const p = readParameters(spec, parameters)
    const weight = s(integerFormatOf(p.w).bits)
    const activation = s(integerFormatOf(p.a).bits)
    const accumulator = s(p.acc)
    const name = `mac_w${weight.width}_a${activation.width}_acc${p.acc}`
    return {
      spec: fullSpec('mac', parameters, p),
      parameters: p,
      name,
      family: 'mac',
      operands: { activation, weight, zero: undefined, result: accumulator, group: undefined },
      parts: macCell({
        name,
        activation,
        weight,
        sum: accumulator,
        promise: `the sum fits ${p.acc} bits`,
        product: activation.times(weight),
      }),
      golden: (activations, weights) => {
        let sum = 0n
        for (let k = 0; k < activations.length; k++) sum += BigInt(activations[k]!) * BigInt(weights[k]!)
        return sum
      },
      timing: { latency_cycles: 2, cycles_per_step: 1, macs_per_cycle: 1, shortestGroup },
      claims: [
        {
          what: 'area of an 8-bit multiply-accumulate unit at 45 nm',
          value: '687.6 um2',
          source: "BitFusion's Design Compiler figure for 8 x 8, in its authors' simulator repository",
        },
      ],
    }
  },
}
