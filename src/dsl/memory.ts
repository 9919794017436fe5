import { type Clock, clockOf, domainField } from './clock.ts'
import { mainDomain, portDomainsOf } from './domains.ts'
import { type Origin, originHere } from './error.ts'
import type { Graph } from './graph.ts'
import type { Check, Lookup, Memory, MemoryWrite, Node, ReadValue } from './ir.ts'
import { describe } from './kind.ts'
import { bool, IntShape, type ScalarShape, type Shape, shapeOnly, type VectorShape } from './shape.ts'
import {
  type AnyOperand,
  type Bool,
  type BoolOperand,
  type IntOperand,
  type LiteralOf,
  nodeFor,
  type OperandOf,
  type SignalOf,
} from './signal.ts'
import { type Words, wordsOf } from './words.ts'

/** A literal that a word may start with. */
export type WordOf<S extends Shape> = LiteralOf<S>

/**
 * What a read shows of a word that is written at the same clock edge: the word before ('old'), the word after ('new'), or
 * the designer promises that it does not happen ('never', checked in simulation), which is free on every FPGA.
 */
export type Collision = (typeof collisions)[number]
const collisions = ['old', 'new', 'never'] as const

export interface RomOptions<S extends Shape> {
  /** Shape of every word; 0 must be in it, in a vector or record in each scalar. */
  readonly of: S
  /** Words from address 0 upwards, 0 beyond; in hardware they are there from power-up. */
  readonly initial: ArrayLike<WordOf<S>>
  /** Words; by default as many as there are initial ones. */
  readonly depth?: number
  /** The clock of its ports; the implicit one unless said. */
  readonly clock?: Clock
}
export interface MemoryOptions<S extends Shape> {
  /** Words, at addresses 0 to depth - 1. */
  readonly depth: number
  /** Shape of every word; 0 must be in it, in a vector or record in each scalar. */
  readonly of: S
  /** Words from address 0 upwards, 0 beyond. Without, simulation starts with zeros and hardware with anything. */
  readonly initial?: ArrayLike<WordOf<S>>
  readonly collide: Collision
  /** The clock of its ports; the implicit one unless said. */
  readonly clock?: Clock
}
export interface PortOptions {
  /** The port does something only where this is true (and where the `when` around it is). */
  readonly enable?: BoolOperand
  /** The port's clock, where it is not the memory's; then `collide` must be 'never'. */
  readonly clock?: Clock
}
/** Words that are vectors can be written in part: one enable for each element, element 0 first; the others stay. */
export type WriteOptions<S extends Shape> = PortOptions &
  (S extends VectorShape ? { readonly lanes?: readonly BoolOperand[] } : { readonly lanes?: never })
export interface LookupOptions {
  /** Why it may see words that another clock writes; without, that is an error. */
  readonly crossing?: string
}

/** A memory that is only read. Addresses are integers whose range fits the depth. */
export interface ReadableMemory<S extends Shape> {
  /** Shape of addresses, 0 to depth - 1. */
  readonly address: IntShape
  /** A synchronous read port: the word at `address` one cycle later, held where the port is not enabled. */
  read(address: IntOperand, options?: PortOptions): SignalOf<S>
  /** The word at `address` in this cycle, before the clock edge: logic and not block RAM, for small memories. */
  lookup(address: IntOperand, options?: LookupOptions): SignalOf<S>
}
export interface WritableMemory<S extends Shape> extends ReadableMemory<S> {
  /** A write port: the word is there after the clock edge. At most two. */
  write(address: IntOperand, value: OperandOf<S>, options?: WriteOptions<S>): void
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
  /** Takes the names of a clock's ports, once. */
  claimClock(domain: string): void
}

/** A memory while its component is described. */
interface Described extends Memory {
  readonly source: Origin
  readonly writes: MemoryWrite[]
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

  memory<S extends Shape>(name: string, options: MemoryOptions<S>): WritableMemory<S> {
    return this.#describe(name, options)
  }

  rom<S extends Shape>(name: string, options: RomOptions<S>): ReadableMemory<S> {
    const depth = options.depth ?? options.initial.length
    const { address, read, lookup } = this.#describe(name, { ...options, depth, collide: 'old' })
    return { address, read, lookup }
  }

