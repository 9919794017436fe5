import {
  asFixed,
  type Bits,
  type Bool,
  type Builder,
  bits,
  bool,
  type Component,
  cat,
  component,
  type Enum,
  enumeration,
  equal,
  type Fixed,
  fixed,
  type Int,
  IntShape,
  match,
  mux,
  pack,
  type RegisterShapes,
  range,
  record,
  reset,
  type ScalarShape,
  type Shape,
  type Shapes,
  type SignalOf,
  s,
  select,
  sum,
  u,
  unpack,
  vec,
  type WritableMemory,
} from '../../src/dsl/index.ts'
import { scalarsOf } from '../../src/dsl/shape.ts'

/** A small seeded generator of numbers (mulberry32); the same seed gives the same design. */
export const seeded = (seed: number): ((below: number) => number) => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

export type Random = (below: number) => number
type AnySignal = Int | Bool | Bits | Enum | Fixed
/** A signal, or signals in a vector or a record. */
export type Value = AnySignal | readonly Value[] | { readonly [field: string]: Value }

export interface Limits {
  /** Widest value. */
  readonly width: number
  /** Widths that half of all shapes have. */
  readonly favourites?: readonly number[]
  /** Operations per module. */
  readonly operations: number
  /** Levels of hierarchy under the top. */
  readonly depth: number
}

/**
 * A random component: every operation, registers, wires with feedback, instances, nested conditions, checks that may fail.
 * The same seed and limits give the same component.
 */
export const randomComponent = (seed: number, limits: Limits): Component => {
  const random = seeded(seed)
  return randomModule(random, limits, `fuzz_${seed}`)
}

export const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!

/** Widths at which representations change hands, and their neighbours. */
const seams = [1, 7, 8, 15, 16, 31, 32, 33, 52, 53, 54, 63, 64, 65]

const randomWidth = (random: Random, { width: most, favourites }: Limits): number => {
  if (favourites && random(2) === 0) return pick(random, favourites)
  if (random(3) > 0) return 1 + random(Math.min(most, 12))
  return random(2) === 0
    ? 1 + random(most)
    : pick(
        random,
        seams.filter((width) => width <= most),
      )
}

const randomShape = (random: Random, limits: Limits): ScalarShape => {
  const w = randomWidth(random, limits)
  switch (random(8)) {
    case 6:
      return randomEnumeration(random)
    case 7:
      return fixed(s(w + 1), random(9))
    case 0:
      return bool
    case 1:
      return bits(w)
    case 2:
      return u(w)
    case 3: {
      const whole = s(w + 1)
      return new IntShape(whole.min + BigInt(random(3)), whole.max - BigInt(random(2)))
    }
    case 4:
      return new IntShape(-BigInt(random(9)), 1n + BigInt(random(200)))
    default:
      return s(w + 1)
  }
}

const randomEnumeration = (random: Random) =>
  enumeration(pick(random, ['mode', 'phase']), ['one', 'two', 'three', 'four', 'five'].slice(0, 2 + random(4)))

/** Ports of scalars alone. */
export const scalarShapes = (
  random: Random,
  prefix: string,
  count: number,
  limits: Limits,
): Record<string, ScalarShape> =>
  Object.fromEntries(Array.from({ length: count }, (_, k) => [`${prefix}${k}`, randomShape(random, limits)]))

/** A scalar, or now and then a vector or record of shapes. */
export const anyShape = (random: Random, limits: Limits, depth = 2): Shape => {
  if (depth === 0 || random(5) > 0) return randomShape(random, limits)
  if (random(2) === 0) return vec(1 + random(3), anyShape(random, limits, depth - 1))
  return record(
    Object.fromEntries(
      ['sign', 'code', 'rest'].slice(random(3)).map((key) => [key, anyShape(random, limits, depth - 1)]),
    ),
  )
}

/** A value of a shape, scalar by scalar. */
export const valueIn = <T>(shape: Shape, make: (shape: ScalarShape) => T): unknown => {
  if (shape.kind === 'vector') return Array.from({ length: shape.length }, () => valueIn(shape.element, make))
  if (shape.kind !== 'record') return make(shape)
  return Object.fromEntries(Object.entries(shape.fields).map(([field, inner]) => [field, valueIn(inner, make)]))
}

