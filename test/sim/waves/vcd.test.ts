import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/base/user-error.ts'
import { blackBox, bool, clock, component, enumeration, type Module, mainClock, on, u } from '../../../src/dsl/index.ts'
import { isSigned, widthOf } from '../../../src/dsl/ir.ts'
import { openEngine } from '../../../src/sim/engines.ts'
import { randomStimulus } from '../../../src/sim/stimulus.ts'
import { versionOf } from '../../../src/sim/verilator/tools.ts'
import { type Trace, trace, vcdText, waveSignals } from '../../../src/sim/waves/index.ts'
import { vcdPieces } from '../../../src/sim/waves/vcd.ts'
import { writeVcd } from '../../../src/sim/waves/vcd-file.ts'
import { valueIn } from '../../../src/sim/waves/waves.ts'
import { icarusDump } from '../../fuzz/icarus.ts'
import { type Limits, randomComponent } from '../../fuzz/random-component.ts'
import { randomStructure } from '../../fuzz/random-structure.ts'
import { blink, cycle, loader, store, wide } from './designs.ts'
import { numberAt, type ParsedVcd, parseVcd, textAt } from './parse-vcd.ts'

/** Waves of a design under random inputs. */
const played = (module: Module, cycles: number, seed: number, keep = cycles): Trace => {
  const waves = trace(openEngine('js', module), module, { keep })
  waves.replay(randomStimulus(waves.ports, cycles, seed), cycles)
  return waves
}

/** Everything the dump must say of the waves, said by the values themselves. */
const expectSame = (vcd: ParsedVcd, waves: Trace, what: string): void => {
  for (const signal of waveSignals(waves)) {
    const variable = vcd.variables.get(`${waves.top.name}.${signal.path}`)!
    expect(variable, `${signal.path}, ${what}`).toMatchObject({
      type: signal.kind === 'register' ? 'reg' : 'wire',
      width: widthOf(signal.range),
    })
    for (let k = waves.firstCycle; k < waves.firstCycle + waves.cycles; k++) {
      const found = numberAt(variable, 10 * k + 9, isSigned(signal.range))
      if (found !== valueIn(waves, signal, k))
        expect(found, `${signal.path} in cycle ${k}, ${what}`).toBe(valueIn(waves, signal, k))
    }
    // Registers and what follows from them move at the edge alone.
    expect(variable.changes.filter(({ time }) => time % 10 !== 0)).toEqual([])
    expect(variable.changes.filter(({ value }, k) => value === variable.changes[k - 1]?.value)).toEqual([])
  }
}

const kinds: readonly (readonly [string, (seed: number, limits: Limits) => { readonly module: Module }, Limits])[] = [
  ['values to 130 bits', randomComponent, { width: 130, favourites: [32, 33, 64, 65], operations: 20, depth: 1 }],
  ['three levels of hierarchy', randomComponent, { width: 34, operations: 8, depth: 3 }],
  ['two clocks and black boxes', randomStructure, { width: 70, operations: 8, depth: 1 }],
]

