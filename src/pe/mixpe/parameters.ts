import type { ParameterSchema } from '../../spec/index.ts'
import { alignedBits } from '../arith/float/group-align.ts'

const group = {
  kind: 'integer',
  min: 1,
  max: 4096,
  default: 128,
  summary: 'most operand pairs that share scale and zero point',
} as const

/** Parameters with a=int8. */
export const integerParameters = {
  w: { kind: 'format', allowed: ['int2', 'int3', 'int4', 'int8'], default: 'int4', summary: 'weight format' },
  a: { kind: 'format', allowed: ['int8', 'fp16'], default: 'int8', summary: 'activation format' },
  group,
  weights: {
    kind: 'choice',
    allowed: ['asymmetric', 'symmetric'],
    default: 'asymmetric',
    summary:
      'asymmetric: unsigned codes with a zero point, with a=fp16 codes less zero point; symmetric, the default with a=fp16: signed codes',
  },
  compute: {
    kind: 'choice',
    allowed: ['parallel', 'serial'],
    default: 'parallel',
    summary: 'with a=int8, parallel: all bits of a weight in one cycle; serial: one bit a cycle',
  },
  output: {
    kind: 'choice',
    allowed: ['sum', 'fp32'],
    default: 'sum',
    summary:
      "with a=int8, sum: a group's exact integer; fp32: columns apply FP16 scales and add up the groups of an output",
  },
} as const satisfies ParameterSchema

const commonFloatParameters = {
  w: integerParameters.w,
  a: integerParameters.a,
  group,
  weights: { ...integerParameters.weights, default: 'symmetric' },
  acc: {
    kind: 'choice',
    allowed: ['fp32', 'exact', 'aligned'],
    default: 'fp32',
    summary:
      'with a=fp16, fp32: a sum rounded in every step; exact: in fixed point, rounded once; aligned: of integers in units of the group',
  },
} as const satisfies ParameterSchema

/** Parameters with a=fp16 and an FP32 or exact sum. */
export const floatParameters = {
  ...commonFloatParameters,
  stages: {
    kind: 'integer',
    min: 1,
    max: 2,
    default: 1,
    summary: 'with acc=fp32 or exact, pipeline stages behind the operand registers',
  },
} as const satisfies ParameterSchema

/** Parameters with a=fp16 and activations aligned by group. */
export const alignedParameters = {
  ...commonFloatParameters,
  bits: { ...alignedBits, summary: 'with acc=aligned, bits of an aligned activation, its sign included' },
} as const satisfies ParameterSchema

/** Every parameter there is; which go together, the families above say. */
export const allParameters = {
  ...floatParameters,
  ...alignedParameters,
  ...integerParameters,
} as const satisfies ParameterSchema
