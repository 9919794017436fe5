import { describe, expect, it } from 'vitest'
import {
  asyncFifo,
  bits,
  bool,
  clock,
  component,
  mainClock,
  on,
  s,
  sync2,
  toGray,
  u,
  vec,
} from '../../src/dsl/index.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { toldBy } from '../fuzz/failures.ts'
import { maker, mistake, run, trace } from './maker.ts'
import { printed } from './verilog/printed.ts'

const byte = u(8)
const pixel = clock('pixel')
const memory = clock('memory')

/** Counts edges of the implicit clock. */
const Counter = component('counter', (_: object) => ({
  in: { enable: bool },
  out: { count: byte },
  logic({ enable }, { regs, when }) {
    const r = regs({ value: byte })
    when(enable, () => {
      r.value.next = r.value.add(1).wrap(byte)
    })
    return { count: r.value }
  },
}))
const Negated = component('negated', (_: object) => ({
  in: { a: bool },
  out: { y: bool },
  logic: ({ a }) => ({ y: a.not() }),
}))
/** A flag of its own clock, into another one. */
const Signalling = component('signalling', (_: object) => ({
  in: { go: bool },
  out: { seen: on(pixel, bool), pixels: on(pixel, byte) },
  logic({ go }, builder) {
    const r = builder.regs({ going: bool })
    r.going.next = go
    const seen = sync2(builder, 'going_seen', r.going, { to: pixel })
    const p = builder.regs({ pixel_count: byte }, { clock: pixel })
    builder.when(seen, () => {
      p.pixel_count.next = p.pixel_count.add(1).wrap(byte)
    })
    return { seen, pixels: p.pixel_count }
  },
}))

