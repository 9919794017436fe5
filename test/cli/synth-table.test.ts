import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cacheFolder } from '../../src/base/cache-folder.ts'
import type { TableRow } from '../../src/cli/synth-table.ts'
import { tableText } from '../../src/cli/synth-table-text.ts'
import { weightEnergy } from '../../src/perf/memory-energy.ts'
import { bitloom, scratch } from './bitloom.ts'
import { writeTinyModel } from './tiny-model.ts'

const folder = scratch()
afterAll(folder.dispose)

/** A cache without figures; netlists may be known, since what is tested here does not depend on them. */
const cache = join(folder.path, 'cache')
const { model, tokenizer } = writeTinyModel(folder.path, 5)
const args = [
  ...['synth', 'mixpe', 'olive', '--cycles', '200', '--threads', '1', '--fpga', 'ice40,gowin'],
  ...['--model', model, '--tokenizer', tokenizer, '--prompt', 'a'],
]

interface Band {
  readonly low: number
  readonly high: number
}
interface Row {
  readonly spec: string
  readonly known: boolean
  readonly workload: string
  readonly workload_reason?: string
  readonly macs_per_cycle: number
  readonly clock_mhz: number
  readonly fmax_mhz: number
  readonly area_um2: number
  readonly core_area_um2: number
  readonly area_um2_per_mac_per_cycle: number
  readonly pj_per_cycle_band: Band
  readonly pj_per_mac: number
  readonly pj_per_mac_band: Band
  readonly cycles: number
  readonly macs: number
  readonly vectors: number
  readonly mismatches: number
  readonly relative: {
    readonly area: number
    readonly area_per_mac_per_cycle: number
    readonly power: Band
    readonly area_x_power: Band
    readonly pj_per_mac: Band
  }
  readonly fpga: readonly { luts: number; ffs: number; dsps: number; with_blocks: { dsps: number }; family: string }[]
  readonly memory: unknown
  readonly provenance: Record<'area' | 'power', Record<string, unknown>>
}
interface Document {
  readonly baseline: string
  readonly target: string
  readonly rows: readonly Row[]
}

const run = (more: readonly string[]) => bitloom([...args, ...more], { env: { BITLOOM_CACHE: cache } })
const document = (more: readonly string[] = []): Document => {
  const { status, stdout, stderr } = run(['--json', ...more])
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as Document
}

/** What every figure carries: ../shared/reference/area-energy.md, section 9, test 8. */
const carried = {
  area: [
    'library',
    'library_source',
    'corner',
    'voltage_V',
    'temperature_C',
    'versions',
    'recipe',
    'wire_model',
    'area',
  ],
  power: [
    ...['library', 'library_source', 'corner', 'voltage_V', 'temperature_C', 'versions', 'recipe', 'wire_model'],
    ...['activity', 'vectors', 'delay_mode', 'method'],
  ],
}