  /** The memories as data; pushes what their collision policies promise onto `checks`. */
  finish(checks: Check[]): readonly Memory[] {
    for (const memory of this.#all) {
      this.#refuse(memory)
      const { name, reads, writes, collide } = memory
      if (collide === 'never')
        for (const { node, ...read } of reads)
          for (const write of writes)
            this.#promise(
              checks,
              { ...read, clock: node.clock },
              write,
              `memory '${name}': a word is read at the edge that writes it`,
            )
      if (writes.length === 2)
        this.#promise(checks, writes[0]!, writes[1]!, `memory '${name}': both ports write one word at one edge`)
    }
    return this.#all
  }

  #refuse({ name, reads, lookups, writes, initial, collide, source }: Described): void {
    const { graph } = this.#context
    if (reads.length + lookups.length === 0)
      throw graph.error('E-MEMORY', `memory '${name}' is never read; read it with .read() or .lookup()`, source)
    if (writes.length === 0 && !initial)
      throw graph.error('E-MEMORY', `memory '${name}' is never written; .write() it or make it a rom`, source)
    const clocks = portDomainsOf({ reads, writes })
    if (writes.length > 0 && clocks.length > 1 && collide !== 'never')
      throw graph.error(
        'E-MEMORY',
        `memory '${name}' has ports on the clocks ${clocks.join(' and ')}, between which no hardware keeps collide: '${collide}'; promise collide: 'never'`,
        source,
      )
  }

  /** Two ports that never meet at one word. */
  #promise(checks: Check[], a: Port, b: Port, message: string): void {
    const { graph } = this.#context
    const both = this.#and(this.#and(a.enable, b.enable), graph.operation('eq', bool, [a.address, b.address]))
    const holds = graph.operation('not', bool, [both])
    if (holds.op === 'const' && holds.value === 1n) return
    const clock = a.clock === undefined ? {} : { clock: a.clock }
    const meets = a.clock === b.clock ? {} : { meets: b.clock ?? mainDomain }
    checks.push({ holds, message, ...clock, ...meets })
  }

  #describe<S extends Shape>(name: string, options: MemoryOptions<S>): WritableMemory<S> {
    const { graph, claim, fresh, place, claimClock } = this.#context
    shapeOnly(this.#context.graph.component, `memory '${name}'`, options.of)
    const { of, depth, collide, clock = clockOf(of) } = options
    claim(name, 'a memory')
    const what = `memory '${name}'`
    if (!(Number.isSafeInteger(depth) && depth >= 2 && depth <= mostWords))
      throw graph.error('E-RANGE', `${what} takes 2 to ${mostWords} words, got ${depth}; for one word use a register`)
    if (!collisions.includes(collide))
      throw graph.error(
        'E-MEMORY',
        `${what} takes collide: 'old', 'new' or 'never', got ${describe(collide)}; say what a read shows of a word written at the same edge`,
      )
    const words = wordsOf(graph, what, of, place)
    const initial = options.initial && this.#initial(what, words, depth, options.initial)
    const described: Described = {
      name,
      depth,
      word: words.range,
      initial,
      collide,
      source: originHere(),
      writes: [],
      reads: [],
      lookups: [],
    }
    this.#all.push(described)
    const signal = (node: Node): SignalOf<S> => words.signal(node) as SignalOf<S>
    const addresses = new IntShape(0n, BigInt(depth - 1))
    const addressOf = (address: IntOperand): Node => place(`an address of ${what}`, addresses, address)
    const domainOf = (port: PortOptions): { readonly clock?: string } => {
      const domain = domainField(port.clock ?? clock)
      claimClock(domain.clock ?? mainDomain)
      return domain
    }
    return {
      address: addresses,
      read: (address, port = {}) => {
        const needs = { address: addressOf(address), enable: this.#enable(port) }
        const node: ReadValue = {
          op: 'read',
          id: graph.takeId(),
          ...words.range,
          name: fresh(`${name}_read`, `a read port of ${what}`),
          memory: name,
          ...domainOf(port),
        }
        described.reads.push({ node, ...needs })
        return signal(node)
      },
      lookup: (address, { crossing } = {}) => {
        const wanted = { memory: name, ...words.range, ...(crossing === undefined ? {} : { crossing }) }
        const { node, fresh: isNew } = graph.lookup(wanted, addressOf(address), () =>
          fresh(`${name}_lookup`, `a lookup of ${what}`),
        )
        if (isNew) described.lookups.push(node)
        return signal(node)
      },
      write: (address, value, port = {} as WriteOptions<S>) => {
        if (described.writes.length === mostWrites)
          throw graph.error('E-MEMORY', `${what} has ${mostWrites} write ports already; choose between values with mux`)
        described.writes.push({
          address: addressOf(address),
          value: words.kept(`a word of ${what}`, value),
          enable: this.#enable(port),
          ...domainOf(port),
          ...this.#lanes(described, of, port.lanes),
        })
      },
    }
  }

  #lanes({ name, collide }: Memory, of: Shape, lanes: readonly BoolOperand[] | undefined): Pick<MemoryWrite, 'lanes'> {
    const { graph } = this.#context
    if (!lanes) return {}
    const elements = of.kind === 'vector' ? of.length : 0
    if (lanes.length !== elements)
      throw graph.error(
        'E-MEMORY',
        `lanes of memory '${name}' are one for each of ${elements} elements, got ${lanes.length}; ${elements > 0 ? 'pass as many' : 'make its words a vector'}`,
      )
    if (collide === 'new')
      throw graph.error(
        'E-MEMORY',
        `memory '${name}' shows the word after a write (collide: 'new'), which no block RAM does for parts of a word; choose 'old' or 'never'`,
      )
    const nodes = lanes.map((lane) => nodeFor(graph, bool, lane))
    return nodes.every((node) => node.op === 'const' && node.value === 1n) ? {} : { lanes: nodes }
  }

  #initial(what: string, words: Words, depth: number, initial: ArrayLike<unknown>): bigint[] {
    if (initial.length <= depth)
      return Array.from(initial, (given, address) => words.literal(`word ${address} of ${what}`, given))
    throw this.#context.graph.error(
      'E-RANGE',
      `${what} has ${depth} words, got ${initial.length} initial ones; leave some out`,
    )
  }

  /** The operand, and every condition around it. */
  #enable({ enable: operand = true }: PortOptions): Node {
    const { graph, condition } = this.#context
    const enable = nodeFor(graph, bool, operand)
    const around = condition()
    return around ? this.#and(around.node, enable) : enable
  }

  #and(a: Node, b: Node): Node {
    return this.#context.graph.operation('and', bool, [a, b])
  }
}

type Port = Pick<MemoryWrite, 'address' | 'enable'> & { readonly clock?: string | undefined }
