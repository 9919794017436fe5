import { isSigned, type Node, type Operation, type OperationName, widthOf } from '../ir.ts'
import { type Net, type Nets, readBits, typeOf } from './nets.ts'

/** What a temporary is called after the value it feeds: `accumulator_sum`. */
const suffix: Readonly<Record<OperationName, string>> = {
  add: 'sum',
  sub: 'difference',
  mul: 'product',
  shl: 'shifted',
  shr: 'shifted',
  shlBy: 'shifted',
  shrBy: 'shifted',
  wrap: 'wrapped',
  sat: 'clamped',
  mux: 'choice',
  eq: 'equal',
  lt: 'less',
  and: 'and',
  or: 'or',
  xor: 'xor',
  not: 'not',
  cat: 'joined',
  slice: 'field',
}

/** True for an operation that needs a net once it is read more than once, one of its own width, and has no name yet. */
export const mayBeNamedByUse = (node: Node): node is Operation =>
  'args' in node &&
  node.op !== 'lookup' &&
  node.op !== 'slice' &&
  node.name === undefined &&
  (node.op !== 'shrBy' || widthOf(node) === widthOf(node.args[0]!))

/** Flags and fields have no sign and are short enough to stand inside braces; arithmetic reads better with a name. */
const zeroExtendedInPlace: ReadonlySet<OperationName> = new Set(['eq', 'lt', 'and', 'or', 'xor', 'not', 'cat', 'slice'])

/**
 * Prints the values of one module as Verilog-2001 expressions whose width is exact at every operator, so that no tool
 * extends, truncates or signs anything on its own. Declarations of the temporaries an expression needs go to `declare`.
 */
export class Expressions {
  readonly #nets: Nets
  readonly #uses: ReadonlyMap<Node, number>
  readonly #declare: (line: string, node: Operation) => void
  /** The register, output or port being printed; temporaries are called after it. */
  #target = ''

  constructor(nets: Nets, uses: ReadonlyMap<Node, number>, declare: (line: string, node: Operation) => void) {
    this.#nets = nets
    this.#uses = uses
    this.#declare = declare
  }

