import { describe, expect, it } from 'vitest'
import { bits, bool, component, enumeration, match, range, record, reset, s, u, unpack } from '../../src/dsl/index.ts'
import { flatten } from '../../src/sim/flatten.ts'
import { maker, mistake, nothing, run, trace } from './maker.ts'
import { body } from './verilog/printed.ts'

const mode = enumeration('mode', ['fp4', 'posit8', 'posit16'])

describe('an enumeration', () => {
  it('numbers its names from 0, in as few bits as that takes', () => {
    expect([mode.code('fp4'), mode.code('posit16'), mode.min, mode.max]).toEqual([0, 2, 0n, 2n])
    const module = maker({ m: mode }, { code: range(0, 2), field: bits(2) }, ({ m }) => ({
      code: m.int(),
      field: m.bits(),
    }))
    expect(run(module, [{ m: 2 }])).toEqual([{ code: 2n, field: 2n }])
  })

  it('is compared with its names and its like', () => {
    const module = maker({ a: mode, b: mode }, { p: bool, q: bool, r: bool }, ({ a, b }) => ({
      p: a.eq('posit8'),
      q: a.ne(b),
      r: a.is('fp4', 'posit16'),
    }))
    expect(
      run(module, [
        { a: 1, b: 1 },
        { a: 2, b: 1 },
      ]),
    ).toEqual([
      { p: 1n, q: 0n, r: 0n },
      { p: 0n, q: 1n, r: 1n },
    ])
  })

  it('is read from a number that tells a name in any case', () => {
    const module = maker({ x: u(4) }, { m: mode }, ({ x }) => ({ m: mode.of(x.sat(range(0, 2))) }))
    expect(trace(module, 'm', [{ x: 1 }, { x: 9 }])).toEqual([1n, 2n])
  })

  it('keeps its names in the IR, for ports and registers of a flat design too', () => {
    const Child = component('child', (_: object) => ({
      in: { m: mode },
      out: { last: mode },
      logic({ m }, { regs }) {
        const r = regs({ held: reset(mode, 'posit16'), plain: bool })
        r.held.next = m
        return { last: r.held }
      },
    }))
    const module = maker({ m: mode }, { y: mode }, ({ m }, { use }) => ({ y: use('child', Child({}), { m }).last }))
    const encoding = { name: 'mode', values: ['fp4', 'posit8', 'posit16'] }
    expect(module.inputs[0]!.encoding).toEqual(encoding)
    expect(module.outputs[0]!.encoding).toEqual(encoding)
    expect(flatten(module).registers.map(({ path, reset, encoding }) => ({ path, reset, encoding }))).toEqual([
      { path: 'child.held', reset: 2n, encoding },
      { path: 'child.plain', reset: 0n, encoding: undefined },
    ])
  })

  it('is printed by its names, those that are used', async () => {
    const module = maker({ m: mode, x: u(4) }, { y: u(4), z: mode }, ({ m, x }, { regs }) => {
      const r = regs({ held: reset(mode, 'posit16') })
      r.held.next = m
      return { y: match(m, { fp4: x, posit8: 3, posit16: 0 }), z: r.held }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "localparam [1:0] MODE_FP4 = 2'd0;
      localparam [1:0] MODE_POSIT8 = 2'd1;
      localparam [1:0] MODE_POSIT16 = 2'd2;

      reg [1:0] held;

      wire [1:0] y_choice = (m == MODE_POSIT8) ? 2'd3 : 2'd0;
      assign y = (m == MODE_FP4) ? x : {2'd0, y_choice};
      assign z = held;

      always @(posedge clk) begin
        if (rst) begin
          held <= MODE_POSIT16;
        end else begin
          held <= m;
        end
      end"
    `)
  })

  it('steps aside where a port has the name already', async () => {
    const module = maker({ m: mode, mode_fp4: bool }, { y: bool }, (i) => ({ y: i.m.eq('fp4').and(i.mode_fp4) }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "localparam [1:0] MODE_FP4_2 = 2'd0;

      assign y = (m == MODE_FP4_2) & mode_fp4;"
    `)
  })
})

describe('match', () => {
  it('gives the arm of the name, for every kind of value', () => {
    const pair = record({ a: u(2), b: bool })
    const outputs = { number: s(8), flag: bool, field: bits(3), other: mode, whole: pair }
    const module = maker({ m: mode, x: pair, f: bits(3) }, outputs, ({ m, x, f }, { match: inside }) => ({
      number: match(m, { fp4: -5, posit8: x.a, posit16: 7 }),
      flag: match(m, { fp4: true, posit8: x.b, posit16: false }),
      field: match(m, { fp4: f, posit8: f.not(), posit16: f.reverse() }),
      other: inside(m, { fp4: m, posit8: mode.of(x.a.sat(range(0, 2))), posit16: m }),
      whole: match(m, { fp4: x, posit8: { a: x.a.sat(u(1)), b: x.b.not() }, posit16: x }),
    }))
    const x = { x_a: 3, x_b: 1, f: 0b110 }
    expect(
      run(module, [
        { ...x, m: 0 },
        { ...x, m: 1 },
        { ...x, m: 2 },
      ]),
    ).toEqual([
      { number: -5n, flag: 1n, field: 0b110n, other: 0n, whole_a: 3n, whole_b: 1n },
      { number: 3n, flag: 1n, field: 0b001n, other: 2n, whole_a: 1n, whole_b: 0n },
      { number: 7n, flag: 0n, field: 0b011n, other: 2n, whole_a: 3n, whole_b: 1n },
    ])
  })

  it('of closures assigns where the value has the name, and holds elsewhere', () => {
    const module = maker({ m: mode, go: bool }, { y: u(8), z: u(8) }, ({ m, go }, { regs, when, match }) => {
      const r = regs({ p: u(8), q: u(8) })
      match(m, {
        fp4() {
          r.p.next = 1
          when(go, () => {
            r.p.next = 2
          })
        },
        posit8: () => {},
        posit16() {
          r.q.next = 3
        },
      })
      return { y: r.p, z: r.q }
    })
    expect(run(module, [{ m: 0, go: 1 }, { m: 1 }, { m: 2, go: 0 }, { m: 0 }, {}]).map(({ y, z }) => [y, z])).toEqual([
      [0n, 0n],
      [2n, 0n],
      [2n, 0n],
      [2n, 3n],
      [1n, 3n],
    ])
  })

  it('of closures is printed as a case, its last name where nothing else is left', async () => {
    const module = maker({ m: mode, x: u(8) }, { y: u(8), z: u(8) }, ({ m, x }, { regs, match }) => {
      const r = regs({ p: u(8), q: u(8) })
      match(m, {
        fp4() {
          r.p.next = x
        },
        posit8() {
          r.p.next = 0
          r.q.next = x
        },
        posit16() {
          r.p.next = 7
        },
      })
      return { y: r.p, z: r.q }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "localparam [1:0] MODE_FP4 = 2'd0;
      localparam [1:0] MODE_POSIT8 = 2'd1;

      reg [7:0] p;
      reg [7:0] q;

      assign y = p;
      assign z = q;

      always @(posedge clk) begin
        if (rst) begin
          p <= 8'd0;
          q <= 8'd0;
        end else begin
          case (m)
            MODE_FP4: p <= x;
            MODE_POSIT8: begin
              p <= 8'd0;
              q <= x;
            end
            default /* posit16 */: p <= 8'd7;
          endcase
        end
      end"
    `)
  })

  it('checks a promise only where the value has the name', () => {
    const module = maker({ m: mode, x: u(8) }, {}, ({ m, x }, { match, check }) => {
      match(m, { fp4: () => check(x.lt(9), 'x is small'), posit8: () => {}, posit16: () => {} })
      return {}
    })
    expect(module.checks).toHaveLength(1)
  })
})

describe('a mistake with an enumeration is refused', () => {
  it('where its names cannot be', () => {
    expect(mistake(() => enumeration('mode', ['only']))).toMatchInlineSnapshot(
      `"E-RANGE in enumeration 'mode' (enumeration.test.ts, line '() => enumeration('mode', ['only'])'): it takes at least two names, got 1; add what else there is"`,
    )
    expect(mistake(() => enumeration('mode', ['a', 'b', 'a']))).toMatchInlineSnapshot(
      `"E-NAME in enumeration 'mode' (enumeration.test.ts, line '() => enumeration('mode', ['a', 'b', 'a'])'): 'a' is there twice; name it once"`,
    )
    expect(mistake(() => enumeration('mode', ['a', 'A']))).toMatchInlineSnapshot(
      `"E-NAME in enumeration 'mode' (enumeration.test.ts, line '() => enumeration('mode', ['a', 'A'])'): 'a' and 'A' differ in case alone; rename one"`,
    )
    expect(mistake(() => enumeration('mode', ['a', '8']))).toMatchInlineSnapshot(
      `"E-NAME in enumeration 'mode' (enumeration.test.ts, line '() => enumeration('mode', ['a', '8'])'): a value cannot be called '8': JavaScript does not keep the order of names that are integers; choose another name"`,
    )
    expect(mistake(() => enumeration('the mode', ['a', 'b']))).toMatchInlineSnapshot(
      `"E-NAME in enumeration 'the mode' (enumeration.test.ts, line '() => enumeration('the mode', ['a', 'b'])'): an enumeration cannot be called 'the mode': a name is a letter followed by letters, digits and underscores; choose another name"`,
    )
  })

  it('where a value is of another, or no name of it', () => {
    const other = enumeration('mode', ['fp4', 'posit8', 'posit32'])
    expect(mistake(() => maker({ m: other }, { y: mode }, ({ m }) => ({ y: m as never })))).toMatchInlineSnapshot(
      `"E-KIND in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' takes mode (fp4, posit8, posit16), got mode (fp4, posit8, posit32); match() the one onto the other"`,
    )
    expect(mistake(() => maker({}, { y: mode }, () => ({ y: 'fp8' as never })))).toMatchInlineSnapshot(
      `"E-KIND in maker (maker.ts, line '): Module => component('maker', (_: object) => ({ in: inputs, out: outputs, logic }))({}).module'): output 'y' takes mode (fp4, posit8, posit16), got 'fp8'; did you mean 'fp4'?"`,
    )
  })

  it('where a number may tell no name', () => {
    expect(mistake(() => maker({ x: u(2) }, {}, ({ x }) => nothing(mode.of(x))))).toMatchInlineSnapshot(
      `"E-RANGE in maker (enumeration.test.ts, line '() => maker({ x: u(2) }, {}, ({ x }) => nothing(mode.of(x)))'): mode (fp4, posit8, posit16) has the codes 0 to 2, got [0, 3] (u2); narrow it with .sat() or checked()"`,
    )
    expect(mistake(() => maker({ x: bits(2) }, {}, ({ x }) => nothing(unpack(mode, x))))).toMatchInlineSnapshot(
      `"E-RANGE in maker (enumeration.test.ts, line '() => maker({ x: bits(2) }, {}, ({ x }) => nothing(unpack(mode, x)))'): mode (fp4, posit8, posit16) has the codes 0 to 2, got [0, 3] (u2); narrow it with .sat() or checked()"`,
    )
  })

  it('where an arm is missing or too many, or leaves a wire without a value', () => {
    const arms = (of: object) => () => maker({ m: mode }, {}, ({ m }) => nothing(match(m, of as never)))
    expect(mistake(arms({ fp4: 1, posit8: 2 }))).toMatchInlineSnapshot(
      `"E-KIND in maker (enumeration.test.ts, line 'const arms = (of: object) => () => maker({ m: mode }, {}, ({ m }) => nothing(match(m, of as never)))'): there is no arm for 'posit16' of mode (fp4, posit8, posit16); say what it comes to"`,
    )
    expect(mistake(arms({ fp4: 1, posit8: 2, posit16: 3, posit32: 4 }))).toMatchInlineSnapshot(
      `"E-KIND in maker (enumeration.test.ts, line 'const arms = (of: object) => () => maker({ m: mode }, {}, ({ m }) => nothing(match(m, of as never)))'): there is an arm for 'posit32', which is no value of mode (fp4, posit8, posit16); leave the arm out"`,
    )
    expect(
      mistake(() =>
        maker({ m: mode }, { y: bool }, ({ m }, { wires, match }) => {
          const w = wires({ w: bool })
          const set = (): void => {
            w.w.value = true
          }
          match(m, { fp4: set, posit8: () => {}, posit16: set })
          return { y: w.w }
        }),
      ),
    ).toMatchInlineSnapshot(
      `"E-UNDRIVEN in maker (enumeration.test.ts, line 'match(m, { fp4: set, posit8: () => {}, posit16: set })'): wire 'w' has no value where it is 'posit8'; drive it in every arm or once before"`,
    )
  })
})
