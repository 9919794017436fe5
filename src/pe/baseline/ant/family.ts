import { s, u } from '../../../dsl/index.ts'
import { scalarFormatOf } from '../../../formats/index.ts'
import { fullSpec, type ParameterSchema, readParameters } from '../../../spec/index.ts'
import { shortestGroup } from '../../arith/group-accumulator.ts'
import type { PeFamily } from '../../family.ts'
import { integerDot } from '../integer-dot.ts'
import { antCell, antFeeders, modeBits, modeShape, pairShape } from './cell.ts'

const parameters = {
  w: { kind: 'format', allowed: ['flint4', 'int4'], default: 'flint4', summary: 'weight format, a mode' },
  a: {
    kind: 'format',
    allowed: ['flint4', 'int4', 'int8'],
    default: 'flint4',
    summary: 'activation format; a mode, but for int8',
  },
  acc: { kind: 'integer', min: 32, max: 48, default: 32, summary: 'accumulator width in bits' },
} as const satisfies ParameterSchema

/** ANT: integers or flints, chosen for each tensor; both are an integer and an exponent for one multiplier and shifter. */
export const ant: PeFamily = {
  id: 'ant',
  summary: 'integers and flints on one multiplier with a shift by exponents (ANT)',
  source: 'Guo et al., ANT, MICRO 2022 (arXiv 2208.14286), abstract; decoder, widths, cell and drain are ours',
  parameters,
  apply(spec) {
    const p = readParameters(spec, parameters)
    const [activation, weight] = [scalarFormatOf(p.a), scalarFormatOf(p.w)]
    const [activationShape, weightShape, result] = [u(activation.bits), u(weight.bits), s(p.acc)]
    const mode = modeShape(activation.bits)
    const name = `ant_w4_a${activation.bits}_acc${p.acc}`
    const decoder = { name, code: weightShape, decoded: pairShape, mode }
    const flints =
      (p.w === 'flint4' ? 2 ** modeBits.weightFlint : 0) + (p.a === 'flint4' ? 2 ** modeBits.activationFlint : 0)
    return {
      spec: fullSpec('ant', parameters, p),
      parameters: p,
      name,
      family: 'ant',
      operands: {
        activation: activationShape,
        weight: weightShape,
        zero: undefined,
        result,
        group: undefined,
        codes: { activation, weight, result: undefined },
        mode: { shape: mode, value: flints },
      },
      parts: {
        ...antCell({
          name,
          activation: activation.bits === 4 ? pairShape : activationShape,
          weight: pairShape,
          sum: result,
          promise: `the sum fits ${p.acc} bits`,
        }),
        feeders: {
          ...(activation.bits === 4 ? { row: antFeeders.row(decoder) } : {}),
          column: antFeeders.column(decoder),
          latency_cycles: 0,
        },
      },
      golden: (activations, weights) =>
        integerDot(
          activations.map((code) => activation.decode(BigInt(code))),
          weights.map((code) => weight.decode(BigInt(code))),
        ),
      timing: { latency_cycles: 2, cycles_per_step: 1, macs_per_cycle: 1, shortestGroup },
      claims: [
        {
          what: 'speed and energy efficiency of the accelerator against state-of-the-art quantisation accelerators',
          value: '2.8 times the speed, 2.5 times the energy efficiency',
          source: 'arXiv 2208.14286, abstract',
        },
      ],
    }
  },
}
