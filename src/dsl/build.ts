import { findLoop, loopNames } from './check/loops.ts'
import type { Component, Description, OperandsOf, SignalsOf } from './component.ts'
import { type Origin, originHere } from './error.ts'
import { Graph } from './graph.ts'
import { type DrivenStream, handshakeChecks, refuseWaiting } from './handshake.ts'
import {
  type Check,
  fits,
  type Input,
  type Instance,
  type InstanceOutput,
  type Module,
  type Node,
  type Range,
  type Register,
  type RegisterValue,
  showRange,
  type Wire,
  type WireValue,
} from './ir.ts'
import { Memories, type MemoryOptions, type ReadableMemory, type RomOptions, type WritableMemory } from './memory.ts'
import { NameTable, nameFault } from './names.ts'
import { bool, type IntShape, type ScalarShape, type Shape, type Shapes } from './shape.ts'
import {
  type AnyOperand,
  type AnySignal,
  type Bool,
  Int,
  nodeFor,
  type OperandOf,
  own,
  type SignalOf,
  signalFor,
} from './signal.ts'
import {
  isStream,
  netsOf,
  type Ports,
  type ReadyOf,
  Stream,
  type StreamShape,
  type StreamSource,
  type Taker,
} from './stream.ts'

/** A register: read it as a signal, say what it becomes at the clock edge with `.next = value`. */
export type RegisterOf<S extends Shape> = S extends { kind: 'vector'; element: infer E extends ScalarShape }
  ? readonly RegisterOf<E>[]
  : SignalOf<S> & { set next(value: OperandOf<S>) }
/** A wire: read it before its driver is known, drive it with `.value = value`. */
export type WireOf<S extends Shape> = S extends { kind: 'vector'; element: infer E extends ScalarShape }
  ? readonly WireOf<E>[]
  : SignalOf<S> & { set value(value: OperandOf<S>) }

/** What `logic` describes its component with. */
export interface Builder {
  /** Registers; the keys are their names in Verilog and in waves. Reset gives 0, or the bound nearest to it. */
  regs<P extends Shapes>(shapes: P): { readonly [K in keyof P]: RegisterOf<P[K]> }
  /** Named values driven later, for feedback between instances. */
  wires<P extends Shapes>(shapes: P): { readonly [K in keyof P]: WireOf<P[K]> }
  /** Assignments inside `then` take effect where the condition holds, those inside `otherwise` where it does not. */
  when(condition: Bool, then: () => void, otherwise?: () => void): void
  /** Words that last, read and written at addresses; how reads and writes of one word meet must be said. */
  memory<S extends ScalarShape>(name: string, options: MemoryOptions<S>): WritableMemory<S>
  /** Words that never change. */
  rom<S extends ScalarShape>(name: string, options: RomOptions<S>): ReadableMemory<S>
  /** A child instance: every input port is driven, the outputs come back. */
  use<In extends Ports, Out extends Ports>(
    name: string,
    component: Component<In, Out>,
    inputs: OperandsOf<In>,
  ): SignalsOf<Out> & ReadyOf<In>
  /** A stream made of signals, for whoever takes it; that it keeps the handshake is checked in simulation. */
  stream<S extends ScalarShape>(name: string, of: S, source: StreamSource<S>): Stream<S>
  /** `value` in a narrower shape because the designer promises that it fits; free in hardware, checked in simulation. */
  checked(value: Int, shape: IntShape, promise: string): Int
  /** A promise: `holds` is true in every cycle outside reset (and inside the `when` it is written in). */
  check(holds: Bool, promise: string): void
}

