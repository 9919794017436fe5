import type { BodyNode } from './body.ts'
import { type Group, isUniform, lanesOf, typesAt } from './groups.ts'
import type { Homes } from './homes.ts'
import type { Job } from './jobs.ts'
import type { Notice, PlacedNotices } from './notices.ts'
import type { Operand, Place, ProgramMemory, Statement, Step, Vector } from './program.ts'
import type { Vectors } from './vectors.ts'
import type { Wires } from './wires.ts'

/** What steps are made with. */
export interface Emission {
  readonly steps: Step[]
  readonly vectors: Vectors
  readonly homes: Homes
  readonly wires: Wires
  readonly memories: ReadonlyMap<Group, readonly ProgramMemory[]>
  readonly notices: ReadonlyMap<Group, PlacedNotices>
  readonly escapes: (group: Group, node: number) => boolean
  /** Present values of the registers whose next ones a loop has stored. */
  readonly stored: Set<Vector>
}

/** What a node computes, given its operands. */
export const statementOf = (
  { memories }: Emission,
  group: Group,
  node: number,
  lane: number,
  operands: readonly Operand[],
  stores: readonly Place[],
): Statement => {
  const of: BodyNode = group.body.nodes[node]!
  const args = of.args.map((arg) => group.body.nodes[arg]!)
  return {
    op: of.op as Statement['op'],
    of,
    ranges: args,
    ...typesAt(group, node),
    operands,
    stores,
    ...(of.op === 'lookup' && { memory: { of: memories.get(group)![of.amount]!, lane } }),
  }
}

/** The loop of a job in a group of several lanes. */
export const emitJob = (emission: Emission, { group, nodes, lane, lanes }: Job): void => {
  const { steps, vectors, homes, wires, notices, escapes, stored } = emission
  const { body } = group
  const statements: Statement[] = []
  const results = new Map<number, number>()
  const read = new Map<number, Operand>()
  const operandOf = (node: number): Operand => {
    const statement = results.get(node)
    if (statement !== undefined) return { kind: 'result', statement, type: typesAt(group, node).type }
    const operand = read.get(node) ?? wires.operand(homes.places(group, node, lane, lanes), typesAt(group, node).type)
    read.set(node, operand)
    return operand
  }
  for (const node of nodes) {
    const stores: Place[] = []
    const storeAt = ({ vector, lane: first }: Place): void => {
      stores.push({ vector, lane: first + lane })
    }
    if (escapes(group, node)) {
      if (!homes.of(group, node))
        homes.set(group, node, {
          vector: vectors.make(typesAt(group, node).type, lanesOf(group, node), 'temporary'),
          lane: 0,
        })
      storeAt(homes.of(group, node)!)
    }
    for (const register of body.registers)
      if (register.next === node && isUniform(group, register.node) === isUniform(group, node)) {
        const { vector, lane: first } = homes.of(group, register.node)!
        storeAt({ vector: homes.nextOf(vector), lane: first })
        stored.add(vector)
      }
    const operands = body.nodes[node]!.args.map(operandOf)
    results.set(node, statements.push(statementOf(emission, group, node, lane, operands, stores)) - 1)
  }
  for (const node of nodes)
    for (const notice of notices.get(group)?.beside.get(node) ?? [])
      statements.push(checkOf(group, notice, operandOf(notice.node)))
  const padded = statements.every(
    ({ op, stores }) =>
      op !== 'check' && op !== 'lookup' && stores.every((place) => place.lane + lanes === place.vector.length),
  )
  steps.push({ kind: 'loop', lanes, statements, padded })
}

const checkOf = (group: Group, { node, min, max }: Notice, operand: Operand): Statement => ({
  op: 'check',
  of: { min, max, amount: 0 },
  ranges: [group.body.nodes[node]!],
  type: typesAt(group, node).type,
  work: typesAt(group, node).type,
  operands: [operand],
  stores: [],
})

/** Looks at what is not computed in a loop that could do it. */
export const emitCheckLoops = ({ steps, homes, wires, notices }: Emission): void => {
  for (const [group, { apart }] of notices)
    for (const notice of apart) {
      const { node } = notice
      const of = group.body.nodes[node]!
      if (of.op === 'const' && of.value >= notice.min && of.value <= notice.max) continue
      const lanes = lanesOf(group, node)
      const operand = wires.operand(homes.places(group, node, 0, lanes), typesAt(group, node).type)
      steps.push({ kind: 'loop', lanes, statements: [checkOf(group, notice, operand)], padded: false })
    }
}

/** The clock edges of all memories. */
export const emitEdges = ({ steps, homes, wires, memories }: Emission, groups: readonly Group[]): void => {
  for (const group of groups)
    group.body.memories.forEach(({ writes, reads, collide }, k) => {
      const operand = (node: number): Operand =>
        wires.operand(homes.places(group, node, 0, group.lanes), typesAt(group, node).type)
      steps.push({
        kind: 'edge',
        memory: memories.get(group)![k]!,
        collide,
        writes: writes.map(({ address, value, enable }) => ({
          address: operand(address),
          value: operand(value),
          enable: operand(enable),
        })),
        reads: reads.map(({ value, address, enable }) => {
          const { vector, lane } = homes.of(group, value)!
          return {
            address: operand(address),
            enable: operand(enable),
            now: operand(value),
            next: { vector: homes.nextOf(vector), lane },
          }
        }),
      })
    })
}
