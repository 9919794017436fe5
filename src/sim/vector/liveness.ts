import { type Group, isComputed, isUniform, originOf } from './groups.ts'

/** A node that somebody outside reads: an output, a signal under watch, what checks look at. */
export interface Root {
  readonly group: Group
  readonly node: number
}

/** Marks what registers, memories and roots depend on. */
export const markLive = (groups: readonly Group[], roots: readonly Root[]): void => {
  // Groups' indices and nodes, each once, in lists: an array has tens of thousands.
  const room = groups.reduce((sum, { body }) => sum + body.nodes.length, 0)
  const [ofGroup, ofNode] = [new Int32Array(room), new Int32Array(room)]
  let open = 0
  const want = ({ index, live }: Group, node: number): void => {
    if (live[node] === 1) return
    live[node] = 1
    ofGroup[open] = index
    ofNode[open++] = node
  }
  const wantAll = (group: Group, nodes: readonly number[]): void => {
    for (const node of nodes) want(group, node)
  }
  for (const { group, node } of roots) want(group, node)
  for (const group of groups) {
    const { registers, memories } = group.body
    for (const { node, next } of registers) wantAll(group, [node, next])
    for (const { writes, reads } of memories) {
      for (const { address, value, enable } of writes) wantAll(group, [address, value, enable])
      for (const { value, address, enable } of reads) wantAll(group, [value, address, enable])
    }
  }
  while (open > 0) {
    const node = ofNode[--open]!
    const group = groups[ofGroup[open]!]!
    const { op, args, port, instance } = group.body.nodes[node]!
    if (op === 'out') {
      const child = group.children[instance]!
      want(child, child.body.outputs[port]!)
    } else if (op === 'in')
      for (let lane = 0; lane < group.parents.length; lane++) {
        const parent = group.parents[lane]!
        want(parent, parent.body.instances[group.instances[lane]!]!.inputs[port]!)
      }
    else wantAll(group, args)
  }
}

/**
 * Finds the nodes that may differ between lanes: those of a group begin with one value in all lanes, and keep it as long as
 * nothing that reaches them differs. Starts from the belief that all are alike and gives up what contradicts it.
 */
export const markVarying = (groups: readonly Group[]): void => {
  const several = groups
    .filter(({ lanes }) => lanes > 1)
    .map((group) => ({ group, next: new Map(group.body.registers.map(({ node, next }) => [node, next])) }))
  for (let changed = true; changed; ) {
    changed = false
    for (const { group, next } of several)
      for (let node = 0; node < group.live.length; node++) {
        if (group.live[node] === 0 || group.varying[node] === 1 || !varies(group, node, next)) continue
        group.varying[node] = 1
        changed = true
      }
  }
}

const varies = (group: Group, node: number, next: ReadonlyMap<number, number>): boolean => {
  const of = group.body.nodes[node]!
  if (of.op === 'read' || of.op === 'lookup') return true
  if (of.op === 'reg') return !isUniform(group, next.get(node)!)
  if (isComputed(of)) return of.args.some((arg) => !isUniform(group, arg))
  if (of.op === 'out') {
    // Lanes of one instance are lanes of its group, which may be more.
    const child = group.children[of.instance]!
    return !isUniform(child, child.body.outputs[of.port]!)
  }
  return of.op === 'in' && drivenApart(group, node)
}

/** True where two lanes of an input are driven by different values. */
const drivenApart = (group: Group, node: number): boolean => {
  const first = originOf(group, node, 0)
  const value = first.group.body.nodes[first.node]!
  for (let lane = 1; lane < group.lanes; lane++) {
    const other = originOf(group, node, lane)
    if (other.group === first.group && other.node === first.node && other.lane === first.lane) continue
    const of = other.group.body.nodes[other.node]!
    if (of.op !== 'const' || value.op !== 'const' || of.value !== value.value) return true
  }
  return false
}