/** A literal of a scalar shape, not far from its lower bound, in fixed point from 0. */
export const literalOf = (random: Random, shape: ScalarShape): unknown => {
  const span = shape.max - shape.min < 99n ? shape.max - shape.min : 99n
  const above = BigInt(random(Number(span) + 1))
  if (shape.kind === 'bool') return above === 1n
  if (shape.kind === 'enum') return shape.names[Number(above)]
  if (shape.kind === 'fixed') return Number(above < shape.max ? above : shape.max) / 2 ** shape.fraction
  return shape.min + above
}

const signalsIn = (value: Value): readonly AnySignal[] =>
  'graph' in value && 'node' in value
    ? [value as AnySignal]
    : Object.values(value as { readonly [field: string]: Value }).flatMap(signalsIn)

const shapes = (random: Random, prefix: string, count: number, limits: Limits): Shapes =>
  Object.fromEntries(Array.from({ length: count }, (_, k) => [`${prefix}${k}`, anyShape(random, limits)]))

const withResets = (random: Random, of: Shapes): RegisterShapes =>
  Object.fromEntries(
    Object.entries(of).map(([key, shape]) => [
      key,
      random(2) === 0 ? shape : reset(shape, valueIn(shape, (scalar) => literalOf(random, scalar)) as never),
    ]),
  )
const randomModule = (random: Random, limits: Limits, name: string): Component<Shapes, Shapes> => {
  const children =
    limits.depth > 0
      ? Array.from({ length: 1 + random(2) }, (_, k) =>
          randomModule(random, { ...limits, depth: limits.depth - 1 - random(2) }, `${name}_${k}`),
        )
      : []
  const inputs = shapes(random, 'i', 1 + random(4), limits)
  const outputs = shapes(random, 'o', 1 + random(4), limits)
  const registers = shapes(random, 'r', 1 + random(5), limits)
  return component(name, (_: object) => ({
    in: inputs,
    out: outputs,
    logic(ports, builder) {
      const pool = new Pool(random, limits)
      for (const value of Object.values(ports)) pool.add(value as Value)
      const r = builder.regs(withResets(random, registers)) as unknown as Readonly<
        Record<string, Value & { next: unknown }>
      >
      for (const value of Object.values(r)) pool.add(value)
      const held = Object.values(r).flatMap(signalsIn)
      const feedback: (() => void)[] = []
      // A third of the modules have memories.
      const memories = random(3) === 0 ? randomMemories(random, limits, pool, builder) : undefined
      children.forEach((child, k) => {
        for (let copy = 0; copy <= random(2); copy++) {
          const instance = `x${k}_${copy}`
          // Every second input comes through a wire that is driven after everything else, by registers only: no loops.
          const through = Object.entries(child.in).map(([port, shape]) => [port, shape, random(2) === 0] as const)
          const wires = builder.wires(
            Object.fromEntries(
              through.filter(([, , late]) => late).map(([port, shape]) => [`w_${instance}_${port}`, shape]),
            ),
          ) as unknown as Record<string, Value & { value: unknown }>
          const drivers = through.map(([port, shape, late]) => {
            if (!late) return [port, pool.as(shape)] as const
            const wire = wires[`w_${instance}_${port}`]!
            feedback.push(() => {
              wire.value = valueIn(shape, (scalar) => pool.convert(pick(random, held), scalar))
            })
            return [port, wire] as const
          })
          const out = builder.use(instance, child, Object.fromEntries(drivers) as never)
          for (const value of Object.values(out)) pool.add(value as Value)
        }
      })
      for (let k = 0; k < limits.operations; k++) pool.grow()
      memories?.write()
      for (const drive of feedback) drive()
      const assign = (): void => {
        const [key, shape] = pick(random, Object.entries(registers))
        const whole = r[key]!
        const part = random(2) === 0 ? whole : pick(random, signalsIn(whole))
        if (part === whole) whole.next = pool.as(shape)
        else (part as { next?: unknown }).next = pool.as(shapeOf(part as AnySignal))
      }
      let promises = 0
      const nested = (depth: number): void => {
        for (let k = 0; k <= random(2); k++) assign()
        if (random(8) === 0) builder.check(pool.bool(), `promise ${++promises} is kept`)
        if (depth > 0 && random(3) > 0)
          builder.when(pool.bool(), () => nested(depth - 1), random(2) === 0 ? () => nested(depth - 1) : undefined)
      }
      nested(3)
      if (random(2) === 0) machine(random, builder, pool, assign)
      nested(1)
      return Object.fromEntries(Object.entries(outputs).map(([port, shape]) => [port, pool.as(shape)])) as never
    },
  }))({})
}

