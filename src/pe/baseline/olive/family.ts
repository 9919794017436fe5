import { s, u } from '../../../dsl/index.ts'
import { type OutlierVictimFormat, outlierVictimFormat, type Value } from '../../../formats/index.ts'
import { fullSpec, type ParameterSchema, readParameters } from '../../../spec/index.ts'
import { shortestGroup } from '../../arith/group-accumulator.ts'
import type { PeFamily } from '../../family.ts'
import { integerDot } from '../integer-dot.ts'
import { decodedShape, modeBits, modeShape, oliveCell, oliveFeeders } from './cell.ts'

const formats = ['olive(int4)', 'olive(flint4)'] as const

const parameters = {
  w: { kind: 'format', allowed: formats, default: 'olive(int4)', summary: 'weight format, a mode' },
  a: { kind: 'format', allowed: formats, default: 'olive(int4)', summary: 'activation format, a mode' },
  acc: { kind: 'integer', min: 32, max: 48, default: 32, summary: 'accumulator width in bits' },
} as const satisfies ParameterSchema

const pairFormat = (text: (typeof formats)[number]): OutlierVictimFormat =>
  outlierVictimFormat(text === 'olive(int4)' ? 'int4' : 'flint4')

const code = u(4)

/** OliVe: pairs of 4-bit codes, of which one may be an outlier at the cost of the other; two products a cycle. */
export const olive: PeFamily = {
  id: 'olive',
  summary: 'outlier-victim pairs of 4-bit codes, two products a cycle (OliVe)',
  source: 'Guo et al., OliVe, ISCA 2023 (arXiv 2304.07493); two products a cell, widths and drain are ours',
  parameters,
  apply(spec) {
    const p = readParameters(spec, parameters)
    const [activation, weight] = [pairFormat(p.a), pairFormat(p.w)]
    const [word, sum] = [u(8), s(p.acc)]
    const name = `olive_w4_a4_acc${p.acc}`
    const decoder = { name, code: word, decoded: decodedShape, mode: modeShape }
    const flints =
      (p.w === 'olive(flint4)' ? 2 ** modeBits.weightFlint : 0) +
      (p.a === 'olive(flint4)' ? 2 ** modeBits.activationFlint : 0)
    return {
      spec: fullSpec('olive', parameters, p),
      parameters: p,
      name,
      family: 'olive',
      operands: {
        activation: word,
        weight: word,
        zero: undefined,
        result: sum,
        group: undefined,
        lanes: { count: 2, activation: code, weight: code },
        mode: { shape: modeShape, value: flints },
        extremes: { activations: outliers(activation), weights: outliers(weight) },
      },
      parts: {
        ...oliveCell({
          name,
          activation: decodedShape,
          weight: decodedShape,
          sum,
          promise: `the sum fits ${p.acc} bits`,
        }),
        feeders: { row: oliveFeeders.row(decoder), column: oliveFeeders.column(decoder), latency_cycles: 0 },
      },
      golden: (activations, weights) => integerDot(valuesOf(activation, activations), valuesOf(weight, weights)),
      timing: { latency_cycles: 2, cycles_per_step: 1, macs_per_cycle: 2, shortestGroup },
      claims: [
        {
          what: 'speed and energy of the accelerator against GOBO, which stores outliers apart',
          value: '4.5 times the speed, 4.0 times less energy',
          source: 'arXiv 2304.07493, abstract',
        },
      ],
    }
  },
}

/** The values of codes in pairs. */
const valuesOf = (format: OutlierVictimFormat, codes: readonly number[]): readonly Value[] =>
  Array.from({ length: Math.ceil(codes.length / 2) }, (_, pair) =>
    format.decodePair(BigInt(codes[2 * pair]!), BigInt(codes[2 * pair + 1] ?? 0)),
  ).flat()

/** Pairs with the largest and the lowest outlier on the left, and on the right. */
const outliers = ({ outlier, identifier }: OutlierVictimFormat): readonly (readonly number[])[] =>
  [outlier.max, outlier.min].flatMap((value) => {
    const [found, victim] = [Number(outlier.encode(value)), Number(identifier)]
    return [
      [found, victim],
      [victim, found],
    ]
  })
