import { type Encoding, fits, fold, type Node, type Operation, type Range, widthOf } from '../../src/dsl/ir.ts'
import { bits, IntShape } from '../../src/dsl/shape.ts'
import { isWhole, same, whole } from './settle.ts'

/** A value in TypeScript: a chain of calls, or a literal. */
export interface Expression {
  readonly kind: 'int' | 'bool' | 'bits' | 'enum'
  readonly text: string
  /** Bounds that the language gives it, which may be tighter than those of the node it was printed from. */
  readonly range: Range
  readonly literal?: bigint
  /** Of a literal: the bounds it was announced with, for instance those of the field it stands beside. */
  readonly announced?: Range
  readonly encoding?: Encoding | undefined
}

/** What printing expressions needs of the module around them. */
export interface Surroundings {
  /** The expression of an argument. */
  of(node: Node): Expression
  /** Notes that a name of the language is used, and gives it back. */
  use(name: string): string
  /** Name of the variable that holds an enumeration. */
  enumeration(encoding: Encoding): string
  /** True where something reads the node as a field of bits. */
  isField(node: Node): boolean
}

export const number = (value: bigint): string =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? `${value}` : `${value}n`

export const literal = (value: bigint, announced?: Range, encoding?: Encoding): Expression => ({
  kind: 'int',
  text: number(value),
  range: { min: value, max: value },
  literal: value,
  announced: announced ?? { min: value, max: value },
  encoding,
})

export type Kind = Expression['kind']

/** A shape with these bounds. */
export const shapeText = (
  { use, enumeration }: Surroundings,
  kind: Kind,
  range: Range,
  encoding?: Encoding,
): string => {
  if (kind === 'enum') return enumeration(encoding!)
  if (kind === 'bool') return use('bool')
  if (kind === 'bits') return `${use('bits')}(${widthOf(range)})`
  if (!isWhole(range)) return `${use('range')}(${number(range.min)}, ${number(range.max)})`
  return `${use(range.min < 0n ? 's' : 'u')}(${widthOf(range)})`
}

// ── views ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A literal where only a signal will do; `near` is a signal of the same component. */
const lifted = (around: Surroundings, e: Expression, near: Expression | undefined): Expression => {
  if (e.literal === undefined) return e
  if (!near) throw new RangeError('a constant with no signal beside it has no text')
  return { kind: 'int', text: `${around.use('literal')}(${asInt(near)}, ${e.text})`, range: e.range }
}

export const asInt = (e: Expression): string => {
  if (e.literal !== undefined || e.kind === 'int') return e.text
  return e.kind === 'bits' ? `${e.text}.unsigned()` : `${e.text}.int()`
}

const asIntSignal = (around: Surroundings, e: Expression, near?: Expression): string => asInt(lifted(around, e, near))

/** A field of that width. */
export const asBits = (around: Surroundings, e: Expression, width: number, near?: Expression): string => {
  if (e.kind === 'bits' && widthOf(e.range) === width) return e.text
  if (e.kind === 'bool' && width === 1) return `${e.text}.bits()`
  const int = asIntSignal(around, e, near)
  return same(e.range, bits(width)) ? `${int}.bits()` : `${int}.bits(${width})`
}

export const asBool = (around: Surroundings, e: Expression, near?: Expression): string => {
  if (e.kind === 'bool') return e.text
  if (e.kind === 'bits' && widthOf(e.range) === 1) return `${e.text}.bit(0)`
  const int = asIntSignal(around, e, near)
  return same(e.range, bits(1)) ? `${int}.bit(0)` : `${int}.bits(1).bit(0)`
}

/** A value of an enumeration where only a signal will do. */
const asEnumSignal = (around: Surroundings, e: Expression, encoding: Encoding, near: Expression): string => {
  if (e.literal === undefined) return asEnum(around, e, encoding)
  return `${around.use('named')}(${asInt(near)}, ${around.enumeration(encoding)}, ${asEnum(around, e, encoding)})`
}

/** Names of an enumeration, where the value has them. */
const asEnum = ({ enumeration }: Surroundings, e: Expression, encoding: Encoding): string => {
  if (e.literal !== undefined) return `'${encoding.values[Number(e.literal)]}'`
  if (e.kind === 'enum' && sameEncoding(e.encoding, encoding)) return e.text
  return `${enumeration(encoding)}.of(${asInt(e)}${fits(e.range, namesOf(encoding)) ? '' : `.sat(${enumeration(encoding)})`})`
}

const namesOf = ({ values }: Encoding): Range => ({ min: 0n, max: BigInt(values.length - 1) })

