import { afterAll, describe, expect, it } from 'vitest'
import type { NamedNetlist } from '../../../src/synth/netlist.ts'
import { powerDesign } from '../../../src/synth/power/design.ts'
import { measureDump } from '../../../src/synth/power/measure.ts'
import { readNetlist } from '../../../src/synth/power/netlist-file.ts'
import { kinds, type Power, type PowerParts, powerOf } from '../../../src/synth/power/power.ts'
import { openYosys } from '../../../src/synth/yosys.ts'
import { paper } from './power-liberty.ts'

const yosys = openYosys()
afterAll(() => yosys.close())

const netlistFrom = (verilog: string, top = 't'): Promise<NamedNetlist> =>
  readNetlist({ verilog, top, sourceName: 't.v' }, paper, yosys)

const pieces = (text: string): Uint8Array[] => [new TextEncoder().encode(text)]

/** A dump of one scope `t` from waves: the times at which each net moves, from 0 on. */
const dumpOf = (waves: Readonly<Record<string, readonly number[]>>, end: number): string => {
  const names = Object.keys(waves)
  const code = (k: number): string => String.fromCharCode(33 + k)
  const changes = names.flatMap((name, k) =>
    waves[name]!.map((time, n) => ({ time, text: `${(n + 1) & 1}${code(k)}` })),
  )
  const times = [...new Set(changes.map(({ time }) => time))].sort((a, b) => a - b)
  return `$timescale 1ps $end
$scope module t $end
${names.map((name, k) => `$var wire 1 ${code(k)} ${name} $end`).join('\n')}
$upscope $end
$enddefinitions $end
#0
$dumpvars
${names.map((_, k) => `0${code(k)}`).join('\n')}
$end
${times
  .map(
    (time) =>
      `#${time}\n${changes
        .filter((each) => each.time === time)
        .map(({ text }) => text)
        .join('\n')}`,
  )
  .join('\n')}
#${end}
`
}

const measured = (
  named: NamedNetlist,
  dump: string,
  options: Parameters<typeof powerDesign>[2] = {},
  time: Parameters<typeof measureDump>[4] = {},
) => {
  const design = powerDesign(named.netlist, paper, options)
  const found = measureDump(design, named, pieces(dump), 'a.vcd', time)
  return { design, ...found }
}

/** Femtojoules over picoseconds. */
const watts = (fJ: number, ps: number): number => (fJ * 1e-3) / ps

/** To a millionth of the value. */
const near = (value: number, wanted: number): void => {
  expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-6 * Math.abs(wanted) + 1e-30)
}

const addsUp = (power: Power): void => {
  const sum = (rows: readonly PowerParts[], part: keyof PowerParts) => rows.reduce((total, row) => total + row[part], 0)
  const byKind = kinds.map((kind) => power.kinds[kind])
  for (const part of ['total_w', 'internal_w', 'switching_w', 'leakage_w'] as const) {
    near(sum(byKind, part), power[part])
    near(sum(power.instances, part), power[part])
  }
  for (const row of [power, ...byKind, ...power.instances])
    near(row.internal_w + row.switching_w + row.leakage_w, row.total_w)
  near(
    power.instances.reduce((total, { clock_w }) => total + clock_w, 0),
    power.kinds.clock.total_w,
  )
}

const registered = `module t(input clk, input a, input b, output y);
  wire q;
  DFF r (.D(a), .CK(clk), .Q(q), .QN());
  AND2 g (.A(q), .B(b), .Y(y));
endmodule`
/** The clock rises at 1000, 3000, 5000 and 7000; q follows a there, and y is q and b. */
const waves = {
  clk: [1000, 2000, 3000, 4000, 5000, 6000, 7000],
  a: [1500, 3500, 5500],
  b: [2500, 6500],
  q: [3000, 5000, 7000],
  y: [3000, 5000],
}

