import type { IntShape } from '../dsl/index.ts'
import { writeLanes } from '../pe/lanes.ts'
import { strip } from '../sim/vector/lane-type.ts'
import type { Codes } from './gemm.ts'

/** The numbers that one side of an array takes. */
export interface LaneOperands {
  readonly codes: Codes
  /** Shape of numbers that are packed; undefined where one goes in at a step. */
  readonly packed: IntShape | undefined
  /** Numbers of a step, and cycles they are held. */
  readonly perStep: number
  readonly cyclesPerStep: number
}

/**
 * Writes what one port of 16 neighbouring lanes takes in cycles `from` to before `to` of a group. Lane l finds the group's `length`
 * numbers at `starts[l]`. The first of the cycles is the row at word `at`; rows are `pitch` words apart.
 */
export const writeStrip = (
  rows: Int32Array,
  at: number,
  pitch: number,
  operands: LaneOperands,
  starts: Int32Array,
  length: number,
  from: number,
  to: number,
): void => {
  const { codes, packed, cyclesPerStep } = operands
  if (packed) writePacked(rows, at, pitch, operands, packed.width, starts, length, from, to)
  else if (allSame(starts)) writeSame(rows, at, pitch, codes, starts[0]!, cyclesPerStep, from, to)
  else writeOwn(rows, at, pitch, codes, starts, cyclesPerStep, from, to)
}

const allSame = (starts: Int32Array): boolean => {
  for (let lane = 1; lane < strip; lane++) if (starts[lane] !== starts[0]) return false
  return true
}

/** Written out, for it is most of what driving lanes costs: a loop over the lanes takes twice as long. */
const writeSame = (
  rows: Int32Array,
  at: number,
  pitch: number,
  codes: Codes,
  start: number,
  held: number,
  from: number,
  to: number,
): void => {
  let phase = from % held
  let k = start + (from - phase) / held
  for (let n = from, word = at; n < to; n++, word += pitch) {
    const code = codes[k]!
    rows[word] = code
    rows[word + 1] = code
    rows[word + 2] = code
    rows[word + 3] = code
    rows[word + 4] = code
    rows[word + 5] = code
    rows[word + 6] = code
    rows[word + 7] = code
    rows[word + 8] = code
    rows[word + 9] = code
    rows[word + 10] = code
    rows[word + 11] = code
    rows[word + 12] = code
    rows[word + 13] = code
    rows[word + 14] = code
    rows[word + 15] = code
    if (++phase === held) {
      phase = 0
      k++
    }
  }
}

const writeOwn = (
  rows: Int32Array,
  at: number,
  pitch: number,
  codes: Codes,
  starts: Int32Array,
  held: number,
  from: number,
  to: number,
): void => {
  const s0 = starts[0]!
  const s1 = starts[1]!
  const s2 = starts[2]!
  const s3 = starts[3]!
  const s4 = starts[4]!
  const s5 = starts[5]!
  const s6 = starts[6]!
  const s7 = starts[7]!
  const s8 = starts[8]!
  const s9 = starts[9]!
  const s10 = starts[10]!
  const s11 = starts[11]!
  const s12 = starts[12]!
  const s13 = starts[13]!
  const s14 = starts[14]!
  const s15 = starts[15]!
  let phase = from % held
  let k = (from - phase) / held
  for (let n = from, word = at; n < to; n++, word += pitch) {
    rows[word] = codes[s0 + k]!
    rows[word + 1] = codes[s1 + k]!
    rows[word + 2] = codes[s2 + k]!
    rows[word + 3] = codes[s3 + k]!
    rows[word + 4] = codes[s4 + k]!
    rows[word + 5] = codes[s5 + k]!
    rows[word + 6] = codes[s6 + k]!
    rows[word + 7] = codes[s7 + k]!
    rows[word + 8] = codes[s8 + k]!
    rows[word + 9] = codes[s9 + k]!
    rows[word + 10] = codes[s10 + k]!
    rows[word + 11] = codes[s11 + k]!
    rows[word + 12] = codes[s12 + k]!
    rows[word + 13] = codes[s13 + k]!
    rows[word + 14] = codes[s14 + k]!
    rows[word + 15] = codes[s15 + k]!
    if (++phase === held) {
      phase = 0
      k++
    }
  }
}

const writePacked = (
  rows: Int32Array,
  at: number,
  pitch: number,
  { codes, perStep, cyclesPerStep }: LaneOperands,
  width: number,
  starts: Int32Array,
  length: number,
  from: number,
  to: number,
): void => {
  const words = new Int32Array(Math.ceil((perStep * width) / 32))
  for (let n = from, row = at; n < to; n++, row += pitch) {
    const k = Math.floor(n / cyclesPerStep) * perStep
    for (let lane = 0; lane < strip; lane++) {
      const start = starts[lane]!
      words.fill(0)
      writeLanes(words, 0, codes, [start + k, start + Math.min(length, k + perStep)], width)
      for (let w = 0; w < words.length; w++) rows[row + w * strip + lane] = words[w]!
    }
  }
}
