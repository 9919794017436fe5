import { u } from '../../../dsl/index.ts'
import { exactDot, type PositFormat } from '../../../formats/index.ts'
import { fullSpec, type ParameterSchema, readParameters } from '../../../spec/index.ts'
import { shortestGroup } from '../../arith/group-accumulator.ts'
import { drainedCell } from '../../arith/systolic-cell.ts'
import type { PeFamily } from '../../family.ts'
import { PositMacCore, PositReadOut, positNamed, readOutCycles } from './cell.ts'

const parameters = {
  format: {
    kind: 'format',
    allowed: ['posit(4,1)', 'posit(8,0)', 'posit(16,1)'],
    default: 'posit(8,0)',
    summary: 'format of weights, activations and results',
  },
  group: {
    kind: 'integer',
    min: 1,
    max: 1_048_575,
    default: 32_767,
    summary: 'most operand pairs in a group; the quire is as wide as they need',
  },
  segment: {
    kind: 'integer',
    min: 4,
    max: 256,
    default: 16,
    summary: 'longest carry chain in the quire, in bits; longer than the quire for a plain adder',
  },
  stages: { kind: 'integer', min: 1, max: 4, default: 2, summary: 'cycles from the operand registers to the quire' },
} as const satisfies ParameterSchema

/** The yardstick for posits: exact products, an exact sum in a quire, one rounding when the group ends. */
export const posit: PeFamily = {
  id: 'posit',
  summary: 'posit multiply-accumulate into a quire, rounded once a group, the yardstick',
  source:
    'Standard for Posit Arithmetic (2022) and its draft 3.2 for (8,0) and (16,1); the order of stages as for XR-NPE; cell and pipeline are ours',
  parameters,
  apply(spec) {
    const p = readParameters(spec, parameters)
    const format = positNamed(p.format)
    const name = `posit_${format.bits}_${format.es}_g${p.group}_c${p.segment}_s${p.stages}`
    const code = u(format.bits)
    return {
      spec: fullSpec('posit', parameters, p),
      parameters: p,
      name,
      family: 'posit',
      operands: {
        activation: code,
        weight: code,
        zero: undefined,
        result: code,
        group: p.group,
        codes: { activation: format, weight: format, result: format },
      },
      parts: {
        ...drainedCell(name, PositMacCore({ ...p, name })),
        columnEdge: PositReadOut({ name, format: p.format, group: p.group, segment: p.segment }),
      },
      golden: goldenDot(format),
      timing: { latency_cycles: 1 + p.stages + readOutCycles, cycles_per_step: 1, macs_per_cycle: 1, shortestGroup },
      claims: [
        {
          what: 'area and clock at 28 nm of a SIMD MAC for FP4, posit(4,1), posit(8,0) and posit(16,1)',
          value: '0.016 mm2, 1.72 GHz',
          source: 'XR-NPE, arXiv 2508.13049, abstract',
        },
      ],
    }
  },
}

/** The exact dot product, rounded once; NaR where an operand is. */
const goldenDot =
  ({ decode, encode }: PositFormat) =>
  (activations: readonly number[], weights: readonly number[]): bigint =>
    encode(
      exactDot(
        activations.map((code) => decode(BigInt(code))),
        weights.map((code) => decode(BigInt(code))),
      ),
    )
