import { leavesOf, valueFor } from '../aggregate.ts'
import type { Builder } from '../builder.ts'
import { type Clock, domainField, mainClock } from '../clock.ts'
import { type Origin, originHere } from '../error.ts'
import { type DrivenStream, handshakeChecks } from '../handshake.ts'
import type { Check, Node, Register } from '../ir.ts'
import { describe } from '../kind.ts'
import { bool, type ScalarShape, type Shape } from '../shape.ts'
import { nodeFor, own, Signal, type SignalOf, signalFor } from '../signal.ts'
import { netsOf, Stream, type StreamShape, type StreamSource, type Taker } from '../stream.ts'
import type { Places } from './places.ts'
import type { Scope } from './scope.ts'

/** One scalar of a stream's data and the net it goes to. */
export interface StreamLeaf {
  readonly name: string
  readonly shape: ScalarShape
  readonly node: Node
}

/** The streams of a component: those it takes, and those it drives, whose handshake is checked. */
export interface Streams {
  readonly stream: Builder['stream']
  /** A stream for its consumer, whose readiness is a wire called `readyName`. */
  taken<S extends Shape>(name: string, shape: S, clock: Clock, valid: Node, data: unknown, readyName: string): Stream<S>
  /** Valid and data that drive the stream port `what`, in Verilog `port`; `ready` is the node of its readiness. */
  drive(
    name: string,
    what: string,
    port: string,
    shape: StreamShape,
    clock: Clock,
    operand: unknown,
    ready: Node,
  ): { readonly valid: Node; readonly data: readonly StreamLeaf[] }
  readonly driven: readonly DrivenStream[]
  /** The promises behind every driven stream, and the registers that remember for them. */
  finish(): { readonly checks: readonly Check[]; readonly registers: readonly Register[] }
}

export const streamsOf = ({ graph, claim, claimClock, fresh, place }: Scope, { wireNamed }: Places): Streams => {
  const driven: DrivenStream[] = []

  const taken: Streams['taken'] = (name, shape, clock, valid, data, readyName) => {
    const untaken = `stream '${name}' is never taken; set its .ready.value or pass it on`
    const { signal, driver } = wireNamed(readyName, bool, untaken)
    return new Stream(graph, name, shape, clock, valid, data as SignalOf<typeof shape>, {
      ready: signal as Taker['ready'],
      take(ready) {
        if (driver.value)
          throw graph.error('E-STREAM', `stream '${name}' is taken twice; fork() it, so that each taker has its own`)
        driver.value = ready
      },
    })
  }

  /** The nodes of a stream's data, scalar by scalar; `net` names the first of them. */
  const dataNodes = (net: string, what: string, of: Shape, data: unknown): readonly StreamLeaf[] =>
    leavesOf(graph, net, of, data, `data of ${what}`).map(({ name, shape, operand }) => {
      const part = name === net ? '' : `'${name}', `
      return { name, shape, node: place(`${part}data of ${what}`, shape, operand) }
    })

  /** Remembers a stream that this component drives, for its checks. */
  const note = (
    name: string,
    net: string,
    clock: Clock,
    valid: Node,
    data: readonly StreamLeaf[],
    ready: Node,
  ): void => {
    const parts = data.map(({ name: leaf, node }) => ({ suffix: leaf.slice(net.length), node }))
    const origin: Origin = graph.origin ?? originHere()
    driven.push({ name, ...domainField(clock), valid, data: parts, ready, origin })
  }

  return {
    taken,
    driven,
    drive(name, what, port, { of }, clock, operand, ready) {
      const net = netsOf(port).data
      if (operand instanceof Stream) {
        if (operand.graph !== graph) own(graph, operand.valid)
        const data = dataNodes(net, what, of, operand.data)
        operand.taker.take(ready)
        return { valid: operand.valid.node, data }
      }
      if (operand !== undefined && (typeof operand !== 'object' || operand === null || operand instanceof Signal))
        throw graph.error(
          'E-KIND',
          `${what} takes a stream, got ${describe(operand)}; pass one, or { valid, data } to make one`,
        )
      const { valid, data } = (operand ?? {}) as Partial<StreamSource>
      if (valid === undefined || data === undefined)
        throw graph.error('E-UNDRIVEN', `${what} has no ${valid === undefined ? 'valid' : 'data'}; give it one`)
      const nodes = { valid: nodeFor(graph, bool, valid, `valid of ${what}`), data: dataNodes(net, what, of, data) }
      note(name, net, clock, nodes.valid, nodes.data, ready)
      return nodes
    },
    stream(name, of, source, { clock = mainClock } = {}) {
      claim(name, 'a stream')
      claimClock(clock.name)
      const net = netsOf(name).data
      const valid = nodeFor(graph, bool, source.valid, `valid of stream '${name}'`)
      const leaves = dataNodes(net, `stream '${name}'`, of, source.data)
      const rest = leaves.map(({ node }) => node)
      const data = valueFor(net, of, (_, shape) => signalFor(graph, shape, rest.shift()!))
      const made = taken(name, of, clock, valid, data, fresh(`${name}_ready`, 'the readiness of a stream'))
      note(name, net, clock, valid, leaves, made.ready.node)
      return made
    },
    finish() {
      const all = driven.map((stream) => handshakeChecks(graph, stream, fresh))
      return {
        checks: all.flatMap(({ checks }) => checks),
        registers: all.flatMap(({ registers }) => registers),
      }
    },
  }
}
