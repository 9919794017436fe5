/**
 * The intermediate representation: what a component is once its TypeScript has run. Plain data; back ends (Verilog,
 * simulation, reports) read this file and never the front end.
 *
 * A node is a mathematical integer with exact bounds, not a bit vector. `add sub mul mux` cannot overflow, because the
 * bounds of a result follow from those of its arguments. Only `shr`, `shrBy`, `wrap`, `sat` and `slice` lose information.
 * A truth value is the range [0, 1]; a bit field of width w is the range [0, 2^w - 1].
 */

/** Inclusive bounds of an integer. */
export interface Range {
  readonly min: bigint
  readonly max: bigint
}

/** Where the user wrote something, `src/pe/mac.ts:24`; worked out when it is asked for. */
export type Source = () => string | undefined
/** Names of the values 0, 1, 2, ... of an enumeration or a state machine, which printers and waves write for the numbers. */
export interface Encoding {
  readonly name: string
  readonly values: readonly string[]
}

interface NodeBase extends Range {
  /** Creation order inside its module: arguments are always older than the operation that uses them. */
  readonly id: number
  /** The name the user gave; a printer may need to change it, except for ports. */
  readonly name?: string
  /** Of constants, ports, registers and wires that hold an enumeration. */
  readonly encoding?: Encoding
}

/** Nodes that bring a value into the module's logic. */
export interface Constant extends NodeBase {
  readonly op: 'const'
  readonly value: bigint
}
export interface Input extends NodeBase {
  readonly op: 'in'
  readonly name: string
  /** Clock it belongs to; the implicit one unless said, here and below. */
  readonly clock?: string
}
/** The present value of a register; what it becomes is in `Module.registers`. */
export interface RegisterValue extends NodeBase {
  readonly op: 'reg'
  readonly name: string
  readonly clock?: string
}
/** A value named before it is known, for feedback between instances; its driver is in `Module.wires`. */
export interface WireValue extends NodeBase {
  readonly op: 'wire'
  readonly name: string
}
/** An output port of a child instance. */
export interface InstanceOutput extends NodeBase {
  readonly op: 'out'
  readonly instance: string
  readonly port: string
}
/** An output of a black box, within the box's own module. */
export interface BlackBoxOutput extends NodeBase {
  readonly op: 'box'
  readonly name: string
}
/** What a synchronous read port of a memory shows; 0 until its first read. See `Memory`. */
export interface ReadValue extends NodeBase {
  readonly op: 'read'
  readonly name: string
  readonly memory: string
  readonly clock?: string
}
/** The word at an address within the cycle, before the coming clock edge; 0 outside the memory. See `Memory`. */
export interface Lookup extends NodeBase {
  readonly op: 'lookup'
  readonly name: string
  readonly memory: string
  readonly args: readonly [Node]
  /** Why it may see words that another clock writes; without, that is an error. */
  readonly crossing?: string
}
/**
 * A value computed from others in the same cycle. `amount` is the constant operand of shl, shr and slice, and of cat the
 * width of b: what drives b may be narrower, once ports are followed to their drivers.
 */
export interface Operation extends NodeBase {
  readonly op: OperationName
  readonly args: readonly Node[]
  readonly amount: number
  /** Of an operation that has a name. */
  readonly source?: Source
}
export type Leaf = Constant | Input | RegisterValue | WireValue | InstanceOutput | BlackBoxOutput | ReadValue
export type Node = Leaf | Operation | Lookup

/** An output port and what drives it. */
export interface Output {
  readonly name: string
  readonly node: Node
  readonly range: Range
  readonly encoding?: Encoding
  readonly source?: Source
  readonly clock?: string
}

export interface Register {
  readonly name: string
  readonly node: RegisterValue
  /** Value after reset. */
  readonly reset: bigint
  /** Value after the next clock edge; the register's own node where it holds. */
  readonly next: Node
  readonly source?: Source
  /** Why it may read values of another clock; without, that is an error. */
  readonly crossing?: string
  /** True for the flip-flops of a synchroniser, which tools must keep side by side. */
  readonly synchroniser?: boolean
}

/**
 * Words that last. At an edge of its clock outside reset each write with `enable` 1 puts its value at its address, later
 * writes last, and each read with `enable` 1 shows the word at its address from then on. Reset changes nothing, neither
 * words nor what reads show. A write outside the memory does nothing.
 */
