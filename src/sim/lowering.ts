import { mainDomain, parentDomain } from '../dsl/domains.ts'
import {
  type Instance,
  type Memory,
  type MemoryWrite,
  type Module,
  type Node,
  type OperationName,
  type Range,
  type Register,
  widthOf,
} from '../dsl/ir.ts'

/** A memory of the IR with indices of values in place of nodes; every write is of a whole word. */
export interface LoweredMemory extends Pick<Memory, 'depth' | 'word' | 'collide'> {
  readonly path: string
  readonly initial: readonly bigint[]
  readonly writes: readonly { readonly address: number; readonly value: number; readonly enable: number }[]
  readonly reads: readonly {
    readonly path: string
    readonly value: number
    readonly address: number
    readonly enable: number
  }[]
}

/** One instance of a module in a tree that becomes one list of values. */
export interface LoweredInstance {
  readonly module: Module
  /** With a dot at its end, but for the top's. */
  readonly path: string
  readonly parent: LoweredInstance | undefined
  readonly instance: Instance | undefined
  /** Index of the value of each of the module's nodes, negative where it is not known yet. */
  readonly index: Int32Array
}

/** How values come onto the list. */
export interface ValueList<C extends LoweredInstance> {
  readonly add: (op: OperationName | 'lookup', range: Range, args: readonly number[], amount?: number) => number
  readonly constant: (value: bigint, range: Range) => number
  readonly resolve: (context: C, node: Node) => number
  /** Of each clock of the top module, where it has several: 1 where it has its edge. */
  readonly ticks: ReadonlyMap<string, number>
  /** Index of a memory among all. */
  readonly memoryOf: (context: C, name: string) => number
}

const bit: Range = { min: 0n, max: 1n }
const field = (bits: number): Range => ({ min: 0n, max: (1n << BigInt(bits)) - 1n })

/**
 * What clocks, writes of parts of a word and promises come to, in plain values: in a step without an edge of its clock a register
 * keeps its value, a memory's port does nothing, and a promise is kept. `flatten` and the bodies of vector programs share it, so
 * that engines agree on clocks.
 */
export const lowering = <C extends LoweredInstance>({ add, constant, resolve, ticks, memoryOf }: ValueList<C>) => {
  /** The value that says whether a clock of a module in the tree has its edge; undefined where there is one clock. */
  const tickOf = (context: C, domain = mainDomain): number | undefined => {
    let name = domain
    for (let at: LoweredInstance | undefined = context; at?.instance; at = at.parent)
      name = parentDomain(at.instance, name)
    return ticks.get(name)
  }
  const choice = (test: number, yes: number, no: number, range: Range): number => add('mux', range, [test, yes, no])

  const next = (context: C, register: Register, value: number): number => {
    const becomes = resolve(context, register.next)
    const tick = tickOf(context, register.node.clock)
    return tick === undefined || becomes === value ? becomes : choice(tick, becomes, value, register.node)
  }
  const onEdge = (context: C, enable: Node, clock: string | undefined): number => {
    const wanted = resolve(context, enable)
    const tick = tickOf(context, clock)
    return tick === undefined ? wanted : add('and', bit, [tick, wanted])
  }
  /** The whole word that a write leaves, where it may leave parts of it as they are. */
  const written = (context: C, memory: Memory, { address, value, lanes }: MemoryWrite): number => {
    const word = resolve(context, value)
    if (!lanes) return word
    const before = add('lookup', memory.word, [resolve(context, address)], memoryOf(context, memory.name))
    const width = widthOf(memory.word) / lanes.length
    const part = (of: number, lane: number): number => add('slice', field(width), [of], lane * width)
    return lanes
      .map((lane, k) => choice(resolve(context, lane), part(word, k), part(before, k), field(width)))
      .reduce((below, above, k) => add('cat', field((k + 1) * width), [above, below], k * width))
  }
  const memories = (context: C): readonly LoweredMemory[] =>
    context.module.memories.map((memory) => ({
      path: context.path + memory.name,
      depth: memory.depth,
      word: memory.word,
      collide: memory.collide,
      initial: memory.initial ?? [],
      writes: memory.writes.map((write) => ({
        address: resolve(context, write.address),
        value: written(context, memory, write),
        enable: onEdge(context, write.enable, write.clock),
      })),
      reads: memory.reads.map(({ node, address, enable }) => ({
        path: context.path + node.name,
        value: context.index[node.id]!,
        address: resolve(context, address),
        enable: onEdge(context, enable, node.clock),
      })),
    }))
  const checks = (context: C): readonly { readonly message: string; readonly holds: number }[] =>
    context.module.checks.map(({ holds, message, clock, meets = clock }) => {
      const edges = new Set([clock, meets].flatMap((domain) => tickOf(context, domain) ?? []))
      const always = resolve(context, holds)
      return { message, holds: [...edges].reduce((kept, tick) => choice(tick, kept, constant(1n, bit), bit), always) }
    })
  return { tickOf, next, memories, checks }
}