describe('power worked out by hand', () => {
  it('of a register and a gate: conditions by their share of the time, an output by what moves it', async () => {
    const found = measured(await netlistFrom(registered), dumpOf(waves, 8000))
    expect(found).toMatchObject({ scope: 't', nets: 5, seen: 5, cycles: 4, duration_ps: 8000 })
    const power = powerOf(found.design, found.counted.dump!)
    // 2 fJ a fF: clk feeds 1.5 fF, a 1, b 2, q 1, y nothing
    near(power.switching_w, watts(7 * 3 + 3 * 2 + 2 * 4 + 3 * 2, 8000))
    // a is 1 from 1500 to 3500 and from 5500 on
    const ck = 7 * (3 * (4500 / 8000) + 5 * (3500 / 8000))
    const q = 3 * 6
    // b is 1 from 2500 to 6500, q from 3000 to 5000 and from 7000 on
    const hidden = 3 * 1 * (4000 / 8000)
    const [byA, byB] = [3 * (4000 / 8000), 2 * (3000 / 8000)]
    const y = (2 * (byA * 3 + byB * 7)) / (byA + byB)
    near(power.internal_w, watts(ck + q + hidden + y, 8000))
    // both 1 from 3000 to 5000; q is 0 for 5000 ps; neither for 1000
    const and = (10 * 2000 + 4 * 5000 + 6 * 1000) / 8000
    near(power.leakage_w, (100 + and) * 1e-9)
    near(power.kinds.clock.total_w, watts(7 * 3 + ck, 8000))
    near(power.kinds.sequential.total_w, watts(q + 3 * 2, 8000) + 100e-9)
    near(power.kinds.combinational.total_w, watts(hidden + y, 8000) + and * 1e-9)
    near(power.kinds.inputs.total_w, watts(3 * 2 + 2 * 4, 8000))
    addsUp(power)
    expect(power.instances.map(({ instance, cell }) => [instance, cell])).toEqual([
      ['g', 'AND2'],
      ['r', 'DFF'],
      ['input clk', undefined],
      ['input a', undefined],
      ['input b', undefined],
    ])
    near(power.instances[1]!.clock_w, watts(ck, 8000))
    expect(power.averaged).toBe(0)
  })

  it('by tables at the slew of the pin and the load of the net, with wires and without', async () => {
    const named = await netlistFrom(
      'module t(input a, output y); wire n; INV u (.A(a), .Y(n)); INV v (.A(n), .Y(y)); endmodule',
    )
    const dump = dumpOf({ a: [1000, 2000] }, 4000)
    const found = measured(named, dump)
    // nets a and n are 2 fF; slews are 20 ps everywhere: 1.5 + 3 slew / 200 + load / 10
    const power = powerOf(found.design, found.counted.zero!)
    near(power.internal_w, watts(2 * (1.5 + 0.3 + 0.2) + 2 * (1.5 + 0.3), 4000))
    near(power.switching_w, watts(2 * 4 + 2 * 4, 4000))
    near(power.leakage_w, 4e-9)
    // a wire to one pin has 3 fF, and so have a, n and y
    const [long] = paper.wireLoads!
    const wired = measured(named, dump, { wireLoad: long!, outputLoad_fF: 4 })
    const more = powerOf(wired.design, wired.counted.zero!)
    near(more.switching_w, watts(2 * 10 + 2 * 10 + 2 * 2 * 7, 4000))
    near(more.internal_w, watts(2 * (1.5 + 0.3 + 0.5) + 2 * (1.5 + 0.3 + 0.7), 4000))
    addsUp(more)
  })

  it('takes for each edge of an output the slew of the edge of the input that makes it', async () => {
    const named = await netlistFrom(
      'module t(input a, output y); wire n; SLOW s (.A(a), .Y(n)); INV u (.A(n), .Y(y)); endmodule',
    )
    const found = measured(named, dumpOf({ a: [1000, 2000] }, 4000))
    // n rises within 40 ps and falls within 60: the inverter's rise costs 1 + 60 / 100, its fall 2 + 40 / 50
    near(powerOf(found.design, found.counted.zero!).internal_w, watts(1.6 + 2.8, 4000))
  })

  it.each(['.Q(y)', '.QN(y)'])('knows the state of a register by the output that is connected: %s', async (pin) => {
    const named = await netlistFrom(
      `module t(input clk, input a, output y); DFFN r (.D(a), .CK(clk), ${pin}); endmodule`,
    )
    // The clock falls at 1000, 2000 and 3000; the state is 1 from 2000 to 3000.
    const clk = [500, 1000, 1500, 2000, 2500, 3000]
    const found = measured(named, dumpOf({ clk, a: [1200, 2200] }, 5000))
    expect(found.counted.zero!.high(named.bits.get('y') as number)).toBeCloseTo(pin === '.Q(y)' ? 0.2 : 0.8, 12)
    near(powerOf(found.design, found.counted.zero!).leakage_w, (7 * 0.2 + 3 * 0.8) * 1e-9)
  })

  it('counts the part of the time that is asked for, in the dump and in simulations', async () => {
    const named = await netlistFrom(registered)
    const found = measured(named, dumpOf(waves, 8000), {}, { begin_ps: 2200, end_ps: 5200 })
    // q and y move at 3000 and 5000, b at 2500; the clock rises at 3000 and 5000 and falls at 4000
    expect(found).toMatchObject({ duration_ps: 3000, cycles: 2, compared: { mismatches: 0 } })
    const nets = ['clk', 'a', 'b', 'q', 'y'].map((name) => named.bits.get(name) as number)
    for (const counted of [found.counted.dump!, found.counted.zero!]) {
      expect(counted.duration_ps).toBe(3000)
      expect(nets.map((net) => counted.toggles[net])).toEqual([3, 1, 1, 2, 2])
      expect(counted.high(nets[3]!)).toBeCloseTo(2000 / 3000, 12)
    }
  })

  it('leaves out what is not known, and what comes back from it as it was', async () => {
    const named = await netlistFrom('module t(input a, output y); INV u (.A(a), .Y(y)); endmodule')
    const dump = `$timescale 1ps $end $scope module t $end $var wire 1 ! a $end $var wire 1 " y $end $upscope $end
$enddefinitions $end #0 x! x" #100 0! 1" #200 x! x" #300 0! 1" #400 z! x" #500 1! 0" #600 x! #1100`
    const found = measured(named, dump)
    const [a, y] = [named.bits.get('a') as number, named.bits.get('y') as number]
    const { toggles, high } = found.counted.dump!
    expect([toggles[a], toggles[y]]).toEqual([1, 1])
    // a is known for 300 ps and 1 for 100 of them, y for 800 and for 200
    expect([high(a), high(y)]).toEqual([expect.closeTo(1 / 3, 12), expect.closeTo(0.25, 12)])
    near(powerOf(found.design, found.counted.dump!).internal_w, watts(1.5 + 0.3, 1100))
  })

  it('takes a pin that is open to be 1 half of the time', async () => {
    const named = await netlistFrom('module t(input a, output y); AND2 g (.A(a), .B(), .Y(y)); endmodule')
    // a is 1 for 1000 of 4000 ps; y stays 0
    const found = measured(named, dumpOf({ a: [1000, 2000], y: [] }, 4000))
    const power = powerOf(found.design, found.counted.dump!)
    near(power.internal_w, watts(2 * 0.5, 4000))
    near(power.leakage_w, (10 * 0.25 * 0.5 + 4 * 0.75 + 6 * 0.25 * 0.5) * 1e-9)
    expect(power.averaged).toBe(0)
  })

  it('is that of the dump where it has all nets, and of a simulation where it has the ports alone', async () => {
    const named = await netlistFrom(registered)
    const whole = measured(named, dumpOf(waves, 8000))
    const { q: _, ...ports } = waves
    const less = measured(named, dumpOf(ports, 8000))
    expect(less.counted.dump).toBeUndefined()
    expect(less).toMatchObject({ seen: 4, compared: { vectors: 4, mismatches: 0 } })
    const power = (found: typeof whole, counted: typeof whole.counted.dump) => powerOf(found.design, counted!).total_w
    near(power(less, less.counted.zero), power(whole, whole.counted.dump))
    const wrong = measured(named, dumpOf({ ...ports, y: [3000, 5000, 5500] }, 8000))
    expect(wrong.compared).toMatchObject({ vectors: 4, mismatches: 1 })
    expect(wrong.compared.first).toBe('y is 0 and should be 1 before 7000 ps (simulated with zero delays)')
  })
})