export interface Memory {
  readonly name: string
  /** Words, at addresses 0 to depth - 1. */
  readonly depth: number
  /** Bounds of every word; 0 is among them. */
  readonly word: Range
  /** Words at power-up from address 0 upwards, 0 beyond; undefined where hardware need not start with any. */
  readonly initial: readonly bigint[] | undefined
  /**
   * What a read shows of a word written at the same edge: the word before ('old') or after ('new'). 'never': the designer
   * promises in `Module.checks` that this does not happen; engines show the old word, hardware may show anything. It is
   * always 'never' where ports are on several clocks, one of them a write.
   */
  readonly collide: 'old' | 'new' | 'never'
  readonly writes: readonly MemoryWrite[]
  readonly reads: readonly MemoryRead[]
  readonly lookups: readonly Lookup[]
  readonly source?: Source
}
export interface MemoryWrite {
  readonly address: Node
  readonly value: Node
  readonly enable: Node
  readonly clock?: string
  /** One enable for each of as many equal parts of the word, the lowest first; a part whose enable is 0 stays. */
  readonly lanes?: readonly Node[]
}
export interface MemoryRead {
  /** Its clock is the port's. */
  readonly node: ReadValue
  readonly address: Node
  readonly enable: Node
}

export interface Wire {
  readonly name: string
  readonly node: WireValue
  readonly driver: Node
  readonly source?: Source
}

export interface Instance {
  readonly name: string
  readonly of: Module
  /** Driver of each input port of `of`, in the order of its ports. */
  readonly inputs: ReadonlyMap<string, Node>
  /** Node of each output port of `of`, in the order of its ports. */
  readonly outputs: ReadonlyMap<string, InstanceOutput>
  readonly source?: Source
  /** Clock of the parent for each clock of `of` that is not driven by the one of its own name. */
  readonly clocks?: ReadonlyMap<string, string>
}

/** A promise of the designer: `holds` is 1 in every cycle outside reset, else the simulation reports `message`. */
export interface Check {
  readonly holds: Node
  readonly message: string
  readonly clock?: string
  /** A second clock: then the promise is about the moments in which both have their edge. */
  readonly meets?: string
  readonly source?: Source
}

export type WarningCode =
  | 'W-UNUSED' // an input, register, memory or instance that no output, check or state ever depends on
  | 'W-CONSTANT' // a comparison whose outcome the bounds decide
  | 'W-ACCEPTED' // a warning that is accepted and is not there

/** Something legal that is hardly meant; never an error. */
export interface Warning {
  readonly code: WarningCode
  /** Names of what it is about: the designer accepts it by one of them. */
  readonly about: readonly string[]
  /** One sentence. */
  readonly message: string
  readonly source?: Source
}

/** A module whose inside is Verilog of others: what stands in for it in simulation. */
export interface BlackBox {
  /** Verilog parameters, values as Verilog text. */
  readonly parameters: Readonly<Record<string, string>>
  /** Its Verilog ports for the clock that moves its state, and for that clock's reset. */
  readonly clock?: { readonly clk: string; readonly rst: string | undefined }
  /** The user's Verilog, for simulators that read Verilog. */
  readonly verilog?: string
  /** Inputs that each output depends on within the cycle. */
  readonly through: ReadonlyMap<string, readonly string[]>
  /** Cycles from an input through the state to an output. */
  readonly latency?: number
  /** State after reset. */
  readonly reset: unknown
  /** An output's value, given the inputs it depends on, in the order of `through`. */
  readonly output: (port: string, inputs: readonly bigint[], state: unknown) => bigint
  /** The state after a clock edge, given all inputs in port order. */
  readonly next?: (inputs: readonly bigint[], state: unknown) => unknown
}

/**
 * One component with its parameters applied. One clock `clk`, one synchronous active-high reset `rst`, both implicit; others
 * by name, `pixel_clk` and `pixel_rst`.
 */
export interface Module {
  readonly name: string
  /** Every parameter as text, for manifests and headers. */
  readonly parameters: Readonly<Record<string, string>>
  readonly inputs: readonly Input[]
  readonly outputs: readonly Output[]
  readonly registers: readonly Register[]
  readonly wires: readonly Wire[]
  readonly memories: readonly Memory[]
  readonly instances: readonly Instance[]
  readonly checks: readonly Check[]
  /** All operations in creation order. */
  readonly operations: readonly Operation[]
  /** Ids given so far: every node's `id` is below it. */
  readonly nodeCount: number
  readonly warnings: readonly Warning[]
  /** Warnings that the designer says are meant, and why; they are not among `warnings`. */
  readonly accepted: readonly (Warning & { readonly why: string })[]
  readonly blackBox?: BlackBox
  /**
   * The same function built from smaller parts, such as full adders: a module of the same name and ports that stands in for
   * this one in Verilog. Engines run this one, which says what is computed. Neither has a clock.
   */
  readonly gates?: Module
}

