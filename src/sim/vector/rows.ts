import type { Emission } from './emit.ts'
import type { Group } from './groups.ts'
import { signed } from './lane-type.ts'

/** A value for a row of 32-bit words. */
export interface RowValue {
  readonly group: Group
  readonly node: number
  readonly lane: number
  /** First word, and how many: 1 or 2. */
  readonly offset: number
  readonly words: number
}

/** Writes values into a row of outputs or watched words; neighbours of one word together. */
export const emitRow = (
  { homes, wires, vectors }: Emission,
  space: 'output' | 'watch',
  values: readonly RowValue[],
): void => {
  const runs: RowValue[][] = []
  for (const value of values) {
    const run = runs[runs.length - 1]
    const last = run?.[run.length - 1]
    if (run && last && last.words === 1 && value.words === 1 && value.offset === last.offset + 1) run.push(value)
    else runs.push([value])
  }
  for (const run of runs) {
    const { offset, words } = run[0]!
    const vector = vectors.at(space, 4 * offset, signed[words === 1 ? 32 : 64], run.length)
    wires.wire(
      { vector, lane: 0 },
      run.map(({ group, node, lane }) => homes.placeOf(group, node, lane)),
    )
  }
}
