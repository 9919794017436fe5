import { strip } from './lane-type.ts'
import type { Operand, Place, Statement, Step, Vector } from './program.ts'
import { readsOf, withoutUnread } from './step-lanes.ts'

/** Statements of one loop; a function of the back end holds a few such loops. */
const mostStatements = 200

/**
 * Neighbouring loops over one strip become one loop, in which values stay in the processor's registers; what nobody reads from
 * memory any more, `read` from outside among it, is not stored there.
 */
export const joinStrips = (steps: readonly Step[], read: readonly Vector[]): readonly Step[] => {
  const joined: Step[] = []
  let open: { readonly statements: Statement[]; readonly stored: Map<string, number> } | undefined
  for (const step of steps) {
    if (step.kind !== 'loop' || step.lanes !== strip) {
      joined.push(step)
      open = undefined
      continue
    }
    if (!open || open.statements.length + step.statements.length > mostStatements) {
      open = { statements: [], stored: new Map() }
      joined.push({ ...step, statements: open.statements })
    }
    const { statements, stored } = open
    // What is stored is in memory at the loop's end only: who reads it as another type has a copy.
    for (const operand of step.statements.flatMap(({ operands }) => operands)) {
      const statement = operand.kind === 'lanes' ? stored.get(keyOf(operand)) : undefined
      if (operand.kind !== 'lanes' || statement === undefined) continue
      const { type } = statements[statement]!
      if (type === operand.type) continue
      const copied: Operand = { kind: 'result', statement, type }
      const of = { min: 0n, max: 0n, amount: 0 }
      const index = statements.push({
        ...{ op: 'copy', of, ranges: [], type: operand.type, work: operand.type },
        ...{ operands: [copied], stores: [] },
      })
      stored.set(keyOf(operand), index - 1)
    }
    const first = statements.length
    const operandOf = (operand: Operand): Operand => {
      if (operand.kind === 'result') return { ...operand, statement: operand.statement + first }
      const statement = operand.kind === 'lanes' ? stored.get(keyOf(operand)) : undefined
      return statement === undefined ? operand : { kind: 'result', statement, type: operand.type }
    }
    for (const statement of step.statements) {
      const index = statements.push({ ...statement, operands: statement.operands.map(operandOf) }) - 1
      for (const to of statement.stores) stored.set(keyOf(to), index)
    }
  }
  const isRead = new Set([...read, ...joined.flatMap(readsOf).map(({ vector }) => vector)])
  return withoutUnread(joined, ({ vector }) => isRead.has(vector))
}

const keyOf = ({ vector, lane }: Place): string => `${vector.id} ${lane}`
