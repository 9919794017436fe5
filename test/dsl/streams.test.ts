import { describe, expect, it } from 'vitest'
import { arbiter, bool, component, fork, map, printVerilog, queue, s, stream, u } from '../../src/dsl/index.ts'
import { portNamed, writePort } from '../../src/sim/engine.ts'
import { interpreter } from '../../src/sim/interpret.ts'
import { javascriptEngine } from '../../src/sim/javascript/engine.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { toldBy } from '../fuzz/failures.ts'
import { verilatorJudge } from '../fuzz/verilator-judge.ts'
import { maker, mistake, run } from './maker.ts'
import { printed } from './verilog/printed.ts'

const word = u(8)

/** Every element plus one, in the same cycle. */
const Increment = component('increment', (_: object) => ({
  in: { x: stream(word) },
  out: { y: stream(u(9)) },
  logic({ x, y }) {
    x.ready.value = y.ready
    return { y: { valid: x.valid, data: x.data.add(1) } }
  },
}))

describe('a stream port', () => {
  it('is three nets, ready against the direction of valid and data, with the handshake checked on what goes out', async () => {
    expect(await printed(Increment({}).module)).toMatchInlineSnapshot(`
      "module increment (
        input wire clk,
        input wire rst,
        input wire x_valid,
        input wire [7:0] x_data,
        input wire y_ready,
        output wire y_valid,
        output wire [8:0] y_data,
        output wire x_ready
      );
        assign x_ready = y_ready;
        assign y_valid = x_valid;
        assign y_data = {1'b0, x_data} + 9'd1;

        \`ifndef SYNTHESIS
        reg y_waits;
        reg [8:0] y_before;
        always @(posedge clk) begin
          if (rst) begin
            y_waits <= 1'b0;
            y_before <= 9'd1;
          end else begin
            y_waits <= x_valid & !y_ready;
            y_before <= y_data;
          end
        end
        always @(posedge clk) begin
          if (!rst && (y_waits & !x_valid)) $error("%m: stream 'y': valid is withdrawn before the data is taken");
          if (!rst && (y_waits & (y_data != y_before))) $error("%m: stream 'y': data changes before it is taken");
        end
        \`endif
      endmodule
      "
    `)
  })

  it('is taken by passing it on, and what is passed on is taken in turn', () => {
    const module = maker({ x: stream(word) }, { y: stream(u(10)) }, ({ x }, { use }) => {
      const { y } = use('one', Increment({}), { x })
      return { y: map(y, (data) => data.add(1)) }
    })
    expect(
      run(module, [
        { x_valid: 1, x_data: 7, y_ready: 0 },
        { x_valid: 0, x_data: 1, y_ready: 1 },
      ]),
    ).toEqual([
      { y_valid: 1n, y_data: 9n, x_ready: 0n },
      { y_valid: 0n, y_data: 3n, x_ready: 1n },
    ])
    expect(module.checks).toEqual([])
  })

  it('of an instance may be driven with signals; readiness comes back beside the outputs', () => {
    const module = maker({ go: bool, y_taken: bool }, { y: u(9), taken: bool }, ({ go, y_taken }, { use }) => {
      const { x, y } = use('one', Increment({}), { x: { valid: go, data: 4 } })
      y.ready.value = y_taken
      return { y: y.data, taken: x.ready.and(y.fires) }
    })
    expect(printVerilog(module)).toContain('wire one_y_fires = ')
    expect(
      run(module, [
        { go: 1, y_taken: 0 },
        { go: 1, y_taken: 1 },
      ]),
    ).toEqual([
      { y: 5n, taken: 0n },
      { y: 5n, taken: 1n },
    ])
  })

  it('of a wider shape takes narrower data', () => {
    const module = maker({ x: stream(u(4)) }, { y: stream(s(8)) }, ({ x }) => ({ y: x }))
    expect(module.outputs.map(({ name }) => name)).toEqual(['y_valid', 'y_data', 'x_ready'])
  })
})

/** Passes on whatever it is given as if it were a stream. */
const careless = () =>
  maker({ offer: bool, word }, { y: stream(word) }, ({ offer, word: data }) => ({ y: { valid: offer, data } }))

const engines = [
  ['the interpreter', interpreter],
  ['JavaScript', javascriptEngine],
  ...(['verilator', 'g++', 'make'].some((tool) => versionOf(tool) === undefined)
    ? []
    : ([['Verilator', verilatorJudge]] as const)),
] as const

describe.each(engines)('a component that breaks the handshake, in %s,', (_, start) => {
  it('is reported at the cycle in which it withdraws or changes what was not taken', () => {
    const engine = start(careless())
    try {
      const put = (offer: number, data: number, ready: number): void => {
        for (const [name, value] of Object.entries({ offer, word: data, y_ready: ready }))
          writePort(engine.inputs, portNamed(engine.ports.inputs, name), BigInt(value))
        engine.step()
      }
      put(0, 1, 0)
      put(1, 2, 0)
      put(1, 2, 0)
      put(1, 2, 1)
      put(1, 3, 1)
      put(0, 4, 1)
      expect(engine.failures).toEqual([])
      put(1, 5, 0)
      put(1, 6, 0)
      put(0, 6, 0)
      put(0, 7, 1)
      expect(toldBy(engine)).toEqual([
        { cycle: 7, message: "stream 'y': data changes before it is taken" },
        { cycle: 8, message: "stream 'y': valid is withdrawn before the data is taken" },
      ])
    } finally {
      engine.close()
    }
  })
})

