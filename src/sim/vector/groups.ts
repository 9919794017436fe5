import type { Body, BodyNode } from './body.ts'
import { type NodeTypes, typesOf, typesOfLeaf } from './modular.ts'

/**
 * All instances of a body, a lane each. Instance i of a parent with n lanes has the lanes base(i) to base(i) + n - 1, so that
 * its outputs, seen by the parent's lanes, are a slice.
 */
export interface Group {
  readonly index: number
  readonly body: Body
  readonly lanes: number
  /** Where each lane is: parent group, instance in its body, lane of the parent. Empty at the top. */
  readonly parents: readonly Group[]
  readonly instances: Int32Array
  readonly parentLanes: Int32Array
  /** First lane of each instance of the body, in the group of what it is an instance of. */
  readonly bases: Int32Array
  readonly children: readonly Group[]
  /** Indices of the body's computed nodes. */
  readonly computed: readonly number[]
  /** Of computed nodes; see `typesAt` for others as well. */
  readonly types: readonly NodeTypes[]
  /** Nodes that registers, checks, outputs or watches depend on. */
  readonly live: Uint8Array
  /** Nodes that may differ between lanes. */
  readonly varying: Uint8Array
}

/** A value's origin: a constant, register, read port, top input or operation of a group, in one lane. */
export interface Origin {
  readonly group: Group
  readonly node: number
  readonly lane: number
}

/** Instances of a body in the order of their lanes; other orders suit other wires. */
export type LaneOrder = (body: Body) => readonly number[]
export const asWritten: LaneOrder = ({ instances }) => instances.map((_, k) => k)

/** Groups, parents first; the top is the first. */
export const groupsOf = (top: Body, order: LaneOrder = asWritten): readonly Group[] => {
  const bodies: Body[] = []
  const seen = new Set<Body>()
  const visit = (body: Body): void => {
    if (seen.has(body)) return
    seen.add(body)
    for (const { of } of body.instances) visit(of)
    bodies.push(body)
  }
  visit(top)
  bodies.reverse()
  const places = new Map(
    bodies.map((body) => [body, { parents: [] as Body[], instances: [] as number[], lanes: [] as number[] }]),
  )
  const bases = new Map<Body, Int32Array>()
  const count = (body: Body): number => (body === top ? 1 : places.get(body)!.lanes.length)
  for (const body of bodies) {
    const first = new Int32Array(body.instances.length)
    const lanes = count(body)
    for (const instance of order(body)) {
      const of = places.get(body.instances[instance]!.of)!
      first[instance] = of.lanes.length
      for (let lane = 0; lane < lanes; lane++) {
        of.parents.push(body)
        of.instances.push(instance)
        of.lanes.push(lane)
      }
    }
    bases.set(body, first)
  }
  const groups = new Map<Body, Group>()
  for (const [index, body] of bodies.entries()) {
    const at = places.get(body)!
    groups.set(body, {
      index,
      body,
      lanes: count(body),
      parents: at.parents.map((parent) => groups.get(parent)!),
      instances: Int32Array.from(at.instances),
      parentLanes: Int32Array.from(at.lanes),
      bases: bases.get(body)!,
      children: [],
      computed: computedOf(body.nodes),
      types: [],
      live: new Uint8Array(body.nodes.length),
      varying: new Uint8Array(body.nodes.length),
    })
  }
  return bodies.map((body) => {
    const group = groups.get(body)!
    return Object.assign(group, { children: body.instances.map(({ of }) => groups.get(of)!) })
  })
}

/** Gives the nodes their types, once it is known what is live. */
export const setTypes = (
  groups: readonly Group[],
  roots: readonly { readonly group: Group; readonly node: number }[],
): void => {
  for (const group of groups) {
    const read = roots.flatMap((root) => (root.group === group ? [root.node] : []))
    Object.assign(group, { types: typesOf(group, read) })
  }
}

/** What a node is computed in, and held in. */
export const typesAt = ({ body, types }: Group, node: number): NodeTypes =>
  types[node] ?? typesOfLeaf(body.nodes[node]!)

/** Most nodes of the top of an array are outputs of instances; what looks at computed nodes alone need not pass them each time. */
const computedOf = (nodes: readonly BodyNode[]): readonly number[] => {
  const found: number[] = []
  for (let k = 0; k < nodes.length; k++) if (nodes[k]!.args.length > 0) found.push(k)
  return found
}

/** True for nodes that have one value for all lanes. */
export const isUniform = (group: Group, node: number): boolean => group.lanes === 1 || group.varying[node] === 0

export const lanesOf = (group: Group, node: number): number => (isUniform(group, node) ? 1 : group.lanes)

/** True for what is computed from other values within the cycle. */
export const isComputed = ({ op }: BodyNode): boolean =>
  op !== 'const' && op !== 'in' && op !== 'out' && op !== 'reg' && op !== 'read'

/** Follows ports, up and down the hierarchy, to where the value of a node in a lane begins. */
export const originOf = (group: Group, node: number, lane: number): Origin => {
  for (let steps = 0; ; steps++) {
    const of = group.body.nodes[node]!
    if (of.op === 'out') {
      const child = group.children[of.instance]!
      lane += group.bases[of.instance]!
      node = child.body.outputs[of.port]!
      group = child
    } else if (of.op === 'in' && group.parents.length > 0) {
      const parent = group.parents[lane]!
      node = parent.body.instances[group.instances[lane]!]!.inputs[of.port]!
      lane = group.parentLanes[lane]!
      group = parent
    } else return { group, node, lane: isUniform(group, node) ? 0 : lane }
    if (steps > longestPath) throw new RangeError(`in module ${group.body.module.name}, ports depend on themselves`)
  }
}
/** Ports in a row that pass a value on without computing anything. */
const longestPath = 1e7
