import type { Component } from '../dsl/component.ts'
import type { EnumShape } from '../dsl/enumeration.ts'
import type { FixedShape } from '../dsl/fixed.ts'
import {
  type BoolShape,
  bool,
  type RecordShape,
  type ScalarShape,
  type Shape,
  scalarsOf,
  type VectorShape,
} from '../dsl/shape.ts'
import type { LiteralOf } from '../dsl/signal.ts'
import { isStream, netsOf, type Ports, type StreamShape } from '../dsl/stream.ts'
import { type Engine, portNamed, readPort, writePort } from './engine.ts'
import { openOwnEngine } from './own-engines.ts'

/**
 * What reading a port gives: a flag as a boolean, an enumeration as its name, fixed point as a number, integers and fields as
 * bigints; vectors and records of these.
 */
export type ReadingOf<S> = S extends BoolShape
  ? boolean
  : S extends EnumShape<infer Name>
    ? Name
    : S extends FixedShape
      ? number
      : S extends VectorShape<infer Element>
        ? readonly ReadingOf<Element>[]
        : S extends RecordShape<infer Fields>
          ? { readonly [K in keyof Fields]: ReadingOf<Fields[K]> }
          : bigint

/** What drives a design from outside: its inputs, the readiness of its output streams, the ticks of its clocks. */
export type Driven<In extends Ports, Out extends Ports> = {
  readonly [K in keyof In]?: In[K] extends StreamShape<infer S>
    ? { readonly valid?: boolean; readonly data?: LiteralOf<S> }
    : LiteralOf<In[K]>
} & { readonly [K in keyof Out as Out[K] extends StreamShape ? K : never]?: { readonly ready: boolean } } & {
  readonly [tick: `${string}_tick`]: boolean
}
/** What is seen of it: its outputs, and the readiness of its input streams. */
export type Seen<In extends Ports, Out extends Ports> = {
  readonly [K in keyof Out]: Out[K] extends StreamShape<infer S>
    ? { readonly valid: boolean; readonly data: ReadingOf<S> }
    : ReadingOf<Out[K]>
} & { readonly [K in keyof In as In[K] extends StreamShape ? K : never]: { readonly ready: boolean } }

/** A design under test, its ports by name and as values of their shapes. */
export interface Testbench<In extends Ports, Out extends Ports> {
  /** Failed checks, registers by name, reset. */
  readonly engine: Engine
  /**
   * Sets the inputs that are named, lets the others stand, runs `cycles` cycles (default 1) and gives the outputs of the last
   * one, just before its clock edge. RangeError for a value that its port does not hold and a port that is not there.
   */
  step(inputs?: Driven<In, Out>, cycles?: number): Seen<In, Out>
}

/** Opens a component on an engine, generated JavaScript unless said. Inputs are 0, or the bound nearest to it, until set. */
export const testbench = <In extends Ports, Out extends Ports>(
  component: Component<In, Out>,
  engine: Engine = openOwnEngine('js', component.module),
): Testbench<In, Out> => {
  const { inputs, outputs } = engine.ports
  for (const port of inputs) {
    const { min, max } = port.range
    writePort(engine.inputs, port, min > 0n ? min : max < 0n ? max : 0n)
  }
  const write = (name: string, shape: Shape, value: unknown): void => {
    const literals = flat(name, shape, value)
    for (const [leaf, scalar] of scalarsOf(name, shape))
      writePort(engine.inputs, portNamed(inputs, leaf), codeOf(leaf, scalar, literals.shift()))
  }
  const set = (name: string, value: unknown): void => {
    const shape = component.in[name]
    const nets = netsOf(name)
    if (shape && isStream(shape)) {
      const { valid, data } = value as { readonly valid?: unknown; readonly data?: unknown }
      if (valid !== undefined) write(nets.valid, bool, valid)
      if (data !== undefined) write(nets.data, shape.of, data)
      return
    }
    const output = component.out[name]
    if (output && isStream(output)) write(nets.ready, bool, (value as { readonly ready: unknown }).ready)
    else write(name, shape ?? bool, value)
  }
  const readNet = (net: string): bigint => readPort(engine.outputs, portNamed(outputs, net))
  const read = (name: string, shape: Shape): unknown => {
    if (shape.kind === 'vector')
      return Array.from({ length: shape.length }, (_, k) => read(`${name}_${k}`, shape.element))
    if (shape.kind === 'record')
      return Object.fromEntries(
        Object.entries(shape.fields).map(([field, inner]) => [field, read(`${name}_${field}`, inner)]),
      )
    return readingOf(shape, readNet(name))
  }
  const seen = (): unknown => {
    const found: Record<string, unknown> = {}
    for (const [name, shape] of Object.entries(component.out)) {
      const nets = netsOf(name)
      found[name] = isStream(shape)
        ? { valid: readNet(nets.valid) === 1n, data: read(nets.data, shape.of) }
        : read(name, shape)
    }
    for (const [name, shape] of Object.entries(component.in))
      if (isStream(shape)) found[name] = { ready: readNet(netsOf(name).ready) === 1n }
    return found
  }
  return {
    engine,
    step(driven = {} as Driven<In, Out>, cycles = 1) {
      for (const [name, value] of Object.entries(driven)) if (value !== undefined) set(name, value)
      engine.step(cycles)
      return seen() as Seen<In, Out>
    },
  }
}

/** The literals of a value, scalar by scalar as `scalarsOf` lists them. */
const flat = (name: string, shape: Shape, value: unknown): unknown[] => {
  if (shape.kind === 'vector') {
    if (!Array.isArray(value) || value.length !== shape.length)
      throw new RangeError(`'${name}' takes ${shape.length} elements, got ${shown(value)}`)
    return value.flatMap((element, k) => flat(`${name}_${k}`, shape.element, element))
  }
  if (shape.kind !== 'record') return [value]
  if (typeof value !== 'object' || value === null)
    throw new RangeError(`'${name}' takes a record of ${Object.keys(shape.fields).join(', ')}, got ${shown(value)}`)
  const given: { readonly [field: string]: unknown } = { ...value }
  return Object.entries(shape.fields).flatMap(([field, inner]) => flat(`${name}_${field}`, inner, given[field]))
}

/** The integer that goes over the wires. */
const codeOf = (name: string, shape: ScalarShape, value: unknown): bigint => {
  const wrong = (allowed: string): RangeError => new RangeError(`'${name}' takes ${allowed}, got ${shown(value)}`)
  switch (shape.kind) {
    case 'bool':
      if (typeof value === 'boolean') return BigInt(value)
      throw wrong('true or false')
    case 'enum':
      if (typeof value === 'string' && shape.names.includes(value)) return BigInt(shape.code(value))
      throw wrong(`one of ${shape.names.join(', ')}`)
    case 'fixed': {
      if (typeof value === 'bigint') return value << BigInt(shape.fraction)
      const scaled = typeof value === 'number' ? value * 2 ** shape.fraction : Number.NaN
      if (Number.isSafeInteger(scaled)) return BigInt(scaled)
      throw wrong(`multiples of 2^-${shape.fraction}`)
    }
    default:
      if (typeof value === 'bigint') return value
      if (Number.isSafeInteger(value)) return BigInt(Number(value))
      throw wrong('an integer')
  }
}

const readingOf = (shape: ScalarShape, code: bigint): unknown => {
  if (shape.kind === 'bool') return code === 1n
  if (shape.kind === 'enum') return shape.names[Number(code)]
  // A double times a power of two is exact, as far as 53 bits go.
  return shape.kind === 'fixed' ? Number(code) / 2 ** shape.fraction : code
}

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' ? 'an object' : String(value)
}
