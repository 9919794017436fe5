import { s, u } from '../../../dsl/index.ts'
import { integerFormatOf } from '../../../formats/index.ts'
import { fullSpec, type ParameterSchema, readParameters } from '../../../spec/index.ts'
import { alignedSum } from '../../arith/float/aligned-sum.ts'
import { alignedBits, alignedParts, alignmentCycles, groupExponent } from '../../arith/float/group-align.ts'
import { fp16, fp32 } from '../../arith/float/usual.ts'
import { shortestGroup } from '../../arith/group-accumulator.ts'
import type { PeFamily } from '../../family.ts'
import { macCell } from '../mac/family.ts'

const parameters = {
  w: { kind: 'format', allowed: ['int4', 'int8'], default: 'int8', summary: 'weight format' },
  a: { kind: 'format', allowed: ['fp16'], default: 'fp16', summary: 'activation format' },
  group: { kind: 'integer', min: 1, max: 4096, default: 128, summary: 'most operand pairs that share an exponent' },
  bits: { ...alignedBits, summary: 'bits of an aligned activation, its sign included' },
} as const satisfies ParameterSchema

/** FP16 activations aligned by group and multiplied as integers, with a plain multiplier. */
export const figna: PeFamily = {
  id: 'figna',
  summary: 'FP16 activations aligned by group, integer multiply-accumulate (FIGNA-like)',
  source:
    'Jang et al., FIGNA, HPCA 2024 (abstract); widths, rounding, dataflow and what becomes of infinities are ours',
  parameters,
  apply(spec) {
    const p = readParameters(spec, parameters)
    const { bits } = integerFormatOf(p.w)
    const weight = s(bits)
    const name = `figna_w${bits}_fp16_g${p.group}_aligned${p.bits}`
    return {
      spec: fullSpec('figna', parameters, p),
      parameters: p,
      name,
      family: 'figna',
      operands: {
        activation: u(fp16.bits),
        weight,
        zero: undefined,
        result: u(fp32.bits),
        group: p.group,
        codes: { activation: fp16, weight: undefined, result: fp32 },
        exponent: groupExponent,
      },
      parts: alignedParts({ name, bits: p.bits, weight, group: p.group }, macCell),
      golden: (activations, weights) => alignedSum(p.bits, activations, weights),
      timing: { latency_cycles: 2 + alignmentCycles, cycles_per_step: 1, macs_per_cycle: 1, shortestGroup },
      claims: [
        {
          what: 'performance per area and energy efficiency of the accelerator, FP16 x INT4, over one with FP units',
          value: '6.34 times the TOPS/mm2, 2.19 times the TOPS/W',
          source: 'Jang et al., HPCA 2024, abstract',
        },
      ],
    }
  },
}
