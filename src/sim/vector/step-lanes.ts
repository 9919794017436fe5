import { strip } from './lane-type.ts'
import type { Operand, Place, Statement, Step, Vector } from './program.ts'

/** Lanes `first` to `last` of a vector. */
export interface Lanes {
  readonly vector: Vector
  readonly first: number
  readonly last: number
}

export const overlap = (a: Lanes, b: Lanes): boolean => a.first <= b.last && b.first <= a.last

export const lanesFrom = ({ vector, lane }: Place, lanes: number): Lanes => ({
  vector,
  first: lane,
  last: lane + lanes - 1,
})

/** What an operand reads in all of a loop's lanes. */
export const lanesOf = (operand: Exclude<Operand, { kind: 'result' | 'constant' | 'picked' }>, lanes: number): Lanes =>
  operand.kind !== 'lanes'
    ? lanesFrom(operand, operand.kind === 'one' ? 1 : strip)
    : { vector: operand.vector, first: operand.lane, last: operand.lane + operand.stride * (lanes - 1) }

const lanesOfAll = (operands: readonly Operand[], lanes: number): readonly Lanes[] =>
  operands.flatMap((operand) => {
    if (operand.kind === 'result' || operand.kind === 'constant') return []
    return operand.kind === 'picked' ? operand.from.map((place) => lanesFrom(place, 1)) : [lanesOf(operand, lanes)]
  })

/** The operands of a loop's statements or of a memory's ports; other steps have none. */
export const operandsOf = (step: Step): readonly Operand[] => {
  if (step.kind === 'loop') return step.statements.flatMap(({ operands }) => operands)
  if (step.kind !== 'edge') return []
  return [
    ...step.writes.flatMap(({ address, value, enable }) => [address, value, enable]),
    ...step.reads.flatMap(({ address, enable, now }) => [address, enable, now]),
  ]
}

/** All lanes that a step reads. */
export const readsOf = (step: Step): readonly Lanes[] => {
  switch (step.kind) {
    case 'loop':
      return lanesOfAll(operandsOf(step), step.lanes)
    case 'assembly':
      return step.from.map((place) => lanesFrom(place, 1))
    case 'moves':
      return step.moves.map(({ from }) => lanesFrom(from, 1))
    case 'gather':
      return step.from.map((lane) => lanesFrom({ vector: step.of, lane }, 1))
    case 'edge':
      return lanesOfAll(operandsOf(step), step.memory.lanes)
  }
}

/** All lanes that a step writes. */
export const writesOf = (step: Step): readonly Lanes[] => {
  switch (step.kind) {
    case 'loop':
      return step.statements.flatMap(({ stores }) => stores.map((place) => lanesFrom(place, step.lanes)))
    case 'assembly':
      return [lanesFrom(step.to, step.from.length)]
    case 'moves':
      return step.moves.map(({ to }) => lanesFrom(to, 1))
    case 'gather':
      return step.to.map((lane) => lanesFrom({ vector: step.into, lane }, 1))
    case 'edge':
      return step.reads.map(({ next }) => lanesFrom(next, step.memory.lanes))
  }
}

/** The same steps without stores to temporary lanes that `isRead` says nobody reads. */
export const withoutUnread = (steps: readonly Step[], isRead: (stored: Lanes) => boolean): readonly Step[] =>
  steps.map((step) => {
    if (step.kind !== 'loop') return step
    const kept = ({ stores, ...statement }: Statement): Statement => ({
      ...statement,
      stores: stores.filter((place) => place.vector.space !== 'temporary' || isRead(lanesFrom(place, step.lanes))),
    })
    return { ...step, statements: step.statements.map(kept) }
  })
