import { afterAll, describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import { powerDesign } from '../../../src/synth/power/design.ts'
import { measureDump } from '../../../src/synth/power/measure.ts'
import { readNetlist } from '../../../src/synth/power/netlist-file.ts'
import { openYosys } from '../../../src/synth/yosys.ts'
import { paper } from './power-liberty.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

const read = (verilog: string, top = 't') => readNetlist({ verilog, top, sourceName: 't.v' }, paper, yosys)

describe('a netlist that somebody else made', () => {
  it('is flattened, with names of all nets, aliases and buses either way, constants and cells that mapping leaves alone', async () => {
    const { netlist, bits } = await read(`
module pair(input [0:1] i, output [0:1] o);
  HELD h0 (.A(i[0]), .Y(o[0]));
  INV \\h/1 (.A(i[1]), .Y(o[1]));
endmodule
module t(a, b, y, low);
  input [3:2] a; input b; output [1:0] y; output low;
  wire alias;
  assign alias = y[1];
  assign low = 1'b0;
  pair p ({b, a[3]}, y);
  AND2 g (.A(alias), .B(1'b1), .Y(\\n[5] ));
  wire \\n[5] ;
endmodule`)
    expect(netlist.instances.map(({ name, cell }) => `${name} ${cell}`).sort()).toEqual([
      'g AND2',
      'p.h/1 INV',
      'p.h0 HELD',
    ])
    expect([...bits.keys()].sort()).toEqual(
      ['a[2]', 'a[3]', 'alias', 'b', 'low', 'n[5]', 'p.i[0]', 'p.i[1]', 'p.o[0]', 'p.o[1]', 'y[0]', 'y[1]'].sort(),
    )
    const same = (one: string, other: string) => expect(bits.get(one), `${one} and ${other}`).toBe(bits.get(other))
    same('p.i[0]', 'b')
    same('p.i[1]', 'a[3]')
    same('p.o[0]', 'y[1]')
    same('alias', 'y[1]')
    expect(bits.get('low')).toBe('0')
    const pins = (name: string) => netlist.instances.find((each) => each.name === name)!.connections
    expect(pins('g')).toEqual({ A: [bits.get('y[1]')], B: ['1'], Y: [bits.get('n[5]')] })
    expect(pins('p.h/1')).toEqual({ A: [bits.get('a[3]')], Y: [bits.get('y[0]')] })
  })

  it('may connect cells by position where it brings their modules, which are not looked into', async () => {
    const { netlist, bits } = await read(`
module INV(Y, A); output Y; input A; assign Y = A; endmodule
module t(input a, output y); INV u (y, a); endmodule`)
    expect(netlist.instances[0]!.connections).toEqual({ Y: [bits.get('y')], A: [bits.get('a')] })
  })

  it.each([
    ['module t(input a, output y); INV u (a, y); endmodule', /t\.v connects INV u by position, .* connect it by name/],
    [
      'module t(input a, output y); INVX u (.A(a), .Y(y)); endmodule',
      /u in module t is a INVX, which neither the file nor paper has/,
    ],
    ['module t(input a, output y); assign y = ~a; endmodule', /t\.v is no mapped netlist: it computes not/],
    ['module t(input a, output y); assign y = a; endmodule', /has no cells in module t/],
    ['module s(input a, output y); INV u (.A(a), .Y(y)); endmodule', /t\.v has no module t: it has s/],
    ['module t(input a, output y); INV u (.A(a), .Y(y)', /t\.v/],
    ['module t(input a, output y); INV u (.A(a), .Y(y)); INV v (.A(a), .Y(y)); endmodule', /drives y from two places/],
    ['module t(input a, output y); INV u (.B(a), .Y(y)); endmodule', /t\.v/],
  ])('that is wrong is refused with a sentence: %s', async (verilog, sentence) => {
    const reading = read(verilog)
    await expect(reading).rejects.toThrow(UserError)
    await expect(reading).rejects.toThrow(sentence)
  })
})

describe('the names of a dump', () => {
  const hierarchy = `
module part(input [1:0] i, output [1:0] o); BUF b0 (.A(i[0]), .Y(o[0])); BUF b1 (.A(i[1]), .Y(o[1])); endmodule
module t(input [1:0] a, output [1:0] y); part p (a, y); endmodule`
  const dump = (declarations: string, values: string): Uint8Array[] => [
    new TextEncoder().encode(`$timescale 1ns $end ${declarations} $enddefinitions $end ${values}`),
  ]
  const measured = async (declarations: string, values: string, scope?: string) => {
    const named = await read(hierarchy)
    const design = powerDesign(named.netlist, paper)
    const found = measureDump(design, named, dump(declarations, values), 'a.vcd', scope === undefined ? {} : { scope })
    return { ...found, toggles: (name: string) => found.counted.zero!.toggles[named.bits.get(name) as number] }
  }

  it('are found below the scope with the ports, in vectors and bit by bit, by any name of a net', async () => {
    const inner = '$scope module p $end $var wire 2 & o [1:0] $end $upscope $end'
    const whole = `$scope module tb $end $var reg 2 ! a [1:0] $end $scope module dut $end $var wire 2 ! a [1:0] $end ${inner} $upscope $end $upscope $end`
    const found = await measured(whole, '#0 b00 ! b00 & #5 b01 ! b01 & #9 b10 ! b10 & #20')
    expect(found).toMatchObject({ scope: 'tb.dut', nets: 4, seen: 4, cycles: undefined, duration_ps: 20_000 })
    expect(found.compared).toEqual({ vectors: 2, mismatches: 0 })
    expect([found.toggles('a[0]'), found.toggles('y[0]'), found.toggles('y[1]')]).toEqual([2, 2, 1])
    const single = '$scope module x $end $var wire 1 ! a[0] $end $var wire 1 " a [1] $end $upscope $end'
    expect(await measured(single, '#0 0! 0" #5 1! #20')).toMatchObject({ scope: 'x', seen: 2 })
  })

  it('number bits as they were declared, the first not always the highest', async () => {
    const named = await read(
      'module t(input [0:1] a, output y, z); INV u (.A(a[0]), .Y(y)); INV v (.A(a[1]), .Y(z)); endmodule',
    )
    const design = powerDesign(named.netlist, paper)
    const text = dump('$scope module t $end $var wire 2 ! a [0:1] $end $upscope $end', '#0 b00 ! #5 b01 ! #9 b00 ! #20')
    const { zero } = measureDump(design, named, text, 'a.vcd').counted
    const toggles = (name: string) => zero!.toggles[named.bits.get(name) as number]
    expect(['a[0]', 'a[1]', 'y', 'z'].map(toggles)).toEqual([0, 2, 0, 2])
  })

  it('are asked for where they do not fit', async () => {
    const other = '$scope module x $end $var wire 1 ! q $end $upscope $end'
    await expect(measured(other, '#0 0! #5')).rejects.toThrow(/a\.vcd has no scope with ports of the netlist \(a, y\)/)
    await expect(measured(other, '#0 0! #5', 'z')).rejects.toThrow(/no scope of a\.vcd 'z': there are x/)
    await expect(measured(other, '#0 0! #5', 'x')).rejects.toThrow(/scope x of a\.vcd has no net of the netlist/)
    const half = '$scope module x $end $var wire 1 ! a [0] $end $upscope $end'
    await expect(measured(half, '#0 0! #5')).rejects.toThrow(/a\.vcd has 1 of the 4 nets and not all inputs \(a\[1\]\)/)
    const ports = '$scope module x $end $var wire 2 ! a [1:0] $end $upscope $end'
    await expect(measured(ports, '')).rejects.toThrow(/a\.vcd holds no values/)
    await expect(measured(ports, '#7 b00 !')).rejects.toThrow(/a\.vcd has no time that counts: it ends at 7 ns/)
  })
})
