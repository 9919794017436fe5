import { type HdlCode, HdlError, type Origin, refuse } from './error.ts'
import {
  type Constant,
  type Encoding,
  fold,
  type Lookup,
  type Node,
  type Operation,
  type OperationName,
  operations,
  type Range,
  type Warning,
} from './ir.ts'
import type { Netlist } from './latency/netlist.ts'
import { nameFault } from './names.ts'
import { mostBits } from './shape.ts'
import { simplified } from './simplify.ts'

const whole = 1n << BigInt(mostBits)
const half = whole >> 1n
/** Of integers with and without sign; counting the bits would cost more. */
const isTooWide = ({ min, max }: Range): boolean => (min < 0n ? min < -half || max >= half : max >= whole)

/**
 * The nodes of one component while it is being described. Equal operations are made once, operations on constants are
 * folded through their own definition, and those that come to nothing are not made at all.
 */
export class Graph {
  readonly component: string
  readonly operations: Operation[] = []
  /** Where a mistake is that shows up only after the description has run; undefined while it runs. */
  origin: Origin | undefined
  /** Mistakes after which the description went on with something in place of the faulty value. */
  readonly errors: HdlError[] = []
  readonly warnings: Warning[] = []
  /** True once the description has run; a mistake found later has nobody left to collect it. */
  closed = false
  /** True once the module is made, or has failed: nothing can be added to it any more. */
  sealed = false
  /** What is known of the component so far, for counting delays while it is described. */
  description: { readonly netlist: Netlist; readonly steady: (node: Node) => boolean } | undefined
  #nodeCount = 0
  readonly #made = new Map<string, Node>()

  constructor(component: string) {
    this.component = component
  }

  get nodeCount(): number {
    return this.#nodeCount
  }

  takeId(): number {
    this.mustBeOpen()
    return this.#nodeCount++
  }

  constant(value: bigint, bounds: Range & { readonly encoding?: Encoding } = { min: value, max: value }): Constant {
    const { min, max, encoding } = bounds
    const names = encoding ? ` ${encoding.name} ${encoding.values.join()}` : ''
    return this.#once(`const ${value} ${min} ${max}${names}`, (id) => ({
      op: 'const',
      id,
      min,
      max,
      value,
      ...(encoding && { encoding }),
    })) as Constant
  }

  operation(op: OperationName, bounds: Range, args: readonly Node[], amount = 0): Node {
    this.mustBeOpen()
    if (operations[op].arity !== args.length) throw new TypeError(`${op} takes ${operations[op].arity} arguments`)
    const simpler = simplified(op, bounds, args)
    if (typeof simpler === 'bigint') return this.constant(simpler, bounds)
    if (isTooWide(bounds))
      throw this.error(
        'E-RANGE',
        `the result of '${op}' has more than ${mostBits} bits; narrow its operands with .wrap(), .sat() or checked()`,
      )
    if (simpler) return 'id' in simpler ? simpler : this.operation(simpler.op, bounds, simpler.args, simpler.amount)
    const made = { op, min: bounds.min, max: bounds.max, args, amount }
    if (args.every((node) => node.op === 'const')) {
      const value = fold(
        made,
        (args as readonly Constant[]).map((node) => node.value),
      )
      return this.constant(value, bounds)
    }
    const key = `${op} ${args.map((node) => node.id).join(' ')} ${amount} ${bounds.min} ${bounds.max}`
    return this.#once(key, (id) => {
      const node: Operation = { ...made, id }
      this.operations.push(node)
      return node
    })
  }

  /** The word of a memory at an address; the same for the same address. `name` is asked for where it is new. */
  lookup(
    { memory, min, max, crossing }: Pick<Lookup, 'memory' | 'min' | 'max' | 'crossing'>,
    address: Node,
    name: () => string,
  ): { node: Lookup; fresh: boolean } {
    const before = this.#nodeCount
    const reason = crossing === undefined ? {} : { crossing }
    const node = this.#once(`lookup ${memory} ${address.id} ${crossing}`, (id) => {
      return { op: 'lookup', id, min, max, name: name(), memory, args: [address], ...reason }
    }) as Lookup
    return { node, fresh: this.#nodeCount > before }
  }

  error(code: HdlCode, sentence: string, origin = this.origin): HdlError {
    return new HdlError(code, this.component, sentence, origin)
  }

  /** Gives an operation a name for the printer. */
  name(node: Node, name: string, source: Origin): void {
    this.mustBeOpen()
    const fault = nameFault(name)
    if (fault) this.report('E-NAME', `a value cannot be called '${name}': ${fault}; choose another name`)
    else if ('args' in node && node.name === undefined) Object.assign(node, { name, source })
  }

  /** Refuses to add to a component that is finished: a signal or a builder has been kept for later. */
  mustBeOpen(): void {
    if (this.sealed)
      refuse(
        'E-FOREIGN',
        this.component,
        `a signal or builder of '${this.component}' is used after its description has run; use it inside 'logic', and pass values out through ports`,
      )
  }

  /** Notes a mistake, to be thrown together with all others of the component. */
  report(code: HdlCode, sentence: string, origin = this.origin): void {
    const error = this.error(code, sentence, origin)
    if (this.closed) throw error
    this.errors.push(error)
  }

  #once(key: string, make: (id: number) => Node): Node {
    const known = this.#made.get(key)
    if (known) return known
    const node = make(this.takeId())
    this.#made.set(key, node)
    return node
  }
}
