import { reaches } from './check/loops.ts'
import type { Origin } from './error.ts'
import type { Graph } from './graph.ts'
import type { Check, Module, Node, Range, Register, RegisterValue } from './ir.ts'
import { bool } from './shape.ts'

/** A stream that a component drives: the nodes of its nets, the data scalar by scalar, `_code` for a field of that name. */
export interface DrivenStream {
  readonly name: string
  readonly clock?: string
  readonly valid: Node
  readonly data: readonly { readonly suffix: string; readonly node: Node }[]
  readonly ready: Node
  readonly origin: Origin | undefined
}

/**
 * The promises behind a driven stream: an element that is offered and not taken is offered unchanged in the next cycle.
 * Registers remember it, which hardware leaves out because only checks read them.
 */
export const handshakeChecks = (
  graph: Graph,
  { name, clock, valid, data, ready }: DrivenStream,
  fresh: (base: string, what: string) => string,
): { readonly checks: readonly Check[]; readonly registers: readonly Register[] } => {
  const not = (a: Node): Node => graph.operation('not', bool, [a])
  const and = (a: Node, b: Node): Node => graph.operation('and', bool, [a, b])
  const next = and(valid, not(ready))
  if (next.op === 'const' && next.value === 0n) return { checks: [], registers: [] }
  const register = (base: string, { min, max }: Range): RegisterValue => ({
    op: 'reg',
    id: graph.takeId(),
    name: fresh(`${name}_${base}`, `the check of stream '${name}'`),
    min,
    max,
    ...(clock !== undefined && { clock }),
  })
  const waits = register('waits', bool)
  const parts = data.map(({ suffix, node }) => ({ node, before: register(`before${suffix}`, node) }))
  const kept = parts
    .map(({ node, before }) => graph.operation('eq', bool, [node, before]))
    .reduce((all, each) => and(all, each))
  return {
    checks: [
      { holds: not(and(waits, not(valid))), message: `stream '${name}': valid is withdrawn before the data is taken` },
      { holds: not(and(waits, not(kept))), message: `stream '${name}': data changes before it is taken` },
    ].filter(({ holds }) => holds.op !== 'const' || holds.value === 0n),
    registers: [
      { name: waits.name, node: waits, reset: 0n, next },
      ...parts.map(
        ({ node, before }): Register => ({ name: before.name, node: before, reset: nearestToZero(node), next: node }),
      ),
    ],
  }
}

const nearestToZero = ({ min, max }: Range): bigint => (min > 0n ? min : max < 0n ? max : 0n)

/** Refuses a stream whose producer waits for its consumer, who may wait for the producer. */
export const refuseWaiting = (graph: Graph, module: Module, streams: readonly DrivenStream[]): void => {
  const drivers = new Map<Node, Node>(module.wires.map(({ node, driver }) => [node, driver]))
  for (const { name, valid, data, ready, origin } of streams) {
    // A readiness is a wire; what drives it is the same signal by another name.
    let source = ready
    for (let driver = drivers.get(source); driver; driver = drivers.get(source)) source = driver
    for (const [what, node] of [['valid', valid] as const, ...data.map(({ node }) => ['data', node] as const)])
      if (source.op !== 'const' && reaches(module, node, source))
        throw graph.error(
          'E-STREAM',
          `${what} of stream '${name}' depends on its own ready within the cycle; offer the data first, whoever takes it may wait for that`,
          origin,
        )
  }
}
