import type { Report, ReportLayer, ReportPe } from '../../src/report/schema.ts'

/**
 * A report made up for tests. No figure in it was measured; sizes are plausible so that pages look as they will.
 */
const depth = 6
const kinds = {
  wq: [288, 288],
  wk: [288, 288],
  wv: [288, 288],
  wo: [288, 288],
  w1: [288, 768],
  w3: [288, 768],
  w2: [768, 288],
}

const layer = (name: string, kind: string, shape: readonly number[], phase: 'prefill' | 'decode'): ReportLayer => {
  const calls = phase === 'prefill' ? 1 : 55
  const rows = phase === 'prefill' ? 5 : 1
  const [inputs = 1, outputs = 1] = shape
  const macs = inputs * outputs * rows * calls
  const utilisation = (rows / 8) * (kind === 'w2' ? 0.97 : 0.92)
  return { name, kind, phase, macs, cycles: Math.round(macs / 64 / utilisation), utilisation, mismatches: 0, calls }
}

const layers = (['prefill', 'decode'] as const).flatMap((phase) => [
  ...Array.from({ length: depth }, (_, index) =>
    Object.entries(kinds).map(([kind, shape]) => layer(`layers.${index}.${kind}`, kind, shape, phase)),
  ).flat(),
  layer('classifier', 'classifier', [288, 32_000], phase),
])

const total = (key: 'macs' | 'cycles'): number => layers.reduce((sum, row) => sum + row[key], 0)

const pe = (spec: string, role: ReportPe['role'], scale: number): ReportPe => ({
  spec,
  role,
  area_um2: 512.4 * scale,
  ge: 642.1 * scale,
  fmax_mhz: 1031 / scale,
  critical_path_ps: 970 * scale,
  cells: {
    DFF_X1: Math.round(58 * scale),
    FA_X1: Math.round(24 * scale * scale),
    HA_X1: 5,
    XOR2_X1: 14,
    NAND2_X1: Math.round(41 * scale),
    NOR2_X1: 19,
    AOI21_X1: 22,
    INV_X1: 37,
    MUX2_X1: role === 'subject' ? 12 : 0,
  },
  recipes: [
    { name: 'plain', area_um2: 688 * scale, ge: 862 * scale, critical_path_ps: 1210 * scale },
    { name: 'booth', area_um2: 561 * scale, ge: 703 * scale, critical_path_ps: 1050 * scale },
    { name: 'fa', area_um2: 602 * scale, ge: 754 * scale, critical_path_ps: 1120 * scale },
    { name: 'booth + fa', area_um2: 512.4 * scale, ge: 642.1 * scale, critical_path_ps: 970 * scale },
  ],
  energy: {
    clock_pj_per_cycle: 0.21 * scale,
    data_pj_per_active_cycle: 0.83 * scale,
    data_low_pj_per_active_cycle: 0.55 * scale,
    data_high_pj_per_active_cycle: 1.66 * scale,
    leakage_nw: 9800 * scale,
  },
  provenance: {
    source: 'TEST FIXTURE, not measured',
    library: 'generic45 (hand-written, 15 cells)',
    corner: '1.1 V, 25 C, typical',
    recipes: ['plain', 'booth', 'fa', 'booth + fa'],
    delay_model: 'sum of mean arc delays, no wires',
  },
})

const prompt = 'Once upon a time,'
const words =
  ' there was a little girl named Lily. She loved to play outside in the park with her red ball. One day, she saw a big dog who looked very sad. "Why are you sad?" asked Lily.'.match(
    / ?[A-Za-z]+|[^A-Za-z]/g,
  )!

export const fixtureStory = prompt + words.join('')

