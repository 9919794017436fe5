import { checksWithClock, findCrossing, type Place } from './check/crossings.ts'
import { findLoop, loopNames } from './check/loops.ts'
import { unusedIn } from './check/unused.ts'
import { type Clock, clockOf, domainField } from './clock.ts'
import type { Component, Description, OperandsOf, SignalsOf } from './component.ts'
import { clockPorts, domainsOf, mainDomain, portDomains } from './domains.ts'
import { HdlError, type Origin, originHere } from './error.ts'
import { Graph } from './graph.ts'
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
import { findMisalignment } from './latency/meetings.ts'
import { NameTable, nameFault, portNameFault } from './names.ts'
import { bool, type IntShape, type ScalarShape, type Shape, type Shapes } from './shape.ts'
import {
  type AnyOperand,
  type AnySignal,
  Bool,
  Int,
  nodeFor,
  type OperandOf,
  own,
  type SignalOf,
  signalFor,
} from './signal.ts'

/** A register: read it as a signal, say what it becomes at the clock edge with `.next = value`. */
export type RegisterOf<S extends Shape> = S extends { kind: 'vector'; element: infer E extends ScalarShape }
  ? readonly RegisterOf<E>[]
  : SignalOf<S> & { set next(value: OperandOf<S>) }
/** A wire: read it before its driver is known, drive it with `.value = value`. */
export type WireOf<S extends Shape> = S extends { kind: 'vector'; element: infer E extends ScalarShape }
  ? readonly WireOf<E>[]
  : SignalOf<S> & { set value(value: OperandOf<S>) }

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
  /** Registers; the keys are their names in Verilog and in waves. Reset gives 0, or the bound nearest to it. */
  regs<P extends Shapes>(shapes: P, options?: RegisterOptions): { readonly [K in keyof P]: RegisterOf<P[K]> }
  /** Named values driven later, for feedback between instances. */
  wires<P extends Shapes>(shapes: P): { readonly [K in keyof P]: WireOf<P[K]> }
  /** Assignments inside `then` take effect where the condition holds, those inside `otherwise` where it does not. */
  when(condition: Bool, then: () => void, otherwise?: () => void): void
  /** A child instance: every input port is driven, the outputs come back. */
  use<In extends Shapes, Out extends Shapes>(
    name: string,
    component: Component<In, Out>,
    inputs: OperandsOf<In>,
    options?: InstanceOptions,
  ): SignalsOf<Out>
  /** `value` in a narrower shape because the designer promises that it fits; free in hardware, checked in simulation. */
  checked(value: Int, shape: IntShape, promise: string): Int
  /** A promise: `holds` is true in every cycle outside reset (and inside the `when` it is written in). */
  check(holds: Bool, promise: string): void
}