describe('a second clock', () => {
  it('has ports of its own, an always block of its own, and two marked flip-flops on the way into it', async () => {
    expect(await printed(Signalling({}).module)).toMatchInlineSnapshot(`
      "module signalling (
        input wire clk,
        input wire rst,
        input wire pixel_clk,
        input wire pixel_rst,
        input wire go,
        output wire seen,
        output wire [7:0] pixels
      );
        reg going;
        (* ASYNC_REG = "TRUE" *) reg going_seen_first;
        (* ASYNC_REG = "TRUE" *) reg going_seen;
        reg [7:0] pixel_count;

        assign seen = going_seen;
        assign pixels = pixel_count;

        always @(posedge clk) begin
          if (rst) begin
            going <= 1'b0;
          end else begin
            going <= go;
          end
        end

        always @(posedge pixel_clk) begin
          if (pixel_rst) begin
            going_seen_first <= 1'b0;
            going_seen <= 1'b0;
            pixel_count <= 8'd0;
          end else begin
            going_seen_first <= going;
            going_seen <= going_seen_first;
            if (going_seen) pixel_count <= pixel_count + 8'd1;
          end
        end
      endmodule
      "
    `)
  })

  it('moves its registers in the steps in which it ticks, and no others', () => {
    const rows = [
      { go: 1, clk_tick: 1, pixel_tick: 0 },
      { go: 1, clk_tick: 0, pixel_tick: 1 },
      { go: 1, clk_tick: 1, pixel_tick: 1 },
      { go: 1, clk_tick: 1, pixel_tick: 0 },
      { go: 1, clk_tick: 0, pixel_tick: 1 },
      { go: 1, clk_tick: 0, pixel_tick: 1 },
      { go: 1, clk_tick: 0, pixel_tick: 0 },
    ]
    expect(run(Signalling({}).module, rows).map(({ seen, pixels }) => [seen, pixels])).toEqual(
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [1, 0],
        [1, 0],
        [1, 1],
        [1, 2],
      ].map((row) => row.map(BigInt)),
    )
  })

  it('alone is the clock of every cycle: no tick is asked for', async () => {
    const module = maker({ a: on(pixel, byte) }, { y: on(pixel, byte) }, ({ a }, { regs }) => {
      const r = regs({ held: on(pixel, byte) })
      r.held.next = a
      return { y: r.held }
    })
    expect(trace(module, 'y', [{ a: 1 }, { a: 2 }, { a: 3 }])).toEqual([0n, 1n, 2n])
    expect(await printed(module)).toContain('always @(posedge pixel_clk)')
  })

  it('checks promises on its own edges only', () => {
    const module = maker({ a: on(pixel, bool), b: bool }, { y: bool }, ({ a, b }, { regs, check }) => {
      const r = regs({ held: bool })
      r.held.next = b
      const p = regs({ pixel_held: bool }, { clock: pixel })
      p.pixel_held.next = a
      check(a, 'a holds')
      return { y: r.held }
    })
    expect(module.checks.map(({ clock }) => clock)).toEqual(['pixel'])
    for (const start of [interpreter, javascriptEngine]) {
      const engine = start(module)
      engine.replay(Int32Array.of(0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1), 3)
      expect([engine.ports.inputs.map(({ name }) => name), toldBy(engine)]).toEqual([
        ['a', 'b', 'clk_tick', 'pixel_tick'],
        [{ cycle: 1, message: 'a holds' }],
      ])
    }
  })

  it('drives the implicit clock of an instance that is mapped to it, at any depth', async () => {
    const Inner = component('inner', (_: object) => ({
      in: { enable: bool },
      out: { count: byte },
      logic: ({ enable }, { use }) => use('counter', Counter({}), { enable }),
    }))
    const module = maker({ a: bool, b: on(pixel, bool) }, { y: byte, z: on(pixel, byte) }, ({ a, b }, { use }) => ({
      y: use('here', Inner({}), { enable: a }).count,
      z: use('there', Inner({}), { enable: b }, { clocks: [[mainClock, pixel]] }).count,
    }))
    expect(await printed(module)).toContain('.clk(pixel_clk),\n    .rst(pixel_rst)')
    const rows = [
      { a: 1, b: 1, clk_tick: 1, pixel_tick: 0 },
      { a: 1, b: 1, clk_tick: 1, pixel_tick: 1 },
      { a: 1, b: 1, clk_tick: 0, pixel_tick: 0 },
    ]
    expect(run(module, rows).at(-1)).toEqual({ y: 2n, z: 1n })
  })

  it('is one value wherever it has one name, and part of the identity of what it is given to', () => {
    expect(asyncFifo({ of: byte, depth: 2, write: clock('pixel'), read: mainClock })).toBe(
      asyncFifo({ of: byte, depth: 2, write: pixel, read: mainClock }),
    )
    const Port = component('port', (p: { shape: ReturnType<typeof s> }) => ({
      in: { a: p.shape },
      out: {},
      logic: () => ({}),
    }))
    expect(Port({ shape: on(pixel, s(8)) })).not.toBe(Port({ shape: s(8) }))
    expect(Port({ shape: on(pixel, s(8)) }).name).not.toBe(Port({ shape: on(memory, s(8)) }).name)
  })

  it('may go with every element of a vector', () => {
    const module = maker({ a: on(pixel, vec(2, byte)) }, { y: on(pixel, byte) }, ({ a }) => ({
      y: a[0]!.add(a[1]!).wrap(byte),
    }))
    expect(module.inputs.map(({ clock }) => clock)).toEqual(['pixel', 'pixel'])
  })

  it('keeps the names of its ports for itself', () => {
    expect(mistake(() => maker({ pixel_rst: bool, a: on(pixel, bool) }, {}, () => ({})))).toMatchInlineSnapshot(
      `"E-NAME in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): a port of clock 'pixel' cannot be called 'pixel_rst': an input has that name; choose another name"`,
    )
    expect(
      mistake(() =>
        maker({ clk_tick: bool }, {}, (_, { regs }) => {
          regs({ a: bool }, { clock: pixel })
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-NAME in maker (clocks.test.ts, line 'regs({ a: bool }, { clock: pixel })'): a tick of the implicit clock cannot be called 'clk_tick': an input has that name; choose another name"`,
    )
    expect(mistake(() => clock('clk'))).toMatchInlineSnapshot(
      `"E-NAME in clock (clocks.test.ts, line '() => clock('clk')'): a clock cannot be called 'clk': printed modules have one of that name themselves; choose another name"`,
    )
    expect(mistake(() => clock('2nd'))).toMatchInlineSnapshot(
      `"E-NAME in clock (clocks.test.ts, line '() => clock('2nd')'): a clock cannot be called '2nd': a name is a letter followed by letters, digits and underscores; choose another name"`,
    )
  })

  it('must be one of the component it is mapped from', () => {
    expect(
      mistake(() =>
        maker({ a: bool }, { y: byte }, ({ a }, { use }) => ({
          y: use('counter', Counter({}), { enable: a }, { clocks: [[memory, pixel]] }).count,
        })),
      ),
    ).toMatchInlineSnapshot(
      `"E-NAME in maker (clocks.test.ts, line 'y: use('counter', Counter({}), { enable: a }, { clocks: [[memory, pixel]] }).count'): instance 'counter' has no clock 'memory', its clocks are clk; map one of those"`,
    )
  })
})

describe('a value of another clock', () => {
  it('is refused by a register, with both registers and their lines', () => {
    expect(
      mistake(() =>
        maker({ a: byte }, { y: on(pixel, byte) }, ({ a }, { regs }) => {
          const r = regs({ level: byte })
          const p = regs({ shown: byte }, { clock: pixel })
          r.level.next = a
          p.shown.next = r.level.add(1).wrap(byte)
          return { y: p.shown }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (clocks.test.ts, line 'const p = regs({ shown: byte }, { clock: pixel })'): register 'shown' of clock 'pixel' reads register 'level' of clock 'clk' (clocks.test.ts, line 'const r = regs({ level: byte })') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
  })

  it('is refused in a condition', () => {
    expect(
      mistake(() =>
        maker({ a: bool }, { y: on(pixel, byte) }, ({ a }, { regs, when }) => {
          const p = regs({ shown: byte }, { clock: pixel })
          when(a, () => {
            p.shown.next = 1
          })
          return { y: p.shown }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (clocks.test.ts, line 'const p = regs({ shown: byte }, { clock: pixel })'): register 'shown' of clock 'pixel' reads input 'a' of clock 'clk' (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
  })

  it('is refused by an output', () => {
    expect(
      mistake(() =>
        maker({ a: on(pixel, byte) }, { y: byte }, ({ a }, { regs }) => {
          const r = regs({ held: byte }, { clock: pixel })
          r.held.next = a
          return { y: r.held }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' of clock 'clk' reads register 'held' of clock 'pixel' (clocks.test.ts, line 'const r = regs({ held: byte }, { clock: pixel })') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
  })

  it('is refused by an input of an instance, and from an output of one, and through pure logic between', () => {
    expect(
      mistake(() =>
        maker({ a: on(pixel, bool) }, {}, ({ a }, { use }) => {
          use('counter', Counter({}), { enable: use('negated', Negated({}), { a }).y })
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (clocks.test.ts, line 'use('counter', Counter({}), { enable: use('negated', Negated({}), { a }).y })'): input 'enable' of 'counter' of clock 'clk' reads input 'a' of clock 'pixel' (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
    expect(
      mistake(() =>
        maker({ go: bool }, {}, ({ go }, { use, wires }) => {
          const w = wires({ back: bool })
          w.back.value = use('signalling', Signalling({}), { go }).seen
          use('counter', Counter({}), { enable: w.back })
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (clocks.test.ts, line 'use('counter', Counter({}), { enable: w.back })'): input 'enable' of 'counter' of clock 'clk' reads output 'seen' of 'signalling' of clock 'pixel' (clocks.test.ts, line 'w.back.value = use('signalling', Signalling({}), { go }).seen') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
    expect(
      mistake(() =>
        maker({ go: bool }, {}, ({ go }, { use }) => {
          const { count } = use('there', Counter({}), { enable: true }, { clocks: [[mainClock, pixel]] })
          use('here', Counter({}), { enable: count.eq(3).and(go) })
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (clocks.test.ts, line 'use('here', Counter({}), { enable: count.eq(3).and(go) })'): input 'enable' of 'here' of clock 'clk' reads output 'count' of 'there' of clock 'pixel' (clocks.test.ts, line 'const { count } = use('there', Counter({}), { enable: true }, { clocks: [[mainClock, pixel]] })') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
  })

  it('is refused in a promise about two clocks', () => {
    expect(
      mistake(() =>
        maker({ a: bool, b: on(pixel, bool) }, {}, ({ a, b }, { check }) => {
          check(a.or(b), 'one of them')
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (clocks.test.ts, line 'check(a.or(b), 'one of them')'): the check 'one of them' with input 'a' of clock 'clk' reads input 'b' of clock 'pixel' (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module') without a synchroniser; pass it through sync2 or an asyncFifo"`,
    )
  })

  it('may be read where the designer says why', () => {
    const module = maker({ a: byte }, { y: on(pixel, byte) }, ({ a }, { regs }) => {
      const p = regs({ shown: byte }, { clock: pixel, crossing: 'a is set up before the pixel clock starts' })
      p.shown.next = a
      return { y: p.shown }
    })
    expect(module.registers[0]!.crossing).toMatch(/^a is set up/)
  })

  it('passes through pure logic, which belongs to whoever uses it', () => {
    const module = maker({ a: bool, b: on(pixel, bool) }, { y: bool, z: on(pixel, bool) }, ({ a, b }, { use }) => ({
      y: use('one', Negated({}), { a }).y,
      z: use('two', Negated({}), { a: b }).y,
    }))
    expect(run(module, [{ a: 1, b: 0 }])).toEqual([{ y: 0n, z: 1n }])
  })
})

describe('sync2', () => {
  it('takes no computed value, which could glitch', () => {
    expect(
      mistake(() =>
        maker({ a: bool, b: bool }, { y: on(pixel, bool) }, ({ a, b }, builder) => ({
          y: sync2(builder, 'seen', a.and(b), { to: pixel }),
        })),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (clocks.test.ts, line 'y: sync2(builder, 'seen', a.and(b), { to: pixel })'): sync2 'seen' takes the output of a register, got a computed value, which may glitch; put it into a register of its own clock first"`,
    )
  })

  it('takes an output of an instance only where that is a register inside', () => {
    const cross = (child: typeof Negated) =>
      maker({ a: bool }, { y: on(pixel, bool) }, ({ a }, builder) => ({
        y: sync2(builder, 'seen', builder.use('child', child({}), { a }).y, { to: pixel }),
      }))
    const Held = component('held', (_: object) => ({
      in: { a: bool },
      out: { y: bool },
      logic({ a }, { regs }) {
        const r = regs({ kept: bool })
        r.kept.next = a
        return { y: r.kept }
      },
    }))
    expect(cross(Held).registers).toHaveLength(2)
    expect(mistake(() => cross(Negated))).toMatch(/takes the output of a register, got a computed value/)
  })

  it('takes no field of several bits, unless it is Gray-coded', () => {
    expect(
      mistake(() =>
        maker({ a: bits(4) }, { y: on(pixel, bits(4)) }, ({ a }, builder) => ({
          y: sync2(builder, 'seen', a, { to: pixel }),
        })),
      ),
    ).toMatchInlineSnapshot(
      `"E-CROSSING in maker (clocks.test.ts, line 'y: sync2(builder, 'seen', a, { to: pixel })'): sync2 'seen' takes one bit, got 4, of which some could arrive a cycle late; use asyncFifo, or Gray code and say so with gray: true"`,
    )
  })

  it('finds in simulation that a field said to be Gray-coded is not', () => {
    const module = maker({ a: bits(4) }, { y: on(pixel, bits(4)) }, ({ a }, builder) => ({
      y: sync2(builder, 'seen', a, { to: pixel, gray: true }),
    }))
    const engine = interpreter(module)
    const row = (a: number) => [a, 1, 1]
    engine.replay(Int32Array.from([0, 1, 3, 2, 6, 5].flatMap(row)), 6)
    expect(toldBy(engine)).toEqual([{ cycle: 5, message: 'seen is Gray-coded: at most one bit changes in a cycle' }])
  })
})

describe('Gray code', () => {
  it('changes one bit from each value to the next, round the end as well', () => {
    const module = maker({ a: u(5) }, { y: bits(5) }, ({ a }) => ({ y: toGray(a) }))
    const codes = trace(
      module,
      'y',
      Array.from({ length: 32 }, (_, a) => ({ a })),
    )
    expect(new Set(codes).size).toBe(32)
    codes.forEach((code, k) => {
      const changed = code ^ codes[(k + 1) % 32]!
      expect(changed !== 0n && (changed & (changed - 1n)) === 0n).toBe(true)
    })
  })
})
