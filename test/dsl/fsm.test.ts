import { describe, expect, it } from 'vitest'
import { bool, range, u } from '../../src/dsl/index.ts'
import { maker, mistake, nothing, run, trace } from './maker.ts'
import { body } from './verilog/printed.ts'

const states = range(0, 2)
const loader = () =>
  maker(
    { start: bool, stop: bool },
    { state: states, count: u(4), busy: bool },
    ({ start, stop }, { regs, when, fsm }) => {
      const r = regs({ words: u(4) })
      const control = fsm('control', {
        idle({ goto }) {
          when(start, () => goto('load'))
        },
        load({ goto }) {
          r.words.next = r.words.add(1).wrap(u(4))
          when(r.words.eq(2), () => goto('drain'))
          when(stop, () => goto('idle'))
        },
        drain({ goto }) {
          r.words.next = 0
          goto('idle')
        },
      })
      return { state: control.state.int(), count: r.words, busy: control.is('load', 'drain') }
    },
  )

describe('a state machine', () => {
  it('starts in the first state, goes where it is told and stays otherwise', () => {
    const rows = [{ start: 0, stop: 0 }, { start: 1 }, { start: 0 }, {}, {}, {}, {}]
    expect(trace(loader(), 'state', rows)).toEqual([0n, 0n, 1n, 1n, 1n, 2n, 0n])
    expect(trace(loader(), 'busy', rows)).toEqual([0n, 0n, 1n, 1n, 1n, 1n, 0n])
  })

  it('takes the last goto of several', () => {
    expect(trace(loader(), 'state', [{ start: 1, stop: 0 }, {}, {}, { stop: 1 }, {}])).toEqual([0n, 1n, 1n, 1n, 0n])
  })

  it('assigns what a state says only while it is in it', () => {
    const rows = [{ start: 1, stop: 0 }, { start: 0 }, {}, {}, {}, {}]
    expect(run(loader(), rows).map(({ count }) => count)).toEqual([0n, 0n, 1n, 2n, 3n, 0n])
  })

  it('is printed with its states as localparams', async () => {
    expect(await body(loader())).toMatchInlineSnapshot(`
      "localparam [1:0] CONTROL_IDLE = 2'd0;
      localparam [1:0] CONTROL_LOAD = 2'd1;
      localparam [1:0] CONTROL_DRAIN = 2'd2;

      reg [3:0] words;
      reg [1:0] control;

      assign state = control;
      assign count = words;
      wire busy_equal = control == CONTROL_LOAD;
      wire busy_equal_2 = control == CONTROL_DRAIN;
      assign busy = busy_equal | busy_equal_2;

      always @(posedge clk) begin
        if (rst) begin
          words <= 4'd0;
          control <= CONTROL_IDLE;
        end else begin
          case (control)
            CONTROL_IDLE: begin
              if (start) control <= CONTROL_LOAD;
            end
            CONTROL_LOAD: begin
              words <= words + 4'd1;
              if (stop) control <= CONTROL_IDLE;
              else if (words == 4'd2) control <= CONTROL_DRAIN;
            end
            default /* drain */: begin
              words <= 4'd0;
              control <= CONTROL_IDLE;
            end
          endcase
        end
      end"
    `)
  })

  it('keeps the names of its states in the IR', () => {
    const register = loader().registers.find(({ name }) => name === 'control')!
    expect(register.node.encoding).toEqual({ name: 'control', values: ['idle', 'load', 'drain'] })
    expect(register.reset).toBe(0n)
  })

  it('has names that do not change the order of its states', () => {
    const of = (states: object) => () => maker({}, {}, (_, { fsm }) => nothing(fsm('control', states as never)))
    expect(mistake(of({ idle() {}, 0() {} }))).toMatchInlineSnapshot(
      `"E-NAME in maker (fsm.test.ts, line 'const of = (states: object) => () => maker({}, {}, (_, { fsm }) => nothing(fsm('control', states as never)))'): a value cannot be called '0': JavaScript does not keep the order of names that are integers; choose another name"`,
    )
    expect(mistake(of({ idle() {} }))).toMatchInlineSnapshot(
      `"E-RANGE in maker (fsm.test.ts, line 'const of = (states: object) => () => maker({}, {}, (_, { fsm }) => nothing(fsm('control', states as never)))'): state machine 'control' has at least two states, got 1; use when() where there is nothing to tell apart"`,
    )
    expect(
      mistake(
        of({
          idle({ goto }: { goto(to: string): void }) {
            goto('laod')
          },
          load() {},
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-KIND in maker (fsm.test.ts, line 'goto('laod')'): register 'control' takes control (idle, load), got 'laod'; did you mean 'load'?"`,
    )
  })

  it('is a register, whose name is taken once', () => {
    const twice = () =>
      maker({}, {}, (_, { fsm, regs }) => {
        regs({ control: bool })
        fsm('control', { idle() {}, load() {} })
        return {}
      })
    expect(mistake(twice)).toMatchInlineSnapshot(
      `"E-NAME in maker (fsm.test.ts, line 'fsm('control', { idle() {}, load() {} })'): a register cannot be called 'control': a register has that name; choose another name"`,
    )
  })
})
