import { cureOf } from '../base/suggestion.ts'
import { signalIn } from './aggregate.ts'
import { Enum, type EnumOperand } from './enumeration.ts'
import { refuse } from './error.ts'
import { asFixed, Fixed, type FixedOperand } from './fixed.ts'
import type { Graph } from './graph.ts'
import { type Range, showRange } from './ir.ts'
import { describe, wrongKind } from './kind.ts'
import { bits, bool } from './shape.ts'
import {
  type AnySignal,
  Bits,
  type BitsOperand,
  Bool,
  type BoolOperand,
  bitsNode,
  boolNode,
  Int,
  type IntOperand,
  intNode,
  Signal,
} from './signal.ts'

/** A signal, or a vector or record of values. */
export type Value = AnySignal | readonly unknown[] | { readonly [name: string]: unknown }
/** What reading gives: the signals alone, without the setters of registers and wires. */
export type Read<V> = V extends Int
  ? Int
  : V extends Bool
    ? Bool
    : V extends Bits
      ? Bits
      : V extends Fixed
        ? Fixed
        : V extends Enum<infer Name>
          ? Enum<Name>
          : V extends readonly (infer Element)[]
            ? readonly Read<Element>[]
            : { readonly [K in keyof V as Exclude<K, 'next' | 'value'>]: Read<V[K]> }

/** `then` where the condition holds, else `otherwise`; an integer's bounds cover both. Vectors and records go as a whole. */
export function mux(condition: Bool, then: IntOperand, otherwise: IntOperand): Int
export function mux(condition: Bool, then: BoolOperand, otherwise: BoolOperand): Bool
export function mux(condition: Bool, then: Bits, otherwise: BitsOperand): Bits
export function mux(condition: Bool, then: Fixed, otherwise: FixedOperand): Fixed
export function mux<Name extends string>(condition: Bool, then: Enum<Name>, otherwise: EnumOperand<Name>): Enum<Name>
export function mux<V extends Value>(condition: Bool, then: V, otherwise: Alike<V>): Read<V>
export function mux(condition: Bool, then: unknown, otherwise: unknown): unknown {
  if (typeof condition === 'boolean')
    refuse(
      'E-KIND',
      'mux',
      `mux decides on a Bool, got ${condition}; choose in JavaScript, condition ? then : otherwise`,
    )
  if (!(condition instanceof Bool)) refuse('E-KIND', 'mux', wrongKind('bool', condition, 'the condition of mux'))
  return chosen(condition, then as Choosable, otherwise as Choosable)
}

/** Another value of the same structure. */
type Alike<V> = NoInfer<Read<V>>

type Choosable = AnySignal | bigint | number | boolean | string | readonly Choosable[] | Fields
interface Fields {
  readonly [name: string]: Choosable
}

const chosen = (condition: Bool, then: Choosable, otherwise: Choosable): Choosable => {
  const { graph } = condition
  const decide = (bounds: Range, a: Int['node'], b: Int['node']) =>
    graph.operation('mux', bounds, [condition.node, a, b])
  if (then instanceof Enum || otherwise instanceof Enum) {
    const { shape } = (then instanceof Enum ? then : otherwise) as Enum
    const [a, b] = [then, otherwise].map((arm) => shape.nodeFor(graph, arm as EnumOperand<string>))
    return shape.view(graph, decide({ min: shape.min, max: shape.max }, a!, b!))
  }
  if (then instanceof Fixed || otherwise instanceof Fixed) {
    const [a, b] = aligned(graph, then as FixedOperand, otherwise as FixedOperand)
    return new Fixed(chosen(condition, a.raw, b.raw) as Int, a.fraction)
  }
  if (then instanceof Bits || otherwise instanceof Bits) {
    const { width } = (then instanceof Bits ? then : otherwise) as Bits
    const [a, b] = [then, otherwise].map((arm) => bitsNode(graph, arm as BitsOperand, width))
    return new Bits(graph, decide(bits(width), a!, b!))
  }
  if (then instanceof Bool || typeof then === 'boolean')
    return new Bool(graph, decide(bool, boolNode(graph, then), boolNode(graph, otherwise as BoolOperand)))
  if (then instanceof Int || typeof then !== 'object') {
    const [a, b] = [intNode(graph, then as IntOperand), intNode(graph, otherwise as IntOperand)]
    return new Int(graph, decide({ min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max }, a, b))
  }
  return together(graph, then as Fields, otherwise as Fields, (a, b) => chosen(condition, a, b))
}

/** Two fixed-point values with their points in line: adding a 0 of the other's places does it. */
const aligned = (graph: Graph, a: FixedOperand, b: FixedOperand): readonly [Fixed, Fixed] => {
  const zero = asFixed(new Int(graph, graph.constant(0n)), 0)
  const [x, y] = [zero.add(a), zero.add(b)]
  const fraction = Math.max(x.fraction, y.fraction)
  return [inPlaces(x, fraction), inPlaces(y, fraction)]
}
const inPlaces = (value: Fixed, fraction: number): Fixed => asFixed(value.raw.shl(fraction - value.fraction), fraction)

