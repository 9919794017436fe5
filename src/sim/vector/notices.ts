import type { Range } from '../../dsl/ir.ts'
import type { Body, BodyNode } from './body.ts'
import { type Group, isComputed, isUniform } from './groups.ts'

/** A node that has a value within bounds in every lane as long as no check fails. */
export interface Notice extends Range {
  readonly node: number
}

/** Every check as it is: 1 where it holds. */
export const exactNotices = ({ checks }: Body): readonly Notice[] =>
  [...new Set(checks.map(({ holds }) => holds))].map((node) => ({ node, min: 1n, max: 1n }))

/**
 * Bounds that are cheaper to watch than the checks are to compute: a promise about a sum is one about its largest and smallest
 * value in many lanes. Where they are kept no check fails; where not, one may.
 */
export const roughNotices = ({ nodes, checks }: Body): readonly Notice[] => {
  const found = new Map<number, Notice>()
  const note = (node: number, { min, max }: Partial<Range>): void => {
    const known = found.get(node) ?? { node, min: nodes[node]!.min, max: nodes[node]!.max }
    found.set(node, {
      node,
      min: min !== undefined && min > known.min ? min : known.min,
      max: max !== undefined && max < known.max ? max : known.max,
    })
  }
  const visit = (node: number, holds: boolean): void => {
    const { op, args } = nodes[node]!
    const ofBits = args.every((arg) => nodes[arg]!.min >= 0n && nodes[arg]!.max <= 1n)
    if (op === 'not' && ofBits) visit(args[0]!, !holds)
    else if (op === (holds ? 'and' : 'or') && ofBits) for (const arg of args) visit(arg, holds)
    else if (op !== 'lt' || !bounds(nodes, args as [number, number], holds, note))
      note(node, holds ? { min: 1n } : { max: 0n })
  }
  for (const { holds } of checks) visit(holds, true)
  return [...found.values()].filter(({ node, min, max }) => min > nodes[node]!.min || max < nodes[node]!.max)
}

/** One range is so much wider than another that nearly all of it is beyond any value of the other. */
const farWider = (wide: Range, narrow: Range): boolean => wide.max - wide.min > 1024n * (narrow.max - narrow.min)

/** Bounds of one side under which `a < b` is certain to hold, or not to; false where there are none worth having. */
const bounds = (
  nodes: readonly BodyNode[],
  [a, b]: readonly [number, number],
  holds: boolean,
  note: (node: number, bound: Partial<Range>) => void,
): boolean => {
  const [left, right] = [nodes[a]!, nodes[b]!]
  const [node, bound] = farWider(left, right)
    ? ([a, holds ? { max: right.min - 1n } : { min: right.max }] as const)
    : farWider(right, left)
      ? ([b, holds ? { min: left.max + 1n } : { max: left.min }] as const)
      : ([undefined, {}] as const)
  if (node === undefined) return false
  const { min, max } = { ...nodes[node]!, ...bound }
  if (min > max || min > nodes[node]!.max || max < nodes[node]!.min) return false
  note(node, bound)
  return true
}

/** Where a group's notices are looked at: beside a computed node in the loops that compute it, or in loops of their own. */
export interface PlacedNotices {
  readonly beside: ReadonlyMap<number, readonly Notice[]>
  readonly apart: readonly Notice[]
}

/** A register is looked at where it is read in any case. */
export const placed = (group: Group, notices: readonly Notice[]): PlacedNotices => {
  const beside = new Map<number, Notice[]>()
  const apart: Notice[] = []
  const { nodes } = group.body
  for (const notice of notices) {
    const { node } = notice
    const isBeside = (other: number): boolean =>
      group.live[other] === 1 && isComputed(nodes[other]!) && isUniform(group, other) === isUniform(group, node)
    const at =
      group.lanes === 1
        ? -1
        : isComputed(nodes[node]!)
          ? node
          : nodes.findIndex(({ args }, other) => args.includes(node) && isBeside(other))
    if (at < 0) apart.push(notice)
    else beside.set(at, [...(beside.get(at) ?? []), notice])
  }
  return { beside, apart }
}