describe('a mistake with a stream', () => {
  it('is named with its line and cure', () => {
    expect(mistake(() => maker({ x: stream(word) }, {}, () => ({})))).toMatchInlineSnapshot(
      `"E-UNDRIVEN in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): stream 'x' is never taken; set its .ready.value or pass it on"`,
    )
    expect(
      mistake(() =>
        maker({ x: stream(word) }, { y: stream(word), z: stream(word) }, ({ x }) => {
          return { y: x, z: x }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-STREAM in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): stream 'x' is taken twice; fork() it, so that each taker has its own"`,
    )
    expect(
      mistake(() =>
        maker({ x: stream(word) }, { y: stream(u(9)), z: stream(word) }, ({ x }, { use }) => {
          const { y } = use('first', Increment({}), { x })
          use('second', Increment({}), { x }).y.ready.value = true
          return { y, z: { valid: false, data: 0 } }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-STREAM in maker (streams.test.ts, line 'use('second', Increment({}), { x }).y.ready.value = true'): stream 'x' is taken twice; fork() it, so that each taker has its own"`,
    )
    expect(
      mistake(() =>
        maker({ x: stream(word) }, {}, ({ x }, { use }) => {
          use('first', Increment({}), { x })
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-UNDRIVEN in maker (streams.test.ts, line 'use('first', Increment({}), { x })'): stream 'first_y' is never taken; set its .ready.value or pass it on"`,
    )
    expect(mistake(() => maker({ x: stream(u(9)) }, { y: stream(word) }, ({ x }) => ({ y: x })))).toMatchInlineSnapshot(
      `"E-RANGE in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): data of output 'y' holds [0, 255] (u8), got [0, 511] (u9); narrow it with .wrap(), .sat() or checked()"`,
    )
    expect(
      mistake(() =>
        maker({ x: stream(word) }, { y: stream(word) }, ({ x, y }) => {
          x.ready.value = y.ready
          return { y: { valid: x.valid.and(y.ready), data: x.data } }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-STREAM in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): valid of stream 'y' depends on its own ready within the cycle; offer the data first, whoever takes it may wait for that"`,
    )
    expect(
      mistake(() =>
        maker({ x: stream(word) }, { y: stream(word) }, ({ x }, { stream: made }) => {
          const inner = made('inner', word, { valid: x.valid, data: x.fires.int() })
          x.ready.value = inner.ready
          return { y: inner }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-STREAM in maker (streams.test.ts, line 'const inner = made('inner', word, { valid: x.valid, data: x.fires.int() })'): data of stream 'inner' depends on its own ready within the cycle; offer the data first, whoever takes it may wait for that"`,
    )
    expect(
      mistake(() =>
        maker({ x: stream(word), x_valid: bool }, {}, ({ x }) => {
          x.ready.value = true
          return {}
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-NAME in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): an input cannot be called 'x_valid': an input has that name; choose another name"`,
    )
    expect(
      mistake(() => maker({}, { y: stream(word) }, (() => ({ y: { valid: true } })) as never)),
    ).toMatchInlineSnapshot(
      `"E-UNDRIVEN in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' has no data; give it one"`,
    )
  })

  it('in the size of a library part too', () => {
    const through = (ways: number, part: 'queue' | 'fork' | 'arbiter') =>
      maker({ x: stream(word) }, { y: stream(word) }, ({ x }, builder) => {
        if (part === 'queue') return { y: queue(builder, 'store', x, ways) }
        if (part === 'fork') return { y: fork(builder, 'both', x, ways)[0]! }
        return { y: arbiter(builder, 'one', ways === 0 ? [] : [x], 'priority') }
      })
    expect(mistake(() => through(1, 'queue'))).toMatchInlineSnapshot(
      `"E-RANGE in maker (streams.test.ts, line 'if (part === 'queue') return { y: queue(builder, 'store', x, ways) }'): a queue holds at least 2 elements, got 1; for one use pipe()"`,
    )
    expect(mistake(() => through(1, 'fork'))).toMatchInlineSnapshot(
      `"E-RANGE in maker (streams.test.ts, line 'if (part === 'fork') return { y: fork(builder, 'both', x, ways)[0]! }'): a stream forks at least 2 ways, got 1; for one use the stream itself"`,
    )
    expect(mistake(() => through(1, 'arbiter'))).toMatchInlineSnapshot(
      `"E-RANGE in maker (streams.test.ts, line 'return { y: arbiter(builder, 'one', ways === 0 ? [] : [x], 'priority') }'): an arbiter takes at least 2 streams, got 1; pass more"`,
    )
    expect(mistake(() => through(0, 'arbiter'))).toMatchInlineSnapshot(
      `"E-RANGE in maker (streams.test.ts, line 'return { y: arbiter(builder, 'one', ways === 0 ? [] : [x], 'priority') }'): an arbiter takes at least 2 streams, got 0; pass more"`,
    )
  })
})
