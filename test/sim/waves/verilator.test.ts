import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Module } from '../../../src/dsl/index.ts'
import { isSigned, widthOf } from '../../../src/dsl/ir.ts'
import { verilogForSimulation } from '../../../src/dsl/verilog/black-box.ts'
import { portLayout } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { harnessText } from '../../../src/sim/verilator/harness.ts'
import { startLink } from '../../../src/sim/verilator/link.ts'
import { versionOf } from '../../../src/sim/verilator/tools.ts'
import { isWholeFst, needZlib, openWaveFile } from '../../../src/sim/verilator/wave-file.ts'
import { type VerilatorEngine, verilatorEngine, type WaveFile } from '../../../src/sim/verilator.ts'
import { type Trace, trace, vcdText, waveSignals } from '../../../src/sim/waves/index.ts'
import { valueIn } from '../../../src/sim/waves/waves.ts'
import { blink, loader, store, wide } from './designs.ts'
import { numberAt, type ParsedVcd, parseVcd, textAt } from './parse-vcd.ts'

const missing = ['verilator', 'g++', 'make'].filter((tool) => versionOf(tool) === undefined)
if (missing.length > 0)
  console.warn(`waves of Verilator are not tested: no ${missing.join(', ')}; run npm run setup:tools`)
const fst2vcd = spawnSync('fst2vcd', ['--help']).status !== null
if (!fst2vcd) console.warn('FST files are looked at block by block only: no fst2vcd; Debian has it in gtkwave')

