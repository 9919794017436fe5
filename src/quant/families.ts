import { blockFormatOf, type ScalarFormat, scalarFormatOf } from '../formats/index.ts'
import { fullSpec, type ParameterSchema, type ParametersOf, readParameters, type Spec } from '../spec/index.ts'
import { type Activations, activationsOf } from './activations.ts'
import { fitBitmod } from './bitmod.ts'
import { fitBlocks } from './blocks.ts'
import type { CodedMatrix } from './coded.ts'
import type { Fitted, WeightMatrix } from './fitted.ts'
import { fitGroups } from './group-integer.ts'
import { fitPairs } from './outlier-victim.ts'
import { fitTyped } from './typed-groups.ts'

/** What a quantiser does to one linear layer. */
export interface MatrixQuantiser {
  /** All parameters said. */
  readonly spec: string
  /** What becomes of weights, one phrase. */
  readonly weights: string
  readonly activations: Activations
  readonly fit: (matrix: WeightMatrix) => Fitted<CodedMatrix>
}

/** Quantisers that are written alike. */
export interface MatrixQuantiserFamily {
  readonly id: string
  readonly summary: string
  /** Paper and section. */
  readonly source: string
  readonly parameters: ParameterSchema
  readonly apply: (spec: Spec) => MatrixQuantiser
}

interface Definition<S extends ParameterSchema> extends Omit<MatrixQuantiserFamily, 'apply'> {
  readonly parameters: S
  readonly create: (values: ParametersOf<S>) => Omit<MatrixQuantiser, 'spec'>
}

const family = <const S extends ParameterSchema>({ create, ...said }: Definition<S>): MatrixQuantiserFamily => ({
  ...said,
  apply: (spec) => {
    const values = readParameters(spec, said.parameters)
    return { spec: fullSpec(said.id, said.parameters, values), ...create(values) }
  },
})

/** Adds the kind of what a fit gives. */
const tagged = <K extends CodedMatrix['kind'], Q>(kind: K, { round, finish }: Fitted<Q>): Fitted<{ kind: K } & Q> => ({
  round,
  finish: () => ({ kind, ...finish() }),
})

const integerNames = ['int8', 'int7', 'int6', 'int5', 'int4', 'int3', 'int2'] as const
const activationNames = ['float', 'fp16', 'int8', 'int7', 'int6', 'int5', 'int4'] as const

const groupRule = {
  kind: 'integer',
  min: 1,
  max: 4096,
  default: 128,
  summary: 'weights that share a scale, with per=group',
} as const
const perRule = (usual: 'group' | 'channel') =>
  ({ kind: 'choice', allowed: ['group', 'channel', 'tensor'], default: usual, summary: 'what has a scale' }) as const
const activationRule = {
  kind: 'choice',
  allowed: activationNames,
  default: 'float',
  summary: 'activations; integers have one scale a token',
} as const
const clipRule = {
  kind: 'choice',
  allowed: ['none', 'mse'],
  default: 'none',
  summary: 'the whole range, or the part from 0.5 to 1 of least squared error',
} as const

const bitsOf = (name: string): number => Number(name.slice('int'.length))

/** `groups of 128`, `one scale a channel` or `one scale a tensor`. */
const sharingText = (per: 'group' | 'channel' | 'tensor', group: number): string =>
  per === 'group' ? `groups of ${group}` : per === 'channel' ? 'one scale a channel' : 'one scale a tensor'
const clipText = (clip: 'none' | 'mse'): string => (clip === 'mse' ? ', clipped at the least squared error' : '')

const groupInteger = family({
  id: 'group-integer',
  summary: 'weights: integers, rounded to nearest, with a zero point or symmetric, FP16 scales',
  source: 'round to nearest as GPTQ, arXiv 2210.17323, compares with; rounding of the scale first: ours',
  parameters: {
    w: { kind: 'choice', allowed: integerNames, default: 'int4', summary: 'weights' },
    per: perRule('group'),
    group: groupRule,
    weights: {
      kind: 'choice',
      allowed: ['asymmetric', 'symmetric'],
      default: 'asymmetric',
      summary: 'with a zero point, or around 0',
    },
    a: activationRule,
    clip: clipRule,
  },
  create: ({ w, per, group, weights, a, clip }) => ({
    weights: `round to nearest, ${w} ${weights}, ${sharingText(per, group)}, FP16 scales${clipText(clip)}`,
    activations: activationsOf(a),
    fit: (matrix) =>
      tagged('integer', fitGroups(matrix, { bits: bitsOf(w), group, signed: weights === 'symmetric' }, { per, clip })),
  }),
})

