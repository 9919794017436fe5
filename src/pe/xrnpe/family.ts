import { u } from '../../dsl/index.ts'
import { scalarFormatOf } from '../../formats/index.ts'
import { badValue, fullSpec, type ParameterSchema, readParameters } from '../../spec/index.ts'
import { shortestGroup } from '../arith/group-accumulator.ts'
import { drainedCell } from '../arith/systolic-cell.ts'
import type { PeFamily } from '../family.ts'
import { coreStages, XrnpeCore } from './core.ts'
import { resultWord } from './golden.ts'
import {
  formatOfMode,
  lanesOf,
  modeNames,
  modeShape,
  modes,
  type PackingName,
  packingNames,
  packings,
} from './modes.ts'
import { readOutCycles, resultShape, XrnpeReadOut } from './read-out.ts'

const parameters = {
  mode: {
    kind: 'format',
    allowed: modeNames,
    default: 'posit(8,0)',
    summary: 'format of weights and activations, a mode of the same hardware',
  },
  lanes: {
    kind: 'choice',
    allowed: ['summed', 'separate'],
    default: 'summed',
    summary: "whether the products of a word's lanes go to one sum or to one a lane",
  },
  packing: {
    kind: 'choice',
    allowed: packingNames,
    default: 'lanes_4_2_1',
    summary: 'lanes of a word in modes of 4, 8 and 16 bits: words of 16 bits, or of 64 for more products a cycle',
  },
  result: {
    kind: 'format',
    allowed: ['same', ...modeNames, 'quire'],
    default: 'same',
    summary: "format of results: the mode's own, one for all modes, or the quire as it is",
  },
  gating: {
    kind: 'choice',
    allowed: ['on', 'off'],
    default: 'on',
    summary: 'whether what a mode does not use is kept still',
  },
} as const satisfies ParameterSchema

/** Operand words of a group that the quires hold whatever they are: of posit(8,0) up to 2^43 of their last places. */
export const longestGroup = (packing: PackingName): number => 2 ** 19 / packings[packing].lanes[8] - 1

/** XR-NPE: products of four formats into one quire, up to four a cycle from words of 16 bits, or 16 from words of 64. */
export const xrnpe: PeFamily = {
  id: 'xrnpe',
  summary: 'SIMD multiply-accumulate of FP4 and posits of 4, 8 and 16 bits into a shared quire (XR-NPE)',
  source:
    'Chaudhari et al., XR-NPE, arXiv 2508.13049; the authors released no RTL, so packing, stages, blocks, quire and read-out are ours',
  parameters,
  apply(spec) {
    const p = readParameters(spec, parameters)
    if (p.lanes === 'separate' && p.result !== 'same' && p.result !== 'quire')
      throw badValue(spec, 'result', p.result, 'same, quire where lanes=separate')
    if (p.lanes === 'separate' && p.packing !== 'lanes_4_2_1')
      throw badValue(spec, 'packing', p.packing, 'lanes_4_2_1 where lanes=separate')
    const mode = modes[p.mode]
    const packed = p.packing === 'lanes_4_2_1' ? '' : '_16_4_1'
    const hardware = `xrnpe_${p.lanes}${packed}${p.gating === 'on' ? '' : '_ungated'}`
    const name = `${hardware}_${p.result.replace(/\W+/g, '_').replace(/_$/, '')}`
    const { lanes, packing, gating } = p
    const laneCount = lanesOf(mode, packing)
    const word = u(packings[packing].wordBits)
    const format = formatOfMode(mode)
    const code = u(mode.bits)
    const readOut = { name, lanes, result: p.result }
    return {
      spec: fullSpec('xrnpe', parameters, p),
      parameters: p,
      name,
      family: 'xrnpe',
      operands: {
        activation: word,
        weight: word,
        zero: undefined,
        result: resultShape(p),
        group: longestGroup(packing),
        lanes: { count: laneCount, activation: code, weight: code },
        codes: {
          activation: format,
          weight: format,
          result: p.result === 'quire' ? undefined : p.result === 'same' ? format : scalarFormatOf(p.result),
        },
        mode: { shape: modeShape, value: mode.code },
      },
      parts: {
        ...drainedCell(hardware, XrnpeCore({ name: hardware, lanes, packing, gating })),
        columnEdge: XrnpeReadOut(readOut),
      },
      golden: resultWord(mode, p),
      timing: {
        latency_cycles: 1 + coreStages + readOutCycles(p),
        cycles_per_step: 1,
        macs_per_cycle: laneCount,
        shortestGroup,
      },
      claims: [
        { what: 'area at 28 nm', value: '0.016 mm2', source: 'arXiv 2508.13049, abstract', area28_um2: 16_000 },
        { what: 'clock at 28 nm', value: '1.72 GHz', source: 'arXiv 2508.13049, abstract' },
        {
          what: 'area and power less than the best published MAC',
          value: '42 % and 38 %',
          source: 'arXiv 2508.13049, abstract',
        },
      ],
      ours: 'XR-NPE was published without RTL: the encoding of modes, the work of the blocks, the quire, its gating and the read-out are ours.',
    }
  },
}
