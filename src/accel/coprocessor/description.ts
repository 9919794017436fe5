import { UserError } from '../../base/user-error.ts'
import { type IntShape, u } from '../../dsl/index.ts'
import { bytesPerBeat, type TransferShape } from '../transfers.ts'
import type { ComputeArray, OperandSide } from './compute-array.ts'

/** What a core is made of, as a user says it. */
export interface CoreOptions {
  readonly array: ComputeArray
  readonly transfers: TransferShape
  /** Beats of codes that each row and each column of the array has room for; 512 unless said, a block RAM of 64 bits or two. */
  readonly bufferBeats?: number
  /** The same of what groups have once; 64 unless said. */
  readonly fieldBeats?: number
  /** Groups whose results are on their way or wait to be written, 8 unless said. */
  readonly resultGroups?: number
  /** Read transfers that are asked for and not over, at the most; 16 unless said. */
  readonly readsUnderWay?: number
}

/** The same worked out, for all parts of a core. */
export interface CoreDescription {
  readonly identity: string
  readonly name: string
  readonly array: ComputeArray
  readonly transfers: TransferShape
  readonly activation: SideDescription
  readonly weight: SideDescription
  readonly bufferBeats: number
  readonly fieldBeats: number
  readonly resultGroups: number
  readonly readsUnderWay: number
  /** Bytes of a result in memory, a power of two. */
  readonly resultBytes: number
  /** Of the dimensions of a product. */
  readonly dimension: IntShape
  /** Of addresses in beats. */
  readonly beatAddress: IntShape
}

/** Words side by side in beats, without gaps, in memories of `beats` beats. */
export interface WordStore {
  /** Stem of the names of its parts. */
  readonly name: string
  readonly busBits: number
  readonly wordBits: number
  readonly beats: number
}

/** How the beats of one side are cut into words and fields. */
export type Side = 'activation' | 'weight'
export interface SideDescription extends OperandSide {
  /** Rows or columns of the array. */
  readonly lines: number
  /** Bits of all fields of a group in memory, a power of two and at least 8; 0 where there are none. */
  readonly fieldBits: number
  readonly codes: WordStore
  /** Of the groups; undefined where they have none. */
  readonly groups: WordStore | undefined
}

/** Most rows, columns and depth of a product (ours). */
export const dimensionBits = 16

/** Most tiles of one side in its buffers: so many can be on their way at once (ours). */
export const mostTiles = 16

/** Integers from 0 up to at least `last`, of whole bits. */
export const upTo = (last: number): IntShape => u(Math.max(1, Math.ceil(Math.log2(last + 1))))

/** A UserError where words do not fit the bus, or rows are longer than a transfer. */
export const coreDescription = (options: CoreOptions): CoreDescription => {
  const { array, transfers, bufferBeats = 512, fieldBeats = 64, resultGroups = 8, readsUnderWay = 16 } = options
  const { busBits, addressBits, mostBeats } = transfers
  const resultBytes = Math.max(1, powerOfTwo(array.result.width) / 8)
  const rowBytes = resultBytes * array.size.columns
  const bytes = bytesPerBeat(transfers)
  if (rowBytes % bytes !== 0 && bytes % rowBytes !== 0)
    throw new UserError(
      'E-CORE',
      `${array.size.columns} results of ${resultBytes} bytes are ${rowBytes} bytes, neither a whole number nor a whole part of the beats of ${bytes} bytes; choose columns that are a power of two`,
    )
  const sides = { activation: array.activation, weight: array.weight }
  for (const [side, { wordBits, fields }] of Object.entries(sides))
    for (const [what, bits] of [
      ['a word', wordBits],
      ['the fields of a group', fieldBitsOf(fields)],
    ] as const)
      if (bits > busBits)
        throw new UserError(
          'E-CORE',
          `${what} of ${side}s of ${array.name} takes ${bits} bits, and a beat has ${busBits}; choose a wider bus`,
        )
  for (const [name, count] of Object.entries({ bufferBeats, fieldBeats, resultGroups }))
    if (!(Number.isInteger(Math.log2(count)) && count >= 2))
      throw new UserError('E-CORE', `${name} is a power of two from 2 on, got ${count}; choose one`)
  for (const [what, beats] of [
    ['a row of operands, as long as its buffers,', bufferBeats + fieldBeats],
    ['a row of results', rowBytes / bytes],
  ] as const)
    if (beats > mostBeats)
      throw new UserError(
        'E-CORE',
        `${what} has ${beats} beats, and a transfer at most ${mostBeats}; choose smaller buffers, fewer columns or longer transfers`,
      )
  const sideOf = (name: string, side: OperandSide, lines: number): SideDescription => {
    const fieldBits = fieldBitsOf(side.fields)
    const stem = `${array.name}_${name}`
    return {
      ...side,
      lines,
      fieldBits,
      codes: { name: `${stem}_codes`, busBits, wordBits: side.wordBits, beats: bufferBeats },
      groups: fieldBits > 0 ? { name: `${stem}_groups`, busBits, wordBits: fieldBits, beats: fieldBeats } : undefined,
    }
  }
  return {
    identity: [
      array.identity,
      busBits,
      addressBits,
      mostBeats,
      bufferBeats,
      fieldBeats,
      resultGroups,
      readsUnderWay,
    ].join(' '),
    name: array.name,
    array,
    transfers,
    activation: sideOf('activation', array.activation, array.size.rows),
    weight: sideOf('weight', array.weight, array.size.columns),
    bufferBeats,
    fieldBeats,
    resultGroups,
    readsUnderWay,
    resultBytes,
    dimension: u(dimensionBits),
    beatAddress: u(addressBits - Math.log2(bytes)),
  }
}

/** Beats of `steps` words, and of the fields of `groups` groups. */
export const codeBeats = ({ wordBits }: SideDescription, busBits: number, steps: number): number =>
  Math.ceil((steps * wordBits) / busBits)
export const fieldBeatsOf = ({ fieldBits }: SideDescription, busBits: number, groups: number): number =>
  fieldBits === 0 ? 0 : Math.ceil(groups / (busBits / fieldBits))

/** Fields of a group in memory: 8, 16, 32, ... bits. */
const fieldBitsOf = (fields: OperandSide['fields']): number => {
  const bits = fields.reduce((sum, field) => sum + field.bits, 0)
  return bits === 0 ? 0 : powerOfTwo(bits)
}

/** The smallest power of two from 8 on that is not below. */
const powerOfTwo = (bits: number): number => Math.max(8, 2 ** Math.ceil(Math.log2(bits)))
