import {
  asyncFifo,
  type Bits,
  type Bool,
  bits,
  blackBox,
  bool,
  type Clock,
  type Component,
  clock,
  component,
  type Int,
  mainClock,
  on,
  type ScalarShape,
  s,
  sync2,
} from '../../src/dsl/index.ts'
import { type Limits, Pool, pick, randomComponent, scalarShapes, seeded } from './random-component.ts'

type AnySignal = Int | Bool | Bits
type Settable = AnySignal & { next: unknown }
const other = clock('other')
const sides = [mainClock, other] as const

/**
 * A random component of two clocks: random single-clock components on either, black boxes with a state, registers and
 * promises of both, flags through `sync2`, words through `asyncFifo` and through memories both ways, and, at depth 1 and more, a component
 * like itself whose clocks may be exchanged. The same seed and limits give the same component.
 */
export const randomStructure = (seed: number, limits: Limits): Component => {
  const random = seeded(seed)
  const singles = Array.from({ length: 2 }, (_, k) =>
    randomComponent(seed * 16 + k + 1_000_000, { ...limits, operations: 8, depth: 0 }),
  )
  const nested = limits.depth > 0 ? randomStructure(seed * 16 + 15, { ...limits, depth: limits.depth - 1 }) : undefined
  const perSide = sides.map((side, k) => {
    const of = (prefix: string, count: number) => scalarShapes(random, `${prefix}${k}_`, count, limits)
    return { side, in: of('i', 2), out: of('o', 2), registers: of('r', 3) }
  })
  const ports = (of: 'in' | 'out') =>
    Object.fromEntries(
      perSide.flatMap((part) => Object.entries(part[of]).map(([name, shape]) => [name, on(part.side, shape)])),
    )
  return component(`structure_${seed}`, (_: object) => ({
    in: ports('in'),
    out: ports('out'),
    logic(inputs, builder) {
      const parts = perSide.map((part) => {
        const pool = new Pool(random, limits)
        for (const name of Object.keys(part.in)) pool.add(inputs[name] as AnySignal)
        const flags = builder.regs({ [`flag_${part.side.name}`]: bool }, { clock: part.side })
        const registers = builder.regs(part.registers, { clock: part.side }) as unknown as Record<string, Settable>
        for (const register of Object.values(registers)) pool.add(register)
        return { ...part, pool, flag: Object.values(flags)[0]!, registers }
      })
      const [here, there] = parts as [(typeof parts)[number], (typeof parts)[number]]

      const instance = (name: string, part: Component, clocks: readonly (readonly [Clock, Clock])[]): void => {
        const outer = (inner: Clock): Clock => clocks.find(([from]) => from.name === inner.name)?.[1] ?? inner
        const poolOf = (shape: object) =>
          parts.find(({ side }) => side.name === outer((shape as { clock?: Clock }).clock ?? mainClock).name)!.pool
        const drivers = Object.entries(part.in).map(([port, shape]) => [port, poolOf(shape).as(shape as ScalarShape)])
        const outputs = builder.use(name, part, Object.fromEntries(drivers) as never, { clocks })
        for (const [port, signal] of Object.entries(outputs)) poolOf(part.out[port]!).add(signal as AnySignal)
      }
      singles.forEach((single, k) => {
        const to = pick(random, sides)
        instance(`single_${k}`, single, [[mainClock, to]])
      })
      instance('box', randomBox(2 + random(Math.min(40, limits.width))), random(2) ? [[mainClock, other]] : [])
      if (nested)
        instance(
          'nested',
          nested,
          random(2)
            ? [
                [mainClock, other],
                [other, mainClock],
              ]
            : [],
        )
      for (const [from, to] of [
        [here, there],
        [there, here],
      ] as const) {
        to.pool.add(sync2(builder, `flag_into_${to.side.name}`, from.flag, { to: to.side }))
        const of = pick(
          random,
          Object.values(from.registers).map((register) => shapeOf(register)),
        )
        const fifo = builder.use(
          `fifo_into_${to.side.name}`,
          asyncFifo({ of, depth: 2 << random(2), write: from.side, read: to.side }),
          { in_valid: from.pool.bool(), in_data: from.pool.as(of) as never, out_ready: to.pool.bool() },
        )
        const word = bits(1 + random(Math.min(limits.width, 70)))
        // A memory that one clock writes and the other reads.
        const shared = builder.memory(`shared_with_${to.side.name}`, {
          depth: 2 + random(6),
          of: word,
          collide: 'never',
          clock: from.side,
        })
        shared.write(from.pool.as(shared.address) as Int, from.pool.as(word) as Bits, { enable: from.pool.bool() })
        to.pool.add(shared.read(to.pool.as(shared.address) as Int, { clock: to.side }))
        from.pool.add(fifo.in_ready)
        to.pool.add(fifo.out_valid)
        to.pool.add(fifo.out_data as AnySignal)
      }

      for (const { pool, flag, registers, side } of parts) {
        for (let k = 0; k < limits.operations; k++) pool.grow()
        flag.next = pool.bool()
        builder.check(pool.bool(), `a promise of ${side.name}`)
        for (const register of Object.values(registers)) {
          const assign = (): void => {
            register.next = pool.as(shapeOf(register))
          }
          if (random(2)) builder.when(pool.bool(), assign, random(2) ? assign : undefined)
          else assign()
        }
      }
      return Object.fromEntries(
        parts.flatMap((part) => Object.entries(part.out).map(([name, shape]) => [name, part.pool.as(shape)])),
      ) as never
    },
  }))({})
}

const shapeOf = (signal: AnySignal): ScalarShape => {
  if (signal.kind === 'bool') return bool
  return signal.kind === 'bits'
    ? { kind: 'bits', width: signal.width, ...range(signal), tag: `b${signal.width}` }
    : signal.shape
}
const range = ({ node: { min, max } }: AnySignal) => ({ min, max })

/** `SUM = A + B` at once, `LAST` what it was before the edge, both `width` + 1 bits. */
const randomBox = (width: number): Component => {
  const sum = s(width + 1)
  return blackBox(`FUZZ_BOX_${width}`, {
    in: { A: s(width), B: s(width) },
    out: { SUM: sum, LAST: sum },
    clock: 'CLK',
    reset: 'RST',
    through: { LAST: [] },
    model: {
      reset: 0n,
      outputs: { SUM: ({ A, B }) => A + B, LAST: (_, last) => last },
      next: ({ A, B }) => A + B,
    },
    verilog: `module FUZZ_BOX_${width} (
  input wire CLK, input wire RST,
  input wire signed [${width - 1}:0] A, input wire signed [${width - 1}:0] B,
  output wire signed [${width}:0] SUM, output reg signed [${width}:0] LAST
);
  assign SUM = {A[${width - 1}], A} + {B[${width - 1}], B};
  always @(posedge CLK) if (RST) LAST <= ${width + 1}'d0; else LAST <= SUM;
endmodule
`,
  }) as unknown as Component
}
