import { s, u } from '../../../dsl/index.ts'
import { fullSpec, type ParameterSchema, readParameters } from '../../../spec/index.ts'
import { shortestGroup } from '../../arith/group-accumulator.ts'
import type { Lanes, PeFamily } from '../../family.ts'
import { bitfusionCell } from './cell.ts'
import { lanesOf, modeOf, modeShape } from './mode.ts'

const formats = ['int8', 'int4', 'int2', 'uint8', 'uint4', 'uint2'] as const

const parameters = {
  w: { kind: 'format', allowed: formats, default: 'int8', summary: 'weight format, a mode of the same hardware' },
  a: { kind: 'format', allowed: formats, default: 'int8', summary: 'activation format, a mode of the same hardware' },
  acc: { kind: 'integer', min: 32, max: 48, default: 32, summary: 'accumulator width in bits' },
} as const satisfies ParameterSchema

const integerOf = (format: (typeof formats)[number]) => {
  const bits = Number(format.slice(-1))
  return format.startsWith('u') ? u(bits) : s(bits)
}

/** Bit Fusion: 16 bricks of 2 x 2 bits that fuse to one product of 8 x 8 bits or up to sixteen smaller ones a cycle. */
export const bitfusion: PeFamily = {
  id: 'bitfusion',
  summary: '2-bit bricks that fuse to products of 2, 4 or 8 bits at run time (Bit Fusion)',
  source: 'Sharma et al., Bit Fusion, ISCA 2018; packing, choice of digits, adders and drain are ours',
  parameters,
  apply(spec) {
    const p = readParameters(spec, parameters)
    const [activation, weight] = [integerOf(p.a), integerOf(p.w)]
    const fusion = {
      activationBits: activation.width,
      weightBits: weight.width,
      activationSigned: activation.min < 0n,
      weightSigned: weight.min < 0n,
    }
    const lanes: Lanes = { count: lanesOf(fusion), activation, weight }
    const word = u(32)
    const sum = s(p.acc)
    const name = `bitfusion_acc${p.acc}`
    const all = (shape: typeof activation) =>
      [shape.min, shape.max].map((value) => Array.from({ length: lanes.count }, () => Number(value)))
    return {
      spec: fullSpec('bitfusion', parameters, p),
      parameters: p,
      name,
      family: 'bitfusion',
      operands: {
        activation: word,
        weight: word,
        zero: undefined,
        result: sum,
        group: undefined,
        lanes,
        mode: { shape: modeShape, value: modeOf(fusion) },
        extremes: { activations: all(activation), weights: all(weight) },
      },
      parts: bitfusionCell({
        name,
        activation: word,
        weight: word,
        sum,
        promise: `the sum fits ${p.acc} bits`,
        mode: modeShape,
      }),
      golden: (activations, weights) => activations.reduce((sum, x, k) => sum + BigInt(x * weights[k]!), 0n),
      timing: { latency_cycles: 2, cycles_per_step: 1, macs_per_cycle: lanes.count, shortestGroup },
      claims: [
        {
          what: 'area of a fusion unit for 8 bits from 2-bit bricks, of one for 4 bits, and of a plain 8 x 8 unit, at 45 nm',
          value: '1733, 431 and 687.6 um2',
          source: "Design Compiler figures in the authors' simulator repository, results/systolic_array_synth.csv",
        },
        {
          what: 'power of the same three units at 500 MHz',
          value: '280, 78.5 and 148.8 uW',
          source: "Design Compiler figures in the authors' simulator repository, results/systolic_array_synth.csv",
        },
      ],
    }
  },
}
