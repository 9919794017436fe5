import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { powerLiberty } from '../synth/power/power-liberty.ts'
import { bitloom, scratch } from './bitloom.ts'
import { writeTinyModel } from './tiny-model.ts'

const folder = scratch()
afterAll(folder.dispose)
const put = (name: string, text: string): string => {
  const file = join(folder.path, name)
  writeFileSync(file, text)
  return file
}

const library = put('paper.lib', powerLiberty)
const netlist = put(
  'm.v',
  `module m(input clk, input a, output y);
  wire q;
  DFF r (.D(a), .CK(clk), .Q(q), .QN());
  INV u (.A(q), .Y(y));
endmodule
`,
)
const dumpOf = (last: string): string => `$timescale 1ps $end
$scope module tb $end $scope module dut $end
$var wire 1 ! clk $end $var wire 1 " a $end $var wire 1 # y $end
$upscope $end $upscope $end $enddefinitions $end
#0 0! 0" x#
#1000 1! 1#
#1500 1"
#2000 0!
#3000 1! 0#
#4000 0!
#5000 1! ${last}
#8000
`
const dump = put('m.vcd', dumpOf(''))
const given = ['power', '--netlist', netlist, '--top', 'm', '--liberty', library]

interface Result {
  readonly total_w: number
  readonly internal_w: number
  readonly switching_w: number
  readonly leakage_w: number
  readonly clock_w: number
  readonly mismatches: number
  readonly provenance: Record<string, unknown>
  readonly [key: string]: unknown
}

/** What every figure carries: ../shared/reference/area-energy.md, section 9, test 8. */
const carried = [
  'library',
  'library_source',
  'corner',
  'voltage_V',
  'temperature_C',
  'versions',
  'recipe',
  'activity',
  'vectors',
  'delay_mode',
  'wire_model',
  'method',
]

const json = (args: readonly string[]): Result => {
  const { status, stdout, stderr } = bitloom([...args, '--json'])
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as Result
}

