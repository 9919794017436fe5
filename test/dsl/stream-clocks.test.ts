import { describe, expect, it } from 'vitest'
import {
  arbiter,
  bool,
  clock,
  component,
  enumeration,
  fork,
  join,
  mainClock,
  map,
  on,
  pipe,
  queue,
  record,
  type StreamShape,
  s,
  stream,
  u,
  vec,
} from '../../src/dsl/index.ts'
import { type Engine, portNamed, readPort, writePort } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { toldBy } from '../fuzz/failures.ts'
import { maker, mistake } from './maker.ts'
import { printed } from './verilog/printed.ts'

const pixel = clock('pixel')
const mode = enumeration('mode', ['fp4', 'int8'])
const sample = record({ mode, taps: vec(2, s(4)) })

const row = (engine: Engine, values: Readonly<Record<string, bigint | number>>): Record<string, bigint> => {
  for (const [name, value] of Object.entries(values))
    writePort(engine.inputs, portNamed(engine.ports.inputs, name), BigInt(value))
  engine.step()
  return Object.fromEntries(engine.ports.outputs.map((port) => [port.name, readPort(engine.outputs, port)]))
}

describe('a shape on a clock', () => {
  it('gives the clock to every scalar of vectors and records, one within the other', () => {
    const shape = on(pixel, vec(2, sample))
    const module = maker({ x: shape, a: u(2) }, { y: shape, b: u(2) }, ({ x, a }, { regs }) => {
      const r = regs({ held: shape, here: u(2) })
      r.held.next = x
      r.here.next = a
      return { y: r.held, b: r.here }
    })
    const clocks = (ports: readonly { readonly name: string; readonly clock?: string }[]) =>
      ports.map(({ name, clock }) => `${name} ${clock}`)
    const scalars = ['0_mode', '0_taps_0', '0_taps_1', '1_mode', '1_taps_0', '1_taps_1']
    expect(clocks(module.inputs)).toEqual([...scalars.map((name) => `x_${name} pixel`), 'a undefined'])
    expect(clocks(module.outputs)).toEqual([...scalars.map((name) => `y_${name} pixel`), 'b undefined'])
    expect(module.registers.filter(({ node }) => node.clock === 'pixel')).toHaveLength(6)
  })

  it('may be given another one, and is told from the same shape elsewhere', () => {
    const tags = [sample, on(pixel, sample), on(mainClock, on(pixel, sample)), on(pixel, on(mainClock, sample))]
    expect(tags.map(({ tag }) => tag)).toMatchInlineSnapshot(`
      [
        "r2_4mode_e2_4mode_3fp4_4int8_4taps_2xs4",
        "r2_4mode_e2_4mode_3fp4_4int8@pixel_4taps_2xs4@pixel",
        "r2_4mode_e2_4mode_3fp4_4int8@clk_4taps_2xs4@clk",
        "r2_4mode_e2_4mode_3fp4_4int8@pixel_4taps_2xs4@pixel",
      ]
    `)
    expect(on(pixel, stream(on(mainClock, stream(sample)).of)).tag).toBe(on(pixel, on(mainClock, stream(sample))).tag)
  })
})

/** A stream of records, once through each part, on whatever clock its ports are. */
const Chain = component('chain', ({ port }: { port: StreamShape<typeof sample> }) => ({
  in: { x: port, z: port },
  out: { y: port, copy: port, total: on(port.clock ?? mainClock, stream(s(5))) },
  logic({ x, z }, builder) {
    const one = arbiter(builder, 'choose', [queue(builder, 'store', x, 2), pipe(builder, 'slice', z)], 'roundRobin')
    const [y, copy, first, second] = fork(builder, 'ways', one, 4)
    const sums = join(builder, 'both', first!, pipe(builder, 'late', second!), (a, b) => a.taps[0]!.add(b.taps[1]!))
    return { y: y!, copy: copy!, total: map(sums, (sum) => sum.neg().wrap(s(5))) }
  },
}))

