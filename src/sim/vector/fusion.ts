import { fewestLanes } from './lane-type.ts'
import type { Loop, Operand, Place, Step, Vector } from './program.ts'
import { type Lanes, lanesFrom, lanesOf, overlap, readsOf, withoutUnread, writesOf } from './step-lanes.ts'

/** Statements of one loop, so that what is the same in all steps stays in the processor's registers. */
const mostStatements = 200

/**
 * Loops of one length, of which one reads in lane i what the other stores in lane i, become one loop, so that a sum that passes
 * through several cells in a cycle stays in a register. What nobody reads from memory any more is not stored; `places` are read
 * from outside the program.
 */
export const fused = (planned: readonly Step[], places: readonly Place[]): readonly Step[] => {
  const steps = [...planned.filter(isEarlyCopy), ...planned.filter((step) => !isEarlyCopy(step))]
  const joined: (Step | undefined)[] = []
  /** Steps that store lanes of a vector, by vector. */
  const writers = new Map<Vector, { readonly lanes: Lanes; at: number }[]>()
  for (const step of steps) {
    const at = joined.length
    const latest = step.kind === 'loop' && step.lanes >= fewestLanes ? latestWriter(writers, step) : -1
    const earlier = joined[latest]
    const loop =
      step.kind === 'loop' && earlier?.kind === 'loop' && step.lanes === earlier.lanes
        ? joinedLoop(earlier, step)
        : undefined
    joined.push(loop ? undefined : step)
    if (loop) joined[latest] = loop
    for (const lanes of writesOf(step)) {
      const known = writers.get(lanes.vector) ?? []
      known.push({ lanes, at: loop ? latest : at })
      writers.set(lanes.vector, known)
    }
  }
  const fusedSteps = joined.flatMap((step) => step ?? [])
  const read = new Map<Vector, Lanes[]>()
  for (const lanes of [...fusedSteps.flatMap(readsOf), ...places.map((place) => lanesFrom(place, 1))]) {
    const known = read.get(lanes.vector)
    if (known) known.push(lanes)
    else read.set(lanes.vector, [lanes])
  }
  return withoutUnread(fusedSteps, (stored) => (read.get(stored.vector) ?? []).some((lanes) => overlap(lanes, stored)))
}

/** True for lanes copied that are there when a cycle begins: they need not stand between two loops. */
const isEarlyCopy = (step: Step): boolean => {
  const isCopy = step.kind === 'assembly' || (step.kind === 'loop' && step.statements.every(({ op }) => op === 'copy'))
  return (
    isCopy &&
    readsOf(step).every(({ vector: { space, value } }) =>
      space !== 'temporary' ? space !== 'next' : value !== undefined,
    ) &&
    writesOf(step).every(({ vector: { space } }) => space === 'temporary')
  )
}

/** Index of the last step that stores what a loop reads; -1 where none does. */
const latestWriter = (
  writers: ReadonlyMap<Vector, readonly { readonly lanes: Lanes; readonly at: number }[]>,
  loop: Loop,
): number => {
  let latest = -1
  for (const read of readsOf(loop))
    for (const { lanes, at } of writers.get(read.vector) ?? []) if (at > latest && overlap(lanes, read)) latest = at
  return latest
}

/** Both loops as one; undefined where the second reads other lanes of what the first stores than its own. */
const joinedLoop = (first: Loop, second: Loop): Loop | undefined => {
  const { lanes } = first
  if (first.statements.length + second.statements.length > mostStatements) return undefined
  const shift = first.statements.length
  let fits = true
  const joinedOperand = (operand: Operand): Operand => {
    if (operand.kind === 'result') return { ...operand, statement: operand.statement + shift }
    if (operand.kind === 'constant') return operand
    if (operand.kind === 'picked') {
      fits = false
      return operand
    }
    const read = lanesOf(operand, lanes)
    const writer = first.statements.findIndex(({ stores }) =>
      stores.some((place) => place.vector === read.vector && overlap(lanesFrom(place, lanes), read)),
    )
    if (writer < 0) return operand
    const { type, stores } = first.statements[writer]!
    const own = stores.some((place) => place.vector === read.vector && place.lane === operand.lane)
    if (operand.kind === 'lanes' && operand.stride === 1 && own && type === operand.type)
      return { kind: 'result', statement: writer, type }
    fits = false
    return operand
  }
  const statements = second.statements.map((statement) => ({
    ...statement,
    operands: statement.operands.map(joinedOperand),
  }))
  return fits
    ? { kind: 'loop', lanes, statements: [...first.statements, ...statements], padded: first.padded && second.padded }
    : undefined
}
