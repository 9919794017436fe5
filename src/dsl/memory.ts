import { type Origin, originHere } from './error.ts'
import type { Graph } from './graph.ts'
import {
  type Check,
  type Constant,
  fits,
  type Lookup,
  type Memory,
  type Node,
  type Range,
  type ReadValue,
  showRange,
} from './ir.ts'
import { bool, exact, IntShape, type ScalarShape } from './shape.ts'
import {
  type AnyOperand,
  type Bool,
  type BoolOperand,
  type IntOperand,
  type LiteralOf,
  nodeFor,
  type OperandOf,
  type SignalOf,
  signalFor,
} from './signal.ts'

/** A literal that a word may start with. */
export type WordOf<S extends ScalarShape> = LiteralOf<S>

/**
 * What a read shows of a word that is written at the same clock edge: the word before ('old'), the word after ('new'), or
 * the designer promises that it does not happen ('never', checked in simulation), which is free on every FPGA.
 */
export type Collision = 'old' | 'new' | 'never'

export interface RomOptions<S extends ScalarShape> {
  /** Shape of every word; 0 must be in it. */
  readonly of: S
  /** Words from address 0 upwards, 0 beyond; in hardware they are there from power-up. */
  readonly initial: ArrayLike<WordOf<S>>
  /** Words; by default as many as there are initial ones. */
  readonly depth?: number
}
export interface MemoryOptions<S extends ScalarShape> {
  /** Words, at addresses 0 to depth - 1. */
  readonly depth: number
  /** Shape of every word; 0 must be in it. */
  readonly of: S
  /** Words from address 0 upwards, 0 beyond. Without, simulation starts with zeros and hardware with anything. */
  readonly initial?: ArrayLike<WordOf<S>>
  readonly collide: Collision
}
export interface PortOptions {
  /** The port does something only where this is true (and where the `when` around it is). */
  readonly enable?: BoolOperand
}

/** A memory that is only read. Addresses are integers whose range fits the depth. */
export interface ReadableMemory<S extends ScalarShape> {
  /** Shape of addresses, 0 to depth - 1. */
  readonly address: IntShape
  /** A synchronous read port: the word at `address` one cycle later, held where the port is not enabled. */
  read(address: IntOperand, options?: PortOptions): SignalOf<S>
  /** The word at `address` in this cycle, before the clock edge: logic and not block RAM, for small memories. */
  lookup(address: IntOperand): SignalOf<S>
}
export interface WritableMemory<S extends ScalarShape> extends ReadableMemory<S> {
  /** A write port: the word is there after the clock edge. At most two. */
  write(address: IntOperand, value: OperandOf<S>, options?: PortOptions): void
}

/** What memories need of the component they are described in. */
export interface MemoryContext {
  readonly graph: Graph
  claim(name: string, what: string): void
  /** A free name, `base` or `base_2` and so on. */
  fresh(base: string, what: string): string
  /** The operand's node, or an error where it may not fit. */
  place(what: string, shape: ScalarShape, operand: AnyOperand): Node
  /** True inside every `when` around the present line; undefined outside all. */
  condition(): Bool | undefined
}

interface Described {
  readonly name: string
  readonly depth: number
  readonly word: Range
  readonly initial: readonly bigint[] | undefined
  readonly collide: Collision
  readonly origin: Origin
  readonly writes: Memory['writes'][number][]
  readonly reads: Memory['reads'][number][]
  readonly lookups: Lookup[]
}

/** Most words of a memory, so that a slip of the pen does not fill the machine; ours. */
const mostWords = 2 ** 24
/** Write ports a block RAM has. */
const mostWrites = 2

/** The memories of one component: `memory` and `rom` for its builder, and what came of them. */
export class Memories {
  readonly #context: MemoryContext
  readonly #all: Described[] = []

  constructor(context: MemoryContext) {
    this.#context = context
  }

  memory<S extends ScalarShape>(name: string, options: MemoryOptions<S>): WritableMemory<S> {
    return this.#describe(name, options.of, options.depth, options.initial, options.collide)
  }

  rom<S extends ScalarShape>(name: string, options: RomOptions<S>): ReadableMemory<S> {
    return this.#describe(name, options.of, options.depth ?? options.initial.length, options.initial, 'old')
  }

