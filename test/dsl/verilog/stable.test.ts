import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type Bool,
  bits,
  bool,
  component,
  type Int,
  printVerilog,
  range,
  record,
  s,
  u,
} from '../../../src/dsl/index.ts'
import { randomComponent } from '../../fuzz/random-component.ts'

const built = existsSync('dist/pe/catalogue.js')
if (!built) console.warn('printing in other processes is not tested: run npm run build first (npm test does)')
const dist = (path: string): string => JSON.stringify(join(process.cwd(), 'dist', path))
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

const Half = component('half', (_: object) => ({
  in: { x: s(8) },
  out: { y: s(8) },
  logic({ x }, { regs }) {
    const r = regs({ held: s(8) })
    r.held.next = x.shr(1)
    return { y: r.held }
  },
}))
const sign = record({ negative: bool, code: bits(3) })

/** One of each thing a component may have, before and behind the place of an edit. */
const Unit = component('unit', ({ edit }: { edit: string }) => ({
  name: 'unit',
  in: { x: s(8), go: bool, ...(edit === 'an input' ? { stop: bool } : {}), at: u(2) },
  out: { first: s(9), ...(edit === 'an output' ? { above: bool } : {}), last: s(8), state: bool },
  logic(i, { regs, wires, use, when, memory, check, fsm }) {
    const r = regs({ sum: s(8), ...(edit === 'a register' ? { idle: u(4) } : {}), tail: s(8) })
    const extra = r as unknown as { idle: Int & { next: Int }; pair: { negative: { next: Bool } } }
    if (edit === 'a register') extra.idle.next = extra.idle.add(1).wrap(u(4))
    const w = wires({ back: s(8), ...(edit === 'a wire' ? { more: s(8) } : {}) })
    if (edit === 'a wire') (w as unknown as { more: { value: Int } }).more.value = i.x
    const one = use('one', Half({}), { x: w.back })
    if (edit === 'an instance') use('between', Half({}), { x: i.x })
    const two = use('two', Half({}), { x: one.y })
    w.back.value = two.y
    const store = memory('store', { depth: 4, of: s(8), collide: 'never' })
    if (edit === 'a memory') {
      const spare = memory('spare', { depth: 4, of: s(8), collide: 'old' })
      spare.write(i.at, i.x)
      check(spare.lookup(i.at).ge(-100), 'what is spare is small')
    }
    when(i.go, () => store.write(i.at, i.x))
    const scaled = i.x.mul(3)
    const sum = (edit === 'a named value' ? scaled.named('scaled') : scaled).add(r.tail)
    when(i.go, () => {
      r.sum.next = sum.sat(s(8))
      if (edit === 'a condition')
        when(i.x.lt(0), () => {
          r.sum.next = 0
        })
      r.tail.next = store.read(i.at)
    })
    check(r.sum.ge(-120), 'the sum stays above')
    if (edit === 'a promise') check(r.tail.le(100), 'the tail stays below')
    const control = fsm<string>('control', {
      idle: ({ goto }) => when(i.go, () => goto('run')),
      ...(edit === 'a state' ? { wait: ({ goto }) => goto('run') } : {}),
      run: ({ goto }) => goto('idle'),
      rest: ({ goto }) => goto('idle'),
    })
    if (edit === 'a record of registers') {
      const more = regs({ pair: sign })
      when(i.go, () => {
        more.pair.negative.next = i.x.lt(0)
      })
    }
    const outputs = { first: r.sum.add(two.y), last: r.tail, state: control.is('idle') }
    return edit === 'an output' ? ({ ...outputs, above: r.sum.gt(3) } as never) : outputs
  },
}))

/** Lines taken out and put in, in their order: what is left of two texts when their longest common part is taken away. */
const difference = (a: readonly string[], b: readonly string[]): readonly string[] => {
  const common = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--)
    for (let k = b.length - 1; k >= 0; k--)
      common[i]![k] = a[i] === b[k] ? common[i + 1]![k + 1]! + 1 : Math.max(common[i + 1]![k]!, common[i]![k + 1]!)
  const changes: string[] = []
  for (let i = 0, k = 0; i < a.length || k < b.length; )
    if (a[i] === b[k]) [i, k] = [i + 1, k + 1]
    else if (k >= b.length || (i < a.length && common[i + 1]![k]! >= common[i]![k + 1]!)) changes.push(`-${a[i++]}`)
    else changes.push(`+${b[k++]}`)
  return changes
}

const changesBy = (edit: string): readonly string[] => {
  const [before, after] = ['nothing', edit].map((one) => printVerilog(Unit({ edit: one }).module).split('\n'))
  return difference(before!, after!)
}

