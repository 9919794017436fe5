import { type IntShape, range, s, u } from '../../dsl/index.ts'
import { finite, integerFormatOf, product, sum, type Value } from '../../formats/index.ts'
import { fullSpec, type ParametersOf, readParameters, type Spec } from '../../spec/index.ts'
import { alignedSum } from '../arith/float/aligned-sum.ts'
import { alignedParts, alignmentCycles, groupExponent } from '../arith/float/group-align.ts'
import { fp16, fp32 } from '../arith/float/usual.ts'
import { shortestGroup } from '../arith/group-accumulator.ts'
import { drainedCell } from '../arith/systolic-cell.ts'
import type { Claim, Operands, ProcessingElement } from '../family.ts'
import { mixpeCell } from './cell.ts'
import { ExactMixpeCore, ExactRounding, exactRoundingCycles } from './exact-cell.ts'
import { FloatMixpeCore } from './float-cell.ts'
import { alignedParameters, floatParameters } from './parameters.ts'

const claims: readonly Claim[] = [
  {
    what: 'area times power of an FP16 PE over that of a MixPE INT4 x FP16 PE',
    value: '4.82',
    source: "design-space plot data in the authors' simulator repository, file dse.py, since deleted",
  },
]

/** What all PEs with FP16 activations have, whatever they add in. */
const common = (p: Pick<ParametersOf<typeof floatParameters>, 'w' | 'group' | 'weights'>) => {
  const { bits } = integerFormatOf(p.w)
  const symmetric = p.weights === 'symmetric'
  const largest = 2 ** bits - 1
  const weight: IntShape = symmetric ? s(bits) : range(-largest, largest)
  const operands: Operands = {
    activation: u(fp16.bits),
    weight,
    zero: undefined,
    result: u(fp32.bits),
    group: p.group,
    codes: { activation: fp16, weight: undefined, result: fp32 },
  }
  return { operands, weight, stem: `mixpe_w${bits}${symmetric ? 's' : 'd'}_fp16_g${p.group}` }
}

/** MixPE W4A16 with a sum in FP32, or exact. */
export const floatMixpe = (spec: Spec): ProcessingElement => {
  const p = readParameters(spec, floatParameters)
  const { operands, weight, stem } = common(p)
  const isExact = p.acc === 'exact'
  const name = `${stem}_${isExact ? 'exact' : 'acc32'}${p.stages > 1 ? `_s${p.stages}` : ''}`
  const shapes = { name, weight, stages: p.stages, group: p.group }
  return {
    spec: fullSpec('mixpe', floatParameters, p),
    parameters: p,
    name,
    family: 'mixpe',
    operands,
    parts: isExact
      ? {
          ...drainedCell(name, ExactMixpeCore(shapes)),
          columnEdge: ExactRounding({ name, weight, group: p.group }),
        }
      : drainedCell(name, FloatMixpeCore({ name, weight, stages: p.stages })),
    golden: isExact ? roundedOnce : roundedEachTime,
    timing: {
      latency_cycles: 1 + p.stages + (isExact ? exactRoundingCycles : 0),
      cycles_per_step: 1,
      macs_per_cycle: 1,
      shortestGroup,
    },
    claims,
  }
}

/** MixPE W4A16 with activations aligned by group: the cell is that of integers. */
export const alignedMixpe = (spec: Spec): ProcessingElement => {
  const p = readParameters(spec, alignedParameters)
  const { operands, weight, stem } = common(p)
  const name = `${stem}_aligned${p.bits}`
  return {
    spec: fullSpec('mixpe', alignedParameters, p),
    parameters: p,
    name,
    family: 'mixpe',
    operands: { ...operands, exponent: groupExponent },
    parts: alignedParts({ name, bits: p.bits, weight, group: p.group }, mixpeCell),
    golden: (activations, weights) => alignedSum(p.bits, activations, weights),
    timing: { latency_cycles: 2 + alignmentCycles, cycles_per_step: 1, macs_per_cycle: 1, shortestGroup },
    claims,
  }
}

/** Exact products, by the formats' own definition. */
const products = (activations: readonly number[], weights: readonly number[]): readonly Value[] =>
  activations.map((code, k) => product(fp16.decode(BigInt(code)), finite(BigInt(weights[k]!))))

/** In the order of the operands, from +0, rounded to nearest even after each. */
const roundedEachTime = (activations: readonly number[], weights: readonly number[]): bigint =>
  products(activations, weights).reduce<bigint>((total, term) => fp32.encode(sum(fp32.decode(total), term)), 0n)

/** Rounded at the end; a sum of 0 is +0, as sums that start from +0 are. */
const roundedOnce = (activations: readonly number[], weights: readonly number[]): bigint =>
  fp32.encode(products(activations, weights).reduce<Value>(sum, finite(0n)))
