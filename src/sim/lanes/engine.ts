import type { PortLayout } from '../engine.ts'
import { strip } from '../vector/lane-type.ts'

/**
 * One clocked design under many independent stimuli at once, a lane each. What a lane does is what an `Engine` would do with its
 * stimulus alone.
 *
 * Rows are those of an engine, in strips of 16 lanes: all rows of lanes 0 to 15, then those of lanes 16 to 31, and so on. In a
 * row of a strip each word is there 16 times, once a lane: word w of lane l in row r of R is word
 * `((floor(l / 16) * R + r) * words + w) * 16 + l % 16`, where `words` is `ports.inputWords` of a stimulus and
 * `ports.outputWords` of a response. Lanes that fill the last strip may hold anything. `laneRows` makes this of one stimulus a
 * lane, `rowsOfLane` picks a lane out of it.
 */
export interface LaneEngine {
  readonly name: string
  /** What runs them, as the driver of a graphics processor names itself. */
  readonly adapter?: string
  /** Why the lanes run one after the other on another engine, one clause. */
  readonly fallback?: string
  readonly ports: PortLayout
  readonly lanes: number
  /**
   * Runs `cycles` cycles of every lane, one per row of `stimulus`, which repeat from the top where there are fewer, and writes
   * a row of outputs per cycle into `response` if given. One replay at a time.
   */
  replay(stimulus: Int32Array, cycles: number, response?: Int32Array): Promise<void>
  /** Puts every register of every lane to its reset value; memories stay, and what their reads show. */
  reset(): Promise<void>
  /** Value of a register by hierarchical name, now; undefined where there is none of that name. */
  register(path: string, lane: number): Promise<bigint | undefined>
  /** The first failed check of each lane that had one since the start, by lane: what follows in that lane is not defined. */
  readonly failures: readonly LaneFailure[]
  /** Cycles since the start. */
  readonly cycle: number
  close(): Promise<void>
}

export interface LaneFailure {
  readonly lane: number
  /** Cycle, counted from 0 since the start. */
  readonly cycle: number
  /** Instance path and message of the check. */
  readonly message: string
}

/** Words of `rows` rows of `words` words of all lanes. */
export const laneWords = (lanes: number, rows: number, words: number): number =>
  Math.ceil(lanes / strip) * strip * rows * words

/** Rows of all lanes, made of the rows of each, which are equally many; lanes that fill the last strip are as the last. */
export const laneRows = (rows: readonly Int32Array[]): Int32Array => {
  const length = rows[0]?.length ?? 0
  const odd = rows.find((of) => of.length !== length)
  if (odd) throw new RangeError(`every lane has as many words, got ${length} and ${odd.length}`)
  const all = new Int32Array(laneWords(rows.length, 1, length))
  for (let lane = 0; lane * length < all.length; lane++) {
    const of = rows[Math.min(lane, rows.length - 1)]!
    const first = firstWord(lane, length)
    for (let k = 0; k < length; k++) all[first + k * strip] = of[k]!
  }
  return all
}

/** The rows of one lane, `length` words. */
export const rowsOfLane = (rows: Int32Array, length: number, lane: number): Int32Array => {
  const first = firstWord(lane, length)
  return Int32Array.from({ length }, (_, k) => rows[first + k * strip]!)
}

/** Where the rows of a lane begin, which are `length` words. */
export const firstWord = (lane: number, length: number): number =>
  Math.floor(lane / strip) * strip * length + (lane % strip)

/** Throws a RangeError where there is no such lane. */
export const checkLane = (lanes: number, lane: number): void => {
  if (!Number.isInteger(lane) || lane < 0 || lane >= lanes)
    throw new RangeError(`there are lanes 0 to ${lanes - 1}, got ${lane}`)
}

/** Rows in a stimulus of several lanes; a design without inputs has one empty row. */
export const laneRowCount = ({ inputWords }: PortLayout, lanes: number, stimulus: Int32Array): number => {
  if (inputWords === 0) return 1
  const words = laneWords(lanes, 1, inputWords)
  const rows = stimulus.length / words
  if (rows < 1 || !Number.isInteger(rows))
    throw new RangeError(
      `a stimulus of ${lanes} lanes holds whole rows of ${words} words, got ${stimulus.length} words`,
    )
  return rows
}

/** Throws a RangeError where a response is not of that many rows. */
export const checkResponse = (
  { outputWords }: PortLayout,
  lanes: number,
  cycles: number,
  response: Int32Array | undefined,
): void => {
  const words = laneWords(lanes, cycles, outputWords)
  if (response && response.length !== words)
    throw new RangeError(`a response of ${cycles} cycles and ${lanes} lanes has ${words} words, got ${response.length}`)
}
