import { leavesOf, placed, valueFor, valuesFor } from './aggregate.ts'
import { findLoop, loopNames } from './check/loops.ts'
import { type Arm, type Arms, armsOf, type Matched, match, type OfOneKind } from './choice.ts'
import type { Component, Description, OperandsOf, SignalsOf } from './component.ts'
import type { Enum } from './enumeration.ts'
import { type Origin, originHere } from './error.ts'
import { type Fsm, fsmOf, type States } from './fsm.ts'
import { Graph } from './graph.ts'
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
import { NameTable, nameFault } from './names.ts'
import { type RegisterShapes, type Reset, resetsOf } from './reset.ts'
import {
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
  type OperandOf,
  own,
  Signal,
  type SignalOf,
  signalFor,
} from './signal.ts'

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
  use<In extends Shapes, Out extends Shapes>(
    name: string,
    component: Component<In, Out>,
    inputs: OperandsOf<In>,
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
  const registers: { node: RegisterValue; reset: bigint; becomes: Assigned }[] = []
  const wires: { node: WireValue; driver: Assigned; origin: Origin }[] = []
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
    const node: WireValue = { op: 'wire', id: graph.takeId(), name: key, ...leafOf(shape) }
    const driver: Assigned = { what: `wire '${key}'`, value: undefined }
    wires.push({ node, driver, origin: originHere() })
    return Object.defineProperty(signalFor(graph, shape, node), 'value', {
      set: (operand: AnyOperand) => {
        assign(driver, place(driver.what, shape, operand))
      },
    })
  }

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
      for (const [port, shape] of Object.entries(child.in)) {
        const operand = (inputs as Readonly<Record<string, unknown>>)[port]
        for (const leaf of leavesOf(graph, port, shape, operand, `input '${port}' of '${instance}'`))
          drivers.set(leaf.name, place(`input '${leaf.name}' of '${instance}'`, leaf.shape, leaf.operand))
      }
      const outputs = new Map<string, InstanceOutput>()
      const signals = valuesFor(child.out, (port, shape) => {
        const node: InstanceOutput = { op: 'out', id: graph.takeId(), instance, port, ...leafOf(shape) }
        outputs.set(port, node)
        return signalFor(graph, shape, node)
      })
      instances.push({ name: instance, of: module, inputs: drivers, outputs })
      return signals as never
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
  const inputSignals = valuesFor(description.in, (port, shape) => {
    claim(port, 'an input')
    const node: Input = { op: 'in', id: graph.takeId(), name: port, ...leafOf(shape) }
    inputs.push(node)
    return signalFor(graph, shape, node)
  })
  for (const [port, shape] of Object.entries(description.out))
    for (const [leaf] of scalarsOf(port, shape)) claim(leaf, 'an output')

  graph.origin = undefined
  const driven = description.logic(inputSignals as SignalsOf<In>, builder) as Readonly<Record<string, unknown>>

  graph.origin = declared
  onlyKnown('logic', 'output', driven, description.out, graph)
  const outputs: Output[] = []
  for (const [port, shape] of Object.entries(description.out))
    for (const leaf of leavesOf(graph, port, shape, driven[port], `output '${port}'`)) {
      const { encoding, ...range } = leafOf(leaf.shape)
      const node = place(`output '${leaf.name}'`, leaf.shape, leaf.operand)
      outputs.push({ name: leaf.name, node, range, ...(encoding && { encoding }) })
    }

  const module: Module = {
    name,
    parameters,
    inputs,
    outputs,
    registers: registers.map(
      ({ node, reset, becomes }): Register => ({ name: node.name, node, reset, next: becomes.value! }),
    ),
    wires: wires.map(({ node, driver, origin }): Wire => {
      if (!driver.value) throw graph.error('E-UNDRIVEN', `wire '${node.name}' is never driven; set its .value`, origin)
      return { name: node.name, node, driver: driver.value }
    }),
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
  return module
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
const onlyKnown = (whose: string, what: 'input' | 'output', given: object, ports: Shapes, graph: Graph): void => {
  const stranger = Object.keys(given).find((key) => !(key in ports))
  if (stranger === undefined) return
  const known = Object.keys(ports).join(', ') || 'none'
  throw graph.error('E-NAME', `${whose} has no ${what} '${stranger}'; the ${what}s are ${known}`)
}