describe('a value change dump', () => {
  it.each([
    ['a state machine', loader],
    ['70 bits', wide],
    ['two clocks', blink],
    ['a memory', store],
  ])('says every value of every cycle: %s', (what, module) => {
    const waves = played(module, 50, 1)
    expectSame(parseVcd(vcdText(waves)), waves, what)
  })

  it.each(kinds)('says every value of random components with %s', (_, make, limits) => {
    for (let seed = 1; seed <= 15; seed++) {
      const waves = played(make(seed, limits).module, 40, seed, seed % 2 === 0 ? 40 : 17)
      expectSame(parseVcd(vcdText(waves)), waves, `seed ${seed}, limits ${JSON.stringify(limits)}`)
    }
  })

  it.skipIf(versionOf('iverilog', '-V') === undefined || versionOf('vvp', '-V') === undefined)(
    'says of every net what Icarus dumps of it, running the printed Verilog',
    () => {
      const modules: [string, Module][] = [
        ['loader', loader],
        ['wide', wide],
        ['blink', blink],
        ['store', store],
        ...kinds.flatMap(([what, make, limits]) =>
          [101, 102, 103].map((seed): [string, Module] => [`${what}, seed ${seed}`, make(seed, limits).module]),
        ),
      ]
      for (const [what, module] of modules) {
        const cycles = 40
        const stimulus = randomStimulus(openEngine('js', module).ports, cycles, 7)
        const waves = trace(openEngine('js', module), module)
        waves.replay(stimulus, cycles)
        const ours = parseVcd(vcdText(waves))
        const theirs = parseVcd(icarusDump(module, stimulus, cycles))
        for (const [path, variable] of ours.variables) {
          const name = path.replace(/^\w+/, 'testbench.dut')
          if (variable.type === 'string' || /\.(other_|pixel_)?(clk|rst)$/i.test(path)) continue
          const peer = theirs.variables.get(name)
          expect(peer, `${path}: ${what}`).toBeDefined()
          expect(variable.width, `${path}: ${what}`).toBe(peer!.width)
          for (let k = 0; k < cycles; k++) {
            const [mine, other] = [numberAt(variable, 10 * k, false), numberAt(peer!, 2 * k + 2, false)]
            if (mine !== other) expect(mine, `${path} in cycle ${k}: ${what}`).toBe(other)
          }
        }
      }
    },
    60_000,
  )

  it('has a scope an instance, names as in Verilog, and one variable for what is always equal', () => {
    const waves = trace(openEngine('js', loader), loader)
    waves.step(2)
    expect(vcdText(waves)).toBe(`$version bitloom $end
$timescale 1 ns $end
$scope module loader $end
$var wire 1 ! clk $end
$var wire 1 " rst $end
$var wire 1 # start $end
$var wire 8 $ x [7:0] $end
$var wire 3 % count [2:0] $end
$var wire 1 & busy $end
$var wire 10 ' total [9:0] $end
$var reg 3 % words [2:0] $end
$var reg 2 ( control [1:0] $end
$var string 1 ) control_name $end
$var wire 1 * idle $end
$var wire 4 + doubled [3:0] $end
$scope module sum $end
$var wire 1 ! clk $end
$var wire 1 " rst $end
$var wire 8 $ term [7:0] $end
$var wire 1 * clear $end
$var wire 10 ' total [9:0] $end
$var reg 10 ' held [9:0] $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
$dumpvars
1!
0"
0#
b0 $
b0 %
0&
b0 '
b0 (
sidle )
1*
b0 +
$end
#5
0!
#10
1!
#15
0!
#20
1!
`)
  })

  it('names the values of enumerations, beside their bits', () => {
    const waves = trace(openEngine('js', loader), loader)
    for (let k = 0; k < 8; k++) cycle(waves, { start: k === 1 ? 1 : 0 })
    const { variables } = parseVcd(vcdText(waves))
    const [names, bits] = ['loader.control_name', 'loader.control'].map((path) => variables.get(path)!)
    const at = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => 10 * k)
    expect(at.map((time) => textAt(names!, time)).join(' ')).toBe('idle idle load load load load drain idle')
    expect(at.map((time) => numberAt(bits!, time, false)).join('')).toBe('00111120')
  })

  it('finds a name for an enumeration where the usual one is taken, and writes a code without a name as a number', () => {
    const mode = enumeration('mode', ['a', 'b', 'c'])
    const { module } = component('taken', (_: object) => ({
      in: { mode, mode_name: u(2) },
      out: { same: mode },
      logic: ({ mode: found }) => ({ same: found }),
    }))({})
    const waves = trace(openEngine('js', module), module)
    waves.inputs[0] = 3
    waves.step()
    const { variables } = parseVcd(vcdText(waves))
    expect([...variables.keys()]).toEqual(
      ['mode', 'mode_name_2', 'mode_name', 'same', 'same_name'].map((name) => `taken.${name}`),
    )
    expect(textAt(variables.get('taken.mode_name_2')!, 0)).toBe('3')
  })

  it('draws the clock of every scope, rising where cycles begin', () => {
    const { variables, end, timescale } = parseVcd(vcdText(played(loader, 5, 1)))
    expect([end, timescale]).toEqual([50, '1 ns'])
    for (const path of ['loader.clk', 'loader.sum.clk']) {
      expect(variables.get(path)!.changes).toEqual(
        Array.from({ length: 11 }, (_, k) => ({ time: 5 * k, value: String((k + 1) % 2) })),
      )
    }
  })

  it('draws several clocks where they tick, each under its own name in the instance it drives', () => {
    const waves = trace(openEngine('js', blink), blink)
    for (let k = 0; k < 7; k++) cycle(waves, { enable: 1, clk_tick: Number(k % 3 === 0), pixel_tick: Number(k > 3) })
    const { variables } = parseVcd(vcdText(waves))
    const rises = (path: string) =>
      variables.get(path)!.changes.flatMap(({ time, value }) => (value === '1' ? time : []))
    const falls = (path: string) =>
      variables.get(path)!.changes.flatMap(({ time, value }) => (value === '0' && time > 0 ? time : []))
    expect(rises('blink.clk')).toEqual([10, 40, 70])
    expect(falls('blink.clk')).toEqual([15, 45])
    expect(rises('blink.pixel_clk')).toEqual([50, 60, 70])
    expect(variables.get('blink.enabled')!.changes.map(({ time }) => time)).toEqual([0, 10])
    expect(variables.get('blink.seen')!.changes.map(({ time }) => time)).toEqual([0, 60])
  })

  it('draws a clock under the name it has in an instance or black box that it drives', () => {
    const pixel = clock('pixel')
    const Toggle = component('toggle', (_: object) => ({
      in: {},
      out: { level: bool },
      logic(_, { regs }) {
        const r = regs({ up: bool })
        r.up.next = r.up.not()
        return { level: r.up }
      },
    }))
    const box = blackBox('FLIP', {
      in: {},
      out: { Q: bool },
      clock: 'C',
      reset: 'R',
      through: { Q: [] },
      model: { reset: false, outputs: { Q: (_, state) => state }, next: (_, state) => !state },
    })
    const { module } = component('driven', (_: object) => ({
      in: {},
      out: { a: on(pixel, bool), b: on(pixel, bool), c: bool },
      logic(_, { use }) {
        const clocks = [[mainClock, pixel]] as const
        return {
          a: use('mapped', Toggle({}), {}, { clocks }).level,
          b: use('box', box, {}, { clocks }).Q,
          c: use('usual', Toggle({}), {}).level,
        }
      },
    }))({})
    const waves = trace(openEngine('js', module), module)
    for (let k = 0; k < 9; k++) cycle(waves, { clk_tick: Number(k % 2 === 0), pixel_tick: Number(k % 3 === 0) })
    const { variables } = parseVcd(vcdText(waves))
    const changes = (path: string) => variables.get(`driven.${path}`)!.changes
    expect(
      changes('pixel_clk')
        .filter(({ value }) => value === '1')
        .map(({ time }) => time),
    ).toEqual([10, 40, 70])
    expect(changes('clk')).not.toEqual(changes('pixel_clk'))
    expect([changes('mapped.clk'), changes('box.C')]).toEqual([changes('pixel_clk'), changes('pixel_clk')])
    expect(changes('usual.clk')).toEqual(changes('clk'))
    expect([...variables.keys()].filter((path) => /rst|R$/.test(path))).toEqual(
      ['rst', 'pixel_rst', 'mapped.rst', 'box.R', 'usual.rst'].map((path) => `driven.${path}`),
    )
    expect(changes('box.Q').map(({ time }) => time)).toEqual([0, 10, 40, 70])
  })

  it('draws a reset as a pulse before the edge from which on registers show it', () => {
    const waves = trace(openEngine('js', loader), loader)
    for (let k = 0; k < 6; k++) {
      if (k === 0 || k === 4) waves.reset()
      cycle(waves, { start: 1 })
    }
    const { variables } = parseVcd(vcdText(waves))
    expect(variables.get('loader.rst')!.changes).toEqual([
      { time: 0, value: '0' },
      { time: 35, value: '1' },
      { time: 40, value: '0' },
    ])
    expect(textAt(variables.get('loader.control_name')!, 39)).toBe('load')
    expect(textAt(variables.get('loader.control_name')!, 40)).toBe('idle')
  })

  it('begins at the time of the first cycle kept, and draws no clock where there is none', () => {
    const waves = played(loader, 30, 1, 4)
    const vcd = parseVcd(vcdText(waves))
    expect(vcd.variables.get('loader.x')!.changes[0]!.time).toBe(260)
    expect(vcd.end).toBe(300)
    const { module } = component('sums', (_: object) => ({
      in: { a: u(4) },
      out: { b: u(5) },
      logic: ({ a }) => ({ b: a.add(1) }),
    }))({})
    expect(vcdText(played(module, 3, 1))).not.toMatch(/clk|rst/)
  })

  it('has enough codes for thousands of variables', () => {
    const { module } = component('many', (_: object) => ({
      in: Object.fromEntries(Array.from({ length: 9200 }, (_, k) => [`i${k}`, u(3)])),
      out: {},
      logic: () => ({}),
    }))({})
    const waves = played(module, 2, 1)
    expectSame(parseVcd(vcdText(waves)), waves, 'many')
    const codes = [...vcdText(waves).matchAll(/^\$var \w+ \d+ (\S+)/gm)].map(([, code]) => code!)
    expect(new Set(codes).size).toBe(9200)
    expect([codes[0], codes[93], codes[94], codes[94 + 94 ** 2]]).toEqual(['!', '~', '!!', '!!!'])
  })

  it('is the same for the same waves, with a date only where one is given', () => {
    const [one, two] = [played(loader, 20, 1), played(loader, 20, 1)]
    expect(vcdText(one)).toBe(vcdText(two))
    expect(vcdText(one, { date: '1 April 2031' })).toBe(`$date 1 April 2031 $end\n${vcdText(one)}`)
  })

  it('is made piece by piece', () => {
    const waves = played(loader, 20_000, 1)
    const sizes = [...vcdPieces(waves, {})].map(({ length }) => length)
    expect(sizes.length).toBeGreaterThan(10)
    expect(Math.max(...sizes)).toBeLessThan(2 ** 16 + 1000)
  })
})

