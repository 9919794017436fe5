import type { Graph } from '../graph.ts'
import { fits, type Memory, type Module, type Node, type Operation, type Range } from '../ir.ts'
import { type Pass, rebuild, same } from './rebuild.ts'

/**
 * Range narrowing: bounds are worked out again from the leaves, through choices and what their conditions say, clamps,
 * wraps that lose nothing, constants, wires, and registers and memories that never reach all that they could hold. Bounds
 * never widen. A bit field keeps its width, which is part of its meaning.
 */
export const narrowRanges: Pass = (module) => {
  const known = boundsIn(module)
  const memories = module.memories.map((memory) => ({ ...memory, word: wordsIn(memory, known) }))
  return rebuild(
    { ...module, memories },
    {
      leaf: (leaf, now) => {
        const range = known.get(leaf)
        return leaf.op === 'reg' || leaf.op === 'wire' ? { ...(now(leaf) as typeof leaf), ...range } : undefined
      },
      constant: ({ value }) => ({ min: value, max: value }),
      operation: (old, args, graph) => narrowed(old, args, known.get(old)!, graph),
    },
  )
}

/** Operations on integers, whose bounds follow from those of their arguments. */
const onIntegers: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'shl', 'shr', 'mux', 'sat'])

const narrowed = (old: Operation, args: readonly Node[], range: Range, graph: Graph): Node => {
  if (range.min === range.max) return graph.constant(range.min, range)
  // Where it loses nothing, it does nothing.
  if ((old.op === 'wrap' || old.op === 'sat') && fits(args[0]!, old)) return args[0]!
  if (onIntegers.has(old.op)) {
    const settled = old.op === 'mux' ? settledChoice(old, args) : undefined
    return settled ?? graph.operation(old.op, range, args, old.amount)
  }
  if (old.op === 'wrap' || old.op === 'eq' || old.op === 'lt') return same(old, args, graph)
  // Anything else, what other files add to the language included, sees arguments as wide as before.
  return same(
    old,
    args.map((arg, k) => asWide(arg, old.args[k]!, graph)),
    graph,
  )
}

/** The arm of a choice whose other arm can never be taken. */
const settledChoice = (_: Operation, [test, then, otherwise]: readonly Node[]): Node | undefined => {
  if (test!.op !== 'const') return undefined
  return test!.value === 1n ? then : otherwise
}

/** The same value within the bounds of a field. */
const asWide = (node: Node, field: Range, graph: Graph): Node => {
  if (node.min === field.min && node.max === field.max) return node
  return node.min === node.max
    ? graph.constant(node.min, bounds(field))
    : graph.operation('wrap', bounds(field), [node])
}

/** Rounds after which registers that still grow do so in leaps, and after which they are taken to reach all they can hold. */
const smallSteps = 3
const mostRounds = 16

/** The tightest bounds this analysis finds for every node of a module. */
const boundsIn = (module: Module): ReadonlyMap<Node, Range> => {
  const known = new Map<Node, Range>()
  const driverOf = new Map<Node, Node>(module.wires.map((wire) => [wire.node, wire.driver]))
  const leaps = leapsIn(module)
  // Registers start at their reset value and grow by what they become, until they grow no more.
  const places = placesIn(module)
  for (const { nodes, start } of places) for (const node of nodes) known.set(node, start)
  for (let round = 1; ; round++) {
    const state = new Map(places.flatMap(({ nodes }) => nodes.map((node) => [node, known.get(node)!] as const)))
    known.clear()
    for (const [node, range] of state) known.set(node, range)
    const of = evaluator(known, driverOf)
    // A place never leaves its own bounds, whatever little is known of what it becomes.
    const reached = new Map(
      places.map((place) => {
        const found = place.becomes(of).map((range) => meet(range, place.bounds) ?? place.bounds)
        return [place, found.reduce(hull, state.get(place.nodes[0]!)!)] as const
      }),
    )
    const grown = places.filter((place) => !fits(reached.get(place)!, state.get(place.nodes[0]!)!))
    if (grown.length === 0) {
      for (const operation of module.operations) of(operation)
      for (const wire of module.wires) of(wire.node)
      return known
    }
    const next = grown.map((place): [Place, Range] => {
      if (round > mostRounds) return [place, place.bounds]
      const far = reached.get(place)!
      return [place, round > smallSteps ? leapt(far, state.get(place.nodes[0]!)!, place.bounds, leaps) : far]
    })
    for (const [{ nodes }, range] of next) for (const node of nodes) known.set(node, range)
  }
}

