import { leavesOf, valueFor } from '../aggregate.ts'
import { clockOf, domainField, mainClock } from '../clock.ts'
import { mainDomain } from '../domains.ts'
import type { Origin } from '../error.ts'
import { type Input, isSigned, type Node, type Output, showRange, widthOf } from '../ir.ts'
import { describe, kindOf } from '../kind.ts'
import { leafOf, portShapeOnly, type ScalarShape, scalarsOf } from '../shape.ts'
import { type AnySignal, signalFor } from '../signal.ts'
import { isStream, netsOf, type Ports, shapesOf } from '../stream.ts'
import { onlyKnown } from './instances.ts'
import type { Places } from './places.ts'
import type { Scope } from './scope.ts'
import type { Streams } from './streams.ts'

/** The ports of a component: signals for its logic on the one side, what its logic returns on the other. */
export interface ModulePorts {
  readonly inputs: readonly Input[]
  /** What `logic` gets: every input, and the readiness of output streams. */
  readonly signals: Readonly<Record<string, unknown>>
  /** Outputs in the order of their ports, then the readiness of input streams. */
  outputs(returned: unknown): readonly Output[]
}

export const portsOf = (
  scope: Scope,
  places: Places,
  streams: Streams,
  ports: { readonly in: Ports; readonly out: Ports },
  declared: Origin,
): ModulePorts => {
  const { graph, claimPort, claimClock, place } = scope
  const inputs: Input[] = []
  const signals: Record<string, unknown> = {}
  const input = (name: string, shape: ScalarShape): AnySignal => {
    claimPort(name, 'an input')
    const node: Input = { op: 'in', id: graph.takeId(), name, ...leafOf(shape), ...domainField(clockOf(shape)) }
    claimClock(node.clock ?? mainDomain)
    inputs.push(node)
    return signalFor(graph, shape, node)
  }
  for (const [port, shape] of Object.entries(ports.in))
    portShapeOnly(graph.component, `input '${port}'`, shape, declared)
  for (const [port, shape] of Object.entries(ports.out))
    portShapeOnly(graph.component, `output '${port}'`, shape, declared)
  for (const [port, shape] of Object.entries(ports.in)) {
    if (!isStream(shape)) {
      signals[port] = valueFor(port, shape, input)
      continue
    }
    const nets = netsOf(port)
    const { flag, data: dataShape } = shapesOf(shape)
    const [valid, data] = [input(nets.valid, flag).node, valueFor(nets.data, dataShape, input)]
    claimPort(nets.ready, 'an output')
    signals[port] = streams.taken(port, shape.of, shape.clock ?? mainClock, valid, data, nets.ready)
  }
  const readiness = new Map<string, Node>()
  for (const [port, shape] of Object.entries(ports.out)) {
    if (!isStream(shape)) {
      for (const [leaf, scalar] of scalarsOf(port, shape)) {
        claimPort(leaf, 'an output')
        claimClock(domainField(clockOf(scalar)).clock ?? mainDomain)
      }
      continue
    }
    const nets = netsOf(port)
    claimPort(nets.valid, 'an output')
    for (const [leaf] of scalarsOf(nets.data, shape.of)) claimPort(leaf, 'an output')
    const ready = input(nets.ready, shapesOf(shape).flag)
    readiness.set(port, ready.node)
    signals[port] = { ready }
  }

  const outputs = (returned: unknown): readonly Output[] => {
    const driven = (isRecord(returned) ? returned : {}) as Readonly<Record<string, unknown>>
    const expected = Object.keys(ports.out)
    if (driven !== returned && (returned !== undefined || expected.length > 0)) {
      const instead =
        returned instanceof Promise
          ? "describe hardware without async, and await what it needs before 'logic'"
          : `return an object with ${expected.join(', ') || 'nothing in it'}`
      graph.report('E-UNDRIVEN', `logic returns ${describe(returned)}; ${instead}`)
      return []
    }
    onlyKnown(graph, 'logic', 'output', driven, ports.out)
    const made: Output[] = []
    const output = (name: string, shape: ScalarShape, node: Node): void => {
      const { encoding, ...range } = leafOf(shape)
      made.push({
        name,
        node,
        range,
        ...(encoding && { encoding }),
        ...domainField(clockOf(shape)),
        source: declared,
      })
    }
    for (const [port, shape] of Object.entries(ports.out)) {
      if (isStream(shape)) {
        const { flag, data: dataShape } = shapesOf(shape)
        const [what, clock, ready] = [`output '${port}'`, shape.clock ?? mainClock, readiness.get(port)!]
        const { valid, data } = streams.drive(port, what, port, shape, clock, driven[port], ready)
        output(netsOf(port).valid, flag, valid)
        const scalars = scalarsOf(netsOf(port).data, dataShape)
        data.forEach((leaf, k) => {
          output(leaf.name, scalars[k]![1], leaf.node)
        })
        continue
      }
      for (const leaf of leavesOf(graph, port, shape, driven[port], `output '${port}'`))
        output(leaf.name, leaf.shape, place(`output '${leaf.name}'`, leaf.shape, leaf.operand))
    }
    for (const [port, shape] of Object.entries(ports.in))
      if (isStream(shape)) {
        const node = places.named(netsOf(port).ready)!
        output(node.name, shapesOf(shape).flag, node)
      }
    refuseHomonyms(scope, places, made)
    return made
  }
  return { inputs, signals, outputs }
}

/** True for an object with outputs in it, false for anything else that JavaScript lets `logic` return. */
const isRecord = (returned: unknown): boolean =>
  typeof returned === 'object' &&
  returned !== null &&
  kindOf(returned) === undefined &&
  !Array.isArray(returned) &&
  !(returned instanceof Promise)

/** A register or wire may have the name of an output if it is that output, as in `output reg [3:0] count`. */
const refuseHomonyms = ({ graph }: Scope, places: Places, outputs: readonly Output[]): void => {
  for (const { name, node, range } of outputs) {
    const place = places.named(name)
    if (!place) continue
    const what = place.op === 'reg' ? 'register' : 'wire'
    if (node !== place)
      graph.report(
        'E-NAME',
        `${what} '${name}' has the name of an output that is driven by something else; return the ${what} itself or choose another name`,
        places.originOf(place),
      )
    else if (widthOf(node) !== widthOf(range) || isSigned(node) !== isSigned(range))
      graph.report(
        'E-NAME',
        `${what} '${name}' holds ${showRange(node)} and the output of its name ${showRange(range)}; give both one shape or choose another name`,
        places.originOf(place),
      )
  }
}