// ── operations ───────────────────────────────────────────────────────────────────────────────────────────────────

/** What an operation means over integers; `of` is the node itself, its bounds and `amount`. */
interface Meaning {
  readonly arity: number
  fold(values: readonly bigint[], of: Pick<Operation, 'min' | 'max' | 'amount'>): bigint
}

/**
 * The definition of the language: every engine, every fold and every printed line of Verilog must agree with `fold`.
 */
export const operations = {
  /** a + b */
  add: { arity: 2, fold: ([a, b]) => a! + b! },
  /** a - b */
  sub: { arity: 2, fold: ([a, b]) => a! - b! },
  /** a * b */
  mul: { arity: 2, fold: ([a, b]) => a! * b! },
  /** a * 2^amount */
  shl: { arity: 1, fold: ([a], { amount }) => a! << BigInt(amount) },
  /** floor(a / 2^amount) */
  shr: { arity: 1, fold: ([a], { amount }) => a! >> BigInt(amount) },
  /** a * 2^b; b is never negative. */
  shlBy: { arity: 2, fold: ([a, b]) => a! << b! },
  /** floor(a / 2^b); b is never negative. */
  shrBy: { arity: 2, fold: ([a, b]) => a! >> b! },
  /** The one integer congruent to a modulo 2^width that the node's width and sign can write. */
  wrap: { arity: 1, fold: ([a], of) => wrapInto(a!, of) },
  /** a clamped into the node's bounds. */
  sat: { arity: 1, fold: ([a], { min, max }) => clamp(a!, min, max) },
  /** b where a is 1, else c */
  mux: { arity: 3, fold: ([a, b, c]) => (a ? b! : c!) },
  /** 1 where a = b */
  eq: { arity: 2, fold: ([a, b]) => (a === b ? 1n : 0n) },
  /** 1 where a < b */
  lt: { arity: 2, fold: ([a, b]) => (a! < b! ? 1n : 0n) },
  /** Bit by bit, on arguments of one width and no sign. */
  and: { arity: 2, fold: ([a, b]) => a! & b! },
  or: { arity: 2, fold: ([a, b]) => a! | b! },
  xor: { arity: 2, fold: ([a, b]) => a! ^ b! },
  /** Every bit turned, on an argument without sign. */
  not: { arity: 1, fold: ([a], { max }) => max - a! },
  /** a's bits above b's; neither has a sign. */
  cat: { arity: 2, fold: ([a, b], { amount }) => (a! << BigInt(amount)) | b! },
  /** The node's width in bits of a, from bit `amount` upwards; a has no sign. */
  slice: { arity: 1, fold: ([a], { amount, max }) => (a! >> BigInt(amount)) & max },
} as const satisfies Record<string, Meaning>

export type OperationName = keyof typeof operations

/** The value of an operation for given argument values. */
export const fold = (of: Pick<Operation, 'op' | 'min' | 'max' | 'amount'>, values: readonly bigint[]): bigint =>
  (operations[of.op] as Meaning).fold(values, of)

const clamp = (value: bigint, min: bigint, max: bigint): bigint => {
  if (value < min) return min
  return value > max ? max : value
}

// ── bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Bits of a magnitude: 0 for 0. */
const magnitudeBits = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length)

/** True where the bounds need a sign bit. */
export const isSigned = (range: Range): boolean => range.min < 0n

/** Wires needed to write every value of the range: two's complement where it has negative values, at least 1. */
export const widthOf = (range: Range): number => {
  if (range.min >= 0n) return Math.max(1, magnitudeBits(range.max))
  const below = magnitudeBits(~range.min)
  const above = range.max > 0n ? magnitudeBits(range.max) : 0
  return Math.max(below, above) + 1
}

export const fits = (inner: Range, outer: Range): boolean => inner.min >= outer.min && inner.max <= outer.max

/** Reads the low bits of `value` as an integer of the range's width and sign. */
export const wrapInto = (value: bigint, range: Range): bigint =>
  isSigned(range) ? BigInt.asIntN(widthOf(range), value) : BigInt.asUintN(widthOf(range), value)

/** `[-8, 7] (s4)`: bounds first, then sign and width. */
export const showRange = (range: Range): string =>
  `[${range.min}, ${range.max}] (${isSigned(range) ? 's' : 'u'}${widthOf(range)})`