/** Something that keeps a value from cycle to cycle: a register, or all words of a memory. */
interface Place {
  /** What shows the value. */
  readonly nodes: readonly Node[]
  readonly bounds: Range
  readonly start: Range
  /** Bounds of everything it may become. */
  readonly becomes: (of: Bounds) => readonly Range[]
}

const placesIn = (module: Module): readonly Place[] => [
  ...module.registers.map(({ node, reset, next }) => ({
    nodes: [node],
    bounds: bounds(node),
    start: node.encoding ? bounds(node) : { min: reset, max: reset },
    becomes: (of: Bounds) => [of(next)],
  })),
  ...module.memories.map((memory) => ({
    nodes: shownBy(memory),
    bounds: memory.word,
    // Words that nobody has written yet, and ports that nobody has read, show 0.
    // A part of a word that is written alone leaves the others as they were: nothing is known of the whole.
    start: memory.writes.some(({ lanes }) => lanes)
      ? memory.word
      : (memory.initial ?? []).reduce((range, value) => hull(range, { min: value, max: value }), never),
    becomes: (of: Bounds) =>
      memory.writes.flatMap(({ value, enable }) => under(value, told(enable, true, of), of, stepsBack) ?? []),
  })),
]

const shownBy = ({ reads, lookups }: Memory): readonly Node[] => [...reads.map(({ node }) => node), ...lookups]

/** What is known of a memory's words. */
const wordsIn = (memory: Memory, known: ReadonlyMap<Node, Range>): Range =>
  known.get(shownBy(memory)[0]!) ?? memory.word

/** Where counters tend to stop: at the constants they are compared with. */
const leapsIn = (module: Module): readonly bigint[] => {
  const values = new Set<bigint>()
  for (const { args } of module.operations)
    for (const arg of args) if (arg.op === 'const') for (const near of [-1n, 0n, 1n]) values.add(arg.value + near)
  return [...values].sort((a, b) => (a < b ? -1 : 1))
}

/** A range that grew, out to the next place where it may stop, at most as wide as its register. */
const leapt = (reached: Range, before: Range, register: Range, leaps: readonly bigint[]): Range => ({
  min:
    reached.min === before.min
      ? reached.min
      : most(leaps.findLast((v) => v <= reached.min) ?? register.min, register.min),
  max:
    reached.max === before.max ? reached.max : least(leaps.find((v) => v >= reached.max) ?? register.max, register.max),
})

/** Bounds of a node, worked out once; with a stack of its own, because chains may be long. */
const evaluator = (known: Map<Node, Range>, driverOf: ReadonlyMap<Node, Node>) => {
  return (wanted: Node): Range => {
    const work = [wanted]
    while (work.length > 0) {
      const node = work[work.length - 1]!
      if (known.has(node)) {
        work.pop()
        continue
      }
      const driver = driverOf.get(node)
      const needs = 'args' in node ? node.args : driver ? [driver] : []
      const missing = needs.filter((need) => !known.has(need))
      if (missing.length > 0) {
        work.push(...missing)
        continue
      }
      known.set(
        node,
        ownBounds(node, driver, (of) => known.get(of)!),
      )
      work.pop()
    }
    return known.get(wanted)!
  }
}

const ownBounds = (node: Node, driver: Node | undefined, of: (node: Node) => Range): Range => {
  // Names stand for all values of their enumeration, and are as wide.
  if (node.encoding) return bounds(node)
  if (node.op === 'const') return { min: node.value, max: node.value }
  const found = 'args' in node && node.op !== 'lookup' ? result(node, of) : driver ? of(driver) : node
  return meet(found, node) ?? bounds(node)
}

