import { leavesOf, placed, valueFor, valuesFor } from './aggregate.ts'
import { findLoop, loopNames } from './check/loops.ts'
import { type Arm, type Arms, armsOf, type Matched, match, type OfOneKind } from './choice.ts'
import type { Component, Description, OperandsOf, SignalsOf } from './component.ts'
import type { Enum } from './enumeration.ts'
import { type Origin, originHere } from './error.ts'
import { type Fsm, fsmOf, type States } from './fsm.ts'
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
  type Output,
  type Range,
  type Register,
  type RegisterValue,
  type Wire,
  type WireValue,
} from './ir.ts'
import { Memories, type MemoryOptions, type ReadableMemory, type RomOptions, type WritableMemory } from './memory.ts'
import { NameTable, nameFault } from './names.ts'
import { type RegisterShapes, type Reset, resetsOf } from './reset.ts'
import {
  bool,
  type IntShape,
  leafOf,
  type RecordShape,
  type ScalarShape,
  type Shape,
  type Shapes,
  scalarsOf,
  type VectorShape,
} from './shape.ts'
import {
  type AnyOperand,
  type AnySignal,
  type Bool,
  Int,
  nodeFor,
  type OperandOf,
  own,
  Signal,
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

/** A register: read it as a signal, say what it becomes at the clock edge with `.next = value`, whole or part by part. */
export type RegisterOf<S> =
  S extends Reset<infer Inner> ? RegisterOf<Inner> : PartsOf<S, 'next'> & { set next(value: OperandOf<S>) }
/** A wire: read it before its driver is known, drive it with `.value = value`, whole or part by part. */
export type WireOf<S> = PartsOf<S, 'value'> & { set value(value: OperandOf<S>) }
type PartsOf<S, How extends 'next' | 'value'> =
  S extends VectorShape<infer Element>
    ? readonly PlaceOf<Element, How>[]
    : S extends RecordShape<infer Fields>
      ? { readonly [K in keyof Fields]: PlaceOf<Fields[K], How> }
      : SignalOf<S>
type PlaceOf<S, How extends 'next' | 'value'> = How extends 'next' ? RegisterOf<S> : WireOf<S>

/** What `logic` describes its component with. */
export interface Builder {
  /**
   * Registers; the keys are their names in Verilog and in waves. Reset gives 0, or the bound nearest to it, unless the
   * shape says what with `reset(shape, value)`.
   */
  regs<P extends RegisterShapes>(shapes: P): { readonly [K in keyof P]: RegisterOf<P[K]> }
  /** Named values driven later, for feedback between instances. */
  wires<P extends Shapes>(shapes: P): { readonly [K in keyof P]: WireOf<P[K]> }
  /** Assignments inside `then` take effect where the condition holds, those inside `otherwise` where it does not. */
  when(condition: Bool, then: () => void, otherwise?: () => void): void
  /** Words that last, read and written at addresses; how reads and writes of one word meet must be said. */
  memory<S extends ScalarShape>(name: string, options: MemoryOptions<S>): WritableMemory<S>
  /** Words that never change. */
  rom<S extends ScalarShape>(name: string, options: RomOptions<S>): ReadableMemory<S>
  /** One way for each name of an enumeration, as values or as closures in which assignments take effect. */
  match<Name extends string, A extends Arm | (() => void)>(
    value: Enum<Name>,
    arms: Arms<Name, A> & Arms<Name, OfOneKind<A>>,
  ): Matched<A>
  /**
   * A state machine: a register `name`, a key for each state, the first one after reset. What a state assigns takes effect
   * while the machine is in it; it stays there unless `goto` says where to, of several the last.
   */
  fsm<State extends string>(name: string, states: States<State>): Fsm<State>
  /** A child instance: every input port is driven, the outputs come back. */
  use<In extends Ports, Out extends Ports>(
    name: string,
    component: Component<In, Out>,
    inputs: OperandsOf<In>,
  ): SignalsOf<Out> & ReadyOf<In>
  /** A stream made of signals, for whoever takes it; that it keeps the handshake is checked in simulation. */
  stream<S extends Shape>(name: string, of: S, source: StreamSource<S>): Stream<S>
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

  const place = (what: string, shape: ScalarShape, operand: AnyOperand): Node => placed(graph, what, shape, operand)

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

  const makeRegister = (key: string, shape: ScalarShape, reset: bigint): AnySignal => {
    claim(key, 'a register')
    const node: RegisterValue = { op: 'reg', id: graph.takeId(), name: key, ...leafOf(shape) }
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
    const node: WireValue = { op: 'wire', id: graph.takeId(), name: key, ...leafOf(shape) }
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
  const streamNamed = <S extends Shape>(
    key: string,
    shape: S,
    valid: Node,
    data: unknown,
    readyName: string,
  ): Stream<S> => {
    const untaken = `stream '${key}' is never taken; set its .ready.value or pass it on`
    const { signal, driver } = wireNamed(readyName, bool, untaken)
    return new Stream(graph, key, shape, valid, data as SignalOf<S>, {
      ready: signal as Taker['ready'],
      take(ready) {
        if (driver.value)
          throw graph.error('E-STREAM', `stream '${key}' is taken twice; fork() it, so that each taker has its own`)
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
  /** Valid and data that drive the stream port `what`; `ready` is the node of its readiness. */
  const drive = (
    key: string,
    what: string,
    port: string,
    { of }: StreamShape,
    operand: unknown,
    ready: Node,
  ): { valid: Node; data: readonly StreamLeaf[] } => {
    const net = netsOf(port).data
    if (operand instanceof Stream) {
      if (operand.graph !== graph) own(graph, operand.valid)
      const data = dataNodes(net, what, of, operand.data)
      operand.taker.take(ready)
      return { valid: operand.valid.node, data }
    }
    const { valid, data } = (operand ?? {}) as Partial<StreamSource>
    if (valid === undefined || data === undefined)
      throw graph.error('E-UNDRIVEN', `${what} has no ${valid === undefined ? 'valid' : 'data'}; give it one`)
    const nodes = { valid: nodeFor(graph, bool, valid), data: dataNodes(net, what, of, data) }
    note(key, net, nodes.valid, nodes.data, ready)
    return nodes
  }
  /** Remembers a stream that this component drives, for its checks. */
  const note = (key: string, net: string, valid: Node, data: readonly StreamLeaf[], ready: Node): void => {
    const parts = data.map(({ name, node }) => ({ suffix: name.slice(net.length), node }))
    streams.push({ name: key, valid, data: parts, ready, origin: graph.origin ?? originHere() })
  }

  const memories = new Memories({ graph, claim, fresh: names.fresh.bind(names), place, condition: () => condition })

  /** Vectors and records of registers or wires are set as a whole by setting each part. */
  const settable =
    (how: 'next' | 'value') =>
    (name: string, shape: Shape, whole: object): void => {
      const set = (operand: unknown): void => {
        const what = `${how === 'next' ? 'register' : 'wire'} '${name}'`
        const leaves = leavesOf(graph, name, shape, operand, what).map((leaf) => leaf.operand)
        for (const part of placesIn(whole)) (part as unknown as Record<typeof how, unknown>)[how] = leaves.shift()
      }
      Object.defineProperty(whole, how, { set })
    }

  const builder: Builder = {
    regs: ((shapes: RegisterShapes) =>
      Object.fromEntries(
        Object.entries(shapes).map(([key, wanted]) => {
          const { shape, values } = resetsOf(graph, key, wanted)
          const make = (leaf: string, scalar: ScalarShape): AnySignal => makeRegister(leaf, scalar, values.shift()!)
          return [key, valueFor(key, shape, make, settable('next'))]
        }),
      )) as Builder['regs'],
    wires: ((shapes: Shapes) => valuesFor(shapes, makeWire, settable('value'))) as Builder['wires'],
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
    match: ((value: Enum, arms: Arms<string, unknown>) => {
      if (!Object.values(arms).every((arm) => typeof arm === 'function')) return match(value, arms as Arms<string, Int>)
      own(graph, value)
      const ways = armsOf(value, arms as Arms<string, () => void>).map(([name, body]) => {
        const test = value.eq(name)
        return { name, test: test.node, assigned: inBranch(test, body) }
      })
      for (const target of new Set(ways.flatMap(({ assigned }) => [...assigned.keys()]))) {
        // Names are told apart by their codes alone: those that assign nothing need no test, nor does the last of all.
        const [some, none] = [
          ways.filter((way) => way.assigned.has(target)),
          ways.find((way) => !way.assigned.has(target)),
        ]
        const rest = none ? target.value : some.pop()!.assigned.get(target)
        const open = none && !rest ? none : some.find((way) => !way.assigned.get(target))
        if (!rest || open)
          throw graph.error(
            'E-UNDRIVEN',
            `${target.what} has no value where it is '${open?.name}'; drive it in every arm or once before`,
          )
        const choice = some.reduceRight((otherwise: Node, way) => {
          const then = way.assigned.get(target)!
          return graph.operation('mux', hull(then, otherwise), [way.test, then, otherwise])
        }, rest)
        assign(target, choice)
      }
    }) as Builder['match'],
    fsm: (name, states) => fsmOf(graph, builder, name, states),
    use(instance, child, inputs) {
      claim(instance, 'an instance')
      const module = child.module
      onlyKnown(`instance '${instance}'`, 'input', inputs, child.in, graph)
      const drivers = new Map<string, Node>()
      const outputs = new Map<string, InstanceOutput>()
      const back: Record<string, { ready: AnySignal }> = {}
      const readyOutputs: [string, InstanceOutput][] = []
      for (const [port, shape] of Object.entries(child.in)) {
        const operand = (inputs as Readonly<Record<string, unknown>>)[port]
        if (isStream(shape)) {
          const nets = netsOf(port)
          const ready: InstanceOutput = { op: 'out', id: graph.takeId(), instance, port: nets.ready, ...leafOf(bool) }
          readyOutputs.push([nets.ready, ready])
          back[port] = { ready: signalFor(graph, bool, ready) }
          const what = `input '${port}' of '${instance}'`
          const { valid, data } = drive(`${instance}_${port}`, what, port, shape, operand, ready)
          drivers.set(nets.valid, valid)
          for (const { name: leaf, node } of data) drivers.set(leaf, node)
          continue
        }
        for (const leaf of leavesOf(graph, port, shape, operand, `input '${port}' of '${instance}'`))
          drivers.set(leaf.name, place(`input '${leaf.name}' of '${instance}'`, leaf.shape, leaf.operand))
      }
      const output = (leaf: string, shape: ScalarShape): AnySignal => {
        const node: InstanceOutput = { op: 'out', id: graph.takeId(), instance, port: leaf, ...leafOf(shape) }
        outputs.set(leaf, node)
        return signalFor(graph, shape, node)
      }
      const signals: Record<string, unknown> = {}
      for (const [port, shape] of Object.entries(child.out)) {
        if (!isStream(shape)) {
          signals[port] = valueFor(port, shape, output)
          continue
        }
        const [nets, name] = [netsOf(port), `${instance}_${port}`]
        const readyName = names.fresh(`${name}_ready`, 'the readiness of a stream')
        const valid = output(nets.valid, bool).node
        const made = streamNamed(name, shape.of, valid, valueFor(nets.data, shape.of, output), readyName)
        signals[port] = made
        drivers.set(nets.ready, made.ready.node)
      }
      for (const [port, node] of readyOutputs) outputs.set(port, node)
      instances.push({ name: instance, of: module, inputs: drivers, outputs })
      return { ...signals, ...back } as never
    },
    stream(key, of, source) {
      claim(key, 'a stream')
      const net = netsOf(key).data
      const valid = nodeFor(graph, bool, source.valid)
      const leaves = dataNodes(net, `stream '${key}'`, of, source.data)
      const rest = leaves.map(({ node }) => node)
      const data = valueFor(net, of, (_, shape) => signalFor(graph, shape, rest.shift()!))
      const made = streamNamed(key, of, valid, data, names.fresh(`${key}_ready`, 'the readiness of a stream'))
      note(key, net, valid, leaves, made.ready.node)
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
  const input = (port: string, shape: ScalarShape): AnySignal => {
    claim(port, 'an input')
    const node: Input = { op: 'in', id: graph.takeId(), name: port, ...leafOf(shape) }
    inputs.push(node)
    return signalFor(graph, shape, node)
  }
  const inputSignals: Record<string, unknown> = {}
  for (const [port, shape] of Object.entries(description.in)) {
    if (!isStream(shape)) {
      inputSignals[port] = valueFor(port, shape, input)
      continue
    }
    const nets = netsOf(port)
    const [valid, data] = [input(nets.valid, bool).node, valueFor(nets.data, shape.of, input)]
    claim(nets.ready, 'an output')
    inputSignals[port] = streamNamed(port, shape.of, valid, data, nets.ready)
  }
  const readyInputs = new Map<string, Node>()
  for (const [port, shape] of Object.entries(description.out)) {
    if (!isStream(shape)) {
      for (const [leaf] of scalarsOf(port, shape)) claim(leaf, 'an output')
      continue
    }
    const nets = netsOf(port)
    claim(nets.valid, 'an output')
    for (const [leaf] of scalarsOf(nets.data, shape.of)) claim(leaf, 'an output')
    const ready = input(nets.ready, bool)
    readyInputs.set(port, ready.node)
    inputSignals[port] = { ready }
  }

  graph.origin = undefined
  const driven = description.logic(inputSignals as SignalsOf<In> & ReadyOf<Out>, builder) as Readonly<
    Record<string, unknown>
  >

  graph.origin = declared
  onlyKnown('logic', 'output', driven, description.out, graph)
  const outputs: Output[] = []
  const output = (leaf: string, shape: ScalarShape, node: Node): void => {
    const { encoding, ...range } = leafOf(shape)
    outputs.push({ name: leaf, node, range, ...(encoding && { encoding }) })
  }
  for (const [port, shape] of Object.entries(description.out)) {
    if (isStream(shape)) {
      const { valid, data } = drive(port, `output '${port}'`, port, shape, driven[port], readyInputs.get(port)!)
      output(netsOf(port).valid, bool, valid)
      for (const leaf of data) output(leaf.name, leaf.shape, leaf.node)
      continue
    }
    for (const leaf of leavesOf(graph, port, shape, driven[port], `output '${port}'`))
      output(leaf.name, leaf.shape, place(`output '${leaf.name}'`, leaf.shape, leaf.operand))
  }
  for (const [port, shape] of Object.entries(description.in))
    if (isStream(shape)) {
      const { node } = wires.find((wire) => wire.node.name === netsOf(port).ready)!
      output(node.name, bool, node)
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

/** One scalar of a stream's data and the net it goes to. */
interface StreamLeaf {
  readonly name: string
  readonly shape: ScalarShape
  readonly node: Node
}

/** A register or wire while its component is described, and what it has been assigned. */
interface Assigned {
  readonly what: string
  value: Node | undefined
}

const hull = (a: Range, b: Range): Range => ({ min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max })

/** The registers or wires of a vector or record, scalar by scalar. */
const placesIn = (whole: object): readonly object[] =>
  whole instanceof Signal ? [whole] : Object.values(whole).flatMap((part: object) => placesIn(part))

/** A port nobody declared is a slip that types miss where an object is spread into another. */
const onlyKnown = (whose: string, what: 'input' | 'output', given: object, ports: Ports, graph: Graph): void => {
  const stranger = Object.keys(given).find((key) => !(key in ports))
  if (stranger === undefined) return
  const known = Object.keys(ports).join(', ') || 'none'
  throw graph.error('E-NAME', `${whose} has no ${what} '${stranger}'; the ${what}s are ${known}`)
}