describe('a file of waves', () => {
  const inFolder = (test: (folder: string) => void): void => {
    const folder = mkdtempSync(join(tmpdir(), 'bitloom-vcd-'))
    try {
      test(folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  it('holds the dump, in a folder made for it', () =>
    inFolder((folder) => {
      const waves = played(loader, 5000, 1)
      writeVcd(join(folder, 'new', 'loader.vcd'), waves)
      expect(readFileSync(join(folder, 'new', 'loader.vcd'), 'utf8')).toBe(vcdText(waves))
      expect(readdirSync(join(folder, 'new'))).toEqual(['loader.vcd'])
    }))

  it('that cannot be written is an error with the path, the reason and the cure', () =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'file'), '')
      const path = join(folder, 'file', 'loader.vcd')
      const write = () => writeVcd(path, played(loader, 5, 1))
      expect(write).toThrow(UserError)
      expect(write).toThrow(/^cannot write .*loader\.vcd: .*; choose another path$/)
    }))

  it('leaves nothing behind where its waves cannot be read to the end', () =>
    inFolder((folder) => {
      const waves = played(loader, 5000, 1)
      const torn = {
        ...waves,
        cycles: 5000,
        firstCycle: 0,
        firstRow: 0,
        rows: waves.rows,
        get top() {
          return waves.top
        },
      }
      let reads = 0
      const failing = new Proxy(torn, {
        get(of, key) {
          if (key === 'rowWords' && ++reads > 4000) throw new RangeError('torn')
          return Reflect.get(of, key)
        },
      })
      writeFileSync(join(folder, 'loader.vcd'), 'before')
      expect(() => writeVcd(join(folder, 'loader.vcd'), failing)).toThrow(new RangeError('torn'))
      expect(readdirSync(folder)).toEqual(['loader.vcd'])
      expect(readFileSync(join(folder, 'loader.vcd'), 'utf8')).toBe('before')
    }))
})