/** Runs a description and returns its IR; `declared` is where its component is written. */
export const buildModule = <In extends Ports, Out extends Ports>(
  name: string,
  parameters: Readonly<Record<string, string>>,
  description: Description<In, Out>,
  declared: Origin,
): Module => {
  const graph = new Graph(name)
  const names = new NameTable()
  const registers: { node: RegisterValue; reset: bigint; becomes: Assigned }[] = []
  const wires: { node: WireValue; driver: Assigned; undriven: string; origin: Origin | undefined }[] = []
  const streams: DrivenStream[] = []
  const instances: Instance[] = []
  const checks: Check[] = []
  let condition: Bool | undefined

  const claim = (wanted: string, what: string): void => {
    const fault = nameFault(wanted)
    if (fault) throw graph.error('E-NAME', `${what} cannot be called '${wanted}': ${fault}; choose another name`)
    const holder = names.take(wanted, what)
    if (holder)
      throw graph.error('E-NAME', `${what} cannot be called '${wanted}': ${holder} has that name; choose another one`)
  }

  const narrowing = 'narrow it with .wrap(), .sat() or checked()'
  const place = (what: string, shape: ScalarShape, operand: AnyOperand): Node => {
    const node = nodeFor(graph, shape, operand)
    if (fits(node, shape)) return node
    const found = node.op === 'const' ? `${node.value}` : showRange(node)
    throw graph.error('E-RANGE', `${what} holds ${showRange(shape)}, got ${found}; ${narrowing}`)
  }

  // What the innermost branch has assigned so far, with the value each place had before it.
  let branch: Map<Assigned, Node | undefined> | undefined
  const assign = (place: Assigned, value: Node): void => {
    if (branch && !branch.has(place)) branch.set(place, place.value)
    place.value = value
  }
  /** Runs one branch under a condition; gives what it assigned and leaves every place as it was. */
  const inBranch = (test: Bool, body: () => void): Map<Assigned, Node | undefined> => {
    const [outerCondition, outerBranch] = [condition, branch]
    const before = new Map<Assigned, Node | undefined>()
    condition = outerCondition ? outerCondition.and(test) : test
    branch = before
    try {
      body()
    } finally {
      condition = outerCondition
      branch = outerBranch
    }
    const after = new Map<Assigned, Node | undefined>()
    for (const [place, value] of before) {
      after.set(place, place.value)
      place.value = value
    }
    return after
  }

  const makeRegister = (key: string, shape: ScalarShape): AnySignal => {
    claim(key, 'a register')
    const node: RegisterValue = { op: 'reg', id: graph.takeId(), name: key, min: shape.min, max: shape.max }
    const reset = shape.min > 0n ? shape.min : shape.max < 0n ? shape.max : 0n
    const becomes: Assigned = { what: `register '${key}'`, value: node }
    registers.push({ node, reset, becomes })
    return Object.defineProperty(signalFor(graph, shape, node), 'next', {
      set: (operand: AnyOperand) => {
        assign(becomes, place(becomes.what, shape, operand))
      },
    })
  }

  const makeWire = (key: string, shape: ScalarShape): AnySignal => {
    claim(key, 'a wire')
    return wireNamed(key, shape, `wire '${key}' is never driven; set its .value`).signal
  }
  const wireNamed = (key: string, shape: ScalarShape, undriven: string): { signal: AnySignal; driver: Assigned } => {
    const node: WireValue = { op: 'wire', id: graph.takeId(), name: key, min: shape.min, max: shape.max }
    const driver: Assigned = { what: `wire '${key}'`, value: undefined }
    wires.push({ node, driver, undriven, origin: graph.origin ?? originHere() })
    const signal = Object.defineProperty(signalFor(graph, shape, node), 'value', {
      set: (operand: AnyOperand) => {
        assign(driver, place(driver.what, shape, operand))
      },
    })
    return { signal, driver }
  }

  /** A stream for its consumer, whose readiness is a wire called `readyName`. */
  const streamNamed = <S extends ScalarShape>(
    key: string,
    shape: S,
    valid: Node,
    data: Node,
    readyName: string,
  ): Stream<S> => {
    const untaken = `stream '${key}' is never taken; set its .ready.value or pass it on`
    const { signal, driver } = wireNamed(readyName, bool, untaken)
    return new Stream(graph, key, shape, valid, data, {
      ready: signal as Taker['ready'],
      take(ready) {
        if (driver.value)
          throw graph.error('E-STREAM', `stream '${key}' is taken twice; fork() it, so that each taker has its own`)
        driver.value = ready
      },
    })
  }
  /** Valid and data that drive the stream port `what`; `ready` is the node of its readiness. */
  const drive = (
    key: string,
    what: string,
    { of }: StreamShape,
    operand: unknown,
    ready: Node,
  ): { valid: Node; data: Node } => {
    if (operand instanceof Stream) {
      if (operand.graph !== graph) own(graph, operand.valid)
      const data = place(`data of ${what}`, of, operand.data as AnyOperand)
      operand.taker.take(ready)
      return { valid: operand.valid.node, data }
    }
    const { valid, data } = (operand ?? {}) as Partial<StreamSource>
    if (valid === undefined || data === undefined)
      throw graph.error('E-UNDRIVEN', `${what} has no ${valid === undefined ? 'valid' : 'data'}; give it one`)
    const nodes = { valid: nodeFor(graph, bool, valid), data: place(`data of ${what}`, of, data) }
    streams.push({ name: key, ...nodes, ready, origin: graph.origin ?? originHere() })
    return nodes
  }

  const memories = new Memories({ graph, claim, fresh: names.fresh.bind(names), place, condition: () => condition })

  const builder: Builder = {
    regs: ((shapes: Shapes) => mapShapes(shapes, makeRegister)) as Builder['regs'],
    wires: ((shapes: Shapes) => mapShapes(shapes, makeWire)) as Builder['wires'],
    when(test, then, otherwise) {
      own(graph, test)
      const yes = inBranch(test, then)
      const no = otherwise ? inBranch(test.not(), otherwise) : new Map<Assigned, Node | undefined>()
      for (const target of new Set([...yes.keys(), ...no.keys()])) {
        const whenTrue = yes.has(target) ? yes.get(target) : target.value
        const whenFalse = no.has(target) ? no.get(target) : target.value
        if (!whenTrue || !whenFalse)
          throw graph.error(
            'E-UNDRIVEN',
            `${target.what} has no value where the condition is ${whenTrue ? 'false' : 'true'}; drive it in both branches or once before`,
          )
        assign(target, graph.operation('mux', hull(whenTrue, whenFalse), [test.node, whenTrue, whenFalse]))
      }
    },
    memory: (key, options) => memories.memory(key, options),
    rom: (key, options) => memories.rom(key, options),
    use(instance, child, inputs) {
      claim(instance, 'an instance')
      const module = child.module
      onlyKnown(`instance '${instance}'`, 'input', inputs, child.in, graph)
      const drivers = new Map<string, Node>()
      const outputs = new Map<string, InstanceOutput>()
      const output = (port: string, { min, max }: Range): InstanceOutput => {
        const node: InstanceOutput = { op: 'out', id: graph.takeId(), instance, port, min, max }
        outputs.set(port, node)
        return node
      }
      const back: Record<string, { ready: AnySignal }> = {}
      const readyOutputs: [string, InstanceOutput][] = []
      for (const [port, shape] of Object.entries(child.in)) {
        const operand = (inputs as Readonly<Record<string, unknown>>)[port]
        if (isStream(shape)) {
          const nets = netsOf(port)
          const ready: InstanceOutput = { op: 'out', id: graph.takeId(), instance, port: nets.ready, ...bounds(bool) }
          readyOutputs.push([nets.ready, ready])
          back[port] = { ready: signalFor(graph, bool, ready) }
          const { valid, data } = drive(
            `${instance}_${port}`,
            `input '${port}' of '${instance}'`,
            shape,
            operand,
            ready,
          )
          drivers.set(nets.valid, valid)
          drivers.set(nets.data, data)
          continue
        }
        for (const [leaf, value] of leaves(port, shape, operand, `input '${port}' of '${instance}'`, graph))
          drivers.set(leaf, place(`input '${leaf}' of '${instance}'`, elementOf(shape), value))
      }
      const signals: Record<string, unknown> = {}
      for (const [port, shape] of Object.entries(child.out)) {
        if (!isStream(shape)) {
          Object.assign(
            signals,
            mapShapes({ [port]: shape }, (leaf, scalar) => signalFor(graph, scalar, output(leaf, scalar))),
          )
          continue
        }
        const [nets, name] = [netsOf(port), `${instance}_${port}`]
        const readyName = names.fresh(`${name}_ready`, 'the readiness of a stream')
        const made = streamNamed(name, shape.of, output(nets.valid, bool), output(nets.data, shape.of), readyName)
        signals[port] = made
        drivers.set(nets.ready, made.ready.node)
      }
      for (const [port, node] of readyOutputs) outputs.set(port, node)
      instances.push({ name: instance, of: module, inputs: drivers, outputs })
      return { ...signals, ...back } as never
    },
    stream(key, of, { valid, data }) {
      claim(key, 'a stream')
      const made = streamNamed(
        key,
        of,
        nodeFor(graph, bool, valid),
        place(`data of stream '${key}'`, of, data as AnyOperand),
        names.fresh(`${key}_ready`, 'the readiness of a stream'),
      )
      const driven = { valid: made.valid.node, data: (made.data as AnySignal).node, ready: made.ready.node }
      streams.push({ name: key, ...driven, origin: graph.origin ?? originHere() })
      return made
    },
    checked(value, shape, promise) {
      if (fits(value.node, shape)) return value
      builder.check(value.lt(shape.min).or(value.gt(shape.max)).not(), promise)
      return new Int(graph, graph.operation('wrap', shape, [value.node]))
    },
    check(holds, promise) {
      own(graph, holds)
      const inContext = condition ? condition.not().or(holds) : holds
      if (inContext.node.op !== 'const' || inContext.node.value === 0n)
        checks.push({ holds: inContext.node, message: promise })
    },
  }

  graph.origin = declared
  const inputs: Input[] = []
  const input = (port: string, shape: ScalarShape): Input => {
    claim(port, 'an input')
    const node: Input = { op: 'in', id: graph.takeId(), name: port, min: shape.min, max: shape.max }
    inputs.push(node)
    return node
  }
  const inputSignals: Record<string, unknown> = {}
  for (const [port, shape] of Object.entries(description.in)) {
    if (isStream(shape)) {
      const nets = netsOf(port)
      const [valid, data] = [input(nets.valid, bool), input(nets.data, shape.of)]
      claim(nets.ready, 'an output')
      inputSignals[port] = streamNamed(port, shape.of, valid, data, nets.ready)
    } else
      Object.assign(
        inputSignals,
        mapShapes({ [port]: shape }, (leaf, scalar) => signalFor(graph, scalar, input(leaf, scalar))),
      )
  }
  const readyInputs = new Map<string, Input>()
  for (const [port, shape] of Object.entries(description.out)) {
    if (isStream(shape)) {
      const nets = netsOf(port)
      for (const net of [nets.valid, nets.data]) claim(net, 'an output')
      const ready = input(nets.ready, bool)
      readyInputs.set(port, ready)
      inputSignals[port] = { ready: signalFor(graph, bool, ready) }
    } else mapShapes({ [port]: shape }, (leaf) => claim(leaf, 'an output'))
  }

  graph.origin = undefined
  const driven = description.logic(inputSignals as SignalsOf<In> & ReadyOf<Out>, builder) as Readonly<
    Record<string, unknown>
  >

  graph.origin = declared
  onlyKnown('logic', 'output', driven, description.out, graph)
  const outputs: Module['outputs'][number][] = []
  for (const [port, shape] of Object.entries(description.out)) {
    if (isStream(shape)) {
      const nets = netsOf(port)
      const { valid, data } = drive(port, `output '${port}'`, shape, driven[port], readyInputs.get(port)!)
      outputs.push({ name: nets.valid, node: valid, range: bounds(bool) })
      outputs.push({ name: nets.data, node: data, range: bounds(shape.of) })
      continue
    }
    for (const [leaf, value] of leaves(port, shape, driven[port], `output '${port}'`, graph)) {
      const element = elementOf(shape)
      outputs.push({ name: leaf, node: place(`output '${leaf}'`, element, value), range: bounds(element) })
    }
  }
  for (const [port, shape] of Object.entries(description.in))
    if (isStream(shape)) {
      const { node } = wires.find((wire) => wire.node.name === netsOf(port).ready)!
      outputs.push({ name: node.name, node, range: bounds(bool) })
    }
  const handshakes = streams.map((driven) => handshakeChecks(graph, driven, names.fresh.bind(names)))
  checks.push(...handshakes.flatMap((handshake) => handshake.checks))

  const module: Module = {
    name,
    parameters,
    inputs,
    outputs,
    registers: [
      ...registers.map(
        ({ node, reset, becomes }): Register => ({ name: node.name, node, reset, next: becomes.value! }),
      ),
      ...handshakes.flatMap((handshake) => handshake.registers),
    ],
    wires: wires.map(({ node, driver, undriven, origin }): Wire => {
      if (!driver.value) throw graph.error('E-UNDRIVEN', undriven, origin)
      return { name: node.name, node, driver: driver.value }
    }),
    memories: memories.finish(checks),
    instances,
    checks,
    operations: graph.operations,
    nodeCount: graph.nodeCount,
  }
  const loop = findLoop(module)
  if (loop)
    throw graph.error(
      'E-LOOP',
      `${loopNames(loop).join(' -> ')} depends on itself within one cycle; put a register into the path`,
      wires.find(({ node }) => loop.includes(node))?.origin,
    )
  refuseWaiting(graph, module, streams)
  return module
}

