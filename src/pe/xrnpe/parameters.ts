import { u } from '../../dsl/index.ts'
import { modeShape, type PackingName } from './modes.ts'
import { packedBits, quireLayouts } from './quire.ts'

export interface XrnpeParameters {
  /** Names of the Verilog modules begin with it. */
  readonly name: string
  /** Whether the products of a word's lanes are added to one sum or to one a lane. */
  readonly lanes: 'summed' | 'separate'
  readonly packing: PackingName
  /** Whether what a mode does not use is kept still: the inputs of its blocks, and the clock of its registers. */
  readonly gating: 'on' | 'off'
}

/** Sums that know of a NaR by themselves. */
export const sumCount = ({ lanes }: Pick<XrnpeParameters, 'lanes'>): number => (lanes === 'summed' ? 1 : 4)

/** What leaves a cell: the quire with its carries and above it, from the top, `changed`, NaR of each sum and the mode. */
export const totalShape = (p: Pick<XrnpeParameters, 'lanes'>) =>
  u(1 + sumCount(p) + modeShape.width + packedBits(quireLayouts[p.lanes]))