const sameEncoding = (a: Encoding | undefined, b: Encoding | undefined): boolean =>
  a !== undefined && b !== undefined && a.name === b.name && a.values.join() === b.values.join()

/** An operand for a place of that shape: brought into its bounds where the language would not take it as it is. */
export const operand = (around: Surroundings, e: Expression, kind: Kind, range: Range, encoding?: Encoding): string => {
  if (kind === 'enum') return asEnum(around, e, encoding!)
  if (kind === 'bool') return e.literal === undefined ? asBool(around, e) : String(e.literal !== 0n)
  if (kind === 'bits') return e.literal === undefined ? asBits(around, e, widthOf(range)) : e.text
  if (fits(e.range, range)) return asInt(e)
  return `${asIntSignal(around, e)}.${isWhole(range) ? 'wrap' : 'sat'}(${shapeText(around, 'int', range)})`
}

// ── operations ───────────────────────────────────────────────────────────────────────────────────────────────────

/** One operation through the public interface. */
export const operationText = (around: Surroundings, node: Operation): Expression => {
  const args = node.args.map(around.of)
  const values = args.flatMap((arg) => arg.literal ?? [])
  if (values.length === args.length) return literal(fold(node, values), { min: node.min, max: node.max })
  const [a, b] = args as [Expression, Expression]
  const int = (text: string, range: Range): Expression => ({ kind: 'int', text, range })
  const shape = new IntShape(a.range.min, a.range.max)
  const width = widthOf(node)
  const field: Expression = { kind: 'bits', text: '', range: bits(width) }
  /** The argument that is a signal in front of the other one, for operations that do not mind. */
  const [first, second] = a.literal === undefined ? [a, b] : [b, a]
  switch (node.op) {
    case 'add':
      return int(`${asInt(first)}.add(${asInt(second)})`, shape.plus(b.range))
    case 'sub': {
      const range = { min: a.range.min - b.range.max, max: a.range.max - b.range.min }
      if (a.literal === 0n) return int(`${asInt(b)}.neg()`, range)
      return int(`${asIntSignal(around, a, b)}.sub(${asInt(b)})`, range)
    }
    case 'mul':
      return int(`${asInt(first)}.mul(${asInt(second)})`, shape.times(b.range))
    case 'shl':
    case 'shr':
      return shifted(node.op, a, node.amount)
    case 'shlBy':
    case 'shrBy':
      return shiftedBy(around, node.op, a, b)
    case 'wrap':
      return wrapped(around, node, a)
    case 'sat':
      if (fits(a.range, node)) return int(asInt(a), a.range)
      return int(`${asInt(a)}.sat(${shapeText(around, 'int', node)})`, node)
    case 'mux':
      return choice(around, node, args as [Expression, Expression, Expression])
    case 'eq': {
      const truth = (text: string): Expression => ({ kind: 'bool', text, range: bits(1) })
      const encoding = second.encoding ?? (second.literal === undefined ? first.encoding : undefined)
      if (
        encoding &&
        first.literal === undefined &&
        [first, second].every(({ range }) => fits(range, namesOf(encoding)))
      )
        return truth(`${asEnum(around, first, encoding)}.eq(${asEnum(around, second, encoding)})`)
      if (
        first.kind === 'bits' &&
        (second.kind === 'bits' || second.literal !== undefined) &&
        fits(second.range, first.range)
      )
        if (second.literal !== undefined || same(first.range, second.range))
          return truth(`${first.text}.eq(${second.text})`)
      return truth(`${asInt(first)}.eq(${asInt(second)})`)
    }
    case 'lt':
      return {
        kind: 'bool',
        text: a.literal === undefined ? `${asInt(a)}.lt(${asInt(b)})` : `${asInt(b)}.gt(${asInt(a)})`,
        range: bits(1),
      }
    case 'and':
    case 'or':
    case 'xor': {
      if (width === 1) {
        const other = second.literal === undefined ? asBool(around, second) : String(second.literal !== 0n)
        return { ...field, kind: 'bool', text: `${asBool(around, first)}.${node.op}(${other})` }
      }
      const other = second.literal === undefined ? asBits(around, second, width) : second.text
      return { ...field, text: `${asBits(around, first, width)}.${node.op}(${other})` }
    }
    case 'not':
      if (width === 1) return { ...field, kind: 'bool', text: `${asBool(around, a)}.not()` }
      return { ...field, text: `${asBits(around, a, width)}.not()` }
    case 'cat':
      return {
        ...field,
        text: `${asBits(around, a, width - node.amount, b)}.cat(${asBits(around, b, node.amount, a)})`,
      }
    case 'slice': {
      const from = asBits(around, a, Math.max(widthOf(node.args[0]!), node.amount + width))
      if (width === 1) return { ...field, kind: 'bool', text: `${from}.bit(${node.amount})` }
      return { ...field, text: `${from}.slice(${node.amount + width - 1}, ${node.amount})` }
    }
  }
}