/** What follows for the result from the bounds of the arguments; at worst the bounds it has. */
const result = (node: Operation, of: Bounds, steps = stepsBack): Range => {
  const [a, b] = node.args.map(of) as [Range, Range]
  switch (node.op) {
    case 'add':
      return { min: a.min + b.min, max: a.max + b.max }
    case 'sub':
      return { min: a.min - b.max, max: a.max - b.min }
    case 'mul': {
      const corners = [a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]
      return { min: corners.reduce(least), max: corners.reduce(most) }
    }
    case 'shl':
      return { min: a.min << BigInt(node.amount), max: a.max << BigInt(node.amount) }
    case 'shr':
      return { min: a.min >> BigInt(node.amount), max: a.max >> BigInt(node.amount) }
    case 'wrap':
      return fits(a, node) ? a : node
    case 'sat':
      return { min: clamp(a.min, node), max: clamp(a.max, node) }
    case 'eq':
      if (a.max < b.min || b.max < a.min) return never
      return a.min === a.max && b.min === b.max ? always : node
    case 'lt':
      if (a.max < b.min) return always
      return a.min >= b.max ? never : node
    case 'mux':
      return choice(node, of, steps)
    default:
      return node
  }
}
const never: Range = { min: 0n, max: 0n }
const always: Range = { min: 1n, max: 1n }

/** Both arms, each under what the condition says about what it is made of. */
const choice = ({ args: [test, then, otherwise] }: Operation, of: Bounds, steps: number): Range => {
  const { min, max } = of(test!)
  const yes = max === 1n ? under(then!, told(test!, true, of), of, steps) : undefined
  const no = min === 0n ? under(otherwise!, told(test!, false, of), of, steps) : undefined
  return yes && no ? hull(yes, no) : (yes ?? no ?? hull(of(then!), of(otherwise!)))
}

type Bounds = (node: Node) => Range
/** Tighter bounds of some nodes while a condition holds; undefined where it never can. */
type Told = ReadonlyMap<Node, Range> | undefined

/** What a condition tells about the values it compares. */
const told = (test: Node, holds: boolean, of: Bounds): Told => {
  if (!('args' in test)) return new Map()
  const [a, b] = test.args as [Node, Node]
  if (test.op === 'not') return told(a, !holds, of)
  if (test.op === (holds ? 'and' : 'or') && test.max === 1n) return both(told(a, holds, of), told(b, holds, of))
  if (test.op !== 'eq' && test.op !== 'lt') return new Map()
  const [left, right] = [of(a), of(b)]
  const found = (ofA: Range | undefined, ofB: Range | undefined): Told =>
    ofA && ofB
      ? new Map([
          [a, ofA],
          [b, ofB],
        ])
      : undefined
  if (test.op === 'eq' && holds) return found(meet(left, right), meet(left, right))
  if (test.op === 'eq') return new Map()
  return holds
    ? found(meet(left, { min: left.min, max: right.max - 1n }), meet(right, { min: left.min + 1n, max: right.max }))
    : found(meet(left, { min: right.min, max: left.max }), meet(right, { min: right.min, max: left.max }))
}

const both = (one: Told, other: Told): Told => {
  if (!one || !other) return undefined
  const all = new Map(one)
  for (const [node, range] of other) {
    const common = meet(all.get(node) ?? range, range)
    if (!common) return undefined
    all.set(node, common)
  }
  return all
}

/** Steps back from a choice's arm that are worked out again under its condition. */
const stepsBack = 3

const under = (node: Node, facts: Told, of: Bounds, steps: number): Range | undefined => {
  if (!facts) return undefined
  const fact = facts.get(node)
  if (fact) return fact
  if (facts.size === 0 || steps === 0 || !('args' in node) || node.op === 'lookup') return of(node)
  return meet(
    result(node, (arg) => under(arg, facts, of, steps - 1) ?? of(arg), steps - 1),
    of(node),
  )
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const clamp = (value: bigint, { min, max }: Range): bigint => most(min, least(max, value))
const bounds = ({ min, max }: Range): Range => ({ min, max })
const hull = (a: Range, b: Range): Range => ({ min: least(a.min, b.min), max: most(a.max, b.max) })
/** What both allow; undefined where that is nothing. */
const meet = (a: Range, b: Range): Range | undefined => {
  const both = { min: most(a.min, b.min), max: least(a.max, b.max) }
  return both.min <= both.max ? both : undefined
}