/** A report with every field, prefill and decode told apart. */
export const fixture: Report = {
  schema: 1,
  title: 'TEST FIXTURE: a story on MixPE',
  created: '2001-02-03T04:05:06Z',
  machine: 'test machine, 2 cores, linux x64',
  versions: { bitloom: '0.0.0-test', node: '20.0.0-test', yosys: '0.0-test' },
  story: {
    prompt,
    text: fixtureStory,
    tokens: words.map((text, index) => ({ text, milliseconds: 1500 + ((index * 37) % 90) })),
    model: {
      id: 'test-15M',
      source: 'TEST FIXTURE (no such model)',
      parameters: 15_191_712,
      sha256: '0123456789abcdef'.repeat(4),
    },
    sampling: { method: 'greedy' },
    provenance: { source: 'TEST FIXTURE', tokenizer: 'BPE, 32,000 entries' },
  },
  run: {
    pe: 'mixpe(w=uint4, a=int8, group=128)',
    array: { rows: 8, columns: 8 },
    engine: 'js',
    tokens: 60,
    macs: total('macs'),
    cycles: total('cycles'),
    mismatches: 0,
    compared_results: 2_345_678,
    utilisation: total('macs') / 64 / total('cycles'),
    seconds: 83.4,
    layers,
    provenance: {
      source: 'TEST FIXTURE, not measured',
      dataflow: 'output-stationary, group drain overlapped',
      reference: 'integer GEMM in software, compared word for word',
      seed: 1,
    },
  },
  pes: [pe('mixpe(w=uint4, a=int8, group=128)', 'subject', 1), pe('mac(w=int8, a=int8)', 'yardstick', 1.31)],
  energy: {
    total_uj: 1105.5,
    low_uj: 802.1,
    high_uj: 2010.9,
    pj_per_mac: 1.21,
    parts: [
      { name: 'data', energy_uj: 640 },
      { name: 'clock', energy_uj: 380.5 },
      { name: 'leakage', energy_uj: 85 },
    ],
    memory: {
      dram: {
        id: 'lpddr4',
        bytes: 987_654_321,
        uj: 63_210,
        low_uj: 31_605,
        high_uj: 63_211,
        least_ms: 57.8,
        share: { low: 0.947, middle: 0.973, high: 0.974 },
        bar: 'lpddr4 [######+.] 97 % of all energy (95 % to 97 %)',
      },
      sram: { read_bytes: 4_000_000, write_bytes: 1_000_000, uj: 8.14, low_uj: 4.321, high_uj: 9.765 },
      total_uj: 64_323.6,
      low_uj: 32_411.4,
      high_uj: 65_231.7,
      provenance: { source: 'TEST FIXTURE, no such memory' },
    },
    provenance: {
      source: 'TEST FIXTURE, not measured',
      activity: 'toggles of 4,096 random vectors, zero delay',
      band: 'low: zero-delay toggles; high: unit-delay toggles',
      left_out: ['buffers', 'wires', 'DRAM'],
    },
  },
  verification: [
    row('mixpe(w=uint4, a=int8, group=128)', 'interpreter', 4096, false, 21_000),
    row('mixpe(w=uint4, a=int8, group=128)', 'js', 4096, true, 4_200_000),
    row('mac(w=int8, a=int8)', 'js', 65_536, true, 5_100_000),
  ],
  catalogue: [
    {
      spec: 'mixpe(w=uint4, a=int8, group=128)',
      module: 'mixpe_u4_i8_g128',
      file: 'generated/mixpe_u4_i8_g128.v',
      ports: 12,
      lines: 143,
    },
    { spec: 'mac(w=int8, a=int8)', module: 'mac_i8_i8', file: 'generated/mac_i8_i8.v', ports: 7, lines: 58 },
  ],
  notes: [
    'TEST FIXTURE: every figure on this page is made up for tests.',
    'The group drain is ours; the paper does not say how groups leave the PE.',
    'Energy is first-order: no wires, no buffers, no DRAM.',
  ],
}

function row(spec: string, engine: string, vectors: number, exhaustive: boolean, cyclesPerSecond: number) {
  return { spec, engine, vectors, exhaustive, mismatches: 0, cycles: vectors * 130, cyclesPerSecond }
}