/** Runs a description and returns its IR; `declared` is where its component is written. */
export const buildModule = <In extends Shapes, Out extends Shapes>(
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
  const wires: { node: WireValue; driver: Assigned; origin: Origin }[] = []
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
  const narrowing = 'narrow it with .wrap(), .sat() or checked()'
  const place = (what: string, shape: ScalarShape, operand: AnyOperand): Node => {
    const node = nodeFor(graph, shape, operand)
    if (fits(node, shape)) return node
    const found = node.op === 'const' ? `${node.value}` : showRange(node)
    graph.report('E-RANGE', `${what} holds ${showRange(shape)}, got ${found}; ${narrowing}`)
    return graph.constant(shape.min, bounds(shape))
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

  const makeRegister = (key: string, shape: ScalarShape, options: RegisterOptions, origin: Origin): AnySignal => {
    claim(key, 'a register')
    const domain = domainField(clockOf(shape) ?? options.clock)
    claimClock(domain.clock ?? mainDomain)
    const node: RegisterValue = { op: 'reg', id: graph.takeId(), name: key, ...bounds(shape), ...domain }
    const reset = shape.min > 0n ? shape.min : shape.max < 0n ? shape.max : 0n
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
    const node: WireValue = { op: 'wire', id: graph.takeId(), name: key, min: shape.min, max: shape.max }
    const driver: Assigned = { what: `wire '${key}'`, value: undefined }
    wires.push({ node, driver, origin })
    return Object.defineProperty(signalFor(graph, shape, node), 'value', {
      set: (operand: AnyOperand) => {
        assign(driver, place(driver.what, shape, operand))
      },
    })
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

  const builder: Builder = {
    regs: ((shapes: Shapes, options: RegisterOptions = {}) => {
      const origin = originHere(builder.regs)
      return mapShapes(shapes, (key, shape) => makeRegister(key, shape, options, origin))
    }) as Builder['regs'],
    wires(shapes) {
      const origin = originHere(builder.wires)
      return mapShapes(shapes, (key, shape) => makeWire(key, shape, origin)) as never
    },
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
      for (const [port, shape] of Object.entries(child.in)) {
        const operand = (inputs as Readonly<Record<string, unknown>>)[port]
        for (const [leaf, value] of leaves(port, shape, operand, `input '${port}' of '${instance}'`, graph))
          drivers.set(leaf, place(`input '${leaf}' of '${instance}'`, elementOf(shape), value))
      }
      const outputs = new Map<string, InstanceOutput>()
      const signals = mapShapes(child.out, (port, shape) => {
        const node: InstanceOutput = { op: 'out', id: graph.takeId(), instance, port, min: shape.min, max: shape.max }
        outputs.set(port, node)
        return signalFor(graph, shape, node)
      })
      instances.push({
        name: instance,
        of: module,
        inputs: drivers,
        outputs,
        source,
        ...(mapped.size > 0 ? { clocks: mapped } : {}),
      })
      return signals as never
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
  const inputSignals = mapShapes(description.in, (port, shape) => {
    claim(port, 'an input', portNameFault)
    const node: Input = {
      op: 'in',
      id: graph.takeId(),
      name: port,
      ...bounds(shape),
      ...domainField(clockOf(shape)),
    }
    claimClock(node.clock ?? mainDomain)
    inputs.push(node)
    return signalFor(graph, shape, node)
  })
  mapShapes(description.out, (port, shape) => {
    claim(port, 'an output', portNameFault)
    claimClock(domainField(clockOf(shape)).clock ?? mainDomain)
  })

  graph.origin = undefined
  let driven: Readonly<Record<string, unknown>>
  try {
    driven = description.logic(inputSignals as SignalsOf<In>, builder)
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
  const outputs: Module['outputs'][number][] = []
  for (const [port, shape] of Object.entries(description.out))
    for (const [leaf, value] of leaves(port, shape, driven[port], `output '${port}'`, graph)) {
      const element = elementOf(shape)
      outputs.push({
        name: leaf,
        node: place(`output '${leaf}'`, element, value),
        range: bounds(element),
        ...domainField(clockOf(element)),
        source: declared,
      })
    }

  for (const { node, driver, origin } of wires)
    if (!driver.value) graph.report('E-UNDRIVEN', `wire '${node.name}' is never driven; set its .value`, origin)
  graph.closed = true
  if (graph.errors.length > 0) throw HdlError.all(name, graph.errors)

  const built: Module = {
    name,
    parameters,
    inputs,
    outputs,
    registers: registers.map(
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
    wires: wires.map(
      ({ node, driver, origin }): Wire => ({ name: node.name, node, driver: driver.value!, source: origin }),
    ),
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
  return { ...built, checks: checksWithClock(built), warnings: [...graph.warnings, ...unusedIn(built)] }
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
const onlyKnown = (whose: string, what: 'input' | 'output', given: object, ports: Shapes, graph: Graph): void => {
  const stranger = Object.keys(given).find((key) => !(key in ports))
  if (stranger === undefined) return
  const known = Object.keys(ports).join(', ') || 'none'
  graph.report('E-NAME', `${whose} has no ${what} '${stranger}'; the ${what}s are ${known}`)
}

/** Leaf name and operand of every scalar of a port. */
const leaves = (port: string, shape: Shape, operand: unknown, what: string, graph: Graph): [string, AnyOperand][] => {
  if (operand === undefined) {
    graph.report('E-UNDRIVEN', `${what} has no value; give it one`)
    return []
  }
  if (shape.kind !== 'vector') return [[port, operand as AnyOperand]]
  const elements = operand as readonly AnyOperand[]
  if (elements.length !== shape.length)
    graph.report('E-RANGE', `${what} takes ${shape.length} elements, got ${elements.length}; pass as many`)
  return elements.map((element, k) => [`${port}_${k}`, element])
}
