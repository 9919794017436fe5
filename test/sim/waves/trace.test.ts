import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import type { Engine } from '../../../src/sim/engine.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { versionOf } from '../../../src/sim/verilator/tools.ts'
import { type Trace, trace, type Waves, waveSignals, waveValue } from '../../../src/sim/waves/index.ts'
import { randomStructure } from '../../fuzz/random-structure.ts'
import { blink, cycle, loader, wide } from './designs.ts'

const valuesOf = (waves: Waves, path: string): string =>
  Array.from({ length: waves.cycles }, (_, k) => waveValue(waves, path, waves.firstCycle + k)).join(' ')
const pathsOf = (waves: Waves): string[] => waveSignals(waves).map(({ path }) => path)

/** An engine that sees ports only, as Verilator does. */
const portsOnly = (name: 'js' | 'interpreter', of: typeof loader): Engine =>
  new Proxy(openEngine(name, of), {
    get: (engine, key) => (key === 'watch' ? undefined : key === 'name' ? 'verilator' : Reflect.get(engine, key)),
  })

describe('a trace', () => {
  it('keeps ports, registers, wires and named values of every instance, of cycles before their edge', () => {
    const waves = trace(openEngine('js', loader), loader)
    for (let k = 0; k < 8; k++) cycle(waves, { start: k === 1 ? 1 : 0, x: k + 10 })
    expect(pathsOf(waves)).toEqual([
      ...['start', 'x', 'count', 'busy', 'total', 'words', 'control', 'idle', 'doubled'],
      ...['sum.term', 'sum.clear', 'sum.total', 'sum.held'],
    ])
    expect(valuesOf(waves, 'start')).toBe('0 1 0 0 0 0 0 0')
    expect(valuesOf(waves, 'control')).toBe('0 0 1 1 1 1 2 0')
    expect(valuesOf(waves, 'words')).toBe('0 0 0 1 2 3 4 0')
    expect(valuesOf(waves, 'doubled')).toBe('0 0 0 2 4 6 8 0')
    expect(valuesOf(waves, 'sum.term')).toBe('10 11 12 13 14 15 16 17')
    expect(valuesOf(waves, 'sum.held')).toBe('0 0 0 12 25 39 54 70')
    expect(waveSignals(waves).find(({ path }) => path === 'control')!.encoding?.values).toEqual([
      'idle',
      'load',
      'drain',
    ])
    expect(waves.top.scopes.map(({ name, signals }) => [name, signals.map((each) => each.kind)])).toEqual([
      ['sum', ['input', 'input', 'output', 'register']],
    ])
  })

  it('is the engine in all else, and says the same of replays as of steps', () => {
    const module = randomStructure(5, { width: 70, operations: 8, depth: 1 }).module
    const [stepped, replayed, plain] = [
      trace(openEngine('js', module), module),
      trace(openEngine('interpreter', module), module),
      openEngine('js', module),
    ] as const
    const stimulus = randomStimulus(plain.ports, 40, 9)
    const { inputWords, outputWords } = plain.ports
    const [response, expected] = [new Int32Array(60 * outputWords), new Int32Array(60 * outputWords)]
    replayed.replay(stimulus, 60, response)
    plain.replay(stimulus, 60, expected)
    expect(response).toEqual(expected)
    for (let k = 0; k < 60; k++) {
      stepped.inputs.set(stimulus.subarray((k % 40) * inputWords, ((k % 40) + 1) * inputWords))
      stepped.step()
    }
    expect(stepped.outputs).toEqual(replayed.outputs)
    expect([replayed.cycle, replayed.name, replayed.failedChecks]).toEqual([60, 'interpreter', plain.failedChecks])
    const rows = (waves: Waves): Int32Array => waves.rows.subarray(0, 60 * waves.rowWords)
    expect(rows(stepped)).toEqual(rows(replayed))
    expect(stepped.top).toEqual(replayed.top)
    expect(stepped.clocks).toEqual(replayed.clocks)
  })

  it('keeps values of 70 bits', () => {
    const waves = trace(openEngine('js', wide), wide)
    const values = [2n ** 69n - 1n, -(2n ** 69n), 1n, -1n, 2n ** 40n]
    for (const x of values) cycle(waves, { x })
    expect(valuesOf(waves, 'inner.inner.x')).toBe([0n, 0n, ...values.slice(0, 3)].join(' '))
  })

  it('keeps the ticks of two clocks', () => {
    const waves = trace(openEngine('js', blink), blink)
    for (let k = 0; k < 6; k++)
      cycle(waves, { enable: 1, clk_tick: Number(k % 3 === 0), pixel_tick: Number(k % 2 === 0) })
    expect(waves.clocks.map(({ name }) => name)).toEqual(['clk', 'pixel_clk'])
    const ticks = waves.clocks.map(({ tick }) =>
      [0, 1, 2, 3, 4, 5].map((k) => waves.rows[k * waves.rowWords + tick!.offset]),
    )
    expect(ticks).toEqual([
      [1, 0, 0, 1, 0, 0],
      [1, 0, 1, 0, 1, 0],
    ])
  })

  it('keeps the last cycles only, whatever was before', () => {
    for (const keep of [1, 2, 63, 64, 65, 100, 1000]) {
      const waves = trace(openEngine('js', loader), loader, { keep, signals: ['x'] })
      for (let k = 0; k < 300; k++) cycle(waves, { x: k % 100 })
      const [first, cycles] = [Math.max(0, 300 - keep), Math.min(300, keep)]
      expect([waves.firstCycle, waves.cycles]).toEqual([first, cycles])
      expect(waves.rows.length).toBeLessThanOrEqual(Math.min(keep, 512))
      expect(valuesOf(waves, 'x')).toBe(Array.from({ length: cycles }, (_, k) => (first + k) % 100).join(' '))
      expect(() => waveValue(waves, 'x', first - 1)).toThrow(
        `there is no cycle ${first - 1}: cycles ${first} to 299 are recorded`,
      )
      expect(() => waveValue(waves, 'x', 300)).toThrow(RangeError)
    }
  })

  it('begins where it is told to, or at the cycle the engine is at', () => {
    const engine = openEngine('js', loader)
    engine.step(5)
    const late = trace(engine, loader, { from: 8 })
    expect(() => waveValue(late, 'x', 5)).toThrow('there is no cycle 5: no cycle has been recorded')
    late.step(10)
    expect([late.firstCycle, late.cycles]).toEqual([8, 7])
    const later = trace(late, loader)
    later.step(2)
    expect([later.firstCycle, later.cycles]).toEqual([15, 2])
    expect([late.firstCycle, late.cycles]).toEqual([8, 9])
  })

  it('remembers resets as long as their cycles', () => {
    const waves = trace(openEngine('js', loader), loader, { keep: 4 })
    waves.step(2)
    waves.reset()
    waves.reset()
    waves.step(2)
    expect(waves.resets).toEqual([2])
    waves.step(2)
    expect(waves.resets).toEqual([2])
    waves.step()
    expect(waves.resets).toEqual([])
  })

  it('takes names, instances and patterns, and shows them in the order of the design', () => {
    const chosen = (...signals: string[]): string[] => pathsOf(trace(openEngine('js', wide), wide, { signals }))
    expect(chosen('y', 'x')).toEqual(['x', 'y'])
    expect(chosen('*')).toEqual(['x', 'y', 'kept'])
    expect(chosen('inner.inner')).toEqual(['inner.inner.x', 'inner.inner.y', 'inner.inner.kept'])
    expect(chosen('inner.*')).toEqual(['inner.x', 'inner.y', 'inner.kept'])
    expect(chosen('**.kept')).toEqual(['inner.kept', 'inner.inner.kept'])
    expect(chosen('**kept', 'k*t')).toEqual(['kept', 'inner.kept', 'inner.inner.kept'])
    expect(chosen('inner.**')).toHaveLength(6)
  })

  it('refuses a signal there is not, with the nearest name', () => {
    const open = (signals: string[]) => () => trace(openEngine('js', loader), loader, { signals })
    expect(open(['contrl'])).toThrow(UserError)
    expect(open(['start', 'contrl'])).toThrow("loader has no signal 'contrl'; did you mean 'control'?")
    expect(open(['sum.h*x'])).toThrow("loader has no signal 'sum.h*x'; there are start, x, ")
    const waves = trace(openEngine('js', loader), loader, { signals: ['sum'] })
    waves.step()
    expect(() => waveValue(waves, 'sum.hold', 0)).toThrow(
      "the trace of loader has no signal 'sum.hold'; did you mean 'sum.held'?",
    )
  })

  it('refuses to keep less than a cycle, to start before the first, and to go on where the engine went without it', () => {
    const engine = openEngine('js', loader)
    for (const keep of [0, -1, 1.5, Number.NaN])
      expect(() => trace(engine, loader, { keep })).toThrow(`a trace keeps at least 1 cycle, got ${keep}`)
    expect(() => trace(engine, loader, { from: -1 })).toThrow('a trace starts at a cycle from 0 on, got -1')
    const waves = trace(engine, loader)
    waves.step(3)
    engine.step()
    expect(() => waves.step()).toThrow('the engine is at cycle 4 and its trace at 3; step the trace, not the engine')
  })

  it('shows ports where the engine sees no more, and says so where more is asked for', () => {
    const record = (engine: Engine, signals?: string[]): Trace => {
      const waves = trace(engine, loader, { keep: 7, ...(signals && { signals }) })
      const stimulus = randomStimulus(waves.ports, 6, 2)
      waves.replay(stimulus, 9)
      waves.step()
      return waves
    }
    const [blind, seeing] = [record(portsOnly('js', loader)), record(openEngine('js', loader))]
    expect(pathsOf(blind)).toEqual(['start', 'x', 'count', 'busy', 'total'])
    expect([blind.firstCycle, blind.cycles]).toEqual([3, 7])
    for (const path of pathsOf(blind)) expect(valuesOf(blind, path)).toBe(valuesOf(seeing, path))
    expect(pathsOf(record(portsOnly('js', loader), ['busy', '*ta*']))).toEqual(['start', 'busy', 'total'])
    expect(() => record(portsOnly('js', loader), ['**'])).toThrow("not 'words'")
    expect(() => record(portsOnly('js', loader), ['x', 'sum.held'])).toThrow(
      "the verilator engine sees the ports of loader only, not 'sum.held'; trace the js or interpreter engine to look inside",
    )
  })

  it.skipIf(versionOf('verilator') === undefined || versionOf('g++') === undefined)(
    'of Verilator is that of JavaScript, for ports, replayed or stepped',
    () => {
      const engines = [openEngine('verilator', loader), openEngine('js', loader)]
      const [theirs, ours] = engines.map((engine) => {
        const waves = trace(engine, loader, { keep: 20 })
        waves.replay(randomStimulus(waves.ports, 15, 4), 25)
        waves.step(3)
        waves.close()
        return waves
      })
      expect(waveSignals(theirs!).map(({ path }) => path)).toEqual(['start', 'x', 'count', 'busy', 'total'])
      expect([theirs!.firstCycle, theirs!.cycles]).toEqual([8, 20])
      for (const { path } of waveSignals(theirs!)) expect(valuesOf(theirs!, path)).toBe(valuesOf(ours!, path))
    },
    120_000,
  )

  it('keeps ticks of engines that see ports only', () => {
    const [blind, seeing] = [portsOnly('js', blink), openEngine('js', blink)].map((engine) => trace(engine, blink))
    for (const waves of [blind!, seeing!])
      for (let k = 0; k < 6; k++) cycle(waves, { enable: 1, clk_tick: Number(k % 3 === 0), pixel_tick: k % 2 })
    const ticks = (waves: Waves) =>
      waves.clocks.map(({ tick }) => [0, 1, 2, 3, 4, 5].map((k) => waves.rows[k * waves.rowWords + tick!.offset]))
    expect(ticks(blind!)).toEqual(ticks(seeing!))
  })
})
