import { describe, expect, it } from 'vitest'
import { type Bool, bits, bool, cat, type Int, mux, range, s, u } from '../../../src/dsl/index.ts'
import { maker } from '../maker.ts'
import { body } from './printed.ts'

describe('an operand', () => {
  it('is extended by its own sign, by hand, so that no tool does it', async () => {
    const module = maker({ a: s(8), b: u(8), c: u(4) }, { y: range(-128, 382), z: u(9) }, ({ a, b, c }) => ({
      y: a.add(b),
      z: b.add(c),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign y = {{2{a[7]}}, a} + {2'd0, b};
      assign z = {1'b0, b} + {5'd0, c};"
    `)
  })

  it('is cut to the bits that are read, and the others are called unused', async () => {
    const module = maker({ a: s(12), b: s(12) }, { y: s(8), z: u(4) }, ({ a, b }) => ({
      y: a.add(b).wrap(s(8)),
      z: a.wrap(u(4)),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign y = a[7:0] + b[7:0];
      assign z = a[3:0];

      wire unused = &{1'b0, a[11:8], b[11:8]};"
    `)
  })

  it('that is a constant is as wide as its place, negative ones with their sign, the most negative one without', async () => {
    const module = maker({ a: s(8) }, { y: s(10), z: s(10), minus: s(8), least: s(8) }, ({ a }) => ({
      y: a.add(-5),
      z: a.sub(-5),
      minus: -5,
      least: -128,
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "wire signed [8:0] y_sum = {a[7], a} - 9'd5;
      assign y = {y_sum[8], y_sum};
      wire signed [8:0] z_difference = {a[7], a} + 9'd5;
      assign z = {z_difference[8], z_difference};
      assign minus = -8'sd5;
      assign least = 8'd128;"
    `)
  })

  it('that is an index is unsigned, or tools look for a word under 0', async () => {
    const module = maker(
      { a: s(3), b: s(3), c: u(3) },
      { direct: bool, negated: bool, either: bool, sum: bool, plain: bool, mixed: bool },
      ({ a, b, c }, { rom }) => {
        const words = rom('words', { of: bool, initial: [true, false, true, true, false, false, true, false] })
        const at = (index: Int): Bool => words.lookup(index.wrap(u(3)))
        return {
          direct: at(a),
          negated: at(a.neg()),
          either: at(mux(c.eq(0), a, b)),
          sum: at(a.add(b)),
          plain: at(c),
          mixed: at(a.add(c)),
        }
      },
    )
    expect((await body(module)).split('\n').filter((line) => line.includes('words['))).toMatchInlineSnapshot(`
      [
        "assign words_lookup = words[$unsigned(a)];",
        "assign words_lookup_2 = words[$unsigned(-a)];",
        "assign words_lookup_3 = words[$unsigned((c == 3'd0) ? a : b)];",
        "assign words_lookup_4 = words[$unsigned(a + b)];",
        "assign words_lookup_5 = words[c];",
        "assign words_lookup_6 = words[a + c];",
        "  for (k = 0; k < 8; k = k + 1) words[k] = 1'b0;",
        "  words[0] = 1'b1; words[2] = 1'b1; words[3] = 1'b1; words[6] = 1'b1;",
      ]
    `)
  })

  it('that is negated has a minus', async () => {
    expect(await body(maker({ a: s(8) }, { y: s(9) }, ({ a }) => ({ y: a.neg() })))).toMatchInlineSnapshot(
      `"assign y = -{a[7], a};"`,
    )
  })
})

describe('a value read more than once', () => {
  it('becomes a net, called after what it feeds first', async () => {
    const module = maker({ a: u(4), b: u(4) }, { total: u(6), twice: u(6) }, ({ a, b }) => {
      const total = a.add(b)
      return { total, twice: total.add(total) }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "wire [4:0] total_sum = {1'b0, a} + {1'b0, b};
      assign total = {1'b0, total_sum};
      assign twice = {1'b0, total_sum} + {1'b0, total_sum};"
    `)
  })

  it('is read at the output or wire that it is as wide as, the first of several', async () => {
    const module = maker({ a: u(4), b: u(4) }, { total: u(5), same: u(5), twice: u(6) }, ({ a, b }, { wires }) => {
      const w = wires({ product: u(8), wide: u(9) })
      w.product.value = a.mul(b)
      w.wide.value = a.mul(b)
      const total = a.add(b)
      return { total, same: total, twice: total.add(w.product.bit(7).int()).add(w.wide.bit(8).int()).wrap(u(6)) }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "wire [7:0] product;
      wire [8:0] wide;

      assign product = a * b;
      assign wide = {1'b0, product};
      assign total = {1'b0, a} + {1'b0, b};
      assign same = total;
      wire [4:0] twice_sum = total + {4'd0, product[7]};
      assign twice = {1'b0, twice_sum} + {5'd0, wide[8]};

      wire unused = &{1'b0, wide[7:0]};"
    `)
  })

  it('leaves no bit of the output unread, whoever reads which', async () => {
    const module = maker({ a: u(4), b: u(4) }, { total: u(5), odd: bool }, ({ a, b }) => {
      const total = a.add(b)
      return { total, odd: total.bit(0) }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign total = {1'b0, a} + {1'b0, b};
      assign odd = total[0];"
    `)
  })

  it('is read at the output where it is a shift by a signal, which is as wide as what is shifted', async () => {
    const module = maker({ a: u(8), n: u(2), m: range(4, 7) }, { y: u(8), low: u(4), z: u(9) }, ({ a, n, m }) => {
      const [whole, low] = [a.shrBy(n), a.shrBy(m)]
      return { y: whole, low, z: whole.add(low) }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign y = a >> n;
      wire [7:0] low_shifted = a >> m;
      assign low = low_shifted[3:0];
      wire [3:0] z_wrapped = low_shifted[3:0];
      assign z = {1'b0, y} + {5'd0, z_wrapped};

      wire unused = &{1'b0, low_shifted[7:4]};"
    `)
  })

  it('keeps the name it was given', async () => {
    const module = maker({ a: u(4), b: u(4) }, { total: u(5), twice: u(6) }, ({ a, b }) => {
      const both = a.add(b).named('both')
      return { total: both, twice: both.add(both) }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "wire [4:0] both = {1'b0, a} + {1'b0, b};
      assign total = both;
      assign twice = {1'b0, both} + {1'b0, both};"
    `)
  })
})

describe('a product', () => {
  it('has operands of their own width and one common sign, and stands alone in a net where more is done with it', async () => {
    const module = maker({ a: s(8), b: u(4), c: u(6) }, { signed_one: s(13), unsigned_one: u(10) }, ({ a, b, c }) => ({
      signed_one: a.mul(b).wrap(s(13)),
      unsigned_one: b.mul(c),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "wire signed [11:0] signed_one_product = a * $signed({1'b0, b});
      assign signed_one = {signed_one_product[11], signed_one_product};
      assign unsigned_one = b * c;"
    `)
  })

  it('with a constant: a power of two is a shift, a negative one as wide as the product', async () => {
    const module = maker({ a: s(8) }, { four: s(10), five: s(11), less: s(11) }, ({ a }) => ({
      four: a.mul(4),
      five: a.mul(5),
      less: a.mul(-5),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign four = {a, 2'd0};
      assign five = a * 4'sd5;
      assign less = a * -11'sd5;"
    `)
  })

  it('narrower than an operand cuts the operand', async () => {
    const module = maker({ a: range(-1, 0), b: range(0, 4) }, { y: range(-4, 0) }, ({ a, b }) => ({ y: a.mul(b) }))
    expect(await body(module)).toMatchInlineSnapshot(`"assign y = a * $signed(b);"`)
  })
})

describe('a comparison', () => {
  it('of two signs is made between equally wide signed operands', async () => {
    const module = maker({ a: s(8), b: u(8) }, { less: bool, equal: bool }, ({ a, b }) => ({
      less: a.lt(b),
      equal: a.eq(b),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign less = $signed({a[7], a}) < $signed({1'b0, b});
      assign equal = {a[7], a} == {1'b0, b};"
    `)
  })

  it('is written as by hand: constants on the right, `>=` and `!=` instead of a turned one', async () => {
    const module = maker(
      { a: s(8), b: s(8) },
      { more: bool, not_less: bool, at_most: bool, other: bool },
      ({ a, b }) => ({
        more: a.gt(5),
        not_less: a.ge(b),
        at_most: a.le(-128 + 1),
        other: a.ne(b),
      }),
    )
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign more = a > 8'sd5;
      assign not_less = a >= b;
      assign at_most = a <= -8'sd127;
      assign other = a != b;"
    `)
  })

  it('that the bounds decide is not made', async () => {
    const module = maker({ a: u(8) }, { never: bool, ever: bool, same: bool, nothing: u(2) }, ({ a }) => ({
      never: a.lt(0),
      ever: a.le(255),
      same: a.eq(a),
      nothing: a.mul(0),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign never = 1'b0;
      assign ever = 1'b1;
      assign same = 1'b1;
      assign nothing = 2'd0;

      wire unused = &{1'b0, a};"
    `)
  })
})

describe('a loss of bits', () => {
  it('by sat is a choice between the bounds, only those that can be passed', async () => {
    const module = maker({ a: s(12), b: u(12) }, { both: s(8), above: u(8), below: u(12) }, ({ a, b }) => ({
      both: a.sat(s(8)),
      above: b.sat(u(8)),
      below: a.sat(u(12)),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign both = (a < -12'sd128) ? 8'd128 : (a > 12'sd127) ? 8'd127 : a[7:0];
      assign above = (b > 12'd255) ? 8'd255 : b[7:0];
      assign below = (a < 12'sd0) ? 12'd0 : a;"
    `)
  })

  it('by wrap and then by shr goes by the sign of the cut value', async () => {
    const module = maker({ a: s(8) }, { y: s(4), z: bits(6) }, ({ a }) => ({
      y: a.wrap(s(4)).shr(2),
      z: cat(a.shr(20).bits(3), a.shr(20).bits(3)),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "wire signed [3:0] y_wrapped = a[3:0];
      assign y = {{2{y_wrapped[3]}}, y_wrapped[3:2]};
      wire [2:0] z_wrapped = {{3{a[7]}}};
      assign z = {z_wrapped, z_wrapped};

      wire unused = &{1'b0, a[6:4], y_wrapped[1:0]};"
    `)
  })

  it('by shr is a field of the value, extended where it reaches over its end', async () => {
    const module = maker({ a: s(8), b: u(8) }, { y: s(8), z: u(5), sign: s(4) }, ({ a, b }) => ({
      y: a.shr(3),
      z: b.shr(3),
      sign: a.shr(20),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign y = {{3{a[7]}}, a[7:3]};
      assign z = b[7:3];
      assign sign = {{4{a[7]}}};

      wire unused = &{1'b0, a[2:0], b[2:0]};"
    `)
  })
})

describe('a shift to the left', () => {
  it('joins zeros below', async () => {
    const module = maker({ a: s(8) }, { y: s(11), z: s(9) }, ({ a }) => ({ y: a.shl(3), z: a.shl(1) }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign y = {a, 3'd0};
      assign z = {a, 1'b0};"
    `)
  })
})

describe('bits', () => {
  it('are joined and cut as they are', async () => {
    const module = maker(
      { a: bits(8), b: bits(4), c: s(4) },
      { joined: bits(16), field: bits(3), one: bool, top: bool, number: s(8) },
      ({ a, b, c }) => ({
        joined: cat(a, b, c.bits()),
        field: a.slice(6, 4),
        one: a.bit(0),
        top: c.bit(3),
        number: a.signed(),
      }),
    )
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign joined = {a, b, c};
      assign field = a[6:4];
      assign one = a[0];
      assign top = c[3];
      assign number = a;"
    `)
  })

  it('of one are flags with `!`, of more are fields with `~`', async () => {
    const module = maker(
      { a: bool, b: bool, f: bits(4) },
      { neither: bool, one: bool, turned: bits(4), some: bool, every: bool },
      ({ a, b, f }) => ({
        neither: a.or(b).not(),
        one: a.xor(b),
        turned: f.and(0b0110).not(),
        some: f.any(),
        every: f.all(),
      }),
    )
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign neither = !(a | b);
      assign one = a ^ b;
      assign turned = ~(f & 4'd6);
      assign some = f != 4'd0;
      assign every = f == 4'd15;"
    `)
  })
})

describe('a net', () => {
  it('is made of a product or a clamp that is read twice, and of a value whose sign is', async () => {
    const module = maker({ a: s(4), b: s(4) }, { y: s(8), z: s(9), w: s(4) }, ({ a, b }) => {
      const product = a.mul(b)
      return { y: product, z: product.sub(a.sat(range(-3, 3))), w: a.sat(range(-3, 3)) }
    })
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign y = a * b;
      wire signed [2:0] z_clamped = (a < -4'sd3) ? -3'sd3 : (a > 4'sd3) ? 3'd3 : a[2:0];
      wire signed [7:0] z_difference = y - {{5{z_clamped[2]}}, z_clamped};
      assign z = {z_difference[7], z_difference};
      assign w = {z_clamped[2], z_clamped};"
    `)
  })

  it('that feeds a place called like it says what is done instead', async () => {
    const module = maker({ a: u(4), b: u(4) }, { sum: u(6), second_sum: u(6) }, ({ a, b }) => ({
      sum: a.add(b).add(1),
      second_sum: a.add(b).add(2),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "wire [4:0] sum_add = {1'b0, a} + {1'b0, b};
      wire [4:0] sum_add_2 = sum_add + 5'd1;
      assign sum = {1'b0, sum_add_2};
      assign second_sum = {1'b0, sum_add} + 6'd2;"
    `)
  })
})

describe('a sign before a sign', () => {
  it('stands in parentheses, which Verilog asks for', async () => {
    const module = maker({ f: bits(8), a: s(4) }, { y: bits(4), z: s(6) }, ({ f, a }) => ({
      y: f.not().unsigned().bits(4).not(),
      z: a.neg().neg(),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign y = ~(~f[3:0]);
      wire signed [3:0] z_difference = -(-a);
      assign z = {{2{z_difference[3]}}, z_difference};

      wire unused = &{1'b0, f[7:4]};"
    `)
  })
})

describe('a choice', () => {
  it('is an expression outside registers', async () => {
    const module = maker({ c: bool, d: bool, a: s(4), b: u(8) }, { y: range(-8, 255), z: u(8) }, ({ c, d, a, b }) => ({
      y: mux(c, a, b),
      z: mux(c.and(d.not()), b, mux(d, 1, 0)),
    }))
    expect(await body(module)).toMatchInlineSnapshot(`
      "assign y = c ? {{5{a[3]}}, a} : {1'b0, b};
      assign z = (c & !d) ? b : {7'd0, d};"
    `)
  })
})
