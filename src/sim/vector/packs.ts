import { type Emission, statementOf } from './emit.ts'
import { lanesOf, typesAt } from './groups.ts'
import type { Job } from './jobs.ts'
import type { Place } from './program.ts'

/** Fewer like operations are not worth a vector: scalar code keeps its values in the processor's registers. */
const smallestPack = 16

/**
 * Operations of one rank at the top, of which there is one instance: those that do the same with lanes of the same vectors
 * become one vector, in the order of the lanes they read first; a level of an adder tree, say.
 */
export const emitPacks = (emission: Emission, { group, nodes }: Job): void => {
  const { steps, vectors, homes, wires } = emission
  const { body } = group
  const placeOf = (node: number): Place => homes.placeOf(group, node, 0)
  const packs = new Map<string, number[]>()
  for (const node of nodes) {
    const { op, min, max, amount, args } = body.nodes[node]!
    const from = args.map((arg) => `${placeOf(arg).vector.id}:${body.nodes[arg]!.min}:${body.nodes[arg]!.max}`)
    const key =
      op === 'lookup' ? `${node}` : `${op} ${min} ${max} ${amount} ${typesAt(group, node).type.bits} ${from.join()}`
    const known = packs.get(key)
    if (known) known.push(node)
    else packs.set(key, [node])
  }
  const emit = (pack: readonly number[]): void => {
    const first = pack[0]!
    const vector = vectors.make(typesAt(group, first).type, pack.length * lanesOf(group, first), 'temporary')
    pack.forEach((node, lane) => {
      homes.set(group, node, { vector, lane })
    })
    const operands = body.nodes[first]!.args.map((arg, k) =>
      wires.operand(
        pack.map((node) => placeOf(body.nodes[node]!.args[k]!)),
        typesAt(group, arg).type,
      ),
    )
    const statement = statementOf(emission, group, first, 0, operands, [{ vector, lane: 0 }])
    steps.push({ kind: 'loop', lanes: pack.length, statements: [statement], padded: statement.op !== 'lookup' })
  }
  for (const pack of packs.values()) {
    if (pack.length < smallestPack) for (const node of pack) emit([node])
    else {
      const firstLane = (node: number): number => placeOf(body.nodes[node]!.args[0]!).lane
      emit(pack.sort((a, b) => firstLane(a) - firstLane(b)))
    }
  }
}