describe.each([
  ['the interpreter', interpreter],
  ['JavaScript', javascriptEngine],
] as const)('streams on another clock in %s', (_, start) => {
  it('go through every part of the library as on the implicit clock', () => {
    const [here, there] = [Chain({ port: stream(sample) }).module, Chain({ port: on(pixel, stream(sample)) }).module]
    expect(there.registers.length + there.instances.length).toBe(here.registers.length + here.instances.length)
    const [one, other] = [start(here), start(there)]
    let state = 1
    const random = (): number => {
      state = (state * 48271) % 2147483647
      return state >> 8
    }
    for (let k = 0; k < 300; k++) {
      const inputs = Object.fromEntries(
        one.ports.inputs.map(({ name }) => [name, /valid|ready/.test(name) ? Number(random() % 4 > 0) : random() & 1]),
      )
      expect(row(other, inputs)).toEqual(row(one, inputs))
    }
    expect(other.failures).toEqual(one.failures)
  })

  it('move at the edges of their clock alone, and so do their promises', () => {
    const module = maker(
      { x: on(pixel, stream(u(4))), a: u(1) },
      { y: on(pixel, stream(u(4))), b: u(1) },
      ({ x, a }, builder) => {
        const r = builder.regs({ b: u(1) })
        r.b.next = a
        const made = builder.stream('made', u(4), { valid: x.valid, data: x.data }, { clock: pixel })
        x.ready.value = made.ready
        return { y: queue(builder, 'store', made, 4), b: r.b }
      },
    )
    const engine = start(module)
    for (const data of [1, 2, 3]) {
      row(engine, { x_valid: 1, x_data: data, y_ready: 0, pixel_tick: 1, clk_tick: 0 })
      row(engine, { clk_tick: 1, pixel_tick: 0 })
    }
    row(engine, { x_valid: 0, y_ready: 1, pixel_tick: 0, clk_tick: 1 })
    const got = Array.from({ length: 3 }, () => row(engine, { pixel_tick: 1, clk_tick: 0 }).y_data)
    expect(got).toEqual([1n, 2n, 3n])
    expect(engine.failures).toEqual([])

    const unsteady = maker(
      { d: on(pixel, u(4)), a: u(1) },
      { y: on(pixel, stream(u(4))), b: u(1) },
      ({ d, a }, { regs }) => {
        const r = regs({ b: u(1) })
        r.b.next = a
        return { y: { valid: true, data: d }, b: r.b }
      },
    )
    const broken = start(unsteady)
    row(broken, { d: 1, y_ready: 0, pixel_tick: 1, clk_tick: 0 })
    row(broken, { d: 2, pixel_tick: 0, clk_tick: 1 })
    row(broken, { d: 1, pixel_tick: 1, clk_tick: 1 })
    row(broken, { d: 3, pixel_tick: 1, clk_tick: 0 })
    expect(toldBy(broken)).toEqual([{ cycle: 3, message: "stream 'y': data changes before it is taken" }])
  })

  it('come out of components that are moved to another clock', () => {
    const Doubled = component('doubled', (_: object) => ({
      in: { x: stream(u(4)) },
      out: { y: stream(u(5)) },
      logic: ({ x }) => ({ y: map(x, (data) => data.shl(1).add(1)) }),
    }))
    const module = maker(
      { x: on(pixel, stream(u(4))), a: u(4) },
      { y: on(pixel, stream(u(5))), b: u(4) },
      (inputs, builder) => {
        const stored = queue(builder, 'store', inputs.x, 2)
        const Held = component('held', (_: object) => ({
          in: { x: stream(u(4)) },
          out: { y: stream(u(4)) },
          logic: ({ x }, inner) => ({ y: pipe(inner, 'inner', x) }),
        }))
        const held = builder.use('held', Held({}), { x: stored }, { clocks: [[mainClock, pixel]] }).y
        // Pure logic has no clock of its own.
        const doubled = builder.use('doubled', Doubled({}), { x: held }).y
        const r = builder.regs({ b: u(4) })
        r.b.next = inputs.a
        return { y: queue(builder, 'last', doubled, 2), b: r.b }
      },
    )
    const engine = start(module)
    const seen = Array.from({ length: 6 }, (_, k) =>
      row(engine, { x_valid: 1, x_data: k, y_ready: 1, pixel_tick: 1, clk_tick: 0 }),
    )
    expect(seen.filter(({ y_valid }) => y_valid).map(({ y_data }) => y_data)).toEqual([1n, 3n, 5n])
  })
})

describe('streams on another clock', () => {
  it('are silent in the linters', async () => {
    const text = await printed(Chain({ port: on(pixel, stream(sample)) }).module)
    const top = text.slice(text.lastIndexOf('module chain'))
    expect(top).toContain('.clk(pixel_clk)')
    expect(top).not.toMatch(/\bclk\)|wire clk\b/)
  })

  it('are told apart from those of the implicit one', () => {
    expect(mistake(() => stream(on(pixel, vec(2, bool))))).toMatchInlineSnapshot(
      `"E-CROSSING in stream (stream-clocks.test.ts, line '() => stream(on(pixel, vec(2, bool)))'): a stream is on one clock with its valid and ready, got data on 'pixel' alone; write on(clock, stream(shape))"`,
    )
    expect(
      mistake(() => maker({ x: on(pixel, stream(u(4))) }, { y: stream(u(4)) }, ({ x }) => ({ y: x }))),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y_valid' of clock 'clk' reads input 'x_valid' of clock 'pixel' (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
    expect(
      mistake(() =>
        maker({ x: on(pixel, stream(u(4))), z: stream(u(4)) }, { y: on(pixel, stream(u(4))) }, ({ x, z }, builder) => ({
          y: arbiter(builder, 'both', [x, z], 'priority'),
        })),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'z_ready' of clock 'clk' reads output 'x_1_ready' of 'both' of clock 'pixel' (stream-clocks.test.ts, line 'y: arbiter(builder, 'both', [x, z], 'priority')') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
    expect(
      mistake(() =>
        maker({ x: on(pixel, record({ a: bool })) }, { y: record({ a: bool }) }, ({ x }, { regs }) => {
          const r = regs({ held: record({ a: bool }) })
          r.held.next = x
          return { y: r.held }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (stream-clocks.test.ts, line 'const r = regs({ held: record({ a: bool }) })'): register 'held_a' of clock 'clk' reads input 'x_a' of clock 'pixel' (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
  })
})
