import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { outputStationaryArray } from '../../../src/accel/output-stationary.ts'
import {
  atName,
  atSourceLine,
  atVerilogLine,
  bool,
  component,
  printVerilog,
  printWithMap,
  u,
} from '../../../src/dsl/index.ts'
import { processingElement } from '../../../src/pe/catalogue.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'

const here = 'test/dsl/verilog/source-map.test.ts'
/** The line of this file that holds a text, as the map writes it. */
const lineOf = (text: string): string => {
  const lines = readFileSync(here, 'utf8').split('\n')
  const at = lines.findIndex((line) => line.includes(text) && !line.includes('lineOf'))
  return `${here}:${at + 1}`
}

const Leaf = component('leaf', (_: object) => ({
  in: { a: u(4), load: bool },
  out: { y: u(5) },
  logic({ a, load }, { regs, when }) {
    const r = regs({ kept: u(4) })
    when(load, () => {
      r.kept.next = a
    })
    const more = r.kept.add(1).named('one_more')
    return { y: more }
  },
}))
const Top = component('top', (_: object) => ({
  in: { a: u(4), load: bool },
  out: { y: u(5), z: u(5) },
  logic({ a, load }, { use, wires }) {
    const w = wires({ between: u(4) })
    const first = use('first', Leaf({}), { a, load })
    w.between.value = first.y.wrap(u(4))
    const second = use('second', Leaf({}), { a: w.between, load })
    return { y: first.y, z: second.y }
  },
}))

describe('the source map', () => {
  const { verilog, map } = printWithMap(Top({}).module, 'top.v', { head: '// one\n// two\n' })
  const lines = verilog.split('\n')

  it('leads from a line of Verilog to the hierarchical names and the line of TypeScript', () => {
    const [place, ...others] = atVerilogLine(map, lines.indexOf('  reg [3:0] kept;') + 1)
    expect(others).toEqual([])
    expect(place).toMatchObject({
      module: 'leaf',
      kind: 'register',
      paths: ['first.kept', 'second.kept'],
      source: lineOf('regs({ kept'),
    })
    const assignment = lines.findIndex((line) => line.includes('kept <= a;')) + 1
    expect(atVerilogLine(map, assignment)[0]).toEqual(place)
    expect(atVerilogLine(map, lines.indexOf('endmodule') + 1)).toEqual([])
  })

  it('leads from a line of TypeScript to names and lines of Verilog', () => {
    const [instance] = atSourceLine(map, lineOf("use('second'"))
    expect(instance).toMatchObject({ module: 'top', kind: 'instance', name: 'second', paths: ['second'] })
    expect(instance!.lines.map((line) => lines[line - 1]!.trim())).toEqual(['leaf second ('])
    expect(atSourceLine(map, lineOf('wires({ between'))[0]!.lines.map((line) => lines[line - 1]!.trim())).toEqual([
      'wire [3:0] between;',
      'assign between = first_y[3:0];',
    ])
    expect(atSourceLine(map, lineOf("named('one_more')"))[0]).toMatchObject({ kind: 'operation', name: 'one_more' })
    expect(atSourceLine(map, 'nowhere.ts:1')).toEqual([])
  })

  it('leads from a hierarchical name to both, however deep', () => {
    expect(atName(map, 'second.kept')).toMatchObject({ module: 'leaf', source: lineOf('regs({ kept') })
    expect(atName(map, 'z')).toMatchObject({ module: 'top', kind: 'output' })
    expect([atName(map, 'third.kept'), atName(map, 'second.nothing'), atName(map, 'a.b.c')]).toEqual(
      Array(3).fill(undefined),
    )
    const array = printWithMap(outputStationaryArray(processingElement('mac()'), { rows: 20, columns: 20 }), 'array.v')
    const accumulator = atName(array.map, 'pe_19_7.core.accumulator')!
    expect(accumulator.source).toMatch(/^src\/pe\/arith\/group-accumulator\.ts:\d+$/)
    expect(atVerilogLine(array.map, accumulator.lines[0]!)[0]!.paths).toHaveLength(100)
  })

  it('covers every line of every module, one after the other', () => {
    for (const { lines: range, names } of Object.values(map.modules)) {
      expect(lines[range[0] - 1]).toMatch(/^module /)
      expect(lines[range[1] - 1]).toBe('endmodule')
      for (const { name, lines: at } of names)
        for (const line of at) expect(lines[line - 1]).toMatch(new RegExp(`\\b${name}\\b`))
    }
  })
})

describe('locations', () => {
  it('stand behind registers, wires, named values and instances, and nowhere else', async () => {
    const text = printVerilog(Top({}).module, { locations: true })
    const behind = text.split('\n').filter((line) => line.includes('//'))
    expect(behind.map((line) => line.trim().replace(/:\d+$/, ':#'))).toEqual([
      `reg [3:0] kept; // ${here}:#`,
      `wire [4:0] one_more = {1'b0, kept} + 5'd1; // ${here}:#`,
      `wire [3:0] between; // ${here}:#`,
      `leaf first ( // ${here}:#`,
      `leaf second ( // ${here}:#`,
    ])
    expect(text.replace(/ \/\/ .*/g, '')).toBe(printVerilog(Top({}).module))
    expect((await lintVerilog(text, 'top')).flatMap(({ complaints }) => complaints)).toEqual([])
  })

  const built = existsSync('dist/pe/catalogue.js')
  if (!built) console.warn('lines named by the built program are not tested: run npm run build first (npm test does)')
  it.skipIf(!built)('are the same from the built program as from TypeScript, source maps in Node or not', () => {
    const file = (path: string): string => JSON.stringify(join(process.cwd(), 'dist', path))
    const script = `
      import { printVerilog } from ${file('dsl/index.js')}
      import { processingElement } from ${file('pe/catalogue.js')}
      import { outputStationaryArray } from ${file('accel/output-stationary.js')}
      const array = outputStationaryArray(processingElement('mixpe()'), { rows: 2, columns: 2 })
      process.stdout.write(printVerilog(array, { locations: true }))`
    const print = (...flags: readonly string[]): string =>
      execFileSync(process.execPath, [...flags, '--input-type=module', '-e', script], { encoding: 'utf8' })
    const ours = printVerilog(outputStationaryArray(processingElement('mixpe()'), { rows: 2, columns: 2 }), {
      locations: true,
    })
    expect(ours).toMatch(/ pe_0_0 \( \/\/ src\/accel\/output-stationary\.ts:\d+\n/)
    expect(print()).toBe(ours)
    expect(print('--enable-source-maps')).toBe(ours)
  })
})
