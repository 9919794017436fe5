import type { Loop, Operand, Place, Statement } from './program.ts'

/** What a loop does instead in a cycle in which masks are 0 in all its lanes. */
export interface Quiet {
  /** Every lane of the masks, and maybe others. */
  readonly masks: readonly Place[]
  readonly statements: readonly Statement[]
}

/** Shorter loops are not worth a branch. */
const fewestLanes = 8

/**
 * The shorter form of a loop of registers that are cleared where a mask is 1, as accumulators are at the end of a sum: most
 * cycles see none, and then choices on such masks are no work. Undefined where there is no such register.
 */
export const quietForm = ({ lanes, statements }: Loop): Quiet | undefined => {
  if (lanes < fewestLanes) return undefined
  const masks = new Map<unknown, Place[]>()
  for (const { op, operands, stores } of statements) {
    const [mask, cleared] = operands
    const clears = op === 'mux' && cleared?.kind === 'constant' && operands[2]?.kind !== 'constant'
    if (!clears || !stores.some(({ vector }) => vector.space === 'next')) continue
    const places = placesOf(mask!, lanes)
    if (places) masks.set(keyOf(mask!), places)
  }
  if (masks.size === 0) return undefined
  const isMask = (operand: Operand | undefined): boolean => operand !== undefined && masks.has(keyOf(operand))
  const quiet = statements.map((statement): Statement => {
    const { op, operands } = statement
    const [first, second, third] = operands
    const copied = (operand: Operand): Statement => ({ ...statement, op: 'copy', operands: [operand] })
    if (op === 'mux' && isMask(first)) return copied(third!)
    if (op === 'or' && isMask(first)) return copied(second!)
    if (op === 'or' && isMask(second)) return copied(first!)
    return statement
  })
  return { masks: [...masks.values()].flat(), statements: quiet }
}

const placesOf = (operand: Operand, lanes: number): Place[] | undefined => {
  if (operand.type.kind !== 'mask') return undefined
  if (operand.kind === 'picked') return [...operand.from]
  if (operand.kind !== 'lanes' || operand.stride !== 1) return undefined
  return Array.from({ length: lanes }, (_, k) => ({ vector: operand.vector, lane: operand.lane + k }))
}

/** The same for the same lanes. */
const keyOf = (operand: Operand): unknown => {
  if (operand.kind === 'picked') return operand.from
  return operand.kind === 'lanes' ? `${operand.vector.id}.${operand.lane} ${operand.stride}` : ''
}
