import { leavesOf, valueFor, valuesFor } from '../aggregate.ts'
import type { Builder, RegisterOptions } from '../builder.ts'
import { clockOf, domainField } from '../clock.ts'
import { mainDomain } from '../domains.ts'
import { type Origin, originHere } from '../error.ts'
import type { Node, Register, RegisterValue, Wire, WireValue } from '../ir.ts'
import { type RegisterShapes, resetsOf } from '../reset.ts'
import { leafOf, type ScalarShape, type Shape, type Shapes, shapeOnly } from '../shape.ts'
import { type AnyOperand, type AnySignal, Signal, signalFor } from '../signal.ts'
import type { Assigned, Branches } from './branches.ts'
import type { Scope } from './scope.ts'

/** Registers and wires: what values are assigned to. */
export interface Places {
  readonly regs: Builder['regs']
  readonly wires: Builder['wires']
  /** A wire under a name that is taken already; `undriven` is the mistake where nobody drives it. */
  wireNamed(
    name: string,
    shape: ScalarShape,
    undriven: string,
    origin?: Origin,
  ): { readonly signal: AnySignal; readonly driver: Assigned }
  /** What a register becomes, as far as it has been said. */
  next(node: Node): Node | undefined
  /** What drives a wire, as far as it has been said. */
  driver(node: Node): Node | undefined
  /** The register or wire of that name. */
  named(name: string): RegisterValue | WireValue | undefined
  /** Where a register or wire was described. */
  originOf(node: Node): Origin | undefined
  /** Reports wires without a driver. */
  refuseUndriven(): void
  finish(): { readonly registers: readonly Register[]; readonly wires: readonly Wire[] }
}

interface DescribedRegister {
  readonly node: RegisterValue
  readonly reset: bigint
  readonly becomes: Assigned
  readonly origin: Origin
  readonly options: RegisterOptions
}
interface DescribedWire {
  readonly node: WireValue
  readonly driver: Assigned
  readonly undriven: string
  readonly origin: Origin | undefined
}

export const placesOf = (scope: Scope, { assign }: Branches): Places => {
  const { graph, claimPlace, claimClock, place } = scope
  const registers = new Map<Node, DescribedRegister>()
  const wires = new Map<Node, DescribedWire>()
  const byName = new Map<string, RegisterValue | WireValue>()

  const makeRegister = (
    name: string,
    shape: ScalarShape,
    reset: bigint,
    options: RegisterOptions,
    origin: Origin,
  ): AnySignal => {
    claimPlace(name, 'a register')
    const domain = domainField(clockOf(shape) ?? options.clock)
    claimClock(domain.clock ?? mainDomain)
    const node: RegisterValue = { op: 'reg', id: graph.takeId(), name, ...leafOf(shape), ...domain }
    const becomes: Assigned = { what: `register '${name}'`, value: node }
    if (!byName.has(name)) byName.set(name, node)
    registers.set(node, { node, reset, becomes, origin, options })
    return Object.defineProperty(signalFor(graph, shape, node), 'next', {
      set: (operand: AnyOperand) => {
        assign(becomes, place(becomes.what, shape, operand))
      },
    })
  }

  const wireNamed: Places['wireNamed'] = (name, shape, undriven, origin = graph.origin ?? originHere()) => {
    const node: WireValue = { op: 'wire', id: graph.takeId(), name, ...leafOf(shape) }
    const driver: Assigned = { what: `wire '${name}'`, value: undefined }
    if (!byName.has(name)) byName.set(name, node)
    wires.set(node, { node, driver, undriven, origin })
    const signal = Object.defineProperty(signalFor(graph, shape, node), 'value', {
      set: (operand: AnyOperand) => {
        assign(driver, place(driver.what, shape, operand))
      },
    })
    return { signal, driver }
  }

  /** Vectors and records of registers or wires are set as a whole by setting each part. */
  const settable =
    (how: 'next' | 'value') =>
    (name: string, shape: Shape, whole: object): void => {
      const set = (operand: unknown): void => {
        const what = `${how === 'next' ? 'register' : 'wire'} '${name}'`
        const leaves = leavesOf(graph, name, shape, operand, what).map((leaf) => leaf.operand)
        if (leaves.length === 0) return
        for (const part of scalarsIn(whole)) (part as unknown as Record<typeof how, unknown>)[how] = leaves.shift()
      }
      Object.defineProperty(whole, how, { set })
    }

  const regs = (shapes: RegisterShapes, options: RegisterOptions = {}): unknown => {
    const origin = originHere(regs)
    return Object.fromEntries(
      Object.entries(shapes).map(([key, wanted]) => {
        shapeOnly(graph.component, `register '${key}'`, wanted?.kind === 'reset' ? wanted.shape : wanted)
        const { shape, values } = resetsOf(graph, key, wanted)
        const make = (leaf: string, scalar: ScalarShape): AnySignal =>
          makeRegister(leaf, scalar, values.shift()!, options, origin)
        return [key, valueFor(key, shape, make, settable('next'))]
      }),
    )
  }
  const makeWires = (shapes: Shapes): unknown => {
    const origin = originHere(makeWires)
    for (const [key, shape] of Object.entries(shapes)) shapeOnly(graph.component, `wire '${key}'`, shape)
    const make = (name: string, shape: ScalarShape): AnySignal => {
      claimPlace(name, 'a wire')
      return wireNamed(name, shape, `wire '${name}' is never driven; set its .value`, origin).signal
    }
    return valuesFor(shapes, make, settable('value'))
  }

  return {
    regs: regs as Builder['regs'],
    wires: makeWires as Builder['wires'],
    wireNamed,
    next: (node) => {
      const register = registers.get(node)
      return register?.options.crossing === undefined ? register?.becomes.value : undefined
    },
    driver: (node) => wires.get(node)?.driver.value,
    named: (name) => byName.get(name),
    originOf: (node) => registers.get(node)?.origin ?? wires.get(node)?.origin,
    refuseUndriven() {
      for (const { driver, undriven, origin } of wires.values())
        if (!driver.value) graph.report('E-UNDRIVEN', undriven, origin)
    },
    finish: () => ({
      registers: [...registers.values()].map(
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
      wires: [...wires.values()].map(
        ({ node, driver, origin }): Wire => ({
          name: node.name,
          node,
          driver: driver.value!,
          ...(origin ? { source: origin } : {}),
        }),
      ),
    }),
  }
}

/** The registers or wires of a vector or record, scalar by scalar. */
const scalarsIn = (whole: object): readonly object[] =>
  whole instanceof Signal ? [whole] : Object.values(whole).flatMap((part: object) => scalarsIn(part))
