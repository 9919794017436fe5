import { leavesOf, placed, valueFor, valuesFor } from './aggregate.ts'
import { checksWithClock, findCrossing, type Place } from './check/crossings.ts'
import { findLoop, loopNames } from './check/loops.ts'
import { unusedIn } from './check/unused.ts'
import { type Arm, type Arms, armsOf, type Matched, match, type OfOneKind } from './choice.ts'
import { type Clock, clockOf, domainField } from './clock.ts'
import type { Component, Description, OperandsOf, SignalsOf } from './component.ts'
import { clockPorts, domainsOf, mainDomain, portDomains } from './domains.ts'
import type { Enum } from './enumeration.ts'
import { HdlError, type Origin, originHere } from './error.ts'
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
import { findMisalignment } from './latency/meetings.ts'
import { Memories, type MemoryOptions, type ReadableMemory, type RomOptions, type WritableMemory } from './memory.ts'
import { NameTable, nameFault, portNameFault } from './names.ts'
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
  Bool,
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

export interface RegisterOptions {
  /** The clock that moves them; the implicit one unless said. */
  readonly clock?: Clock
  /** Why they may read values of another clock as they are; without, that is an error. Prefer `sync2` and `asyncFifo`. */
  readonly crossing?: string
  /** Tells tools to keep them side by side, as `sync2` does. */
  readonly synchroniser?: boolean
}

export interface InstanceOptions {
  /** Pairs of a clock of the component and the clock here that drives it; others go to the clock of their own name. */
  readonly clocks?: readonly (readonly [Clock, Clock])[]
}

/** What `logic` describes its component with. */
export interface Builder {
  /**
   * Registers; the keys are their names in Verilog and in waves. Reset gives 0, or the bound nearest to it, unless the
   * shape says what with `reset(shape, value)`.
   */
  regs<P extends RegisterShapes>(shapes: P, options?: RegisterOptions): { readonly [K in keyof P]: RegisterOf<P[K]> }
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
    options?: InstanceOptions,
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
  const registers: {
    node: RegisterValue
    reset: bigint
    becomes: Assigned
    origin: Origin
    options: RegisterOptions
  }[] = []
  const wires: { node: WireValue; driver: Assigned; undriven: string; origin: Origin | undefined }[] = []
  const streams: DrivenStream[] = []
  const instances: Instance[] = []
  const checks: Check[] = []
  let condition: Bool | undefined

  const claim = (wanted: string, what: string, faultOf = nameFault): void => {
    const fault = faultOf(wanted)
    if (fault) {
      graph.report('E-NAME', `${what} cannot be called '${wanted}': ${fault}; choose another name`)
      return
    }
    const holder = names.take(wanted, what)
    if (holder)
      graph.report('E-NAME', `${what} cannot be called '${wanted}': ${holder} has that name; choose another one`)
  }

  const clocks = new Set([mainDomain])
  /** Takes the names of the clock's ports, once. */
  const claimClock = (domain: string): void => {
    if (clocks.has(domain)) return
    if (clocks.size === 1) claim(clockPorts(mainDomain).tick, 'a tick of the implicit clock')
    clocks.add(domain)
    for (const port of Object.values(clockPorts(domain))) claim(port, `a port of clock '${domain}'`)
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

  const makeRegister = (
    key: string,
    shape: ScalarShape,
    reset: bigint,
    options: RegisterOptions,
    origin: Origin,
  ): AnySignal => {
    claim(key, 'a register')
    const domain = domainField(clockOf(shape) ?? options.clock)
    claimClock(domain.clock ?? mainDomain)
    const node: RegisterValue = { op: 'reg', id: graph.takeId(), name: key, ...leafOf(shape), ...domain }
    const becomes: Assigned = { what: `register '${key}'`, value: node }
    registers.push({ node, reset, becomes, origin, options })
    return Object.defineProperty(signalFor(graph, shape, node), 'next', {
      set: (operand: AnyOperand) => {
        assign(becomes, place(becomes.what, shape, operand))
      },
    })
  }

  const makeWire = (key: string, shape: ScalarShape, origin: Origin): AnySignal => {
    claim(key, 'a wire')
    return wireNamed(key, shape, `wire '${key}' is never driven; set its .value`, origin).signal
  }
  const wireNamed = (
    key: string,
    shape: ScalarShape,
    undriven: string,
    origin: Origin = graph.origin ?? originHere(),
  ): { signal: AnySignal; driver: Assigned } => {
    const node: WireValue = { op: 'wire', id: graph.takeId(), name: key, ...leafOf(shape) }
    const driver: Assigned = { what: `wire '${key}'`, value: undefined }
    wires.push({ node, driver, undriven, origin })
    const signal = Object.defineProperty(signalFor(graph, shape, node), 'value', {
      set: (operand: AnyOperand) => {
        assign(driver, place(driver.what, shape, operand))
      },
    })
    return { signal, driver }
  }

  const addCheck = (holds: Bool, message: string, source: Origin): void => {
    const { node } = condition ? condition.not().or(holds) : holds
    if (node.op !== 'const' || node.value === 0n) checks.push({ holds: node, message, source })
  }

  // The mistakes of a child are its own; they are not mixed with those of the component around it.
  let childFailure: unknown
  const moduleOf = (child: Component): Module => {
    try {
      return child.module
    } catch (error) {
      childFailure = error
      throw error
    }
  }

  const steadyNames = new Set(typeof description.latency === 'object' ? description.latency.steady : [])
  const steady = (node: Node): boolean => (node.op === 'in' || node.op === 'reg') && steadyNames.has(node.name)
  graph.description = {
    steady,
    netlist: {
      next: (node) => {
        const register = registers.find((one) => one.node === node)
        return register?.options.crossing === undefined ? register?.becomes.value : undefined
      },
      driver: (node) => wires.find((one) => one.node === node)?.driver.value,
      instance: (wanted) => instances.find((one) => one.name === wanted)!,
    },
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
        if (leaves.length === 0) return
        for (const part of placesIn(whole)) (part as unknown as Record<typeof how, unknown>)[how] = leaves.shift()
      }
      Object.defineProperty(whole, how, { set })
    }