/** Two vectors or records, member by member. */
const together = <T>(
  graph: Graph,
  a: Fields,
  b: Fields,
  join: (a: Choosable, b: Choosable) => T,
): { [name: string]: T } => {
  const [keys, others] = [Object.keys(a), Object.keys(b)]
  if (keys.length !== others.length || keys.some((key) => !(key in b)))
    throw graph.error(
      'E-RANGE',
      Array.isArray(a) && Array.isArray(b)
        ? `a vector of ${keys.length} elements cannot stand beside one of ${others.length}; take as many of both`
        : `a value with ${keys.join(', ')} cannot stand beside one with ${others.join(', ')}; take two of one shape`,
    )
  const pairs = keys.map((key) => [key, join(a[key]!, b[key]!)] as const)
  return (Array.isArray(a) ? pairs.map(([, value]) => value) : Object.fromEntries(pairs)) as { [name: string]: T }
}

/** True where two values of one structure are equal in every scalar. */
export const equal = <V extends Value>(a: V, b: Alike<V>): Bool => {
  if (a instanceof Bool)
    return new Bool(a.graph, a.graph.operation('eq', bool, [a.node, boolNode(a.graph, b as unknown as Bool)]))
  if (a instanceof Signal) return (a as unknown as { eq(other: unknown): Bool }).eq(b)
  const first = signalIn(a) ?? signalIn(b)
  if (!first)
    refuse('E-KIND', 'equal', `equal compares values with signals in them, got ${describe(a)}; use === on literals`)
  const parts = together(first.graph, a as unknown as Fields, b as unknown as Fields, (p, q) =>
    equal(p as Value, q as never),
  )
  return Object.values(parts).reduce((all, one) => all.and(one))
}

/** The element that a signal tells: a tree of choices. Its bounds must say that there is such an element. */
export const select = <V extends Value>(vector: readonly V[], index: Int | Bits): Read<V> => {
  if (vector.length === 0) refuse('E-RANGE', 'select', 'select takes at least one element, got none; pass some')
  const { graph, node } = index
  if (node.min < 0n || node.max >= BigInt(vector.length))
    throw graph.error(
      'E-RANGE',
      `a vector of ${vector.length} has the elements 0 to ${vector.length - 1}, and this index holds ${showRange(node)}; narrow it with .sat(), .wrap() or checked()`,
    )
  const digits = new Bits(graph, index instanceof Bits ? node : index.bits().node)
  let level: readonly Choosable[] = vector as readonly unknown[] as readonly Choosable[]
  for (let bit = 0; level.length > 1; bit++) {
    const odd = bit < digits.width ? digits.bit(bit) : undefined
    const pairs: Choosable[] = []
    for (let k = 0; k < level.length; k += 2)
      pairs.push(odd && k + 1 < level.length ? chosen(odd, level[k + 1]!, level[k]!) : level[k]!)
    level = pairs
  }
  return readOnly(level[0]!) as Read<V>
}

/** Registers and wires as the values they read. */
const readOnly = (value: Choosable): Choosable => {
  if (value instanceof Signal || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(readOnly)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, readOnly(part)]))
}

/** One value for each name of an enumeration. */
export type Arms<Name extends string, V> = { readonly [K in Name]: V }
/** What an arm may be. */
export type Arm = bigint | number | boolean | string | Value
/** What arms of one kind come to, literals beside signals; `never` where they are of several kinds. */
export type Matched<A> = [A] extends [() => void]
  ? undefined
  : [A] extends [IntOperand]
    ? Int
    : [A] extends [BoolOperand]
      ? Bool
      : [A] extends [BitsOperand]
        ? Bits
        : [A] extends [FixedOperand]
          ? Fixed
          : [A] extends [Enum | string]
            ? [NamesIn<A>] extends [never]
              ? never
              : Enum<NamesIn<A>>
            : [A] extends [readonly unknown[] | { readonly [name: string]: unknown }]
              ? Read<A>
              : never
type NamesIn<A> = A extends Enum<infer Name> ? Name : never
/** The arms, if they are of one kind. */
export type OfOneKind<A> = [Matched<A>] extends [never] ? never : A

/** The arm of the name that the value is; there is one for every name. */
export const match = <Name extends string, A extends Arm>(
  value: Enum<Name>,
  arms: Arms<Name, A> & Arms<Name, OfOneKind<A>>,
): Matched<A> => {
  const all = armsOf(value, arms) as readonly (readonly [string, Choosable])[]
  return all
    .slice(0, -1)
    .reduceRight(
      (otherwise, [name, arm]) => chosen(value.eq(name as Name), arm, otherwise),
      literal(value.graph, all.at(-1)![1]),
    ) as Matched<A>
}

/** Arms in the order of the names; types miss an arm too many where an object is spread into another. */
export const armsOf = <V>(value: Enum, arms: Arms<string, V>): readonly (readonly [string, V])[] => {
  if (!(value instanceof Enum)) refuse('E-KIND', 'match', wrongKind('enum', value, 'match'))
  const { names } = value.shape
  const stranger = Object.keys(arms).find((name) => !names.includes(name))
  if (stranger !== undefined)
    throw value.graph.error(
      'E-KIND',
      `there is an arm for '${stranger}', which is no value of ${value.shape}${cureOf(
        stranger,
        names.filter((name) => !(name in arms)),
        'leave the arm out',
      )}`,
    )
  return names.map((name) => {
    if (arms[name] === undefined)
      throw value.graph.error('E-KIND', `there is no arm for '${name}' of ${value.shape}; say what it comes to`)
    return [name, arms[name]] as const
  })
}

/** A literal as the signal it stands for; it may be all that a match over one arm comes to. */
const literal = (graph: Graph, value: Choosable): Choosable => {
  if (typeof value === 'bigint' || typeof value === 'number') return new Int(graph, intNode(graph, value))
  return typeof value === 'boolean' ? new Bool(graph, boolNode(graph, value)) : value
}