describe('a table of several PEs', () => {
  let first: Document
  beforeAll(() => {
    const netlists = join(cacheFolder(), 'yosys')
    mkdirSync(netlists, { recursive: true })
    mkdirSync(cache)
    symlinkSync(netlists, join(cache, 'yosys'))
    first = document()
  }, 300_000)

  it('begins with the INT8 MAC, and has all figures of each with where they come from', () => {
    expect(first.target).toBe('generic45')
    expect(first.rows.map(({ spec }) => spec.slice(0, 5))).toEqual(['mac(w', 'mixpe', 'olive'])
    expect(first.baseline).toBe(first.rows[0]!.spec)
    const ones = { low: 1, high: 1 }
    expect(first.rows[0]!.relative).toEqual({
      area: 1,
      area_per_mac_per_cycle: 1,
      power: ones,
      area_x_power: ones,
      pj_per_mac: ones,
    })
    for (const row of first.rows) {
      expect(row).toMatchObject({ known: false, mismatches: 0 })
      expect(row.vectors).toBeGreaterThan(150)
      expect(row.core_area_um2).toBeLessThan(row.area_um2)
      expect(row.pj_per_mac).toBe(row.pj_per_mac_band.high)
      for (const end of ['low', 'high'] as const)
        expect(row.pj_per_mac_band[end]).toBeCloseTo((row.pj_per_cycle_band[end] * row.cycles) / row.macs, 6)
      for (const kind of ['area', 'power'] as const)
        for (const key of carried[kind]) expect(row.provenance[kind][key], `${kind} ${key}`).toBeDefined()
      expect(row.memory).toEqual(weightEnergy(row.spec.startsWith('mac') ? 8 : 4, row.pj_per_mac))
      // One clock in one table: that of the whole path, a sum's way down a column included.
      expect(row.clock_mhz).toBe(Math.min(500, Math.floor(row.fmax_mhz)))
      const [ice40, gowin] = row.fpga
      expect(ice40).toMatchObject({ family: 'ice40', dsps: 0 })
      expect(gowin).toMatchObject({ family: 'gowin', dsps: 0, with_blocks: { dsps: 0 } })
      for (const { luts, ffs } of row.fpga) {
        expect(luts).toBeGreaterThan(30)
        expect(ffs).toBeGreaterThan(30)
      }
    }
    // A product that a multiplier block takes, and one of shifted additions that none does.
    expect(first.rows[0]!.fpga[0]!.with_blocks.dsps).toBeGreaterThan(0)
    expect(first.rows[1]!.fpga[0]!.with_blocks.dsps).toBe(0)
  })

  it('compares a PE with the INT8 MAC at the same work, and says which', () => {
    const [mac, mixpe, olive] = first.rows as [Row, Row, Row]
    expect(mixpe).toMatchObject({ workload: 'layers', macs_per_cycle: 1 })
    expect(mixpe.workload_reason).toBeUndefined()
    expect(mixpe.provenance.power.activity).toMatch(/outputs of linear layers of tiny/)
    expect(mixpe.relative.area).toBeCloseTo(mixpe.area_um2 / mac.area_um2, 9)
    for (const end of ['low', 'high'] as const) {
      const power = mixpe.pj_per_cycle_band[end] / mac.pj_per_cycle_band[end]
      expect(mixpe.relative.power[end]).toBeCloseTo(power, 9)
      expect(mixpe.relative.area_x_power[end]).toBeCloseTo((power * mixpe.area_um2) / mac.area_um2, 9)
    }
    expect(olive).toMatchObject({ workload: 'layers', macs_per_cycle: 2 })
    expect(olive.workload_reason).toBeUndefined()
    expect(olive.provenance.power.activity).toMatch(/as the PE reads them \(the float32 model's, by olive\(normal=int4/)
    expect(olive.area_um2_per_mac_per_cycle).toBeCloseTo(olive.area_um2 / 2, 9)
    expect(olive.relative.area_per_mac_per_cycle).toBeCloseTo(olive.area_um2 / 2 / mac.area_um2, 9)
    for (const end of ['low', 'high'] as const)
      expect(olive.relative.pj_per_mac[end]).toBeCloseTo(olive.pj_per_mac_band[end] / mac.pj_per_mac_band[end], 9)
  })

  it('is what `synth` and `power` say of the PE alone', () => {
    const alone = (given: readonly string[]): Row => JSON.parse(bitloom([...given, '--json']).stdout) as Row
    const { area_um2, parts } = alone(['synth', 'mixpe']) as Row & { parts: { name: string; area_um2: number }[] }
    const [, mixpe] = first.rows
    expect(mixpe!.area_um2).toBe(area_um2)
    expect(mixpe!.core_area_um2).toBe(parts.find(({ name }) => name === 'core')!.area_um2)
    const power = ['power', 'mixpe', '--workload', 'layers', '--cycles', '200', '--model', model, '--prompt', 'a']
    expect(mixpe!.pj_per_mac_band).toEqual(alone([...power, '--tokenizer', tokenizer]).pj_per_mac_band)
  })

  it('is known the second time, and only what changed is done anew', () => {
    const again = document()
    expect(again.rows.map(({ known }) => known)).toEqual([true, true, true])
    const unknown = ({ rows, ...rest }: Document) => ({ ...rest, rows: rows.map(({ known: _, ...row }) => row) })
    expect(unknown(again)).toEqual(unknown(first))
    // Another seed is another stimulus.
    const other = document(['--seed', '2', '--workload', 'layers'])
    expect(other.rows.map(({ known }) => known)).toEqual([false, false, false])
    expect(other.rows[1]!.area_um2).toBe(first.rows[1]!.area_um2)
    expect(other.rows[1]!.pj_per_mac).not.toBe(first.rows[1]!.pj_per_mac)
  })

  it('is printed relative first, then absolute, then on the FPGA', () => {
    const { status, stdout } = run([])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^relative to mac\(w=int8, a=int8\) with the same workload, both with a quarter of a drain/)
    expect(stdout).toMatch(/\nmac\(w=int8, a=int8\) +1\.00 +1\.00 to 1\.00/)
    expect(stdout).toMatch(/\nolive\(.* layers\n/)
    expect(stdout.indexOf('on generic45')).toBeGreaterThan(stdout.indexOf('relative to'))
    expect(stdout.indexOf('on ice40')).toBeGreaterThan(stdout.indexOf('on generic45'))
    expect(stdout).toMatch(/\nmixpe\(.* 4 +0\.452 to 1\.06 +16\.0 to 32\.0 +lpddr4 \[#+\++\.*\] \d+ % of all energy/)
    expect(stdout.indexOf('on gowin')).toBeGreaterThan(stdout.indexOf('on ice40'))
    expect(stdout).toMatch(/on gowin, before place and route\nPE +LUTs/)
  })

  it('exits with 1 where a netlist does not compute what its RTL does', () => {
    const figures = join(cache, 'figures')
    const wrong = { mismatches: 3, first_mismatch: 'sum is 1 and should be 0 in cycle 7' }
    for (const name of readdirSync(figures)) {
      const kept = JSON.parse(readFileSync(join(figures, name), 'utf8')) as Partial<Row>
      if (kept.pj_per_mac_band?.high === first.rows[1]!.pj_per_mac)
        writeFileSync(join(figures, name), JSON.stringify({ ...kept, ...wrong }))
    }
    const { status, stderr } = run([])
    expect(status).toBe(1)
    expect(stderr).toMatch(/the netlist of mixpe\(.* does not compute what its RTL does in 3 of \d+ vectors: sum is 1/)
  })
})

it('a PE through which no layers go is compared with the INT8 MAC on random data, and its row says so', () => {
  const band = { low: 2, high: 3 }
  const row = (spec: string, workload: string, reason?: string): TableRow => {
    const silicon = {
      ...{
        area_um2: 10,
        ge: 12,
        core_area_um2: 8,
        critical_path_ps: 900,
        fmax_mhz: 1111,
        recipe: 'amap',
        provenance: {},
      },
    }
    const power = { total_w: 1, internal_w: 1, switching_w: 0, leakage_w: 0, clock_w: 0, power_w_band: band }
    const counts = { macs: 9, cycles: 9, vectors: 9, mismatches: 0, provenance: {} }
    const work = { workload, clock_mhz: 500, pj_per_cycle_band: band, pj_per_mac_band: band, ...power, ...counts }
    const figures = { macs_per_cycle: 1, silicon, work }
    const relative = { area: 1, area_per_mac_per_cycle: 1, power: band, area_x_power: band, pj_per_mac: band }
    const why = reason === undefined ? {} : { reason }
    return {
      spec,
      figures,
      relative,
      ...why,
      fpga: [],
      memory: weightEnergy(4, 1),
      claims: [],
      at_28_nm: [],
      known: true,
    }
  }
  const text = tableText(
    [row('mac(w=int8, a=int8)', 'layers'), row('bitfusion(w=uint4, a=int4)', 'random', 'its weights have no sign')],
    'generic45',
  )
  expect(text).toMatch(/\nmac\(.* layers\n/)
  expect(text).toMatch(/\nbitfusion\(.* random \(no layers of a model\)\n/)
})

describe('what does not belong to a table, or only to one, is refused', () => {
  it.each([
    ['nothing to synthesise', ['synth'], /nothing to synthesise: give a spec, e\.g\. bitloom synth mac, or --all/],
    ['an option of one design', ['synth', 'mac', 'mixpe', '--max-delay', '5'], /--max-delay is for one design/],
    ['an option of a table', ['synth', 'mac', '--cycles', '50'], /--cycles is for a table, of several PEs or of --all/],
    ['a Verilog file among others', ['synth', 'mac', 'x.v'], /x\.v is a Verilog file, and a table is of specs/],
    ['an FPGA as the library', ['synth', 'mac', 'mixpe', '--target', 'xc7'], /--fpga xc7/],
    ['a library as the FPGA', ['synth', '--all', '--fpga', 'xc7,generic7'], /generic7 is a standard-cell library/],
    ['an unknown FPGA family', ['synth', '--all', '--fpga', 'xc7,ecp6'], /did you mean 'ecp5'/],
    ['an unknown workload', ['synth', '--all', '--workload', 'randon'], /did you mean 'random'/],
    [
      'a model without layers',
      ['synth', '--all', '--workload', 'random', '--model', 'x'],
      /--model is for --workload layers/,
    ],
  ])('%s', (_, given, message) => {
    const { status, stderr, stdout } = bitloom(given)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })
})