describe('bitloom power', () => {
  it('of a netlist and a dump of its ports: parts that add up, both ends of the band, and where all comes from', () => {
    const result = json([...given, '--vcd', dump])
    expect(result.internal_w + result.switching_w + result.leakage_w).toBeCloseTo(result.total_w, 15)
    expect(result).toMatchObject({
      scope: 'tb.dut',
      clocks: ['clk'],
      nets: 4,
      nets_in_dump: 3,
      cycles: 3,
      duration_ns: 8,
      vectors: 2,
      mismatches: 0,
      provenance: { library: 'paper', voltage_V: 2, temperature_C: 25, vectors: 2, wire_model: 'no wires' },
    })
    for (const key of carried) expect(result.provenance[key], key).toBeDefined()
    // clk feeds 1.5 fF and moves 5 times, a 1 fF once, q 2 fF once: 2 fJ a fF
    expect(result.switching_w).toBeCloseTo((1e-3 * (5 * 3 + 2 + 4)) / 8000, 15)
    const { low, high } = result.band as Record<'low' | 'high', Result>
    expect([low.total_w, high.total_w]).toEqual([expect.closeTo(result.total_w, 10), result.total_w])
    const text = bitloom([...given, '--vcd', dump, '--instances', '1'])
    expect(text.stdout).toMatch(/^m of .*m\.v\n[nu]W +internal +switching +leakage +total/)
    expect(text.stdout).toMatch(/2 vectors compared, 0 mismatches/)
    expect(text.stdout.match(/largest[\s\S]*\n(.*)\n$/)?.[1]).toMatch(/^q DFF|^input clk/)
  })

  it('exits with 1 where outputs are not those of the dump', () => {
    const wrong = put('wrong.vcd', dumpOf('1# #7000 0! #7500 1!'))
    const { status, stderr, stdout } = bitloom([...given, '--vcd', wrong, '--json'])
    expect(status).toBe(1)
    expect((JSON.parse(stdout) as Result).mismatches).toBe(1)
    expect(stderr).toMatch(/does not compute what is expected in 1 of 3 vectors: y is 0 and should be 1 before 7500 ps/)
  })

  it('of a PE: its mean cell, an energy a multiply-accumulate, and no mismatch', () => {
    const result = json(['power', 'mac(w=int4, a=int4)', '--cycles', '200', '--seed', '3'])
    expect(result).toMatchObject({ workload: 'random', clock_mhz: 500, mismatches: 0, target: 'generic45' })
    for (const key of carried) expect(result.provenance[key], key).toBeDefined()
    const forms = result.forms as (Result & { name: string; share: number; kinds: object; instances: object[] })[]
    expect(forms.map(({ name, share }) => [name, share])).toEqual([
      ['cell', 0.25],
      ['passing cell', 0.75],
    ])
    for (const part of ['total_w', 'internal_w', 'switching_w', 'leakage_w', 'clock_w'] as const)
      expect(result[part]).toBeCloseTo(0.25 * forms[0]![part] + 0.75 * forms[1]![part], 12)
    expect(result.internal_w + result.switching_w + result.leakage_w).toBeCloseTo(result.total_w, 12)
    const { low, high } = result.pj_per_mac_band as { low: number; high: number }
    expect(low).toBeGreaterThan(0.1)
    expect(high).toBeGreaterThan(1.02 * low)
    expect(result.pj_per_mac).toBe(high)
    // Picojoules of all cycles over multiply-accumulates, from watts.
    expect(high).toBeCloseTo((result.total_w * 1e12 * (result.cycles as number) * 2e-9) / (result.macs as number), 3)
  })

  it('of a PE with the layers of a model', () => {
    const { model, tokenizer } = writeTinyModel(folder.path, 5)
    const result = json([
      ...['power', 'mac(w=int4)', '--workload', 'layers', '--cycles', '300'],
      ...['--model', model, '--tokenizer', tokenizer, '--prompt', 'a'],
    ])
    expect(result).toMatchObject({ workload: 'layers', mismatches: 0 })
    expect(result.provenance.activity).toMatch(
      /^9 of the \d+ outputs of linear layers of tiny.*, drawn at random \(seed 1\)/,
    )
    expect(result.pj_per_mac).toBeGreaterThan(0.1)
  })

  it.each([
    ['nothing', ['power'], /there is nothing to measure: give a spec, e\.g\. bitloom power mac, or --netlist/],
    ['no dump', given, /--vcd is missing: give a value change dump/],
    ['a spec and a netlist', ['power', 'mac', '--netlist', netlist], /--netlist is for a netlist, and mac is a spec/],
    ['a netlist and a workload', [...given, '--vcd', dump, '--seed', '3'], /--seed is for the PE of a spec/],
    ['an unknown workload', ['power', 'mac', '--workload', 'gauss'], /no workload 'gauss': there are random, layers/],
    ['a model of random data', ['power', 'mac', '--model', 'stories15m'], /--model is for --workload layers/],
    [
      'layers of a PE whose codes no quantiser makes',
      ['power', 'bitfusion(w=uint4)', '--workload', 'layers'],
      /its weights have neither a sign nor a zero point; give --workload random/,
    ],
    ['an FPGA', ['power', 'mac', '--target', 'ice40'], /ice40 is an FPGA/],
    [
      'a clock that is too fast',
      ['power', 'mac(w=int4, a=int4)', '--frequency', '9000'],
      /longest path allows; give at most \d+/,
    ],
    [
      'a clock that is no input',
      [...given, '--vcd', dump, '--clock', 'y'],
      /--clock y is no input of .*: it has clk, a/,
    ],
    ['a missing dump', [...given, '--vcd', 'nowhere.vcd'], /cannot read the value change dump nowhere\.vcd/],
    ['a dump that is none', [...given, '--vcd', netlist], /m\.v, line 1: "module" stands where a declaration/],
    ['a missing netlist', ['power', '--netlist', 'no.v', '--top', 'm', '--vcd', dump], /cannot read the netlist no\.v/],
    ['a wire load that is not there', [...given, '--vcd', dump, '--wire-load', 'lang'], /did you mean 'long'/],
  ])('refuses %s with a sentence', (_, args, sentence) => {
    const { status, stdout, stderr } = bitloom(args)
    expect(stdout).toBe('')
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(status).toBe(2)
  })
})