/**
 * One or two memories of any policy, depth and contents, their reads in the pool; `write` gives them write ports later, out
 * of what has grown from their reads. Two ports never write one word, for hardware may then store either.
 */
const randomMemories = (random: Random, limits: Limits, pool: Pool, builder: Builder): { write(): void } => {
  const writers: (() => void)[] = []
  for (let k = 0; k <= random(2); k++) {
    const of = random(4) === 0 ? vec(2 + random(2), randomShape(random, limits)) : anyShape(random, limits)
    if (scalarsOf('', of).some(([, { min }]) => min > 0n)) continue
    const depth = 2 + random(random(2) === 0 ? 6 : 40)
    const scalar = (shape: ScalarShape): unknown => {
      if (shape.kind === 'enum' || shape.kind === 'fixed') return literalOf(random, shape)
      const value = random(3) === 0 ? 0n : shape.min + (BigInt(random(2 ** 31)) % (shape.max - shape.min + 1n))
      return shape.kind === 'bool' ? value === 1n : value
    }
    const initial = Array.from({ length: 1 + random(depth) }, () => valueIn(of, scalar)) as never[]
    const written = random(4) > 0
    const collide = pick(random, ['old', 'new', 'never'] as const)
    const made = written
      ? builder.memory(`m${k}`, { depth, of, collide, ...(random(2) === 0 ? { initial } : {}) })
      : builder.rom(`m${k}`, { depth, of, initial })
    const address = (): Int => pool.as(made.address) as Int
    const enable = (): { enable?: Bool } => (random(2) === 0 ? {} : { enable: pool.bool() })
    const read = (): void => pool.add(made.read(address(), enable()) as Value)
    for (let port = 0; port < 1 + random(2); port++) read()
    if (random(2) === 0) pool.add(made.lookup(address()) as Value)
    if (random(3) === 0) builder.when(pool.bool(), read)
    const lanes = (): { lanes?: Bool[] } =>
      of.kind === 'vector' && collide !== 'new' && random(3) > 0
        ? { lanes: Array.from({ length: of.length }, () => pool.bool()) }
        : {}
    if (written)
      writers.push(() => {
        const memory = made as WritableMemory<Shape>
        const write = (at: Int, options: object): void => memory.write(at, pool.as(of) as never, options as never)
        const first = { at: address(), enable: pool.bool() }
        builder.when(first.enable, () => write(first.at, lanes()))
        if (random(3) > 0) return
        const at = address()
        write(at, { enable: first.enable.and(first.at.eq(at)).not(), ...lanes() })
      })
  }
  return {
    write() {
      for (const writer of writers) writer()
    },
  }
}

/** A state machine that goes about at random and assigns registers on its way. */
const machine = (random: Random, { fsm, when, match }: Builder, pool: Pool, assign: () => void): void => {
  const names = ['idle', 'load', 'run', 'wait_for_all', 'drain'].slice(0, 2 + random(4))
  const states = names.map((state) => {
    const body = ({ goto }: { goto(to: string): void }): void => {
      if (random(3) > 0) assign()
      when(pool.bool(), () => goto(pick(random, names)), random(2) === 0 ? () => goto(pick(random, names)) : undefined)
    }
    return [state, body] as const
  })
  const control = fsm('control', Object.fromEntries(states))
  pool.add(control.is(names[0]!, names.at(-1)!))
  pool.add(control.state)
  const mode = pool.enumeration()
  match(mode, Object.fromEntries(mode.shape.names.map((mode) => [mode, random(3) > 0 ? assign : () => {}])))
}

/** The shape that holds just what the signal does. */
const shapeOf = (signal: AnySignal): ScalarShape => {
  if (signal.kind === 'bool') return bool
  return signal.kind === 'bits' ? bits(signal.width) : signal.shape
}

/** Values to build further ones from; recent ones are likelier. */
export class Pool {
  readonly #random: Random
  readonly #limits: Limits
  readonly #ints: Int[] = []
  readonly #bools: Bool[] = []
  readonly #bits: Bits[] = []
  readonly #enums: Enum[] = []
  readonly #fixeds: Fixed[] = []

  constructor(random: Random, limits: Limits) {
    this.#random = random
    this.#limits = limits
  }

  add(value: Value): void {
    for (const signal of signalsIn(value)) this.#add(signal)
  }

