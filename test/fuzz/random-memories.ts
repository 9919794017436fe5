import {
  type Bool,
  type Builder,
  bool,
  type Clock,
  type Component,
  clock,
  component,
  type Int,
  mainClock,
  on,
  range,
  type Shape,
  type WritableMemory,
} from '../../src/dsl/index.ts'
import {
  anyShape,
  type Limits,
  literalOf,
  Pool,
  pick,
  type Random,
  seeded,
  type Value,
  valueIn,
} from './random-component.ts'

const other = clock('other')

/** What one clock has: signals to make others of, and registers to keep some of them. */
interface Side {
  readonly clock: Clock
  readonly pool: Pool
}

/**
 * A random component of one or two clocks that is mostly memories: words of any shape, ports of either clock, parts of
 * words written alone, tables, lookups, ports that never do anything. No two ports ever write one word at one edge, for
 * hardware may then keep either. The same seed and limits give the same component.
 */
export const randomMemories = (seed: number, limits: Limits): Component => {
  const random = seeded(seed)
  const clocks = random(3) === 0 ? [mainClock] : [mainClock, other]
  const shapes = (prefix: string, of: Clock, count: number): Record<string, Shape> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, k) => [`${prefix}${k}_${of.name}`, on(of, anyShape(random, limits))]),
    )
  const ports = clocks.map((of) => ({ of, in: shapes('i', of, 3), out: shapes('o', of, 3), held: shapes('r', of, 2) }))
  const merged = (which: 'in' | 'out'): Record<string, Shape> =>
    Object.fromEntries(ports.flatMap((side) => Object.entries(side[which])))
  // A register of each clock that no pass can do without, so that the clock stays a port.
  const beats = Object.fromEntries(clocks.map((of) => [`beat_${of.name}`, on(of, bool)]))
  return component(`memories_${seed}`, (_: object) => ({
    in: merged('in'),
    out: { ...merged('out'), ...beats },
    logic(inputs, builder) {
      const sides = ports.map((port) => {
        const pool = new Pool(random, limits)
        for (const name of Object.keys(port.in)) pool.add(inputs[name] as Value)
        const registers = builder.regs(port.held) as unknown as Record<string, Value & { next: unknown }>
        for (const register of Object.values(registers)) pool.add(register)
        return { ...port, clock: port.of, pool, registers }
      })
      const writers = Array.from({ length: 1 + random(3) }, (_, k) => memoryOf(random, limits, builder, sides, k))
      for (const { pool } of sides) for (let k = 0; k < limits.operations; k++) pool.grow()
      for (const write of writers) write()
      for (const { pool, registers, held } of sides)
        for (const [name, register] of Object.entries(registers)) register.next = pool.as(held[name]!)
      const beating = builder.regs(beats)
      for (const beat of Object.values(beating)) beat.next = beat.not()
      return {
        ...Object.fromEntries(
          sides.flatMap(({ pool, out }) => Object.entries(out).map(([name, shape]) => [name, pool.as(shape)])),
        ),
        ...beating,
      } as never
    },
  }))({})
}

/** One memory with its reads in the pools; what comes back gives it its write ports. */
const memoryOf = (
  random: Random,
  limits: Limits,
  builder: Builder,
  sides: readonly Side[],
  k: number,
): (() => void) => {
  let of = anyShape(random, limits)
  while (!holdsZero(of)) of = anyShape(random, limits)
  const depth = 2 + random(random(2) === 0 ? 3 : 30)
  const initial = Array.from(
    { length: 1 + random(depth) },
    () => valueIn(of, (shape) => (random(3) === 0 ? literalOf(random, shape) : zeroOf(shape.kind, shape))) as never,
  )
  const home = pick(random, sides)
  const away = sides.find((side) => side !== home)
  const shared = away !== undefined && random(3) > 0
  const written = random(5) > 0
  const collide = shared ? 'never' : pick(random, ['old', 'new', 'never'] as const)
  const contents = random(2) === 0 ? { initial } : {}
  const made = written
    ? builder.memory(`m${k}`, { depth, of, collide, clock: home.clock, ...contents })
    : builder.rom(`m${k}`, { depth, of, initial, clock: home.clock })

  const address = ({ pool }: Side, shape = made.address): Int =>
    random(6) === 0 ? (pool.as(range(0, 0)) as Int) : (pool.as(shape) as Int)
  const enable = ({ pool }: Side): { enable?: Bool } => (random(2) === 0 ? {} : { enable: pool.bool() })
  const portOn = (side: Side) => ({ ...enable(side), clock: side.clock })
  const reader = shared && random(2) === 0 ? away : home
  const read = (side: Side): void => side.pool.add(made.read(address(side), portOn(side)) as Value)
  for (let port = 0; port <= random(2); port++) read(reader)
  if (shared && random(2) === 0) read(away)
  if (random(4) === 0) builder.when(reader.pool.bool(), () => read(reader))
  if (random(8) === 0) home.pool.add(made.read(address(home), { enable: false }) as Value)
  if (random(3) === 0) home.pool.add(made.lookup(address(home), shared ? { crossing: 'a test' } : {}) as Value)
  if (shared && random(3) === 0) away.pool.add(made.lookup(address(away), { crossing: 'a test' }) as Value)

  return () => {
    if (!('write' in made)) return
    const memory = made as WritableMemory<Shape>
    const lanesOf = ({ pool }: Side): object =>
      of.kind === 'vector' && collide !== 'new' && random(3) > 0
        ? { lanes: Array.from({ length: of.length }, () => (random(6) === 0 ? random(2) === 0 : pool.bool())) }
        : {}
    const write = (side: Side, at: Int, when: { enable?: Bool | boolean }): void =>
      memory.write(at, side.pool.as(of) as never, { ...lanesOf(side), ...when, clock: side.clock } as never)
    if (shared && random(2) === 0) {
      // Each clock has its own half of the words.
      const half = Math.floor(depth / 2)
      write(home, address(home, range(0, half - 1)), enable(home))
      write(away, address(away, range(0, depth - half - 1)).add(half), enable(away))
      return
    }
    const first = { at: address(home), enable: random(8) === 0 ? home.pool.bool().and(false) : home.pool.bool() }
    builder.when(first.enable, () => write(home, first.at, {}))
    if (random(3) > 0) return
    const at = address(home)
    write(home, at, { enable: first.enable.and(first.at.eq(at)).not() })
  }
}

const holdsZero = (of: Shape): boolean => {
  let holds = true
  valueIn(of, ({ min, max }) => {
    holds &&= min <= 0n && max >= 0n
  })
  return holds
}

const zeroOf = (kind: string, shape: object): unknown => {
  if (kind === 'bool') return false
  return kind === 'enum' ? (shape as { names: readonly string[] }).names[0] : 0
}
