import { HdlError } from './error.ts'
import { type Constant, fold, type Node, type Operation, type OperationName, operations, type Range } from './ir.ts'

/**
 * The nodes of one component while it is being described. Equal operations are made once, and operations on constants
 * are folded through their own definition.
 */
export class Graph {
  readonly component: string
  readonly operations: Operation[] = []
  #nodeCount = 0
  readonly #made = new Map<string, Node>()

  constructor(component: string) {
    this.component = component
  }

  get nodeCount(): number {
    return this.#nodeCount
  }

  takeId(): number {
    return this.#nodeCount++
  }

  constant(value: bigint, bounds: Range = { min: value, max: value }): Constant {
    return this.#once(`const ${value} ${bounds.min} ${bounds.max}`, (id) => ({
      op: 'const',
      id,
      min: bounds.min,
      max: bounds.max,
      value,
    })) as Constant
  }

  operation(op: OperationName, bounds: Range, args: readonly Node[], amount = 0): Node {
    if (operations[op].arity !== args.length) throw new TypeError(`${op} takes ${operations[op].arity} arguments`)
    const simpler = op === 'mux' ? simplerChoice(args as readonly [Node, Node, Node], bounds) : undefined
    if (simpler) return Array.isArray(simpler) ? this.operation('mux', bounds, simpler) : (simpler as Node)
    const made = { op, min: bounds.min, max: bounds.max, args, amount }
    if (args.every((node) => node.op === 'const')) {
      const value = fold(
        { ...made, id: -1 },
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

  error(code: ConstructorParameters<typeof HdlError>[0], sentence: string): HdlError {
    return new HdlError(code, this.component, sentence)
  }

  #once(key: string, make: (id: number) => Node): Node {
    const known = this.#made.get(key)
    if (known) return known
    const node = make(this.takeId())
    this.#made.set(key, node)
    return node
  }
}

/**
 * What a choice comes to without being made: an arm, or the choice turned round where its condition is a `not`. Only where
 * the bounds stay what they were, since a bit field's width is in them.
 */
const simplerChoice = (
  [test, then, otherwise]: readonly [Node, Node, Node],
  bounds: Range,
): Node | Node[] | undefined => {
  const same = (node: Node): boolean => node.min === bounds.min && node.max === bounds.max
  if (then === otherwise && same(then)) return then
  if (test.op === 'const') {
    const taken = test.value === 1n ? then : otherwise
    return same(taken) ? taken : undefined
  }
  return test.op === 'not' ? [test.args[0]!, otherwise, then] : undefined
}