const shifted = (op: 'shl' | 'shr', a: Expression, places: number): Expression => {
  const by = BigInt(places)
  const range =
    op === 'shl'
      ? { min: a.range.min << by, max: a.range.max << by }
      : { min: a.range.min >> by, max: a.range.max >> by }
  return { kind: 'int', text: `${asInt(a)}.${op}(${places})`, range }
}

const shiftedBy = (around: Surroundings, op: 'shlBy' | 'shrBy', a: Expression, b: Expression): Expression => {
  if (b.literal !== undefined) return shifted(op === 'shlBy' ? 'shl' : 'shr', a, Number(b.literal))
  const places = { min: b.range.min < 0n ? 0n : b.range.min, max: b.range.max }
  const by = operand(around, b, 'int', places)
  const [low, high] = [a.range.min < 0n, a.range.max < 0n]
  const text = `${asIntSignal(around, a, b)}.${op}(${by})`
  const range =
    op === 'shlBy'
      ? { min: a.range.min << (low ? places.max : places.min), max: a.range.max << (high ? places.min : places.max) }
      : { min: a.range.min >> (low ? places.min : places.max), max: a.range.max >> (high ? places.max : places.min) }
  return { kind: 'int', text, range }
}

const wrapped = (around: Surroundings, node: Operation, a: Expression): Expression => {
  const range = { min: node.min, max: node.max }
  const width = widthOf(node)
  if (same(node, bits(width)) && (around.isField(node) || fits(a.range, node)))
    return { kind: 'bits', text: asBits(around, a, width), range }
  if (fits(a.range, node)) return { kind: 'int', text: asInt(a), range: a.range }
  if (a.kind === 'bits' && widthOf(a.range) === width && same(node, whole(node)))
    return { kind: 'int', text: `${a.text}.signed()`, range }
  const text = `${asInt(a)}.wrap(${shapeText(around, 'int', whole(node))})`
  // A promise that what is left fits; where it does, clamping changes nothing.
  if (!isWhole(node)) return { kind: 'int', text: `${text}.sat(${shapeText(around, 'int', node)})`, range }
  return { kind: 'int', text, range }
}

const choice = (
  around: Surroundings,
  node: Operation,
  [test, then, otherwise]: readonly [Expression, Expression, Expression],
): Expression => {
  const mux = around.use('mux')
  const signal = [then, otherwise].find(({ literal }) => literal === undefined)
  const condition = asBool(around, test, signal)
  const arms = [then, otherwise]
  const made = (kind: Kind, range: Range, a: string, b: string, encoding?: Encoding): Expression => ({
    kind,
    text: `${mux}(${condition}, ${a}, ${b})`,
    range,
    encoding,
  })
  const encoding = then.encoding ?? otherwise.encoding
  const canBeNamed = (e: Expression, names: Encoding): boolean =>
    fits(e.range, namesOf(names)) && (e.literal === undefined || sameEncoding(e.encoding, names))
  if (encoding && arms.every((arm) => canBeNamed(arm, encoding)) && same(node, namesOf(encoding))) {
    const last = asEnum(around, otherwise, encoding)
    return made('enum', namesOf(encoding), asEnumSignal(around, then, encoding, test), last, encoding)
  }
  const to = bits(widthOf(node))
  const isOrFits = (kind: Kind) => (e: Expression) => e.kind === kind || (e.literal !== undefined && fits(e.range, to))
  if (to.width === 1 && arms.some(({ kind }) => kind === 'bool') && arms.every(isOrFits('bool')))
    return made('bool', to, operand(around, then, 'bool', to), operand(around, otherwise, 'bool', to))
  const isWide = (e: Expression): boolean => same(e.announced ?? e.range, to)
  if (same(node, to) && arms.some(isWide) && (around.isField(node) || arms.some(({ kind }) => kind === 'bits'))) {
    const other = otherwise.literal === undefined ? asBits(around, otherwise, to.width) : otherwise.text
    return made('bits', to, asBits(around, then, to.width, signal ?? test), other)
  }
  const hull = {
    min: then.range.min < otherwise.range.min ? then.range.min : otherwise.range.min,
    max: then.range.max > otherwise.range.max ? then.range.max : otherwise.range.max,
  }
  return made('int', hull, asInt(then), asInt(otherwise))
}
