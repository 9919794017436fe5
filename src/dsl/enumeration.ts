import { instancesAre } from '../base/brand.ts'
import { cureOf } from '../base/suggestion.ts'
import { refuse } from './error.ts'
import type { Graph } from './graph.ts'
import type { Encoding, Node, Range } from './ir.ts'
import { fits, showRange } from './ir.ts'
import { describe, kindOf } from './kind.ts'
import { bits, bool, keyFault } from './shape.ts'
import { type AnyOperand, type Bits, Bool, Int, own, Signal } from './signal.ts'

/** What may stand for a value of an enumeration: a signal of it or one of its names. */
export type EnumOperand<Name extends string> = Enum<Name> | Name

/** One of several names, numbered from 0 in the order written, in as few bits as that takes. */
export class EnumShape<Name extends string = string> implements Range {
  readonly kind = 'enum'
  readonly names: readonly Name[]
  readonly encoding: Encoding
  readonly min = 0n
  readonly max: bigint
  constructor(name: string, names: readonly Name[]) {
    const where = `enumeration '${name}'`
    const fault = keyFault(name)
    if (fault) refuse('E-NAME', where, `an enumeration cannot be called '${name}': ${fault}; choose another name`)
    if (names.length < 2)
      refuse('E-RANGE', where, `it takes at least two names, got ${names.length}; add what else there is`)
    const taken = new Map<string, string>()
    for (const value of names) {
      const wrong = keyFault(value)
      if (wrong) refuse('E-NAME', where, `a value cannot be called '${value}': ${wrong}; choose another name`)
      const twin = taken.get(value.toLowerCase())
      if (twin !== undefined)
        refuse(
          'E-NAME',
          where,
          twin === value
            ? `'${value}' is there twice; name it once`
            : `'${twin}' and '${value}' differ in case alone; rename one`,
        )
      taken.set(value.toLowerCase(), value)
    }
    this.names = names
    this.encoding = { name, values: names }
    this.max = BigInt(names.length - 1)
  }
  get tag(): string {
    const { name, values } = this.encoding
    return `e${values.length}_${[name, ...values].map((word) => `${word.length}${word}`).join('_')}`
  }
  toString(): string {
    return `${this.encoding.name} (${this.names.join(', ')})`
  }
  /** The number of a name. */
  code(name: Name): number {
    return this.names.indexOf(name)
  }
  /** A number or a field read as the name it stands for; its bounds say that there is one. */
  of(code: Int | Bits): Enum<Name> {
    const { graph, node } = code
    if (!fits(node, this))
      throw graph.error(
        'E-RANGE',
        `${this} has the codes 0 to ${this.max}, got ${showRange(node)}; narrow it with .sat() or checked()`,
      )
    return new Enum(graph, node, this)
  }
  view(graph: Graph, node: Node): Enum<Name> {
    return new Enum(graph, node, this)
  }
  nodeFor(graph: Graph, operand: AnyOperand, place = 'this place'): Node {
    if (operand instanceof Enum) {
      // The clock that a port's shape carries is no part of what its values are.
      if (sortOf(operand.shape) === sortOf(this)) return own(graph, operand).node
      throw graph.error('E-KIND', `${place} takes ${this}, got ${operand.shape}; match() the one onto the other`)
    }
    const code = this.names.indexOf(operand as Name)
    if (code >= 0) return graph.constant(BigInt(code), this)
    const cure = cureOf(typeof operand === 'string' ? operand : '', this.names, 'pass one of the names')
    throw graph.error('E-KIND', `${place} takes ${this}, got ${describe(operand)}${cure}`)
  }
}

const sortOf = ({ tag }: { readonly tag: string }): string => tag.split('@')[0]!

/** `enumeration('mode', ['fp4', 'posit8'])`: the shape of a value that is one of these names. */
export const enumeration = <const Name extends string>(name: string, names: readonly Name[]): EnumShape<Name> =>
  new EnumShape(name, names)

/** A value of an enumeration: compared, chosen by `match`, and nothing else, unless it is read as a number first. */
export class Enum<Name extends string = string> extends Signal {
  readonly kind = 'enum'
  readonly shape: EnumShape<Name>
  constructor(graph: Graph, node: Node, shape: EnumShape<Name>) {
    super(graph, node)
    this.shape = shape
  }
  eq(other: EnumOperand<Name>): Bool {
    return this.#equals(other, 'eq')
  }
  ne(other: EnumOperand<Name>): Bool {
    return this.#equals(other, 'ne').not()
  }
  /** True where the value is one of these. */
  is(...names: readonly [Name, ...Name[]]): Bool {
    return names.map((name) => this.#equals(name, 'is')).reduce((either, one) => either.or(one))
  }
  /** The name's number. */
  int(): Int {
    return new Int(this.graph, this.node)
  }
  /** The name's number as a field. */
  bits(): Bits {
    const field = bits(this.shape.max.toString(2).length)
    return new Int(this.graph, this.node).bits(field.width)
  }
  #equals(other: EnumOperand<Name>, verb: 'eq' | 'ne' | 'is'): Bool {
    return new Bool(
      this.graph,
      this.graph.operation('eq', bool, [this.node, this.shape.nodeFor(this.graph, other, verb)]),
    )
  }
}
instancesAre(Enum, (value) => kindOf(value) === 'enum')
