import { u } from '../../../dsl/index.ts'
import { type FloatFormat, product, sum } from '../../../formats/index.ts'
import { fullSpec, type ParameterSchema, readParameters } from '../../../spec/index.ts'
import { shortestGroup } from '../../arith/group-accumulator.ts'
import { drainedCell } from '../../arith/systolic-cell.ts'
import type { PeFamily } from '../../family.ts'
import { FloatMacCore, formatNamed } from './cell.ts'

const parameters = {
  format: {
    kind: 'format',
    allowed: ['fp16', 'bf16', 'e5m2', 'e4m3'],
    default: 'fp16',
    summary: 'format of weights and activations',
  },
  acc: { kind: 'format', allowed: ['fp16', 'bf16', 'fp32'], default: 'fp32', summary: 'format of the accumulator' },
  rounding: {
    kind: 'choice',
    allowed: ['fused', 'separate'],
    default: 'fused',
    summary: 'fused: one rounding a step; separate: product and sum are rounded',
  },
  subnormals: {
    kind: 'choice',
    allowed: ['kept', 'flushed'],
    default: 'kept',
    summary: 'kept as IEEE 754 has them, or zero in their place in every format',
  },
  stages: { kind: 'integer', min: 1, max: 3, default: 1, summary: 'pipeline stages behind the operand registers' },
} as const satisfies ParameterSchema

/** The floating-point yardstick: multiply-add with the sum rounded in every step, as a processor would. */
export const fmac: PeFamily = {
  id: 'fmac',
  summary: 'floating-point multiply-add, rounded in every step, the yardstick',
  source: 'IEEE Std 754-2019 (5.4.1, 4.3.1); the cell, its pipeline and the order of sums are ours',
  parameters,
  apply(spec) {
    const p = readParameters(spec, parameters)
    const [format, acc] = [formatNamed(p.format, p.subnormals), formatNamed(p.acc, p.subnormals)]
    const options = [p.rounding, p.subnormals === 'flushed' ? 'ftz' : '', p.stages > 1 ? `s${p.stages}` : '']
    const name = ['fmac', p.format, `acc${acc.bits === 16 ? p.acc : acc.bits}`, ...options].filter(Boolean).join('_')
    return {
      spec: fullSpec('fmac', parameters, p),
      parameters: p,
      name,
      family: 'fmac',
      operands: {
        activation: u(format.bits),
        weight: u(format.bits),
        zero: undefined,
        result: u(acc.bits),
        group: undefined,
        codes: { activation: format, weight: format, result: acc },
      },
      parts: drainedCell(name, FloatMacCore({ ...p, name })),
      golden: goldenSum(format, acc, p.rounding === 'fused'),
      timing: { latency_cycles: 1 + p.stages, cycles_per_step: 1, macs_per_cycle: 1, shortestGroup },
      claims: [
        {
          what: 'area of an FP16 multiplier and an FP16 adder at 28 nm, with registers',
          value: '1395.5 + 573.2 = 1968.7 um2',
          source: "synthesis results in BitMoD's artifact (HPCA 2025), the FP16 baseline",
          area28_um2: 1968.7,
        },
      ],
    }
  },
}

/** The sum in the order of the operands, from +0, with exact values rounded by the formats' own definition. */
const goldenSum =
  (format: FloatFormat, acc: FloatFormat, isFused: boolean) =>
  (activations: readonly number[], weights: readonly number[]): bigint => {
    let total = 0n
    activations.forEach((activation, k) => {
      const exact = product(format.decode(BigInt(activation)), format.decode(BigInt(weights[k]!)))
      const term = isFused ? exact : acc.decode(acc.encode(exact))
      total = acc.encode(sum(term, acc.decode(total)))
    })
    return total
  }