  #add(signal: AnySignal): void {
    if (signal.kind === 'bool') this.#bools.push(signal)
    else if (signal.kind === 'enum') this.#enums.push(signal)
    else if (signal.kind === 'fixed') {
      if (signal.shape.width <= this.#limits.width) this.#fixeds.push(signal)
    } else if (signal.kind === 'bits') {
      if (signal.width <= this.#limits.width) this.#bits.push(signal)
    } else if (signal.shape.width <= this.#limits.width) this.#ints.push(signal)
  }

  bool(): Bool {
    return this.#bools.length > 0 ? this.#recent(this.#bools) : this.#anything().eq(1)
  }

  /** Some value, brought to a shape. */
  as(shape: Shape): Value {
    return valueIn(shape, (scalar) => this.#scalar(scalar)) as Value
  }

  enumeration(): Enum {
    return this.#enums.length > 0 ? this.#recent(this.#enums) : (this.#scalar(randomEnumeration(this.#random)) as Enum)
  }

  #scalar(shape: ScalarShape): AnySignal {
    const kinds: AnySignal[] = [this.#anything(), this.bool()]
    if (this.#bits.length > 0) kinds.push(this.#recent(this.#bits))
    if (this.#fixeds.length > 0) kinds.push(this.#recent(this.#fixeds))
    const same = shape.kind === 'enum' ? this.#enums.filter((value) => value.shape.tag === shape.tag) : []
    return same.length > 0 ? this.#recent(same) : this.convert(pick(this.#random, kinds), shape)
  }

  convert(signal: AnySignal, shape: ScalarShape): AnySignal {
    if (shape.kind === 'bool')
      return signal.kind === 'bool' ? signal : signal.kind === 'bits' ? signal.any() : integerOf(signal).lt(3)
    const int = integerOf(signal)
    if (shape.kind === 'bits') return int.bits(shape.width)
    if (shape.kind === 'enum') return shape.of(int.sat(range(shape.min, shape.max)))
    if (shape.kind === 'fixed') {
      const value = signal.kind === 'fixed' && signal.fraction <= shape.fraction ? signal : asFixed(int, shape.fraction)
      return value.sat(shape)
    }
    return this.#random(2) === 0 || !isWhole(shape) ? int.sat(shape) : int.wrap(shape)
  }

  grow(): void {
    this.add(this.#combined())
  }

  #combined(): AnySignal {
    const random = this.#random
    const a = this.#anything()
    const b = random(3) === 0 ? this.#anything() : pick(random, this.#ints.length > 0 ? this.#ints : [a])
    const c = this.bool()
    const d = this.bool()
    switch (random(32)) {
      case 25: {
        const amount = pick(random, [b, a, d.int()]).sat(range(0, 1 + random(Math.min(12, this.#limits.width))))
        return random(2) === 0 && a.shape.width + Number(amount.shape.max) <= this.#limits.width
          ? a.shlBy(amount)
          : a.shrBy(random(4) === 0 ? b.sat(u(Math.max(1, b.shape.width))) : amount)
      }
      case 26:
      case 27:
        return this.#inFixedPoint(a, c)
      case 28: {
        const mode = this.enumeration()
        const other = this.enumeration()
        const arms = <V>(make: () => V): Record<string, V> =>
          Object.fromEntries(mode.shape.names.map((name) => [name, make()]))
        return pick(random, [
          mode.eq(pick(random, mode.shape.names)),
          mode.is(mode.shape.names[0]!, mode.shape.names.at(-1)!),
          match(
            mode,
            arms(() => pick(random, [a, b, random(9)])),
          ),
          match(
            mode,
            arms(() => other),
          ),
          mux(c, mode, mode.shape.names[0]!),
          mode.int(),
          mode.bits(),
        ])
      }
      case 29:
        return this.#aggregate(a, c)
      case 30: {
        const list = Array.from({ length: 1 + random(9) }, () => pick(random, [this.#anything(), a]))
        const index = pick(random, [a, b]).sat(range(0, list.length - 1))
        return select(list, index)
      }
      case 0:
        return a.add(b)
      case 1:
        return a.sub(b)
      case 2:
        return a.shape.width + b.shape.width <= this.#limits.width ? a.mul(b) : a.neg()
      case 3:
      case 4:
        return mux(c, a, b)
      case 5:
        return a.shl(random(5))
      case 6:
        return a.shr(random(a.shape.width + 2))
      case 7:
      case 8:
        return this.convert(a, randomShape(random, this.#limits))
      case 9:
        return pick(random, [a.lt(b), a.gt(b), a.le(b), a.ge(b)])
      case 10:
        return pick(random, [a.eq(b), a.eq(this.#twin(a)), a.ne(this.#twin(a)), sum([a, b, a]).eq(b), a.bit(0)])
      case 11:
        return c.and(d)
      case 12:
        return c.or(d)
      case 13:
        return random(2) ? c.not() : c.xor(d)
      case 14:
        return a.bits()
      case 15:
        return a.add(random(40) - 20)
      case 16:
        return mux(c, random(100) - 50, a)
      case 17:
        return a.mul(random(9) - 4)
      case 18:
        return mux(c, d, this.bool())
      default: {
        const x = this.#bits.length > 0 ? this.#recent(this.#bits) : a.bits()
        const y = this.#bits.length > 0 ? this.#recent(this.#bits) : b.bits()
        const z = random(2) === 0 ? y.unsigned().bits(x.width) : b.bits(x.width)
        const high = random(x.width)
        const low = random(high + 1)
        switch (random(12)) {
          case 8:
            return pick(random, [x.popcount(), x.leadingZeros()])
          case 9:
            return pick(random, [x.reverse(), x.reduce('xor'), x.reduce('and'), x.reduce('or')])
          case 10:
            return x.rotateLeft(b.sat(range(0, random(2) === 0 ? x.width - 1 : 20)))
          case 11:
            return x.rotateLeft(random(70))
          case 0:
            return x.not()
          case 1:
            return cat(x, y)
          case 2:
            return x.slice(high, low)
          case 3:
            return x.bit(high)
          case 4:
            return x.signed()
          case 5:
            return x.unsigned()
          case 6:
            return pick(random, [x.and(z), x.or(z), x.xor(z), mux(c, x, z), x.eq(z), x.any(), x.all()])
          default:
            return x.and(BigInt(random(2 ** Math.min(20, x.width))))
        }
      }
    }
  }

  #inFixedPoint(a: Int, c: Bool): AnySignal {
    const random = this.#random
    const x = this.#fixeds.length > 0 && random(3) > 0 ? this.#recent(this.#fixeds) : asFixed(a, random(7))
    const y = this.#fixeds.length > 0 ? this.#recent(this.#fixeds) : x
    const mode = pick(random, ['half-even', 'half-up', 'floor'] as const)
    const narrow = x.shape.width + y.shape.width <= this.#limits.width
    return pick(random, [
      () => x.round(random(x.fraction + 1), mode),
      () => x.round(random(x.fraction + 1), mode),
      () => (narrow ? x.mul(y) : x.neg()),
      () => x.add(y),
      () => x.sub(random(2) === 0 ? y : 0.75),
      () => pick(random, [x.lt(y), x.ge(y), x.eq(y), x.gt(-0.5)]),
      () => mux(c, x, y),
      () => x.raw,
    ])()
  }

  /** Records and vectors made, chosen between, compared, packed and unpacked. */
  #aggregate(a: Int, c: Bool): AnySignal {
    const random = this.#random
    const shape = record({ list: vec(2, bits(3)), number: s(5), flag: bool })
    const [x, y] = [this.as(shape), this.as(shape)] as unknown as [SignalOf<typeof shape>, SignalOf<typeof shape>]
    return pick(random, [
      () => equal(x, y),
      () => pack(shape, x),
      () => mux(c, x, y).number,
      () => select([x, y, x], a.sat(range(0, 2))).list[1]!,
      () => unpack(shape, a.bits(12)).number,
      () => unpack(shape, pack(shape, mux(c, y, x))).list[0]!,
    ])()
  }

  /** The same value or what is left of it in another shape: equal more often than two values by chance. */
  #twin(a: Int): Int {
    const { width } = a.shape
    const shape = pick(this.#random, [s(width), u(width), u(Math.max(1, width - 1))])
    return a.wrap(shape)
  }

  #anything(): Int {
    if (this.#ints.length > 0) return this.#recent(this.#ints)
    return integerOf([...this.#bits, ...this.#bools, ...this.#enums, ...this.#fixeds][0]!)
  }

  #recent<T>(from: readonly T[]): T {
    const back = Math.min(this.#random(from.length), this.#random(from.length))
    return from[from.length - 1 - back]!
  }
}

const integerOf = (signal: AnySignal): Int => {
  if (signal.kind === 'int') return signal
  if (signal.kind === 'fixed') return signal.raw
  return signal.kind === 'bits' ? signal.unsigned() : signal.int()
}

const isWhole = (shape: IntShape): boolean => {
  const whole = shape.min < 0n ? s(shape.width) : u(shape.width)
  return whole.min === shape.min && whole.max === shape.max
}