/** A register or wire while its component is described, and what it has been assigned. */
interface Assigned {
  readonly what: string
  value: Node | undefined
}

const hull = (a: Range, b: Range): Range => ({ min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max })

const bounds = ({ min, max }: ScalarShape): { min: bigint; max: bigint } => ({ min, max })
const elementOf = (shape: Shape): ScalarShape => (shape.kind === 'vector' ? shape.element : shape)

/** One `make` per scalar; a vector's elements are called `key_0` upwards. */
const mapShapes = (shapes: Shapes, make: (name: string, shape: ScalarShape) => unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => [
      key,
      shape.kind === 'vector'
        ? Array.from({ length: shape.length }, (_, k) => make(`${key}_${k}`, shape.element))
        : make(key, shape),
    ]),
  )

/** A port nobody declared is a slip that types miss where an object is spread into another. */
const onlyKnown = (whose: string, what: 'input' | 'output', given: object, ports: Ports, graph: Graph): void => {
  const stranger = Object.keys(given).find((key) => !(key in ports))
  if (stranger === undefined) return
  const known = Object.keys(ports).join(', ') || 'none'
  throw graph.error('E-NAME', `${whose} has no ${what} '${stranger}'; the ${what}s are ${known}`)
}

/** Leaf name and operand of every scalar of a port. */
const leaves = (port: string, shape: Shape, operand: unknown, what: string, graph: Graph): [string, AnyOperand][] => {
  if (operand === undefined) throw graph.error('E-UNDRIVEN', `${what} has no value; give it one`)
  if (shape.kind !== 'vector') return [[port, operand as AnyOperand]]
  const elements = operand as readonly AnyOperand[]
  if (elements.length !== shape.length)
    throw graph.error('E-RANGE', `${what} takes ${shape.length} elements, got ${elements.length}; pass as many`)
  return elements.map((element, k) => [`${port}_${k}`, element])
}
