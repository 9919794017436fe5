import {
  type Bits,
  type Bool,
  type Builder,
  bits,
  bool,
  type Component,
  cat,
  component,
  type Int,
  IntShape,
  mux,
  type ScalarShape,
  s,
  sum,
  u,
  type WritableMemory,
} from '../../src/dsl/index.ts'

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

type Random = (below: number) => number
type AnySignal = Int | Bool | Bits

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

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!

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
  switch (random(6)) {
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

const shapes = (random: Random, prefix: string, count: number, limits: Limits): Record<string, ScalarShape> =>
  Object.fromEntries(Array.from({ length: count }, (_, k) => [`${prefix}${k}`, randomShape(random, limits)]))

const randomModule = (random: Random, limits: Limits, name: string): Component => {
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
      for (const signal of Object.values(ports)) pool.add(signal as AnySignal)
      const r = builder.regs(registers)
      for (const signal of Object.values(r)) pool.add(signal as unknown as AnySignal)
      const feedback: (() => void)[] = []
      // A third of the modules have memories.
      const memories = random(3) === 0 ? randomMemories(random, limits, pool, builder) : undefined
      children.forEach((child, k) => {
        for (let copy = 0; copy <= random(2); copy++) {
          const instance = `x${k}_${copy}`
          // Every second input comes through a wire that is driven after everything else, by registers only: no loops.
          const through = Object.entries(child.in).map(
            ([port, shape]) => [port, shape as ScalarShape, random(2) === 0] as const,
          )
          const wires = builder.wires(
            Object.fromEntries(
              through.filter(([, , late]) => late).map(([port, shape]) => [`w_${instance}_${port}`, shape]),
            ),
          ) as unknown as Record<string, AnySignal & { value: unknown }>
          const drivers = through.map(([port, shape, late]) => {
            if (!late) return [port, pool.as(shape)] as const
            const wire = wires[`w_${instance}_${port}`]!
            feedback.push(() => {
              wire.value = pool.convert(pick(random, Object.values(r)) as unknown as AnySignal, shape)
            })
            return [port, wire] as const
          })
          const out = builder.use(instance, child, Object.fromEntries(drivers) as never)
          for (const signal of Object.values(out)) pool.add(signal as AnySignal)
        }
      })
      for (let k = 0; k < limits.operations; k++) pool.grow()
      memories?.write()
      for (const drive of feedback) drive()
      const assign = (): void => {
        const [key, shape] = pick(random, Object.entries(registers))
        ;(r as unknown as Record<string, { next: unknown }>)[key]!.next = pool.as(shape)
      }
      let promises = 0
      const nested = (depth: number): void => {
        for (let k = 0; k <= random(2); k++) assign()
        if (random(8) === 0) builder.check(pool.bool(), `promise ${++promises} is kept`)
        if (depth > 0 && random(3) > 0)
          builder.when(pool.bool(), () => nested(depth - 1), random(2) === 0 ? () => nested(depth - 1) : undefined)
      }
      nested(3)
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
    const of = randomShape(random, limits)
    if (of.min > 0n) continue
    const depth = 2 + random(random(2) === 0 ? 6 : 40)
    const word = (): bigint => (random(3) === 0 ? 0n : of.min + (BigInt(random(2 ** 31)) % (of.max - of.min + 1n)))
    const words = Array.from({ length: 1 + random(depth) }, word)
    const initial = (of.kind === 'bool' ? words.map((value) => value === 1n) : words) as bigint[]
    const written = random(4) > 0
    const collide = pick(random, ['old', 'new', 'never'] as const)
    const made = written
      ? builder.memory(`m${k}`, { depth, of, collide, ...(random(2) === 0 ? { initial } : {}) })
      : builder.rom(`m${k}`, { depth, of, initial })
    const address = (): Int => pool.as(made.address) as Int
    const enable = (): { enable?: Bool } => (random(2) === 0 ? {} : { enable: pool.bool() })
    const read = (): void => pool.add(made.read(address(), enable()) as AnySignal)
    for (let port = 0; port < 1 + random(2); port++) read()
    if (random(2) === 0) pool.add(made.lookup(address()) as AnySignal)
    if (random(3) === 0) builder.when(pool.bool(), read)
    writers.push(() => {
      if (!('write' in made)) return
      const memory = made as WritableMemory<ScalarShape>
      const first = { at: address(), enable: pool.bool() }
      builder.when(first.enable, () => memory.write(first.at, pool.as(of) as never))
      if (random(3) > 0) return
      const at = address()
      memory.write(at, pool.as(of) as never, { enable: first.enable.and(first.at.eq(at)).not() })
    })
  }
  return {
    write() {
      for (const writer of writers) writer()
    },
  }
}

/** Values to build further ones from; recent ones are likelier. */
class Pool {
  readonly #random: Random
  readonly #limits: Limits
  readonly #ints: Int[] = []
  readonly #bools: Bool[] = []
  readonly #bits: Bits[] = []

  constructor(random: Random, limits: Limits) {
    this.#random = random
    this.#limits = limits
  }

  add(signal: AnySignal): void {
    if (signal.kind === 'bool') this.#bools.push(signal)
    else if (signal.kind === 'bits') {
      if (signal.width <= this.#limits.width) this.#bits.push(signal)
    } else if (signal.shape.width <= this.#limits.width) this.#ints.push(signal)
  }

  bool(): Bool {
    return this.#bools.length > 0 ? this.#recent(this.#bools) : this.#anything().eq(1)
  }

  /** Some value, brought to a shape. */
  as(shape: ScalarShape): AnySignal {
    const kinds: AnySignal[] = [this.#anything(), this.bool()]
    if (this.#bits.length > 0) kinds.push(this.#recent(this.#bits))
    return this.convert(pick(this.#random, kinds), shape)
  }

  convert(signal: AnySignal, shape: ScalarShape): AnySignal {
    if (shape.kind === 'bool')
      return signal.kind === 'bool' ? signal : signal.kind === 'int' ? signal.lt(3) : signal.any()
    const int = signal.kind === 'int' ? signal : signal.kind === 'bool' ? signal.int() : signal.unsigned()
    if (shape.kind === 'bits') return int.bits(shape.width)
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
    switch (random(25)) {
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
        switch (random(8)) {
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

  /** The same value or what is left of it in another shape: equal more often than two values by chance. */
  #twin(a: Int): Int {
    const { width } = a.shape
    const shape = pick(this.#random, [s(width), u(width), u(Math.max(1, width - 1))])
    return a.wrap(shape)
  }

  #anything(): Int {
    if (this.#ints.length > 0) return this.#recent(this.#ints)
    return (this.#bits.length > 0 ? this.#bits[0]!.unsigned() : this.#bools[0]!.int()) as Int
  }

  #recent<T>(from: readonly T[]): T {
    const back = Math.min(this.#random(from.length), this.#random(from.length))
    return from[from.length - 1 - back]!
  }
}

const isWhole = (shape: IntShape): boolean => {
  const whole = shape.min < 0n ? s(shape.width) : u(shape.width)
  return whole.min === shape.min && whole.max === shape.max
}