  /** The memories as data; pushes what their collision policies promise onto `checks`. */
  finish(checks: Check[]): Memory[] {
    const { graph } = this.#context
    return this.#all.map(({ origin, ...memory }) => {
      const { name, reads, lookups, writes, initial } = memory
      if (reads.length + lookups.length === 0)
        throw graph.error('E-MEMORY', `memory '${name}' is never read; read it with .read() or .lookup()`, origin)
      if (writes.length === 0 && !initial)
        throw graph.error('E-MEMORY', `memory '${name}' is never written; .write() it or make it a rom`, origin)
      const promise = (a: Port, b: Port, message: string): void => {
        const both = this.#and(this.#and(a.enable, b.enable), graph.operation('eq', bool, [a.address, b.address]))
        const holds = graph.operation('not', bool, [both])
        if (holds.op !== 'const' || holds.value === 0n) checks.push({ holds, message })
      }
      if (memory.collide === 'never')
        for (const read of reads)
          for (const write of writes)
            promise(read, write, `memory '${name}': a word is read at the edge that writes it`)
      if (writes.length === 2)
        promise(writes[0]!, writes[1]!, `memory '${name}': both ports write one word at one edge`)
      return memory
    })
  }

  #describe<S extends ScalarShape>(
    name: string,
    of: S,
    depth: number,
    initial: ArrayLike<WordOf<S>> | undefined,
    collide: Collision,
  ): WritableMemory<S> {
    const { graph, claim, fresh, place } = this.#context
    claim(name, 'a memory')
    const what = `memory '${name}'`
    if (!(Number.isSafeInteger(depth) && depth >= 2 && depth <= mostWords))
      throw graph.error('E-RANGE', `${what} takes 2 to ${mostWords} words, got ${depth}; for one word use a register`)
    const word: Range = { min: of.min, max: of.max }
    if (word.min > 0n || word.max < 0n)
      throw graph.error('E-RANGE', `${what} holds ${showRange(word)}, but words may start as 0; widen the shape to 0`)
    const words = initial && this.#words(what, of, depth, initial)
    const described: Described = {
      name,
      depth,
      word,
      initial: words,
      collide,
      origin: originHere(),
      writes: [],
      reads: [],
      lookups: [],
    }
    this.#all.push(described)
    const addresses = new IntShape(0n, BigInt(depth - 1))
    const addressOf = (address: IntOperand): Node => place(`an address of ${what}`, addresses, address)
    const signal = (node: Node): SignalOf<S> => signalFor(graph, of, node) as SignalOf<S>
    return {
      address: addresses,
      read: (address, { enable = true } = {}) => {
        const port = { address: addressOf(address), enable: this.#enable(enable) }
        const node: ReadValue = {
          op: 'read',
          id: graph.takeId(),
          ...word,
          name: fresh(`${name}_read`, `a read port of ${what}`),
          memory: name,
        }
        described.reads.push({ node, ...port })
        return signal(node)
      },
      lookup: (address) => {
        const { node, fresh: isNew } = graph.lookup(name, word, addressOf(address), () =>
          fresh(`${name}_lookup`, `a lookup of ${what}`),
        )
        if (isNew) described.lookups.push(node)
        return signal(node)
      },
      write: (address, value, { enable = true } = {}) => {
        if (described.writes.length === mostWrites)
          throw graph.error('E-MEMORY', `${what} has ${mostWrites} write ports already; choose between values with mux`)
        described.writes.push({
          address: addressOf(address),
          value: place(`a word of ${what}`, of, value as AnyOperand),
          enable: this.#enable(enable),
        })
      },
    }
  }

  #words(
    what: string,
    word: ScalarShape,
    depth: number,
    initial: ArrayLike<boolean | bigint | number | string>,
  ): bigint[] {
    const { graph } = this.#context
    if (initial.length > depth)
      throw graph.error('E-RANGE', `${what} has ${depth} words, got ${initial.length} initial ones; leave some out`)
    return Array.from(initial, (given, address) => {
      const value = this.#literal(word, given)
      if (fits({ min: value, max: value }, word)) return value
      throw graph.error(
        'E-RANGE',
        `${what} holds ${showRange(word)}, got ${value} for word ${address}; widen the shape`,
      )
    })
  }

  #literal(word: ScalarShape, given: boolean | bigint | number | string): bigint {
    if ('view' in word) return (nodeFor(this.#context.graph, word, given) as Constant).value
    return typeof given === 'boolean' ? BigInt(given) : exact(given as bigint | number)
  }

  /** The operand, and every condition around it. */
  #enable(operand: BoolOperand): Node {
    const { graph, condition } = this.#context
    const enable = nodeFor(graph, bool, operand)
    const around = condition()
    return around ? this.#and(around.node, enable) : enable
  }

  #and(a: Node, b: Node): Node {
    return this.#context.graph.operation('and', bool, [a, b])
  }
}

type Port = Pick<Memory['reads'][number], 'address' | 'enable'>
