import type { Builder } from '../builder.ts'
import { checksWithClock } from '../check/crossings.ts'
import { unusedIn } from '../check/unused.ts'
import type { Description, SignalsOf } from '../component.ts'
import { failureOf, HdlError, type Origin, originHere } from '../error.ts'
import { fsmOf } from '../fsm.ts'
import { Graph } from '../graph.ts'
import { refuseWaiting } from '../handshake.ts'
import { type Check, fits, type Module, type Node } from '../ir.ts'
import { describe } from '../kind.ts'
import { Memories } from '../memory.ts'
import { bool } from '../shape.ts'
import { Bool, boolNode, Int, intNode } from '../signal.ts'
import type { Ports, ReadyOf } from '../stream.ts'
import { branchesOf } from './branches.ts'
import { instancesOf } from './instances.ts'
import { placesOf } from './places.ts'
import { portsOf } from './ports.ts'
import { scopeOf } from './scope.ts'
import { streamsOf } from './streams.ts'
import { refuseStructure } from './structure.ts'

/** Runs a description and returns its IR; `declared` is where its component is written. */
export const buildModule = <In extends Ports, Out extends Ports>(
  name: string,
  parameters: Readonly<Record<string, string>>,
  description: Description<In, Out>,
  declared: Origin,
): Module => {
  const graph = new Graph(name)
  try {
    return describedOn(graph, parameters, description, declared)
  } finally {
    graph.sealed = true
  }
}

const describedOn = <In extends Ports, Out extends Ports>(
  graph: Graph,
  parameters: Readonly<Record<string, string>>,
  description: Description<In, Out>,
  declared: Origin,
): Module => {
  const name = graph.component
  const scope = scopeOf(graph)
  const branches = branchesOf(graph)
  const places = placesOf(scope, branches)
  const streams = streamsOf(scope, places)
  const instances = instancesOf(scope, streams)
  const memories = new Memories({ ...scope, condition: branches.condition })
  const checks: Check[] = []
  const addCheck = (wanted: Bool, promise: string, source: Origin): void => {
    graph.mustBeOpen()
    if (typeof promise !== 'string' || promise.trim() === '')
      graph.report('E-PARAMETER', `a promise is made in words, got ${describe(promise)}; say what holds and why`)
    // On one line, as every engine tells it.
    const message = String(promise).replace(/[\s\p{Cc}]+/gu, ' ')
    const holds = new Bool(graph, boolNode(graph, wanted, 'check'))
    const condition = branches.condition()
    const { node } = condition ? condition.not().or(holds) : holds
    if (node.op !== 'const' || node.value === 0n) checks.push({ holds: node, message, source })
  }

  const steadyNames = new Set(typeof description.latency === 'object' ? description.latency.steady : [])
  const steady = (node: Node): boolean => (node.op === 'in' || node.op === 'reg') && steadyNames.has(node.name)
  graph.description = {
    steady,
    netlist: {
      next: places.next,
      driver: places.driver,
      instance: (wanted) => instances.all.find((one) => one.name === wanted)!,
    },
  }

  const builder: Builder = {
    regs: places.regs,
    wires: places.wires,
    when: branches.when,
    match: branches.match as Builder['match'],
    memory: (key, options) => memories.memory(key, options),
    rom: (key, options) => memories.rom(key, options),
    fsm: (key, states) => fsmOf(graph, builder, key, states),
    use: instances.use,
    stream: streams.stream,
    checked(value, shape, promise) {
      const node = intNode(graph, value, 'checked')
      if (fits(node, shape)) return value
      const outside = (a: Node, b: Node): Bool => new Bool(graph, graph.operation('lt', bool, [a, b]))
      const below = outside(node, graph.constant(shape.min))
      addCheck(below.or(outside(graph.constant(shape.max), node)).not(), promise, originHere(builder.checked))
      return new Int(graph, graph.operation('wrap', shape, [node]))
    },
    check(holds, promise) {
      addCheck(holds, promise, originHere(builder.check))
    },
  }

  graph.origin = declared
  const ports = portsOf(scope, places, streams, description, declared)

  graph.origin = undefined
  let driven: unknown
  try {
    driven = description.logic(ports.signals as SignalsOf<In> & ReadyOf<Out>, builder)
  } catch (thrown) {
    if (thrown === instances.failure()) throw thrown
    const error = failureOf(name, thrown, declared)
    // What fails in JavaScript after a mistake may well come of it.
    const known = error instanceof HdlError && error.code !== 'E-LOGIC' ? [...graph.errors, error] : graph.errors
    throw known.length > 0 ? HdlError.all(name, known) : error
  } finally {
    graph.closed = true
  }

  graph.closed = false
  graph.origin = declared
  const outputs = ports.outputs(driven)
  const handshakes = streams.finish()
  checks.push(...handshakes.checks)
  places.refuseUndriven()
  graph.closed = true
  if (graph.errors.length > 0) throw HdlError.all(name, graph.errors)

  const { registers, wires } = places.finish()
  const built: Module = {
    name,
    parameters,
    inputs: ports.inputs,
    outputs,
    registers: [...registers, ...handshakes.registers],
    wires,
    memories: memories.finish(checks),
    instances: instances.all,
    checks,
    operations: graph.operations,
    nodeCount: graph.nodeCount,
    warnings: [],
    accepted: [],
  }
  const latency = description.latency === undefined ? undefined : { steady, names: steadyNames }
  refuseStructure(graph, built, places, latency, declared)
  refuseWaiting(graph, built, streams.driven)
  return { ...built, checks: checksWithClock(built), warnings: [...graph.warnings, ...unusedIn(built)] }
}
