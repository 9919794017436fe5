import type { Body, BodyNode } from './body.ts'
import { integerType, type LaneType, laneType, signed, workType } from './lane-type.ts'

/** What each node is computed in, and held in. */
export interface NodeTypes {
  readonly work: LaneType
  readonly type: LaneType
}

const widths = [16, 32, 64] as const
const unlimited = Number.POSITIVE_INFINITY

/**
 * Lane types of a body's nodes. What is only read to be wrapped to some low bits, such as the sum before it is wrapped into an
 * accumulator, is computed in lanes that need not hold more than those: its value is then exact in the wanted bits alone.
 */
export const typesOf = (body: Body, live: Uint8Array, roots: readonly number[]): readonly NodeTypes[] => {
  const wanted = wantedBits(body, live, roots)
  const found: NodeTypes[] = []
  body.nodes.forEach((node, k) => {
    const type = laneType(node)!
    if (!isWork(node)) {
      found.push({ type, work: type })
      return
    }
    const args = node.args.map((arg) => body.nodes[arg]!)
    const work = workType(node.op, node, args)!
    const from = node.args.map((arg) => found[arg]!.type.bits)
    if (node.op === 'wrap') {
      // Of an operand that is exact in its low bits alone, no more than its own lane can be looked at.
      const exact = integerType(body.nodes[node.args[0]!]!)!
      found.push({ type, work: from[0]! < exact.bits ? signed[from[0]!] : work })
      return
    }
    const enough = Math.max(wanted[k]!, ...from.slice(node.op === 'mux' ? 1 : 0))
    const bits = widths.find((width) => width >= enough)
    if (isModular(node) && bits !== undefined && bits < type.bits)
      found.push({ type: signed[bits], work: signed[bits] })
    else found.push({ type, work })
  })
  return found
}

const isWork = (node: BodyNode): node is BodyNode & { readonly op: Parameters<typeof workType>[0] } =>
  node.args.length > 0

/** The low bits of the result depend on the same low bits of the operands alone. */
const isModular = ({ op }: BodyNode): boolean =>
  op === 'add' || op === 'sub' || op === 'mul' || op === 'shl' || op === 'mux'

/** Low bits of each node that somebody looks at. */
const wantedBits = (body: Body, live: Uint8Array, roots: readonly number[]): readonly number[] => {
  const { nodes, registers, memories, instances, outputs } = body
  const wanted = new Array<number>(nodes.length).fill(0)
  const want = (node: number, bits: number): void => {
    wanted[node] = Math.max(wanted[node]!, bits)
  }
  for (const { next } of registers) want(next, unlimited)
  for (const { inputs } of instances) for (const input of inputs) want(input, unlimited)
  for (const node of [...outputs, ...roots]) want(node, unlimited)
  for (const { writes, reads } of memories)
    for (const port of [...writes, ...reads])
      for (const node of [port.address, port.enable, port.value]) want(node, unlimited)
  for (let k = nodes.length - 1; k >= 0; k--) {
    if (live[k] === 0) continue
    const node = nodes[k]!
    const bits = isModular(node) ? wanted[k]! : node.op === 'wrap' ? integerType(node)!.bits : unlimited
    node.args.forEach((arg, at) => {
      want(arg, node.op === 'mux' && at === 0 ? unlimited : bits)
    })
  }
  return wanted
}
