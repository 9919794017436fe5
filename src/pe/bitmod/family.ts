import { u } from '../../dsl/index.ts'
import { NAN, sum } from '../../formats/index.ts'
import { fullSpec, type ParameterSchema, readParameters } from '../../spec/index.ts'
import { fp16 } from '../arith/float/usual.ts'
import type { TiledFamily, TileGroup } from '../tile.ts'
import { ColumnAccumulator, sumFormat } from './column-accumulator.ts'
import { ColumnEdge, RowAligner, RowEdge } from './edges.ts'
import { isNoNumber, lowestBit, scaledSum } from './golden.ts'
import { AlignedPe, BitmodPe, scaleBits } from './pe.ts'
import { paperSpecialValues, weightNames, weightTypes } from './terms.ts'
import { bitmodTile, shortestGroup, tileLatency } from './tile.ts'

const parameters = {
  w: {
    kind: 'format',
    allowed: weightNames,
    default: 'fp4',
    summary: 'weight format; fp4 and fp3 with special values',
  },
  group: {
    kind: 'integer',
    min: 1,
    max: 4096,
    default: 128,
    summary: 'most operand pairs that share a scale and a special value',
  },
  lanes: { kind: 'integer', min: 1, max: 16, default: 4, summary: 'activations a cycle' },
  guard: {
    kind: 'integer',
    min: 0,
    max: 8,
    default: 3,
    summary: 'bits kept below the mantissa of the largest activation',
  },
  magnitude: { kind: 'integer', min: 10, max: 24, default: 14, summary: "bits of the group sum's magnitude" },
  significance: {
    kind: 'choice',
    allowed: ['exponent', 'shift'],
    default: 'exponent',
    summary:
      "where a term's place in its weight goes: into the exponent, or, as the paper draws it, into a shift before the sum",
  },
  inputs: {
    kind: 'choice',
    allowed: ['shared', 'local', 'skewed', 'aligned'],
    default: 'shared',
    summary:
      "registers of operands: at the tile's edges, in every PE, at the edges with mantissas a cycle later, or there with activations already aligned",
  },
} as const satisfies ParameterSchema

/** PEs that share a column's accumulator (IV-C). */
const paperRows = 8

/** BitMoD: FP16 activations times weights of several formats, term by term. */
export const bitmod: TiledFamily = {
  id: 'bitmod',
  summary: 'bit-serial mixture of weight formats, FP16 activations (BitMoD)',
  source:
    'Chen et al., BitMoD, HPCA 2025 (III-A, IV, Fig. 4 and 5); two-way alignment, significance in the exponent, rounding down, NaN, and the FP32 column sums are ours',
  parameters,
  apply(spec) {
    const p = readParameters(spec, parameters)
    const type = weightTypes[p.w]
    const name = [
      'bitmod',
      p.w,
      `g${p.group}`,
      p.lanes === 4 ? '' : `lanes${p.lanes}`,
      p.guard === 3 ? '' : `guard${p.guard}`,
      p.magnitude === 14 ? '' : `m${p.magnitude}`,
      p.significance === 'shift' ? 'shift' : '',
      p.inputs,
    ]
      .filter(Boolean)
      .join('_')
    const pe = {
      name,
      lanes: p.lanes,
      guard: p.guard,
      magnitude: p.magnitude,
      significance: p.significance,
      ...(p.inputs === 'aligned'
        ? ({ alignment: 'activations', inputs: 'skewed' } as const)
        : ({ alignment: 'terms', inputs: p.inputs } as const)),
    }
    const edge = { name, lanes: p.lanes, inputs: pe.inputs, alignment: pe.alignment }
    const specials = paperSpecialValues(type)
    const golden = ({ activations, weights, selector, scale }: TileGroup, before = 0n): bigint => {
      const operands = { activations, weights, special: specials[selector] ?? 0, scale }
      const scaled = activations.some(isNoNumber) ? NAN : scaledSum(pe, type, operands)
      return sumFormat.encode(sum(scaled, sumFormat.decode(before)))
    }
    return {
      spec: fullSpec('bitmod', parameters, p),
      parameters: p,
      name,
      family: 'bitmod',
      operands: {
        activation: u(16),
        weight: u(type.bits),
        lanes: p.lanes,
        selector: type.kind === 'float' ? u(2) : undefined,
        scale: u(scaleBits),
        result: u(sumFormat.bits),
        group: p.group,
        codes: { activation: fp16, result: sumFormat },
      },
      tile: (size) => bitmodTile({ ...pe, type: p.w, ...size }),
      blocks: [
        { name: 'cell', place: 'the PE', component: p.inputs === 'aligned' ? AlignedPe(pe) : BitmodPe(pe) },
        { name: 'row edge', place: 'left of every row', component: RowEdge(edge) },
        ...(p.inputs === 'aligned'
          ? [
              {
                name: 'row aligner',
                place: 'behind every row edge',
                component: RowAligner({ name, lanes: p.lanes, guard: p.guard }),
              },
            ]
          : []),
        { name: 'column edge', place: 'above every column', component: ColumnEdge({ ...edge, type: p.w }) },
        {
          name: 'column accumulator',
          place: `behind every column, here of ${paperRows} rows`,
          component: ColumnAccumulator({
            name,
            rows: paperRows,
            magnitude: p.magnitude,
            lowestBit: lowestBit(pe, type),
          }),
        },
      ],
      golden,
      timing: {
        latency_cycles: tileLatency(0),
        cycles_per_step: type.cycles,
        macs_per_cycle: p.lanes / type.cycles,
        shortestGroup,
      },
      claims: [
        {
          what: 'area of a PE at 28 nm and 1 GHz, over that of an FP16 multiplier and an FP16 adder',
          value: '1507.7 um2, 0.766',
          source:
            "BitMoD, HPCA 2025, IV-B and Table X; the artifact's sheet has 1793.7 um2 with registers between blocks",
          area28_um2: 1507.7,
        },
        {
          what: 'speed of the accelerator with 4-bit weights over ANT and OliVe',
          value: '1.69 and 1.48 times',
          source: 'BitMoD, HPCA 2025, abstract',
        },
      ],
    }
  },
}