  const builder: Builder = {
    regs: ((shapes: RegisterShapes, options: RegisterOptions = {}) => {
      const origin = originHere(builder.regs)
      return Object.fromEntries(
        Object.entries(shapes).map(([key, wanted]) => {
          const { shape, values } = resetsOf(graph, key, wanted)
          const make = (leaf: string, scalar: ScalarShape): AnySignal =>
            makeRegister(leaf, scalar, values.shift()!, options, origin)
          return [key, valueFor(key, shape, make, settable('next'))]
        }),
      )
    }) as Builder['regs'],
    wires: ((shapes: Shapes) => {
      const origin = originHere(builder.wires)
      const make = (key: string, shape: ScalarShape): AnySignal => makeWire(key, shape, origin)
      return valuesFor(shapes, make, settable('value'))
    }) as Builder['wires'],
    when(condition, then, otherwise) {
      const test = own(graph, condition)
      const yes = inBranch(test, then)
      const no = otherwise ? inBranch(test.not(), otherwise) : new Map<Assigned, Node | undefined>()
      for (const target of new Set([...yes.keys(), ...no.keys()])) {
        const whenTrue = yes.has(target) ? yes.get(target) : target.value
        const whenFalse = no.has(target) ? no.get(target) : target.value
        if (!whenTrue || !whenFalse) {
          graph.report(
            'E-UNDRIVEN',
            `${target.what} has no value where the condition is ${whenTrue ? 'false' : 'true'}; drive it in both branches or once before`,
          )
          assign(target, (whenTrue ?? whenFalse)!)
          continue
        }
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
    use(instance, child, inputs, options = {}) {
      claim(instance, 'an instance')
      const source = originHere(builder.use)
      const module = moduleOf(child)
      const mapped = new Map(options.clocks?.map(([inner, outer]) => [inner.name, outer.name]))
      for (const inner of mapped.keys()) {
        const known = new Set([mainDomain, ...domainsOf(module), ...portDomains(module)])
        if (!known.has(inner))
          throw graph.error(
            'E-NAME',
            `instance '${instance}' has no clock '${inner}'; its clocks are ${[...known].join(', ')}; map one of those`,
          )
      }
      for (const domain of domainsOf(module)) claimClock(mapped.get(domain) ?? domain)
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
      instances.push({
        name: instance,
        of: module,
        inputs: drivers,
        outputs,
        source,
        ...(mapped.size > 0 ? { clocks: mapped } : {}),
      })
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
      const { node } = own(graph, value)
      if (fits(node, shape)) return value
      const outside = (a: Node, b: Node): Bool => new Bool(graph, graph.operation('lt', bool, [a, b]))
      const below = outside(node, graph.constant(shape.min))
      addCheck(below.or(outside(graph.constant(shape.max), node)).not(), promise, originHere(builder.checked))
      return new Int(graph, graph.operation('wrap', shape, [node]))
    },
    check(holds, promise) {
      addCheck(own(graph, holds), promise, originHere(builder.check))
    },
  }

  graph.origin = declared
  const inputs: Input[] = []
  const input = (port: string, shape: ScalarShape): AnySignal => {
    claim(port, 'an input', portNameFault)
    const node: Input = {
      op: 'in',
      id: graph.takeId(),
      name: port,
      ...leafOf(shape),
      ...domainField(clockOf(shape)),
    }
    claimClock(node.clock ?? mainDomain)
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
    claim(nets.ready, 'an output', portNameFault)
    inputSignals[port] = streamNamed(port, shape.of, valid, data, nets.ready)
  }
  const readyInputs = new Map<string, Node>()
  for (const [port, shape] of Object.entries(description.out)) {
    if (!isStream(shape)) {
      for (const [leaf, scalar] of scalarsOf(port, shape)) {
        claim(leaf, 'an output', portNameFault)
        claimClock(domainField(clockOf(scalar)).clock ?? mainDomain)
      }
      continue
    }
    const nets = netsOf(port)
    claim(nets.valid, 'an output', portNameFault)
    for (const [leaf] of scalarsOf(nets.data, shape.of)) claim(leaf, 'an output', portNameFault)
    const ready = input(nets.ready, bool)
    readyInputs.set(port, ready.node)
    inputSignals[port] = { ready }
  }

  graph.origin = undefined
  let driven: Readonly<Record<string, unknown>>
  try {
    driven = description.logic(inputSignals as SignalsOf<In> & ReadyOf<Out>, builder) as typeof driven
  } catch (error) {
    // What fails after a mistake may well come of it.
    const known = error instanceof HdlError && error !== childFailure ? [...graph.errors, error] : graph.errors
    throw known.length > 0 && error !== childFailure ? HdlError.all(name, known) : error
  } finally {
    graph.closed = true
  }

  graph.closed = false
  graph.origin = declared
  onlyKnown('logic', 'output', driven, description.out, graph)
  const outputs: Output[] = []
  const output = (leaf: string, shape: ScalarShape, node: Node): void => {
    const { encoding, ...range } = leafOf(shape)
    outputs.push({
      name: leaf,
      node,
      range,
      ...(encoding && { encoding }),
      ...domainField(clockOf(shape)),
      source: declared,
    })
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

  for (const { driver, undriven, origin } of wires) if (!driver.value) graph.report('E-UNDRIVEN', undriven, origin)
  graph.closed = true
  if (graph.errors.length > 0) throw HdlError.all(name, graph.errors)

  const built: Module = {
    name,
    parameters,
    inputs,
    outputs,
    registers: [
      ...registers.map(
        ({ node, reset, becomes, origin, options: { crossing, synchroniser } }): Register => ({
          name: node.name,
          node,
          reset,
          next: becomes.value!,
          source: origin,
          ...(crossing === undefined ? {} : { crossing }),
          ...(synchroniser ? { synchroniser } : {}),
        }),
      ),
      ...handshakes.flatMap((handshake) => handshake.registers),
    ],
    wires: wires.map(
      ({ node, driver, origin }): Wire => ({
        name: node.name,
        node,
        driver: driver.value!,
        ...(origin ? { source: origin } : {}),
      }),
    ),
    memories: memories.finish(checks),
    instances,
    checks,
    operations: graph.operations,
    nodeCount: graph.nodeCount,
    warnings: [],
  }
  const loop = findLoop(built)
  if (loop)
    throw graph.error(
      'E-LOOP',
      `${loopNames(loop).join(' -> ')} depends on itself within one cycle; put a register into the path`,
      wires.find(({ node }) => loop.includes(node))?.origin,
    )
  const lineOfPlace = (place: Node | string | undefined): Origin | undefined =>
    typeof place === 'string'
      ? instances.find(({ name }) => name === place)?.source
      : registers.find(({ node }) => node === place)?.origin
  const crossing = findCrossing(built)
  if (crossing) {
    const lineOf = ({ node, instance }: Place): Origin => lineOfPlace(instance ?? node) ?? declared
    const show = (place: Place): string => `${place.what} of clock '${place.domain}'`
    const line = lineOf(crossing.from)()
    throw graph.error(
      'E-CROSSING',
      `${show(crossing.to)} reads ${show(crossing.from)}${line ? ` (${line})` : ''} without a synchroniser; pass it through sync2 or an asyncFifo`,
      lineOf(crossing.to),
    )
  }
  for (const name of steadyNames)
    if (![...inputs, ...registers.map(({ node }) => node)].some((node) => node.name === name))
      throw graph.error(
        'E-NAME',
        `'steady' lists '${name}', which is neither an input nor a register; correct the name`,
      )
  const misalignment = description.latency && findMisalignment(built, steady)
  if (misalignment) throw graph.error('E-LATENCY', misalignment.sentence, lineOfPlace(misalignment.place) ?? declared)
  refuseWaiting(graph, built, streams)
  return { ...built, checks: checksWithClock(built), warnings: [...graph.warnings, ...unusedIn(built)] }
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
  graph.report('E-NAME', `${whose} has no ${what} '${stranger}'; the ${what}s are ${known}`)
}