describe.skipIf(missing.length > 0)('waves that Verilator writes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const buildFolder = join(folder, 'cache')
  const opened: VerilatorEngine[] = []
  const open = (module: Module, waves?: WaveFile): VerilatorEngine => {
    const engine = verilatorEngine(
      { verilog: verilogForSimulation(module), top: module.name, ports: portLayout(module) },
      { buildFolder, effort: 'quick', ...(waves && { waves }) },
    )
    opened.push(engine)
    return engine
  }
  afterEach(() => {
    for (const engine of opened.splice(0)) {
      try {
        engine.close()
      } catch {
        // Its process was killed.
      }
    }
  })
  const ours = (module: Module, cycles: number): Trace => {
    const waves = trace(openEngine('js', module, { checks: false }), module)
    waves.replay(randomStimulus(waves.ports, cycles, 11), cycles)
    return waves
  }

  /** Every signal of our waves, in every cycle of the dump, at the time where it begins and just before it ends. */
  const expectSame = (vcd: ParsedVcd, waves: Trace, first: number, end: number, what: string): void => {
    expect(vcd.timescale).toBe('1ns')
    expect(waveSignals(waves).length).toBeGreaterThan(3)
    for (const { path, range } of waveSignals(waves)) {
      const variable = vcd.variables.get(`TOP.${waves.top.name}.${path}`)!
      expect(variable, `${path}, ${what}`).toMatchObject({ width: widthOf(range) })
      const signal = waveSignals(waves).find((one) => one.path === path)!
      for (let k = first; k < end; k++) {
        const found = numberAt(variable, 10 * k, isSigned(range))
        if (found !== valueIn(waves, signal, k))
          expect(found, `${path} in cycle ${k}, ${what}`).toBe(valueIn(waves, signal, k))
      }
    }
  }

  it.each([
    ['a state machine', loader],
    ['70 bits', wide],
    ['two clocks', blink],
    ['a memory', store],
  ])(
    'say every value of every cycle as our engine has it: %s',
    (what, module) => {
      const cycles = 300
      const file = join(folder, `${module.name}.vcd`)
      const engine = open(module, { file })
      engine.replay(randomStimulus(engine.ports, cycles, 11), cycles)
      expect(existsSync(file)).toBe(false)
      engine.close()
      const vcd = parseVcd(readFileSync(file, 'utf8'))
      const waves = ours(module, cycles)
      expectSame(vcd, waves, 0, cycles, what)
      expect(vcd.end).toBe(10 * cycles)
      // Only clocks fall between two beginnings.
      for (const [path, { changes }] of vcd.variables)
        if (!path.endsWith('clk'))
          expect(
            changes.filter(({ time }) => time % 10 !== 0),
            path,
          ).toEqual([])
      const peer = parseVcd(vcdText(waves))
      for (const [path, { changes }] of peer.variables)
        if (path.endsWith('clk')) {
          const seen = vcd.variables.get(`TOP.${path}`)!
          for (let time = 20; time < 10 * cycles; time += 5)
            expect([time, textAt(seen, time)], path).toEqual([time, textAt({ type: 'wire', width: 1, changes }, time)])
        }
    },
    60_000,
  )

  it('begin and end where they are told to, however the run is cut', () => {
    const file = join(folder, 'part.vcd')
    const engine = open(loader, { file, from: 100, cycles: 50 })
    const stimulus = randomStimulus(engine.ports, 300, 11)
    for (const [from, to] of [
      [0, 7],
      [7, 120],
      [120, 300],
    ] as const)
      engine.replay(stimulus.subarray(from * engine.ports.inputWords, to * engine.ports.inputWords), to - from)
    engine.close()
    const vcd = parseVcd(readFileSync(file, 'utf8'))
    expectSame(vcd, ours(loader, 300), 100, 150, 'a part')
    const times = [...vcd.variables.values()].flatMap(({ changes }) => changes.map(({ time }) => time))
    expect([times.reduce((a, b) => Math.min(a, b)), vcd.end]).toEqual([1000, 1500])
  })

  it('draw a reset as a clock edge with rst before the cycle it begins', () => {
    const file = join(folder, 'reset.vcd')
    const engine = open(loader, { file })
    const mine = trace(openEngine('js', loader, { checks: false }), loader)
    const stimulus = randomStimulus(engine.ports, 30, 3)
    for (const one of [engine, mine]) {
      one.replay(stimulus, 21)
      one.reset()
      one.reset()
      one.replay(stimulus, 20)
      one.close()
    }
    const vcd = parseVcd(readFileSync(file, 'utf8'))
    expectSame(vcd, mine, 0, 41, 'a reset')
    expect(vcd.variables.get('TOP.loader.rst')!.changes).toEqual([
      { time: 0, value: '0' },
      { time: 208, value: '1' },
      { time: 210, value: '0' },
    ])
    const edges = vcd.variables.get('TOP.loader.clk')!.changes.filter(({ time }) => time > 200 && time <= 210)
    expect(edges.map(({ time, value }) => [time, value])).toEqual([
      [205, '0'],
      [206, '1'],
      [208, '0'],
      [210, '1'],
    ])
  })

  it('are an FST file of whole blocks, which says what the value change dump says', () => {
    const cycles = 300
    const file = join(folder, 'loader.fst')
    const engine = open(loader, { file })
    engine.replay(randomStimulus(engine.ports, cycles, 11), cycles)
    engine.close()
    const bytes = readFileSync(file)
    const blocks: number[] = []
    let at = 0
    while (at < bytes.length) {
      blocks.push(bytes[at]!)
      at += 1 + Number(bytes.readBigUInt64BE(at + 1))
    }
    // Header, value changes, geometry, hierarchy: each block says its own length.
    expect(at).toBe(bytes.length)
    expect(blocks[0]).toBe(0)
    expect(blocks).toEqual(expect.arrayContaining([3]))
    expect(blocks.some((type) => type === 5 || type === 8)).toBe(true)
    expect(blocks.some((type) => type === 4 || type === 6)).toBe(true)
    expect([bytes.readBigUInt64BE(9), bytes.readBigUInt64BE(17)]).toEqual([0n, BigInt(10 * cycles)])
    expect(bytes.readDoubleLE(25)).toBe(Math.E)
    expect(bytes.readInt8(73)).toBe(-9)
    // TOP, loader and sum.
    expect(bytes.readBigUInt64BE(41)).toBe(3n)
    expect(isWholeFst(file)).toBe(true)
    const cut = join(folder, 'cut.fst')
    for (const length of [0, 5, 330, at - 1]) {
      writeFileSync(cut, bytes.subarray(0, length))
      expect(isWholeFst(cut), `${length} bytes`).toBe(false)
    }
    writeFileSync(cut, Buffer.concat([bytes.subarray(0, 330), Buffer.alloc(9)]))
    expect(isWholeFst(cut)).toBe(false)
    if (!fst2vcd) return
    const { stdout, status } = spawnSync('fst2vcd', [file], { encoding: 'utf8', maxBuffer: 2 ** 26 })
    expect(status).toBe(0)
    expectSame(parseVcd(stdout), ours(loader, cycles), 0, cycles, 'FST')
  }, 60_000)

  it('cost nothing where they are not asked for: another executable, and the program without them', () => {
    open(loader, { file: join(folder, 'once.vcd') })
    const { executable, cached } = open(loader, { file: join(folder, 'again.vcd') }).build
    expect(cached).toBe(true)
    expect(basename(executable)).toMatch(/^loader-/)
    expect(harnessText('loader', portLayout(loader))).not.toMatch(/wave|dump|drawn|cyclesDone >=/i)
    expect(harnessText('loader', portLayout(loader), 'vcd')).toMatch(/VerilatedVcdC/)
  })

  it('leave no file behind where the process dies, and say so', async () => {
    const place = join(folder, 'dies')
    const engine = open(loader, { file: join(place, 'x.vcd') })
    engine.step(3)
    expect(readdirSync(place)).toEqual([expect.stringMatching(/^x\.vcd\..*\.partial$/)])
    process.kill(engine.pid!, 'SIGKILL')
    expect(() => engine.close()).toThrow(/the process of the Verilator simulation of loader ended unexpectedly/)
    expect(readdirSync(place)).toEqual([])
  })

  it('leave no file behind where nobody waits for them any more', async () => {
    const place = join(folder, 'orphan')
    const whole = openWaveFile({ file: join(place, 'x.vcd') })
    const { executable } = open(loader, { file: join(folder, 'again.vcd') }).build
    const { ports } = openEngine('js', loader)
    const link = startLink(
      executable,
      { inputs: ports.inputWords, outputs: ports.outputWords },
      'it',
      whole.processArguments,
    )
    expect(readdirSync(place)).toHaveLength(1)
    link.close()
    await expect.poll(() => readdirSync(place), { timeout: 10_000 }).toEqual([])
  })

  it.skipIf(!existsSync('/dev/full'))('say that the disk is full', () => {
    // A link, since the process removes its file where it is left alone.
    const full = join(folder, 'full.vcd')
    symlinkSync('/dev/full', full)
    expect(() => {
      const { executable } = open(loader, { file: join(folder, 'again.vcd') }).build
      const { ports } = openEngine('js', loader)
      const link = startLink(executable, { inputs: ports.inputWords, outputs: ports.outputWords }, 'it', [
        full,
        '0',
        '1000',
      ])
      link.send(new Uint8Array(Int32Array.of(3, 0, 0, 0).buffer))
      link.receive(new Uint8Array(4))
    }).toThrow(/the disk is full, or the waves cannot be written to it/)
  })

  it('are refused in one sentence where they cannot be', () => {
    expect(() => open(loader, { file: 'x.lxt' })).toThrow('Verilator writes waves into .vcd and .fst files, got x.lxt')
    expect(() => open(loader, { file: join(folder, 'loader.fst', 'x.vcd') })).toThrow(
      /^cannot write .*x\.vcd: .*; choose another path$/,
    )
    expect(() => open(loader, { file: 'x.vcd', from: -1 })).toThrow(/from 0 on, got -1/)
    expect(() => open(loader, { file: 'x.vcd', cycles: 0 })).toThrow(/at least 1 cycle, got 0/)
    expect(() => openEngine('wasm', loader, { waves: { file: 'x.vcd' } })).toThrow(
      'the wasm engine writes no waves by itself, got x.vcd; record them with trace() and write them with writeVcd(), or open the verilator engine',
    )
    expect(existsSync('x.vcd')).toBe(false)
  })
})

describe('zlib', () => {
  const path = process.env.PATH
  const folder = mkdtempSync(join(tmpdir(), 'bitloom-test-'))
  afterEach(() => {
    process.env.PATH = path
    rmSync(folder, { recursive: true, force: true })
  })

  it('is asked for where a compiler has no header of it', () => {
    writeFileSync(join(folder, 'g++'), '#!/bin/sh\nexit 1\n')
    chmodSync(join(folder, 'g++'), 0o755)
    process.env.PATH = folder
    expect(needZlib).toThrow(
      "FST files from Verilator need the headers of zlib, and g++ finds no 'zlib.h'; install them with 'npm run setup:tools' or give a file.vcd",
    )
    writeFileSync(join(folder, 'g++'), '#!/bin/sh\nexit 0\n')
    expect(needZlib).not.toThrow()
  })
})
