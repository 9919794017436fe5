import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { atName } from '../../src/dsl/index.ts'
import { checkReport } from '../../src/report/index.ts'
import { versionOf } from '../../src/sim/verilator/tools.ts'
import { printLiberty } from '../../src/synth/liberty/writer.ts'
import { generic45 } from '../../src/synth/library/generic45.ts'
import { swiftShaderEnvironment } from '../llm/gpu-here.ts'
import { numberAt, parseVcd } from '../sim/waves/parse-vcd.ts'
import { bitloom, scratch } from './bitloom.ts'
import { writeTinyModel } from './tiny-model.ts'

const folder = scratch()
afterAll(folder.dispose)
const tiny = writeTinyModel(folder.path, 11)

/** One JSON document on stdout, whatever goes to stderr. */
const json = (args: readonly string[]): Record<string, unknown> => {
  const { stdout, stderr, status } = bitloom([...args, '--json'])
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('what there is', () => {
  it.each(['pes', 'formats', 'models', 'targets', 'memories', 'quantisers', 'caches', 'engines'])(
    'list %s: id, summary and source of each',
    (what) => {
      const { items } = json(['list', what]) as { items: Record<string, string>[] }
      expect(items.length).toBeGreaterThan(0)
      for (const item of items) for (const key of ['id', 'summary', 'source']) expect(item[key]).toMatch(/\S/)
    },
  )

  it('every command has help with examples', () => {
    const single = [
      'list',
      'calc',
      'generate',
      'verify',
      'synth',
      'power',
      'ppl',
      'quantise',
      'chat',
      'run',
      'start',
      'report',
    ]
    for (const command of [...single.map((name) => [name]), ['model', 'add'], ['model', 'remove']]) {
      const { stdout, status } = bitloom([...command, '--help'])
      expect(status).toBe(0)
      expect(stdout).toMatch(/Examples:\n {2}\$ bitloom /)
    }
  })
})

describe('generate', () => {
  it('a weight-stationary array, with its own timing', () => {
    const out = join(folder.path, 'weight-stationary')
    const chosen = ['--array', '2x3', '--dataflow', 'weight-stationary', '--tokens', '64']
    const { modules } = json(['generate', 'mac', ...chosen, '--out', out]) as { modules: object[] }
    expect(modules).toMatchObject([
      {
        name: 'mac_w8_a8_acc32_weight_stationary_2x3x64',
        params: { dataflow: 'weight-stationary', tokens: 64 },
        timing: { latency_cycles: 4, shortest_group_cycles: 2 },
      },
    ])
    expect(readdirSync(out)).toContain('mac_w8_a8_acc32_weight_stationary_2x3x64.v')
  })

  it.each([
    [['mac', '--dataflow', 'weight'], /there is no dataflow 'weight'/],
    [['mac', '--tokens', '64'], /leave it out, or add --dataflow weight-stationary/],
    [['--dataflow', 'weight-stationary'], /give a spec/],
    [['mac', '--accel', 'axi', '--dataflow', 'weight-stationary'], /leave out --accel axi, or --dataflow/],
    [['fmac', '--dataflow', 'weight-stationary'], /has no weight-stationary array/],
  ])('generate %j is refused in a sentence, and nothing is written', (args, sentence) => {
    const out = join(folder.path, 'refused-dataflow')
    const { status, stderr } = bitloom(['generate', ...args, '--out', out])
    expect(status).toBe(2)
    expect(stderr).toMatch(sentence)
    expect(existsSync(out)).toBe(false)
  })

  it('writes each design and a manifest with ports, parameters and timing', () => {
    const out = join(folder.path, 'rtl')
    const { modules } = json(['generate', 'mixpe(w=int4, a=int8)', 'mac', '--out', out]) as {
      modules: {
        name: string
        file: string
        map: string
        warnings: object[]
        ports: { name: string }[]
        params: object
        timing: object
      }[]
    }
    const maps = modules.map(({ map }) => map)
    expect(readdirSync(out).sort()).toEqual([...modules.map(({ file }) => file), ...maps, 'manifest.json'].sort())
    expect(modules.map(({ warnings }) => warnings)).toEqual([[], []])
    expect(modules[0]).toMatchObject({
      name: 'mixpe_w4u_a8_g128',
      params: { w: 'int4', a: 'int8', group: 128, weights: 'asymmetric', compute: 'parallel' },
      timing: { latency_cycles: 4, cycles_per_step: 1, macs_per_cycle: 1, shortest_group_cycles: 1 },
    })
    const verilog = readFileSync(join(out, modules[0]!.file), 'utf8')
    for (const { name } of modules[0]!.ports) expect(verilog).toMatch(new RegExp(`\\b${name}\\b`))
    const map = JSON.parse(readFileSync(join(out, maps[0]!), 'utf8'))
    expect(atName(map, 'pe_0_0.core.accumulator')?.source).toMatch(/^src\/pe\/arith\/group-accumulator\.ts:\d+$/)
  })

  it('is strict about the catalogue, which has no warnings', () => {
    const { status, stderr } = bitloom(['generate', '--strict', '--out', join(folder.path, 'strict')])
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  it('prints lines of TypeScript and assertions where asked to', () => {
    const out = join(folder.path, 'formal')
    json(['generate', 'mac', '--locations', '--formal', '--out', out])
    const verilog = readFileSync(join(out, readdirSync(out).find((file) => file.endsWith('.v'))!), 'utf8')
    expect(verilog).toMatch(/ accumulator; \/\/ src\/pe\/arith\/group-accumulator\.ts:\d+\n/)
    expect(verilog).toMatch(/`ifdef FORMAL\n[^`]* assert \(/)
  })
})

describe('verify', () => {
  it('shows 0 mismatches and says that every product was run', () => {
    const { engines } = json(['verify', 'mixpe(w=int2, group=16)', '--vectors', '50', '--seed', '3']) as {
      engines: object[]
    }
    expect(engines).toEqual([
      expect.objectContaining({ engine: 'wasm', exhaustive: true, mismatches: 0, vectors: 4 * 256 * 4 + 50, seed: 3 }),
    ])
  })
})

describe('verify --waves', () => {
  const file = join(folder.path, 'waves', 'mac.vcd')

  it('writes what the PE did as a value change dump, and says where', () => {
    const { stdout, stderr, status } = bitloom(['verify', 'mac', '--vectors', '20', '--waves', file])
    expect(status, stderr).toBe(0)
    expect(stdout).toContain(`waves of the last cycles, at most 20000: ${file}`)
    const { variables, end } = parseVcd(readFileSync(file, 'utf8'))
    expect([...variables.keys()].some((name) => name.endsWith('.result_0'))).toBe(true)
    const accumulator = [...variables].find(([name]) => name.endsWith('accumulator'))![1]
    expect(accumulator.changes.length).toBeGreaterThan(1000)
    expect(end - Math.min(...accumulator.changes.map(({ time }) => time))).toBeLessThanOrEqual(200_000)
    expect(readdirSync(join(folder.path, 'waves'))).toEqual(['mac.vcd'])
  })

  it.skipIf(versionOf('verilator') === undefined)(
    'has Verilator write the last cycles from inside its model, as a value change dump and as an FST',
    () => {
      const waves = (name: string, ...more: readonly string[]): Buffer => {
        const path = join(folder.path, 'waves', name)
        const all = ['verify', 'mac', '--vectors', '20', '--engine', 'verilator', '--waves', path, ...more]
        const { stdout, stderr, status } = bitloom(all)
        expect(status, stderr).toBe(0)
        expect(stdout).toContain(`waves of the last cycles, at most 20000: ${path}`)
        return readFileSync(path)
      }
      const theirs = parseVcd(waves('verilator.vcd').toString())
      bitloom(['verify', 'mac', '--vectors', '20', '--waves', file])
      const ours = parseVcd(readFileSync(file, 'utf8'))
      expect(theirs.end).toBe(ours.end)
      const [path] = [...ours.variables.keys()].filter((name) => name.endsWith('accumulator'))
      const [mine, other] = [ours.variables.get(path!)!, theirs.variables.get(`TOP.${path}`)!]
      for (let time = ours.end - 199_990; time < ours.end; time += 10)
        if (numberAt(mine, time, true) !== numberAt(other, time, true))
          expect([time, numberAt(other, time, true)]).toEqual([time, numberAt(mine, time, true)])
      const fst = waves('verilator.fst')
      expect([fst[0], fst.readBigUInt64BE(17)]).toEqual([0, BigInt(ours.end)])
    },
    240_000,
  )

  it('refuses other files, several engines, and a place that cannot be written, in one sentence', () => {
    const refused = (...args: readonly string[]): string => {
      const { stderr, status } = bitloom(['verify', 'mac', '--vectors', '1', ...args])
      expect(status).toBe(2)
      expect(stderr.trim().split('\n')).toHaveLength(1)
      return stderr
    }
    expect(refused('--waves', 'mac.lxt')).toContain('--waves writes value change dumps and FST files, got mac.lxt')
    expect(refused('--waves', 'mac.fst')).toContain(
      '--waves mac.fst needs Verilator, which writes FST files, got --engine wasm; add --engine verilator, or give a file.vcd',
    )
    expect(refused('--waves', 'mac.vcd', '--engine', 'all')).toContain('--waves takes the waves of one engine')
    expect(refused('--waves', join(file, 'inside.vcd'))).toMatch(/cannot write .*inside\.vcd: .*; choose another path/)
  })
})

describe('a PE with a tile of its own', () => {
  it('is verified, generated and synthesised as any other, and runs no model', () => {
    const spec = 'bitmod(w=int3, lanes=1, magnitude=10, group=8)'
    const { engines, provenance } = json(['verify', spec, '--vectors', '30']) as {
      engines: object[]
      provenance: { golden: string }
    }
    expect(engines).toEqual([expect.objectContaining({ exhaustive: false, mismatches: 0, vectors: 30 })])
    expect(provenance.golden).toMatch(/^definition of a group sum, with its rounding, from the terms of the weights; /)

    const out = join(folder.path, 'tile')
    const { modules } = json(['generate', spec, '--array', '2x3', '--out', out]) as { modules: { name: string }[] }
    expect(modules[0]!.name).toMatch(/_tile_2x3$/)
    const verilog = readFileSync(join(out, `${modules[0]!.name}.v`), 'utf8')
    expect(verilog).toMatch(/: 2x3 tile\n/)

    const { parts, area_um2 } = json(['synth', spec]) as {
      area_um2: number
      parts: { name: string; place: string; area_um2: number }[]
    }
    expect(parts.map(({ name }) => name)).toEqual(['cell', 'row edge', 'column edge', 'column accumulator'])
    expect(parts[0]).toMatchObject({ place: 'the PE', area_um2 })
    expect(bitloom(['run', '--pe', spec])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/bitmod has a tile of its own, and this needs a PE of the output-stationary array/),
    })
  }, 300_000)
})

describe('ppl', () => {
  const text = join(folder.path, 'text.json')
  writeFileSync(text, JSON.stringify(['Once upon a time there was a PE that could only add.', 'It added.']))
  const asked = ['ppl', '--model', tiny.model, '--text', text]

  it('gives the perplexity of texts in windows, with where every part of it comes from', () => {
    const result = json(asked) as Record<string, number>
    expect(result).toMatchObject({
      model: 'tiny',
      quantiser: 'float()',
      // BOS, then 31 tokens a window: a space and the bytes of 52 and 9 characters.
      tokens: 53 + 10,
      texts: 2,
      windows: 3,
      context_tokens: 32,
      backend: 'cpu',
      provenance: { model: tiny.model, text, activations: 'float32', parameters: expect.any(Number) },
    })
    expect(result.perplexity).toBeCloseTo(Math.exp(result.mean_negative_log_likelihood_nats!), 9)
    expect(result.tokensPerSecond).toBeGreaterThan(0)
    const fewer = json([...asked, '--tokens', '40', '--context', '16']) as Record<string, number>
    expect(fewer).toMatchObject({ tokens: 40, windows: 3, context_tokens: 16 })
    const quantised = json([...asked, '--quant', 'group-integer(w=int3, group=16, a=int8)']) as Record<string, number>
    expect(quantised).toMatchObject({
      quantiser: 'group-integer(w=int3, per=group, group=16, weights=asymmetric, a=int8, clip=none)',
    })
    expect(quantised.perplexity).not.toBe(result.perplexity)
  })

  it('takes a quantised KV cache, and a text to calibrate with', () => {
    const plain = json(asked) as Record<string, number>
    expect(plain.kv_cache).toBe('float()')
    const cached = json([...asked, '--kv', 'kivi(keys=int2, group=4)']) as Record<string, number>
    expect(cached.kv_cache).toBe('kivi(keys=int2, values=int4, per=channel, group=4)')
    expect(cached.perplexity).not.toBe(plain.perplexity)
    const calibrated = json([...asked, '--quant', 'gptq(of=group-integer(w=int2, group=8))', '--calibrate', text])
    const rounded = json([...asked, '--quant', 'group-integer(w=int2, group=8)'])
    expect(calibrated.perplexity).not.toBe(rounded.perplexity)
    expect(calibrated.provenance).toMatchObject({ calibration: expect.stringMatching(/^\d+ tokens of /) })
  })

  it('goes through several quantisers, one after the other, as each alone', () => {
    const both = [...asked, '--quant', 'float', '--quant', 'block(a=int8)', '--calibrate', text, '--quant', 'gptq']
    const { results } = json(both) as { results: Record<string, number>[] }
    expect(results.map(({ quantiser }) => quantiser)).toEqual([
      'float()',
      'block(w=mxfp4, a=int8)',
      expect.stringMatching(/^gptq\(of=group-integer/),
    ])
    expect(results[1]!.perplexity).toBe(json([...asked, '--quant', 'block(a=int8)']).perplexity)
    const { stdout } = bitloom(both)
    expect(stdout).toMatch(
      /^perplexity +over first +tokens[^\n]*\n\d+\.\d{4} +1\.0000 +63 [^\n]*\n\d+\.\d{4} +\d\.\d{4} /,
    )
  })

  it('computes in the arithmetic of a PE, of MixPE the exact integers that its quantiser has as well', () => {
    const found = json([...asked, '--pe', 'mixpe(group=16)']) as Record<string, number>
    expect(found).toMatchObject({
      pe: expect.stringMatching(/^mixpe\(w=int4, a=int8, group=16, /),
      quantiser: expect.stringMatching(/^group-integer\(w=int4, per=group, group=16, weights=asymmetric, a=float/),
      provenance: {
        activations: 'int8 per token, scale = largest magnitude / 127',
        arithmetic: expect.stringMatching(/^linear layers in the arithmetic of mixpe.*, bit for bit/),
      },
    })
    const quantised = json([...asked, '--quant', 'mixpe(group=16)']) as Record<string, number>
    expect(found.perplexity).toBe(quantised.perplexity)
    const several = ['--pe', 'bitmod', '--quant', 'bitmod(group=16)', '--quant', 'bitmod(group=16, a=fp16)']
    const { results } = json([...asked, ...several]) as { results: Record<string, number>[] }
    expect(results[0]!.perplexity).toBe(results[1]!.perplexity)
    // Its sums are cut off where float32 has 24 bits.
    const plain = json([...asked, '--quant', 'bitmod(group=16, a=fp16)']) as Record<string, number>
    expect(results[0]!.perplexity).not.toBe(plain.perplexity)
    expect(results[0]!.perplexity! / plain.perplexity!).toBeCloseTo(1, 1)
  }, 180_000)

  it.skipIf(!swiftShaderEnvironment())(
    'and on a GPU gives the same perplexity to the last bit',
    () => {
      for (const pe of ['bitmod(group=16)', 'xrnpe(mode=fp4)', 'mixpe(a=fp16, group=16)']) {
        const onCpu = json([...asked, '--pe', pe, '--tokens', '12']) as Record<string, number>
        const { stdout, stderr, status } = bitloom(
          [...asked, '--pe', pe, '--tokens', '12', '--backend', 'webgpu', '--json'],
          { env: swiftShaderEnvironment()! },
        )
        expect(status, stderr).toBe(0)
        const onGpu = JSON.parse(stdout) as Record<string, number>
        expect(onGpu.backend).toMatch(/^cpu, linear layers on webgpu \(SwiftShader/)
        expect(onGpu.perplexity).toBe(onCpu.perplexity)
      }
    },
    180_000,
  )

  it('prints a table, and on stderr how far it came', () => {
    const { stdout, status } = bitloom(asked)
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^perplexity +tokens +windows +tokens\/s +model +quantiser\n\d+\.\d{4} +63 +3 +[\d.]+ +tiny +float\(\)\n$/,
    )
  })

  it('says why it runs on the CPU where there is no GPU, or no kernel for what is asked', () => {
    const none = bitloom([...asked, '--backend', 'webgpu', '--json'], { env: { VK_DRIVER_FILES: '/nowhere' } })
    expect(none.status).toBe(0)
    expect(none.stderr).toMatch(/^(WebGPU found no adapter; |the package webgpu ).*; running on the CPU$/m)
    expect(JSON.parse(none.stdout)).toMatchObject({ backend: 'cpu' })
    const integer = bitloom([...asked, '--backend', 'webgpu', '--quant', 'group-integer(group=16, a=int8)'])
    expect(integer.stderr).toMatch(/quantised activations have no kernels on the GPU; running on the CPU/)
  })

  const env = swiftShaderEnvironment()
  it.skipIf(!env)('runs on the GPU that WebGPU finds, here SwiftShader, to the same perplexity', () => {
    const onCpu = json(asked) as Record<string, number>
    const { stdout, stderr, status } = bitloom([...asked, '--backend', 'webgpu', '--json'], { env: env! })
    expect(status, stderr).toBe(0)
    const onGpu = JSON.parse(stdout) as Record<string, number>
    expect(onGpu.backend).toMatch(/^webgpu \(SwiftShader/)
    expect(Math.abs(onGpu.perplexity! - onCpu.perplexity!)).toBeLessThan(1e-3 * onCpu.perplexity!)
  })

  it('takes a random model of a published shape', () => {
    const result = json(['ppl', '--model', 'random(shape=stories260k, seed=2)', '--text', text, '--tokens', '5'])
    expect(result).toMatchObject({ model: 'random-stories260k', tokens: 5 })
  })
})

describe('quantise', () => {
  const text = join(folder.path, 'calibration.json')
  writeFileSync(text, JSON.stringify(['Once there was a text to calibrate with.', 'And another one.']))
  const out = join(folder.path, 'quantised')

  it('writes codes and scales with a manifest, and says what they take', () => {
    const asked = ['quantise', '--model', tiny.model, '--calibrate', text, '--out', out]
    const result = json([...asked, '--quant', 'gptq(of=bitmod(w=fp3, group=16))', '--calibrate-tokens', '20'])
    expect(result).toMatchObject({
      model: 'tiny',
      quantiser: 'gptq(of=bitmod(w=fp3, group=16, a=float, clip=none), damp=1, order=columns)',
      files: ['tokenizer.bin', 'weights.safetensors', 'manifest.json'],
      layers: 15,
      // BOS and 20 tokens of the first text.
      provenance: { model: tiny.model, calibration: `21 tokens of ${text}`, activations: 'float32' },
    })
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))
    expect(manifest.weights).toEqual({ file: 'weights.safetensors', bytes: result.bytes, sha256: result.sha256 })
    expect(readFileSync(join(out, 'weights.safetensors')).length).toBe(result.bytes)
    expect(result.bits_per_weight).toBe(manifest.bits_per_weight)
    expect(manifest.layers).toHaveLength(15)
    expect(readdirSync(out).toSorted()).toEqual(['manifest.json', 'tokenizer.bin', 'weights.safetensors'])
  })

  it('takes a quantiser for each layer from a file, prints a table, and gives the same bytes again', () => {
    const layers = join(folder.path, 'layers.json')
    writeFileSync(layers, JSON.stringify({ default: 'group-integer(group=16)', layers: { '*.down': 'float' } }))
    const asked = ['quantise', '--model', tiny.model, '--quant', layers, '--out', out]
    const { stdout, status } = bitloom(asked)
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^layers +bits\/weight +bytes +seconds +model +quantiser\n15 +[\d.]+ +\d+ +[\d.]+ +tiny +mixture /,
    )
    const first = readFileSync(join(out, 'weights.safetensors'))
    expect(json(asked).quantiser).toBe(`mixture ${layers}`)
    expect(readFileSync(join(out, 'weights.safetensors')).equals(first)).toBe(true)
  })
})

describe('synth', () => {
  it('maps onto a Liberty file of the user, names the longest path, and refuses what is none', () => {
    const [library, verilog] = [join(folder.path, 'mine.lib'), join(folder.path, 'm.v')]
    writeFileSync(library, printLiberty({ ...generic45, name: 'mine' }))
    writeFileSync(verilog, 'module m(input clk, a, b, output reg y); always @(posedge clk) y <= y ^ a & b; endmodule')
    const run = bitloom(['synth', verilog, '--top', 'm', '--liberty', library])
    expect(run.stderr).toContain('mine: state tables are not read; clock gates are known by their attribute: CLKGATE\n')
    expect(run.stdout).toMatch(/um2, .* on mine \(Liberty .*mine\.lib\)\nlongest path \d.* to register y\n/)
    const refused = bitloom(['synth', verilog, '--top', 'm', '--liberty', verilog])
    expect(refused).toMatchObject({ status: 2, stdout: '' })
    expect(refused.stderr).toMatch(/m\.v, line 1: /)
    const wires = bitloom(['synth', verilog, '--top', 'm', '--liberty', library, '--wire-load', 'Small'])
    expect(wires.stderr).toMatch(/mine has no wire loads; leave --wire-load out/)
  })

  it('says how much of a wanted path is left, and by which of the signals the longest one goes, with their lines', () => {
    const verilog = join(folder.path, 'path.v')
    writeFileSync(
      verilog,
      `module m(input clk, input [3:0] a, input [3:0] b, output reg [3:0] q);
  reg [3:0] x, y;
  wire [3:0] total = x + y;
  always @(posedge clk) begin x <= a; y <= b; q <= total ^ q; end
endmodule
`,
    )
    const args = ['synth', verilog, '--top', 'm', '--max-delay', '5000']
    const { critical_path_ps, slack_ps } = json(args) as { critical_path_ps: number; slack_ps: number }
    expect(slack_ps).toBeCloseTo(5000 - critical_path_ps, 3)
    const { stdout } = bitloom(args)
    expect(stdout).toContain(`slack ${slack_ps} ps of the 5000 ps wanted`)
    expect(stdout).toMatch(/longest path [\d.]+ ps, from [xy]\[0\] through \d+ cells to register q\[3\]/)
    expect(stdout).toMatch(/\n {2}[\d.]+ ps {2}[xy]\[0\] +line 2\n/)
  })

  it('gives FPGAs the logic, so that a product goes into a multiplier block', () => {
    const result = json(['synth', 'mac(w=int4, a=int4)', '--target', 'ecp5']) as {
      recipes: { id: string; dsps: number }[]
    }
    expect(result.recipes.find(({ id }) => id === 'dsp')!.dsps).toBe(1)
  })

  it('keeps to a longest path, and says where no recipe does', () => {
    const result = json(['synth', 'mac(w=int4, a=int4)', '--max-delay', '10']) as Record<string, unknown>
    expect(result).toMatchObject({ max_delay_ps: 10, meets_max_delay: false })
    expect(bitloom(['synth', 'mac', '--target', 'ecp5', '--max-delay', '10'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--max-delay is for standard cells, and ecp5 is an FPGA/),
    })
  })

  it('gives area, gate equivalents and speed of a PE with its share of a drain register, and every block as a part', () => {
    interface Part {
      name: string
      area_um2: number
      critical_path_ps: number
      timing: { critical_path_ps: number }
      cell_counts: Record<string, number>
    }
    const result = json(['synth', 'mixpe(w=int2, group=16)']) as {
      area_um2: number
      ge: number
      fmax_mhz: number
      share: string
      parts: Part[]
    }
    expect(result.area_um2).toBeGreaterThan(100)
    expect(result.area_um2).toBeLessThan(560)
    expect(result.ge).toBeCloseTo(result.area_um2 / 0.798, 0)
    expect(result.fmax_mhz).toBeGreaterThan(200)
    expect(result.share).toBe('a quarter of a drain register')
    expect(result.parts.map(({ name }) => name)).toEqual([
      'cell',
      'passing cell',
      'core',
      'row edge',
      'passing row edge',
      'column edge',
    ])
    const [cell, passing, core] = result.parts as [Part, Part, Part]
    expect(result.area_um2).toBeCloseTo((cell.area_um2 + 3 * passing.area_um2) / 4, 6)
    expect(1e6 / result.fmax_mhz).toBeCloseTo(Math.max(cell.critical_path_ps, passing.critical_path_ps), 0)
    // The way of a sum through the cells above comes on top of the passing cell's own path.
    expect(passing.critical_path_ps).toBeGreaterThan(passing.timing.critical_path_ps + 50)
    expect(cell.cell_counts.DFF! - passing.cell_counts.DFF!).toBe(14 + 1)
    expect(core.area_um2).toBeLessThan(passing.area_um2 - 20)
    expect(core.cell_counts.FA).toBeGreaterThan(5)
  })
})

describe('run', () => {
  const args = [
    'run',
    '--model',
    tiny.model,
    '--array',
    '4x4',
    '--tokens',
    '3',
    '--prompt',
    'abcdefg',
    '--pe',
    'mixpe(group=16)',
  ]

  it('runs every linear layer of a model file on the array without a mismatch, and its report fits the schema', () => {
    const out = join(folder.path, 'run')
    const result = json([...args, '--out', out]) as Record<string, number> & {
      layers: { name: string; calls: number }[]
    }
    expect(result).toMatchObject({ tokens: 3, prompt_tokens: 9, mismatches: 0 })
    // BOS, the leading space and seven letters. 2 layers of 7 matrices and the classifier; the prompt goes through as a batch, but only its last token is classified.
    expect(result.layers.map(({ calls }) => calls)).toEqual([...Array(14).fill(1), 3, ...Array(14).fill(2)])
    const matrices = 2 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 44)
    expect(result.macs).toBe(matrices * (9 + 2) + 3 * 32 * 259)
    const report = checkReport(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')), 'report.json')
    expect(report.run.compared_results).toBe(result.compared)
    const synthesis = json(['synth', 'mixpe(group=16)']) as { area_um2: number; energy: { clock_pj_per_cycle: number } }
    const [pe] = report.pes
    expect(pe!.area_um2).toBe(synthesis.area_um2)
    expect(pe!.provenance.block).toMatch(
      /^one PE with a quarter of a drain register: mean of one \w+_cell and 3 \w+_passing_cell/,
    )
    // Four rows: the clock of the array's 16 cells is that of 16 mean ones.
    const clock = report.energy.parts.find(({ name }) => name === 'PE: clock')!
    expect(clock.energy_uj).toBeCloseTo(16 * report.run.cycles * synthesis.energy.clock_pj_per_cycle * 1e-6, 9)
    expect(existsSync(join(out, 'report.html'))).toBe(true)
    // Nine tokens are three tiles of four rows; half a byte a weight, and 20 bits each 16 of them or the 12 that 44 leave.
    const { dram, ...memory } = report.energy.memory!
    const groups = 2 * (2 * 32 * 2 + 2 * 16 * 2 + 2 * 44 * 2 + 32 * 3)
    const passes = 3 + 2
    expect(dram).toMatchObject({ id: 'lpddr4' })
    expect(dram.bytes).toBe(passes * (matrices / 2 + groups * 2.5) + 3 * (32 * 259 * 0.5 + 259 * 2 * 2.5))
    expect(memory.total_uj).toBeCloseTo(report.energy.total_uj + memory.sram.uj + dram.uj, 9)
  })

  it('weights come from the memory that is named, and none that there is not', () => {
    const of = (more: readonly string[]) =>
      (json([...args, ...more]) as { energy: { memory: { dram: { id: string; bytes: number; uj: number } } } }).energy
        .memory.dram
    const [usual, hbm] = [of([]), of(['--dram', 'hbm3'])]
    expect(hbm).toMatchObject({ id: 'hbm3', bytes: usual.bytes, uj: expect.closeTo(usual.uj / 2, 9) })
    expect(bitloom([...args, '--dram', 'hbm9'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no memory 'hbm9'/),
    })
    const layers = bitloom([...args, '--dram', 'hbm3', '--layers', '*'])
    expect(layers).toMatchObject({ status: 2, stderr: expect.stringMatching(/leave one of --dram and --layers out/) })
  }, 180_000)

  it('threads and lanes change nothing but the time: text, cycles and sums are the same', () => {
    const of = ({ text, cycles, macs, compared, mismatches, layers }: Record<string, unknown>): object => ({
      text,
      cycles,
      macs,
      compared,
      mismatches,
      layers,
    })
    const [one, two, lanes] = [
      ['--threads', '1', '--lanes', '1'],
      ['--threads', '2'],
      ['--threads', '2', '--lanes', '20'],
    ].map((more) => of(json([...args, ...more])))
    expect(two).toEqual(one)
    expect(lanes).toEqual(one)
  }, 180_000)

  it('on a PE of one weight bit a cycle it is the same text from the same sums, in more cycles at the same utilisation', () => {
    type Run = {
      text: string
      macs: number
      cycles: number
      compared: number
      mismatches: number
      utilisation: number
      energy: { parts: { name: string; energy_uj: number }[] }
    }
    const [parallel, serial] = ['parallel', 'serial'].map(
      (compute) => json([...args.slice(0, -1), `mixpe(group=16, compute=${compute})`]) as Run,
    )
    const of = ({ text, macs, compared, mismatches }: Run) => ({ text, macs, compared, mismatches })
    expect(of(serial!)).toEqual({ ...of(parallel!), mismatches: 0 })
    expect(serial!.cycles / parallel!.cycles).toBeGreaterThan(3)
    expect(serial!.cycles / parallel!.cycles).toBeLessThan(4)
    expect(serial!.utilisation).toBeGreaterThan(parallel!.utilisation)
    expect(serial!.utilisation).toBeLessThan(1)
    // Four cycles of a cell whose data cost about 0.7 times as much as the parallel one's.
    const data = ({ energy }: Run, block: string) =>
      energy.parts.find(({ name }) => name === `${block}: data`)?.energy_uj
    expect(data(serial!, 'PE')! / data(parallel!, 'PE')!).toBeGreaterThan(2)
    for (const block of ['row feeders', 'column feeders']) {
      expect(data(serial!, block)).toBeGreaterThan(0)
      expect(data(parallel!, block)).toBeUndefined()
    }
  }, 180_000)

  it('an array that applies the scales itself says the same text, in threads too', () => {
    const plain = checkReport(JSON.parse(readFileSync(join(folder.path, 'run', 'report.json'), 'utf8')), 'report.json')
    const out = join(folder.path, 'scaled')
    const result = json([...args.slice(0, -1), 'mixpe(group=16, output=fp32)', '--threads', '2', '--out', out])
    expect(result).toMatchObject({ text: plain.story.text, macs: plain.run.macs, mismatches: 0 })
    const report = checkReport(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as unknown, 'report.json')
    expect(report.run.compared_results).toBe(result.compared)
    expect(report.energy.parts.map(({ name }) => name)).toContain('dequantisation: data')
    expect(Number(result.compared)).toBeLessThan(plain.run.compared_results)
    expect(Number(result.compared)).toBeGreaterThan(0)
  }, 300_000)

  it('of any PE it runs the layers that a pattern names on the array, the others in its arithmetic', () => {
    type Layers = { text: string; compared: number; layers: { name: string; compared: number }[] }
    const layersOf = (pe: string): Layers => {
      const result = json([...args.slice(0, -1), pe, '--layers', 'layers.1.*']) as unknown as Layers
      expect(result).toMatchObject({ tokens: 3, mismatches: 0, engine: 'wasm' })
      expect(result.layers.map(({ name }) => name)).toEqual(
        ['query', 'key', 'value', 'output', 'gate', 'up', 'down'].map((name) => `layers.1.${name}`),
      )
      expect(result.compared).toBe(result.layers.reduce((sum, { compared }) => sum + compared, 0))
      return result
    }
    const { text } = json(args)
    expect(layersOf('mixpe(group=16)').text).toBe(text)
    // An output of each of 9 tokens and then of 2.
    expect(layersOf('bitmod(group=16)').layers[0]!.compared).toBe(11 * 32)
    layersOf('xrnpe(mode=posit(8,0))')
    const { stdout, status } = bitloom([...args, '--layers', '*.down'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/\nlayer +cycles +compared +mismatches\nlayers\.0\.down +\d/)
    expect(stdout).toMatch(/\nall +[\d,]+ +[\d,]+ +0\n/)
  }, 180_000)

  it('generates a co-processor with a driver in C that compiles', () => {
    const out = join(folder.path, 'coprocessor')
    const made = json(['generate', 'mixpe', '--array', '2x4', '--accel', 'axi', '--out', out])
    expect(made).toMatchObject({
      modules: [{ name: 'mixpe_w4u_a8_g128_coprocessor_2x4', warnings: expect.anything() }],
      driver: ['coprocessor_registers.h', 'coprocessor.h', 'coprocessor.c'],
    })
    const verilog = readFileSync(join(out, 'mixpe_w4u_a8_g128_coprocessor_2x4.v'), 'utf8')
    expect(verilog).toMatch(/output wire m_axi_awvalid/)
    const compiled = spawnSync('gcc', ['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic', '-c', 'coprocessor.c'], {
      cwd: out,
      encoding: 'utf8',
    })
    expect(compiled).toMatchObject({ status: 0, stderr: '' })
    for (const specs of [[], ['mixpe', 'mac']]) {
      const { status, stderr } = bitloom(['generate', ...specs, '--accel', 'axi', '--out', out])
      expect(status).toBe(2)
      expect(stderr).toMatch(specs.length === 0 ? /none is named/ : /got 2 specs/)
    }
  }, 120_000)

  it('runs layers in a co-processor, memory and buses included', () => {
    type Layers = {
      text: string
      compared: number
      coprocessor: Record<string, number>
      energy: { dram: Record<string, unknown>; total: { low_uj: number; high_uj: number } }
    }
    const on = (...more: string[]): Layers =>
      json([...args.slice(0, -1), 'bitmod(group=16)', '--layers', 'layers.1.*', ...more]) as unknown as Layers
    const [alone, whole] = [on(), on('--accel', 'axi', '--dram', 'hbm2')]
    expect(whole).toMatchObject({ text: alone.text, compared: alone.compared, mismatches: 0 })
    const { cycles, array_busy, idle, bytes_read, bytes_written, ...counts } = whole.coprocessor
    const waits = ['wait_activations', 'wait_weights', 'wait_output', 'wait_spacing'].map((name) => counts[name]!)
    expect(waits.reduce((sum, count) => sum + count, array_busy! + idle!)).toBe(cycles)
    expect(bytes_read).toBeGreaterThan(0)
    expect(bytes_written).toBeGreaterThanOrEqual(4 * whole.compared)
    expect(whole.energy.dram).toMatchObject({ id: 'hbm2', bytes: bytes_read! + bytes_written! })
    expect(whole.energy.total.low_uj).toBeLessThan(whole.energy.total.high_uj)
    const { stdout, status } = bitloom([...args, '--layers', '*.down', '--accel', 'axi'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/\narray busy +[\d.]+ %\n/)
    const refused = bitloom([...args, '--accel', 'bus'])
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringMatching(/no accelerator 'bus'/) })
    const scaled = bitloom([...args.slice(0, -1), 'mixpe(group=16, output=fp32)', '--accel', 'axi'])
    expect(scaled).toMatchObject({ status: 2, stderr: expect.stringMatching(/applies scales itself/) })
  }, 180_000)

  it('a saved run becomes a page again', () => {
    const out = join(folder.path, 'again')
    mkdirSync(out)
    const page = json(['report', '--from', join(folder.path, 'run', 'report.json'), '--out', out])
    expect(page.file).toBe(join(out, 'report.html'))
    expect(readFileSync(join(out, 'report.html'))).toEqual(readFileSync(join(folder.path, 'run', 'report.html')))
  })

  it('a report that is no report is refused by field', () => {
    const file = join(folder.path, 'broken.json')
    writeFileSync(file, JSON.stringify({ schema: 1, title: 7 }))
    const { status, stderr } = bitloom(['report', '--from', file])
    expect(status).toBe(2)
    expect(stderr).toMatch(/^bitloom: .*broken\.json.*title/)
  })
})
