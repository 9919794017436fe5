import { s, u } from '../../dsl/index.ts'
import { integerFormatOf } from '../../formats/index.ts'
import { fullSpec, readParameters, type Spec } from '../../spec/index.ts'
import { bitSerialFeeders, doubledShape } from '../arith/bit-serial.ts'
import { rowsPerDrain, shortestGroup } from '../arith/group-accumulator.ts'
import type { PeFamily, ProcessingElement } from '../family.ts'
import { activationSum, mixpeCell } from './cell.ts'
import { alignedMixpe, floatMixpe } from './float-family.ts'
import { dequantising } from './output.ts'
import { allParameters, integerParameters } from './parameters.ts'
import { correctedSum, ZeroPointCorrection } from './zero-point.ts'

/** MixPE: shift-add products, the sum over a quantisation group dequantised once. */
export const mixpe: PeFamily = {
  id: 'mixpe',
  summary: 'shift-add mixed precision, dequantisation after the group (MixPE)',
  source: 'Zhang et al., MixPE, arXiv 2411.16158 (abstract); datapath widths, drain and correction unit are ours',
  parameters: allParameters,
  apply(spec) {
    const { a, acc } = readParameters(spec, allParameters)
    if (a === 'int8') return integerMixpe(spec)
    return acc === 'aligned' ? alignedMixpe(spec) : floatMixpe(spec)
  },
}

/** W4A8: exact sum over the group, zero point taken off once a group. */
const integerMixpe = (spec: Spec): ProcessingElement => {
  const p = readParameters(spec, integerParameters)
  const symmetric = p.weights === 'symmetric'
  const { bits } = integerFormatOf(p.w)
  const weight = symmetric ? s(bits) : u(bits)
  const activation = s(integerFormatOf(p.a).bits)
  const serial = p.compute === 'serial'
  const name = `mixpe_w${bits}${symmetric ? 's' : 'u'}_a${activation.width}_g${p.group}${serial ? '_serial' : ''}`
  const shapes = { name, activation, weight, group: p.group }
  const cell = mixpeCell({
    name,
    activation: serial ? doubledShape(shapes) : activation,
    weight: serial ? u(1) : weight,
    sum: activation.times(weight).sumOf(p.group),
    promise: `a group has at most ${p.group} operand pairs`,
    ...(serial ? {} : { product: activation.times(weight) }),
  })
  const inner = serial ? { ...cell, feeders: bitSerialFeeders(shapes) } : cell
  const parts = symmetric
    ? inner
    : { ...inner, rowEdge: activationSum(shapes), columnEdge: ZeroPointCorrection(shapes) }
  const pe: ProcessingElement = {
    spec: fullSpec('mixpe', integerParameters, p),
    parameters: p,
    name,
    family: 'mixpe',
    operands: {
      activation,
      weight,
      zero: symmetric ? undefined : weight,
      result: symmetric ? activation.times(weight).sumOf(p.group) : correctedSum(shapes),
      group: p.group,
    },
    parts,
    golden: (activations, weights, zero) => {
      let sum = 0n
      for (let k = 0; k < activations.length; k++) sum += BigInt(activations[k]!) * BigInt(weights[k]! - zero)
      return sum
    },
    timing: {
      latency_cycles: (symmetric ? 2 : 4) + (serial ? 1 : 0),
      cycles_per_step: serial ? bits : 1,
      macs_per_cycle: serial ? 1 / bits : 1,
      shortestGroup,
    },
    ours: `Ours, since the MixPE paper does not say: ${symmetric ? 'signed weights' : 'unsigned weights with a zero point'}, shifted copies added ${serial ? 'one a cycle' : 'in one cycle'}, exact integer sums within a group, the drain through a register for every ${rowsPerDrain} rows, FP16 scales and FP32 accumulation over groups.`,
    claims: [
      {
        what: 'speed and energy of the accelerator against state-of-the-art quantisation accelerators',
        value: '2.6 times the speed, 1.4 times less energy',
        source: 'arXiv 2411.16158, abstract',
      },
      {
        what: 'area times power of an INT8 PE over that of a MixPE INT4 x INT8 PE',
        value: '2.29 (133.38 / 58.28)',
        source: "design-space plot data in the authors' simulator repository, file dse.py, since deleted",
      },
    ],
  }
  return p.output === 'sum' ? pe : dequantising(pe)
}