  /** The node's value modulo 2^width, sign- or zero-extended where the width exceeds the node's; for the net `target`. */
  print(node: Node, width: number, target: string): string {
    this.#target = target
    if (width === widthOf(node) && !this.#nets.of(node) && (this.#uses.get(node) ?? 0) <= 1 && !node.name) {
      if (node.op === 'mul' || (node.op === 'shrBy' && width === widthOf(node.args[0]!)))
        return bare(this.#alone(node, width))
      if (node.op === 'sat') return bare(this.#inline(node, width))
    }
    return bare(this.#text(node, width))
  }

  /** The same for an index: Verilog would take the bits of a signed text for a place under 0. */
  printIndex(node: Node, width: number, target: string): string {
    const text = this.print(node, width, target)
    return this.#isSignedText(node, width) ? `$unsigned(${text})` : text
  }

  /** The driver of the net `target`, which may be where all others read it. */
  driver(node: Node, width: number, target: string): string {
    if (this.#nets.of(node)?.name !== target) return this.print(node, width, target)
    this.#target = target
    return bare(this.#alone(node as Operation, width))
  }

  /** Exactly `width` bits. A compound expression comes in parentheses. */
  #text(node: Node, width: number): string {
    const own = widthOf(node)
    if (node.op === 'const')
      return (width === own ? this.#nets.valueName(node) : undefined) ?? literal(node.value, width)
    if (node.op === 'wrap' && isAlias(node) && !this.#nets.of(node) && (width <= own || keepsValue(node)))
      return this.#text(node.args[0]!, width)
    if (width > own) return this.#widened(node, width)
    const net = this.#nets.of(node)
    if (net) return readBits(net, width - 1, 0)
    const operation = node as Operation
    if (this.#needsNet(operation)) return readBits(this.#netOf(node), width - 1, 0)
    return this.#inline(operation, width)
  }

  /** True where Verilog takes the text of exactly `width` bits for signed: nothing unsigned is in it. */
  #isSignedText(node: Node, width: number): boolean {
    if (node.op === 'const') return node.value < 0n
    if (node.op === 'wrap' && isAlias(node) && !this.#nets.of(node)) return this.#isSignedText(node.args[0]!, width)
    if (!this.#standsInline(node)) return isSigned(node) && widthOf(node) === width
    const { op, args } = node as Operation
    const isSignedArg = (arg: Node): boolean => this.#isSignedText(arg, width)
    const [left, right] = args
    if (op === 'sub' && left?.op === 'const' && left.value === 0n) return isSignedArg(right!)
    if (['add', 'sub', 'and', 'or', 'xor'].includes(op)) return args.every(isSignedArg)
    if (op === 'mux') return args.slice(1).every(isSignedArg)
    return ['not', 'shlBy', 'wrap'].includes(op) && isSignedArg(args[0]!)
  }

  /** More bits than the node has; what has to be named for it is named. */
  #widened(node: Node, width: number): string {
    if (this.#standsInline(node)) {
      const operation = node as Operation
      if (operation.op === 'shr') return this.#field(operation.args[0]!, operation.amount, width)
      if (zeroExtendedInPlace.has(operation.op))
        return joined(literal(0n, width - widthOf(node)), this.#inline(operation, widthOf(node)))
    }
    return this.#extended(this.#netOf(node), isSigned(node), width)
  }

  /**
   * Shared values are computed once; products, clamps and what the user named stand alone, so that people and tools see
   * them. A field is read where it is.
   */
  #needsNet(node: Operation): boolean {
    if (node.name !== undefined) return true
    if (node.op === 'slice') return false
    return (this.#uses.get(node) ?? 0) > 1 || ['mul', 'sat', 'shrBy'].includes(node.op)
  }

  #netOf(node: Node): Net {
    const known = this.#nets.of(node)
    if (known) return known
    if (node.op === 'const') throw new TypeError('a constant needs no net')
    const operation = node as Operation
    // A shift to the right is as wide as what is shifted, whatever is known of the result.
    const range = operation.op === 'shrBy' ? operation.args[0]! : node
    const value = bare(this.#alone(operation, widthOf(node)))
    const net = this.#nets.temporary(node, node.name ?? temporaryName(this.#target, operation.op), range)
    this.#declare(`wire ${typeOf(range)}${net.name} = ${value};`, operation)
    return net
  }

  /** An operation whose Verilog depends on what it is assigned to, or any other. */
  #alone(node: Operation, width: number): string {
    if (node.op === 'mul') return this.#product(node)
    if (node.op !== 'shrBy') return this.#inline(node, width)
    const [a, places] = node.args as [Node, Node]
    const amount = this.#text(places, widthOf(places))
    return isSigned(a)
      ? `${this.#signedText(a, widthOf(a))} >>> ${amount}`
      : `${this.#text(a, widthOf(a))} >> ${amount}`
  }

  #extended(net: Net, signed: boolean, width: number): string {
    if (width <= net.width) return readBits(net, width - 1, 0)
    const name = readBits(net, net.width - 1, 0)
    return `{${signed ? repeated(select1(net), width - net.width) : literal(0n, width - net.width)}, ${name}}`
  }

  /** The operation's own text, at most as wide as the operation. */
  #inline(node: Operation, width: number): string {
    const [a, b, c] = node.args as [Node, Node, Node]
    switch (node.op) {
      case 'add':
        for (const [term, other] of [
          [a, b],
          [b, a],
        ] as const)
          if (other.op === 'const' && other.value < 0n)
            return `(${this.#text(term, width)} - ${literal(-other.value, width)})`
        return `(${this.#text(a, width)} + ${this.#text(b, width)})`
      case 'sub':
        if (a.op === 'const' && a.value === 0n) return `(-${operand(this.#text(b, width))})`
        if (b.op === 'const' && b.value < 0n) return `(${this.#text(a, width)} + ${literal(-b.value, width)})`
        return `(${this.#text(a, width)} - ${this.#text(b, width)})`
      case 'and':
        return `(${this.#text(a, width)} & ${this.#text(b, width)})`
      case 'or':
        return `(${this.#text(a, width)} | ${this.#text(b, width)})`
      case 'xor':
        return `(${this.#text(a, width)} ^ ${this.#text(b, width)})`
      case 'not':
        if (this.#standsInline(a)) {
          const [left, right] = (a as Operation).args as [Node, Node]
          if (a.op === 'eq') return this.#comparison(left, '!=', right)
          if (a.op === 'lt') return this.#comparison(left, '>=', right)
        }
        return `${width === 1 ? '!' : '~'}${operand(this.#text(a, width))}`
      case 'mux':
        return `(${this.#text(a, 1)} ? ${this.#text(b, width)} : ${this.#text(c, width)})`
      case 'wrap':
        return this.#text(a, width)
      case 'shl':
        if (node.amount === 0) return this.#text(a, width)
        return width > node.amount
          ? joined(this.#text(a, width - node.amount), literal(0n, node.amount))
          : literal(0n, width)
      case 'shr':
      case 'slice':
        return this.#field(a, node.amount, width)
      case 'cat':
        if (width <= node.amount) return this.#text(b, width)
        return joined(this.#text(a, width - node.amount), this.#text(b, node.amount))
      case 'eq':
        return this.#comparison(a, '==', b)
      case 'lt':
        return this.#comparison(a, '<', b)
      case 'sat': {
        const source = this.#netOf(a)
        const clamp = (sign: Comparison, bound: bigint): string =>
          `${this.#comparison(a, sign, constantNode(bound))} ? ${literal(bound, width)} : `
        const below = a.min < node.min ? clamp('<', node.min) : ''
        const above = a.max > node.max ? clamp('>', node.max) : ''
        const kept =
          width <= source.width ? readBits(source, width - 1, 0) : this.#extended(source, source.signed, width)
        return `(${below}${above}${kept})`
      }
      case 'shlBy':
        return `(${this.#text(a, width)} << ${this.#text(b, widthOf(b))})`
      case 'mul':
      case 'shrBy':
        return readBits(this.#netOf(node), width - 1, 0)
      default:
        return node.op satisfies never
    }
  }

  /** `width` bits of a value from bit `low` upwards. */
  #field(node: Node, low: number, width: number): string {
    if (node.op === 'const') return literal(node.value >> BigInt(low), width)
    if (low === 0 && width <= widthOf(node)) return this.#text(node, width)
    if (node.op === 'wrap' && isAlias(node) && low + width <= widthOf(node))
      return this.#field(node.args[0]!, low, width)
    const net = this.#netOf(node)
    const there = Math.min(width, net.width - low)
    if (there <= 0) {
      if (!isSigned(node)) return literal(0n, width)
      const top = readBits(net, net.width - 1, net.width - 1)
      return width === 1 ? top : `{${repeated(top, width)}}`
    }
    const part = readBits(net, low + there - 1, low)
    if (there === width) return part
    const missing = width - there
    return `{${isSigned(node) ? repeated(select1(net), missing) : literal(0n, missing)}, ${part}}`
  }

  /** A comparison as it would be written by hand: a constant stands on the right. */
  #comparison(a: Node, sign: Comparison, b: Node): string {
    if (a.op === 'const' && b.op !== 'const') return this.#comparison(b, turned[sign], a)
    if (sign === '<' || sign === '>' || sign === '>=' || sign === '<=')
      return `(${this.#ordered(a, b)} ${sign} ${this.#ordered(b, a)})`
    const common = Math.max(signedWidth(a, isSigned(b)), signedWidth(b, isSigned(a)))
    return `(${this.#text(a, common)} ${sign} ${this.#text(b, common)})`
  }

  /** An operand of `<` beside `other`: both equally wide, and both signed if either is. */
  #ordered(node: Node, other: Node): string {
    const signed = isSigned(node) || isSigned(other)
    const width = Math.max(signedWidth(node, signed), signedWidth(other, signed))
    if (!signed) return this.#text(node, width)
    if (node.op === 'const') return signedLiteral(node.value, width)
    return this.#signedText(node, width)
  }

  /** Exactly `width` bits that Verilog takes for signed. */
  #signedText(node: Node, width: number): string {
    const text = this.#text(node, width)
    return this.#nets.of(node)?.name === text && isSigned(node) ? text : `$signed(${bare(text)})`
  }

  /** True for an operation that is written where it is read. */
  #standsInline(node: Node): boolean {
    return 'args' in node && node.op !== 'lookup' && !this.#nets.of(node) && !this.#needsNet(node)
  }

  /**
   * Operands keep their own width and one common sign: Verilog's own rule then gives the exact product. An operand wider
   * than the product is cut to it, which changes no bit of the product.
   */
  #product(node: Operation): string {
    const width = widthOf(node)
    const signed = node.args.some(isSigned)
    const factor = (arg: Node): string => {
      if (arg.op === 'const') {
        // A minus binds the number alone, so that tools want it as wide as the product.
        if (arg.value < 0n) return signedLiteral(BigInt.asIntN(width, arg.value), width)
        const own = Math.min(width, widthOf(arg) + (signed ? 1 : 0))
        return signed ? signedLiteral(BigInt.asIntN(own, arg.value), own) : literal(arg.value, own)
      }
      const net = this.#netOf(arg)
      const name = readBits(net, Math.min(width, net.width) - 1, 0)
      if (!signed || (net.signed && net.width <= width)) return name
      return `$signed(${net.signed || net.width >= width ? name : `{1'b0, ${name}}`})`
    }
    return `${factor(node.args[0]!)} * ${factor(node.args[1]!)}`
  }
}

type Comparison = '==' | '!=' | '<' | '>' | '<=' | '>='

/** What stands between the operands where they change places. */
const turned: Readonly<Record<Comparison, Comparison>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
}

/** `accumulator_sum`; where the target ends in that word already, what is done instead of what comes of it: `sum_add`. */
const temporaryName = (target: string, op: OperationName): string =>
  `${target}_${target.split('_').at(-1) === suffix[op] ? op : suffix[op]}`

/** True for a wrap that only reads bits of its argument: it is printed as that argument, never as a net of its own. */
export const isAlias = (node: Node): boolean =>
  node.op === 'wrap' && node.name === undefined && widthOf(node) <= widthOf(node.args[0]!)

/** True where an alias has its argument's width and sign, so that it extends alike. */
const keepsValue = (node: Operation): boolean =>
  widthOf(node) === widthOf(node.args[0]!) && isSigned(node) === isSigned(node.args[0]!)

/** `{above, below}`, without braces inside. */
const joined = (...parts: readonly string[]): string => {
  const open = (part: string): string => (/^\{(?!\d+\{).*\}$/.test(part) ? part.slice(1, -1) : bare(part))
  return `{${parts.map(open).join(', ')}}`
}

/** Verilog takes no sign after another one without parentheses. */
const operand = (text: string): string => (/^[~!-]/.test(text) ? `(${text})` : text)

const repeated = (bit: string, times: number): string => (times === 1 ? bit : `{${times}{${bit}}}`)

const select1 = (net: Net): string => (net.width === 1 ? net.name : `${net.name}[${net.width - 1}]`)

const constantNode = (value: bigint): Node => ({ op: 'const', id: -1, min: value, max: value, value })

/** Bits the value needs beside a signed neighbour. */
const signedWidth = (node: Node, besideSigned: boolean): number =>
  widthOf(node) + (besideSigned && !isSigned(node) ? 1 : 0)

/** `8'd5`; a negative value is written with its sign, `-8'sd5`, where it needs no more bits. */
const literal = (value: bigint, width: number): string => {
  if (width === 1) return (value & 1n) === 1n ? "1'b1" : "1'b0"
  if (value < 0n && value > -(1n << BigInt(width - 1))) return `-${width}'sd${-value}`
  return `${width}'d${BigInt.asUintN(width, value)}`
}

const signedLiteral = (value: bigint, width: number): string => {
  if (value >= 0n) return `${width}'sd${value}`
  // The most negative value has no positive twin to put a minus before.
  return value === -(1n << BigInt(width - 1)) ? `$signed(${literal(value, width)})` : `-${width}'sd${-value}`
}

/** Without the outermost parentheses, if they embrace everything. */
const bare = (text: string): string => {
  if (!text.startsWith('(')) return text
  let depth = 0
  for (let k = 0; k < text.length; k++) {
    if (text[k] === '(') depth++
    else if (text[k] === ')') depth--
    if (depth === 0) return k === text.length - 1 ? text.slice(1, -1) : text
  }
  return text
}
