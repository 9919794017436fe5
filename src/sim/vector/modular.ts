import type { BodyNode } from './body.ts'
import type { Group } from './groups.ts'
import { integerType, type LaneType, laneType, signed, workType } from './lane-type.ts'

/** What each node is computed in, and held in. */
export interface NodeTypes {
  readonly work: LaneType
  readonly type: LaneType
}

const widths = [16, 32, 64] as const
const unlimited = Number.POSITIVE_INFINITY

/** Of a node that is not computed from others: what holds its values. */
export const typesOfLeaf = (node: BodyNode): NodeTypes => {
  const type = laneType(node)!
  return { type, work: type }
}

/**
 * Lane types of a body's computed nodes. What is only read to be wrapped to some low bits, such as the sum before it is wrapped
 * into an accumulator, is computed in lanes that need not hold more than those: its value is then exact in the wanted bits alone.
 */
export const typesOf = (
  group: Pick<Group, 'body' | 'live' | 'computed'>,
  roots: readonly number[],
): readonly NodeTypes[] => {
  const { body, computed } = group
  const wanted = wantedBits(group, roots)
  const found = new Array<NodeTypes>(body.nodes.length)
  for (const k of computed) {
    const node = body.nodes[k]!
    if (!isWork(node)) continue
    const type = laneType(node)!
    const args = node.args.map((arg) => body.nodes[arg]!)
    const work = workType(node.op, node, args)!
    const from = node.args.map((arg, at) => (found[arg]?.type ?? laneType(args[at]!)!).bits)
    if (node.op === 'wrap') {
      // Of an operand that is exact in its low bits alone, no more than its own lane can be looked at.
      const exact = integerType(args[0]!)!
      found[k] = { type, work: from[0]! < exact.bits ? signed[from[0]!] : work }
      continue
    }
    const enough = Math.max(wanted[k]!, ...from.slice(node.op === 'mux' ? 1 : 0))
    const bits = widths.find((width) => width >= enough)
    if (isModular(node) && bits !== undefined && bits < type.bits) found[k] = { type: signed[bits], work: signed[bits] }
    else found[k] = { type, work }
  }
  return found
}

const isWork = (node: BodyNode): node is BodyNode & { readonly op: Parameters<typeof workType>[0] } =>
  node.args.length > 0

/** The low bits of the result depend on the same low bits of the operands alone. */
const isModular = ({ op }: BodyNode): boolean =>
  op === 'add' || op === 'sub' || op === 'mul' || op === 'shl' || op === 'mux'

/** Low bits of each node that somebody looks at. */
const wantedBits = (
  { body, live, computed }: Pick<Group, 'body' | 'live' | 'computed'>,
  roots: readonly number[],
): Float64Array => {
  const { nodes, registers, memories, instances, outputs } = body
  const wanted = new Float64Array(nodes.length)
  const want = (node: number, bits: number): void => {
    wanted[node] = Math.max(wanted[node]!, bits)
  }
  for (const { next } of registers) wanted[next] = unlimited
  for (const { inputs } of instances) for (const input of inputs) wanted[input] = unlimited
  for (const nodes of [outputs, roots]) for (const node of nodes) wanted[node] = unlimited
  for (const { writes, reads } of memories)
    for (const port of [...writes, ...reads])
      for (const node of [port.address, port.enable, port.value]) want(node, unlimited)
  for (const k of computed.toReversed()) {
    if (live[k] === 0) continue
    const node = nodes[k]!
    const bits = isModular(node) ? wanted[k]! : node.op === 'wrap' ? integerType(node)!.bits : unlimited
    node.args.forEach((arg, at) => {
      want(arg, node.op === 'mux' && at === 0 ? unlimited : bits)
    })
  }
  return wanted
}