const mixpe = family({
  id: 'mixpe',
  summary:
    'weights: unsigned integers with a zero point a group, as MixPE reads them; activations: INT8 (W4A8) or FP16 (W4A16)',
  source: 'MixPE, arXiv 2411.16158 (abstract: scale and zero point a group); rounding and scale format: ours',
  parameters: {
    w: { kind: 'choice', allowed: integerNames, default: 'int4', summary: 'weights' },
    group: groupRule,
    a: {
      kind: 'choice',
      allowed: ['int8', 'fp16'],
      default: 'int8',
      summary: 'activations; INT8 has one scale a token',
    },
  },
  create: ({ w, group, a }) => ({
    weights: `round to nearest, ${w} asymmetric, groups of ${group}, FP16 scales`,
    activations: activationsOf(a),
    fit: (matrix) => tagged('integer', fitGroups(matrix, { bits: bitsOf(w), group, signed: false })),
  }),
})

const bitmod = family({
  id: 'bitmod',
  summary: 'weights: BitMoD, the special value of least error for each group, 8-bit scales',
  source: 'BitMoD, HPCA 2025, Algorithm 1',
  parameters: {
    w: {
      kind: 'choice',
      allowed: ['fp4', 'fp3', 'int8', 'int6', 'int5', 'int4', 'int3'],
      default: 'fp4',
      summary: 'weights',
    },
    group: groupRule,
    a: activationRule,
    clip: clipRule,
  },
  create: ({ w, group, a, clip }) => ({
    weights: `BitMoD ${w}, groups of ${group}, 8-bit group scales times an FP16 scale a row${clipText(clip)}`,
    activations: activationsOf(a),
    fit: (matrix) => tagged('bitmod', fitBitmod(matrix, { weights: w, group }, clip)),
  }),
})

const ant = family({
  id: 'ant',
  summary: 'weights: ANT, integer, flint or power of two, whichever has the least squared error',
  source:
    'ANT, MICRO 2022: type of a tensor and scale of a channel by squared error; bounds of the search: ours; a type a group: as BitMoD has ANT',
  parameters: {
    bits: { kind: 'integer', min: 3, max: 8, default: 4, summary: 'bits of a weight' },
    per: perRule('channel'),
    group: groupRule,
    type: {
      kind: 'choice',
      allowed: ['tensor', 'scale'],
      default: 'tensor',
      summary: 'one type for the matrix, or one for each scale',
    },
    a: activationRule,
    clip: { ...clipRule, default: 'mse' },
  },
  create: ({ bits, per, group, type, a, clip }) => ({
    weights: `ANT: int${bits}, flint${bits} or pot${bits} ${type === 'tensor' ? 'for the matrix' : 'for each scale'}, ${sharingText(per, group)}, FP16 scales${clipText(clip)}`,
    activations: activationsOf(a),
    fit: (matrix) => {
      const formats = ['int', 'flint', 'pot'].map((name) => scalarFormatOf(`${name}${bits}`))
      return tagged('typed', fitTyped(matrix, { formats, per, group, clip, choice: type }))
    },
  }),
})

const olive = family({
  id: 'olive',
  summary: 'weights: OliVe, pairs of which one may be an outlier at the cost of the other',
  source: 'OliVe, ISCA 2023, arXiv 2304.07493; bounds of the scale search: ours',
  parameters: {
    normal: { kind: 'choice', allowed: ['int4', 'flint4', 'int8'], default: 'int4', summary: 'normal values' },
    per: perRule('channel'),
    group: groupRule,
    a: activationRule,
  },
  create: ({ normal, per, group, a }) => ({
    weights: `OliVe pairs of ${normal}, ${sharingText(per, group)}, FP16 scales by least squared error`,
    activations: activationsOf(a),
    fit: (matrix) => tagged('pairs', fitPairs(matrix, { normal, per, group })),
  }),
})