describe('the printed text', () => {
  const Filter = component('filter', (p: { extra: boolean }) => ({
    name: 'filter',
    in: { sample: range(-100, 100), enable: bool },
    out: { result: range(-400, 400), busy: bool },
    logic({ sample, enable }, { regs, when }) {
      const r = regs({ newest: sample.shape, middle: sample.shape, valid: bool })
      const more = p.extra ? regs({ idle_cycles: u(8) }) : undefined
      r.valid.next = enable
      when(enable, () => {
        r.newest.next = sample
        r.middle.next = r.newest
      })
      if (more)
        when(enable.not(), () => {
          more.idle_cycles.next = more.idle_cycles.add(1).wrap(u(8))
        })
      return { result: r.newest.add(r.middle).mul(2), busy: r.valid }
    },
  }))

  it('changes only in the lines of a register that is added', () => {
    const before = printVerilog(Filter({ extra: false }).module).split('\n')
    const after = printVerilog(Filter({ extra: true }).module).split('\n')
    const added = after.filter((line) => !before.includes(line))
    expect(before.filter((line) => !after.includes(line))).toEqual([])
    expect(after.filter((line) => before.includes(line))).toEqual(before)
    expect(added).toMatchInlineSnapshot(`
      [
        "  reg [7:0] idle_cycles;",
        "      idle_cycles <= 8'd0;",
        "      end else begin",
        "        idle_cycles <= idle_cycles + 8'd1;",
      ]
    `)
  })

  it.each([
    'an input',
    'an output',
    'a register',
    'a wire',
    'an instance',
    'a memory',
    'a promise',
    'a record of registers',
  ])('only gets more lines by %s between others', (edit) => {
    expect(changesBy(edit).filter((line) => line.startsWith('-'))).toEqual([])
  })

  it('changes by each edit as shown', () => {
    const edits = [
      'an input',
      'an output',
      'a register',
      'a wire',
      'an instance',
      'a memory',
      'a promise',
      'a record of registers',
      'a named value',
      'a condition',
      'a state',
    ]
    expect(edits.map((edit) => [edit, ...changesBy(edit)].join('\n')).join('\n\n')).toMatchInlineSnapshot(`
      "an input
      +  input wire stop,
      +
      +  wire unused = &{1'b0, stop};

      an output
      +  output wire above,
      +  assign above = sum > 8'sd3;

      a register
      +  reg [3:0] idle;
      +      idle <= 4'd0;
      +      idle <= idle + 4'd1;

      a wire
      +  wire signed [7:0] more;
      +  assign more = x;
      +
      +  wire unused = &{1'b0, more};

      an instance
      +  wire signed [7:0] between_y;
      +  half between (
      +    .clk(clk),
      +    .rst(rst),
      +    .x(x),
      +    .y(between_y)
      +  );
      +
      +  wire unused = &{1'b0, between_y};

      a memory
      +  reg signed [7:0] spare [0:3];
      +  wire signed [7:0] spare_lookup;
      +  assign spare_lookup = spare[at];
      +  \`ifndef SYNTHESIS
      +  initial begin : spare_start
      +    integer k;
      +    for (k = 0; k < 4; k = k + 1) spare[k] = 8'd0;
      +  end
      +  \`endif
      +  always @(posedge clk) begin
      +    if (!rst) spare[at] <= x;
      +  end
      +    if (!rst && (spare_lookup < -8'sd100)) $error("%m: what is spare is small");

      a promise
      +    if (!rst && (tail > 8'sd100)) $error("%m: the tail stays below");

      a record of registers
      +  reg pair_negative;
      +  reg [2:0] pair_code;
      +      pair_negative <= 1'b0;
      +      pair_code <= 3'd0;
      +        pair_negative <= x < 8'sd0;
      +
      +  wire unused = &{1'b0, pair_negative, pair_code};

      a named value
      -  wire signed [9:0] sum_product = x * 3'sd3;
      -  wire signed [9:0] sum_add = sum_product + {{2{tail[7]}}, tail};
      +  wire signed [9:0] scaled = x * 3'sd3;
      +  wire signed [9:0] sum_add = scaled + {{2{tail[7]}}, tail};

      a condition
      +  wire signed [7:0] sum_clamped = (sum_add < -10'sd128) ? 8'd128 : (sum_add > 10'sd127) ? 8'd127 : sum_add[7:0];
      -        sum <= (sum_add < -10'sd128) ? 8'd128 : (sum_add > 10'sd127) ? 8'd127 : sum_add[7:0];
      +        sum <= (x < 8'sd0) ? 8'd0 : sum_clamped;

      a state
      -  localparam [1:0] CONTROL_RUN = 2'd1;
      +  localparam [1:0] CONTROL_WAIT = 2'd1;
      +  localparam [1:0] CONTROL_RUN = 2'd2;
      -      if (state) begin
      -        if (go) control <= CONTROL_RUN;
      -      end else begin
      -        control <= CONTROL_IDLE;
      -      end
      +      case (control)
      +        CONTROL_IDLE: begin
      +          if (go) control <= CONTROL_RUN;
      +        end
      +        CONTROL_WAIT: control <= CONTROL_RUN;
      +        default: control <= CONTROL_IDLE;
      +      endcase"
    `)
  })

  it('is the same for the same description made again', () => {
    for (const seed of [1, 2, 3]) {
      const text = (): string => printVerilog(randomComponent(seed, { width: 70, operations: 40, depth: 2 }).module)
      expect(text()).toBe(text())
    }
  })

  it.skipIf(!built)('is the same in every process, whatever was loaded and made there before', () => {
    const modules = ['dsl/index.js', 'pe/catalogue.js', 'accel/output-stationary.js', 'index.js']
    const script = (order: readonly string[], before: string): string => `
      for (const file of ${JSON.stringify(order.map((path) => join(process.cwd(), 'dist', path)))}) await import(file)
      const { printVerilog } = await import(${dist('dsl/index.js')})
      const { processingElement } = await import(${dist('pe/catalogue.js')})
      const { outputStationaryArray } = await import(${dist('accel/output-stationary.js')})
      const array = (spec, rows, columns) => outputStationaryArray(processingElement(spec), { rows, columns })
      ${before}
      process.stdout.write(printVerilog(array('mixpe(w=int4, a=int8)', 3, 2)))`
    const print = (order: readonly string[], before = ''): string =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script(order, before)], { encoding: 'utf8' })
    const text = print(modules)
    expect(text).toMatch(/^module mixpe_w4u_a8_g128_array_3x2 /m)
    expect(digest(print(modules, "array('mac()', 2, 2); array('mixpe(w=int4, a=int8)', 4, 4)"))).toBe(digest(text))
    expect(digest(print([...modules].reverse(), "printVerilog(array('mixpe(w=int4, a=int8)', 2, 2))"))).toBe(
      digest(text),
    )
  })
})