const scaledNames = [
  ...['fp3', 'fp4', 'e3m0', 'e1m2', 'e2m2', 'e3m1', 'e2m3', 'e3m2', 'e4m3', 'e5m2'],
  ...['posit(4,1)', 'posit(8,0)', 'posit(8,1)', 'posit(8,2)', 'posit(16,1)', 'posit(16,2)'],
  ...['nf4', 'flint3', 'flint4', 'flint5', 'flint6', 'pot3', 'pot4', 'pot6'],
] as const

const scaledText = (format: ScalarFormat, per: 'group' | 'channel' | 'tensor', group: number): string =>
  `${format.id}, ${sharingText(per, group)}, FP16 scales`

const scaled = family({
  id: 'scaled',
  summary:
    'weights: any small format of single numbers with a scale: FP3 to FP8 (FP6 is e3m2 or e2m3), posits, NF4, flint',
  source: 'largest magnitude on the largest value, as BitMoD, HPCA 2025, has FP3 to FP6; posits: ours',
  parameters: {
    w: { kind: 'format', allowed: scaledNames, default: 'fp4', summary: 'weights' },
    per: perRule('group'),
    group: groupRule,
    a: { ...activationRule, kind: 'format', allowed: [...activationNames, ...scaledNames] },
    clip: clipRule,
  },
  create: ({ w, per, group, a, clip }) => {
    const format = scalarFormatOf(w)
    return {
      weights: `${scaledText(format, per, group)}${clipText(clip)}`,
      activations: activationsOf(a),
      fit: (matrix) => tagged('typed', fitTyped(matrix, { formats: [format], per, group, clip })),
    }
  },
})

const xrnpeNames = ['fp4', 'posit(4,1)', 'posit(8,0)', 'posit(16,1)'] as const

const xrnpe = family({
  id: 'xrnpe',
  summary:
    'weights and activations in a format of XR-NPE: FP4, posit(4,1), posit(8,0), posit(16,1), with a scale a group or token',
  source: 'XR-NPE, arXiv 2508.13049 (abstract: the formats); scales: ours',
  parameters: {
    w: { kind: 'format', allowed: xrnpeNames, default: 'fp4', summary: 'weights' },
    group: groupRule,
    a: {
      kind: 'format',
      allowed: ['float', ...xrnpeNames],
      default: 'float',
      summary: 'activations; the PE reads them in the format of the weights',
    },
  },
  create: ({ w, group, a }) => {
    const format = scalarFormatOf(w)
    return {
      weights: scaledText(format, 'group', group),
      activations: activationsOf(a),
      fit: (matrix) => tagged('typed', fitTyped(matrix, { formats: [format], per: 'group', group, clip: 'none' })),
    }
  },
})

const blockNames = [
  ...['mxfp4', 'mxfp6(e3m2)', 'mxfp6(e2m3)', 'mxfp8(e4m3)', 'mxfp8(e5m2)', 'mxint8', 'nvfp4', 'nvint4'],
  ...['mxfp4(rule=rceil)', 'mxfp4(rule=even)'],
] as const

const block = family({
  id: 'block',
  summary: 'weights: MX and NV block formats, scales by their own rules',
  source: 'OCP MX v1.0, sections 5.2 and 6.3; NVFP4: arXiv 2509.25149; see bitloom list formats',
  parameters: {
    w: { kind: 'format', allowed: blockNames, default: 'mxfp4', summary: 'weights' },
    a: {
      kind: 'format',
      allowed: [...activationNames, ...blockNames],
      default: 'float',
      summary: 'activations; integers have one scale a token',
    },
  },
  create: ({ w, a }) => {
    const format = blockFormatOf(w)
    return {
      weights: `${format.id}: ${format.summary}, rows apart`,
      activations: activationsOf(a),
      fit: (matrix) => tagged('blocks', fitBlocks(matrix, format)),
    }
  },
})

/** Quantisers that need nothing but the weights. */
export const matrixQuantiserFamilies: readonly MatrixQuantiserFamily[] = [
  groupInteger,
  mixpe,
  bitmod,
  ant,
  olive,
  scaled,
  xrnpe,
  block,
]
