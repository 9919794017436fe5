import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { axiLiteMaster } from '../../../src/accel/axi/lite-master.ts'
import { registerFile } from '../../../src/accel/axi/register-file.ts'
import { checkedMap, fieldsOf, maskOf, type RegisterMap, resetOf } from '../../../src/accel/axi/register-map.ts'
import { registerConstants, registerHeader, registerTable } from '../../../src/accel/axi/register-text.ts'
import { watchAxiLite } from '../../../src/accel/axi/watch.ts'
import { computeArray } from '../../../src/accel/coprocessor/compute-array.ts'
import { coreDescription } from '../../../src/accel/coprocessor/description.ts'
import { coprocessorId, coprocessorMap } from '../../../src/accel/coprocessor/registers.ts'
import { UserError } from '../../../src/base/user-error.ts'
import { warningsUnder } from '../../../src/dsl/index.ts'
import { printVerilog } from '../../../src/dsl/verilog/print.ts'
import { elementOf } from '../../../src/pe/catalogue.ts'
import { type EngineName, openEngine } from '../../../src/sim/engines.ts'
import { lintVerilog } from '../../../src/sim/lint.ts'
import { randomWords } from '../../../src/sim/stimulus.ts'
import { testbench } from '../../../src/sim/testbench/index.ts'
import { yosysComplaints } from '../../synth/complaints.ts'

const folder = mkdtempSync(join(tmpdir(), 'bitloom-registers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const map: RegisterMap = {
  name: 'sample',
  doc: 'One of each.',
  registers: [
    {
      name: 'id',
      offset: 0,
      doc: 'A constant.',
      fields: [{ name: 'value', low: 0, width: 32, access: 'constant', reset: 0xfedcba98, doc: 'All of it.' }],
    },
    {
      name: 'mixed',
      offset: 8,
      doc: 'Of every kind.',
      fields: [
        { name: 'start', low: 0, width: 2, access: 'w1s', doc: 'Pulses.', lockedBy: 'mixed_busy' },
        { name: 'gain', low: 4, width: 8, access: 'rw', reset: 0xa5, doc: 'A | number.' },
        { name: 'busy', low: 12, width: 1, access: 'ro', doc: 'Says hardware.' },
        { name: 'done', low: 16, width: 1, access: 'w1c', doc: 'Sticks.', interruptEnabledBy: 'enable_done' },
        { name: 'many', low: 20, width: 4, access: 'w1c', reset: 9, doc: 'Stick.' },
        { name: 'kind', low: 24, width: 8, access: 'constant', reset: 0x5a, doc: 'Stays.' },
      ],
    },
    {
      name: 'enable',
      offset: 12,
      doc: 'Interrupts.',
      fields: [{ name: 'done', low: 31, width: 1, access: 'rw', doc: 'Of done.' }],
    },
    {
      name: 'wide',
      offset: 0x20,
      doc: 'A word.',
      fields: [{ name: 'value', low: 0, width: 32, access: 'rw', doc: 'Locked.', lockedBy: 'mixed_busy' }],
    },
    {
      name: 'seen',
      offset: 0x24,
      doc: 'From hardware.',
      fields: [{ name: 'value', low: 0, width: 32, access: 'ro', doc: 'A word.' }],
    },
  ],
}
const quiet = { mixed_busy: 0, mixed_done: 0, mixed_many: 0, seen: 0 }
const open = (engine: EngineName = 'js', pause = 0, seed = 1) => {
  const component = registerFile({ map })
  const bench = testbench(component, openEngine(engine, component.module))
  const checker = watchAxiLite(bench, 's_axi')
  const master = axiLiteMaster(bench, 's_axi', { pause, seed })
  return { bench, checker, master }
}

describe('a register file', () => {
  it('reads what was reset, what is constant and what hardware says', () => {
    const { bench, master, checker } = open()
    bench.step({ hardware: { ...quiet, seen: 0xdeadbeef, mixed_busy: 1 } })
    expect(master.read(0)).toEqual({ value: 0xfedcba98, response: 'okay' })
    expect(master.read(8)).toEqual({ value: 0x5a90_1a50 >>> 0, response: 'okay' })
    expect(master.read(0x24)).toEqual({ value: 0xdeadbeef, response: 'okay' })
    expect(master.read(0x26).value).toBe(0xdeadbeef)
    expect(checker.finish(0)).toEqual([])
  })

  it('writes bytes by their strobes, in fields that are rw alone', () => {
    const { bench, master } = open()
    bench.step({ hardware: quiet })
    expect(master.write(0x20, 0x11223344, 0b0101)).toBe('okay')
    expect(master.read(0x20).value).toBe(0x00220044)
    expect(master.write(0x20, 0xffffffff, 0)).toBe('okay')
    expect(master.read(0x20).value).toBe(0x00220044)
    expect(master.write(8, 0xff0f_fff0, 0b0001)).toBe('okay')
    expect(master.read(8).value).toBe(0x5a90_0af0)
    expect(master.write(8, 0x000f_f000, 0b0110)).toBe('okay')
    expect(master.read(8).value).toBe(0x5a90_00f0)
  })

  it('pulses w1s for one cycle, where it is strobed', () => {
    const { bench, master } = open()
    const pulses: bigint[] = []
    bench.attach({ before() {}, after: () => pulses.push(BigInt(bench.engine.outputs[place]!)) })
    const place = bench.engine.ports.outputs.find(({ name }) => name === 'software_mixed_start')!.offset
    master.write(8, 0b10)
    master.write(8, 0b11, 0b1110)
    master.write(8, 0b01)
    bench.step({}, 5)
    expect(pulses.filter((pulse) => pulse !== 0n)).toEqual([2n, 1n])
    expect(master.read(8).value & 3).toBe(0)
  })

  it('clears w1c where 1 is written, and hardware wins; the interrupt is a level', () => {
    const { bench, master } = open()
    bench.step({ hardware: { ...quiet, mixed_done: 1 } })
    expect(bench.step({ hardware: quiet })).toMatchObject({ software: { mixed_done: 1n }, irq: false })
    master.write(12, 0x8000_0000)
    expect(bench.step({}, 7).irq).toBe(true)
    master.write(8, 0x0010_0000)
    expect([master.read(8).value >>> 20, bench.step().irq]).toEqual([0x5a8, true])
    const levels = new Set<number>()
    const { offset } = bench.engine.ports.outputs.find(({ name }) => name === 'software_mixed_done')!
    bench.step({ hardware: { ...quiet, mixed_done: 1 } })
    bench.attach({ before() {}, after: () => levels.add(bench.engine.outputs[offset]!) })
    master.write(8, 0x0001_0000)
    expect([bench.step({ hardware: quiet }).irq, [...levels]]).toEqual([true, [1]])
    master.write(8, 0x0001_0000)
    expect(bench.step().irq).toBe(false)
    expect(bench.step({ hardware: { ...quiet, mixed_done: 1 } }, 2).irq).toBe(true)
    master.write(12, 0)
    expect(bench.step().irq).toBe(false)
  })

  it('answers SLVERR where nothing is, where nothing can be written, and for what is locked, and changes nothing', () => {
    const { bench, master } = open()
    bench.step({ hardware: quiet })
    master.write(0x20, 7)
    expect([master.read(4).response, master.write(4, 1), master.read(0xffc).response]).toEqual([
      'slverr',
      'slverr',
      'slverr',
    ])
    expect([master.write(0, 1), master.write(0x24, 1)]).toEqual(['slverr', 'slverr'])
    bench.step({ hardware: { ...quiet, mixed_busy: 1 } })
    expect([master.write(0x20, 9), master.read(0x20).value]).toEqual(['slverr', 7])
    expect(master.write(0x20, 9, 0)).toBe('okay')
    expect([master.write(8, 0x0000_0551), (master.read(8).value >>> 4) & 255]).toEqual(['slverr', 0xa5])
    expect([master.write(8, 0x0000_0550), (master.read(8).value >>> 4) & 255]).toEqual(['okay', 0x55])
    bench.step({ hardware: quiet })
    expect([master.write(0x20, 9), master.read(0x20).value]).toEqual(['okay', 9])
  })

  it.each([
    ['wasm', 0, 300],
    ['wasm', 0.6, 300],
    ['interpreter', 0.5, 100],
    ['verilator', 0.5, 150],
  ] as const)(
    'does in %s, pausing in %d of the cycles, what a model says, whatever comes first of address and data',
    (engine, pause, count) => {
      for (const seed of [1, 2, 3]) {
        const { bench, master, checker } = open(engine, pause, seed)
        const random = randomWords(seed)
        bench.step({ hardware: quiet })
        let [gain, many, wide, enable] = [0xa5, 9, 0, 0]
        const merge = (old: number, value: number, strobe: number, mask: number): number => {
          let bytes = 0
          for (let k = 0; k < 4; k++) if ((strobe >> k) & 1) bytes = (bytes | (255 << (8 * k))) >>> 0
          return ((old & ~(bytes & mask)) | (value & bytes & mask)) >>> 0
        }
        for (let k = 0; k < count; k++) {
          const address = 4 * (random() % 12)
          if (random() & 1) {
            const [value, strobe] = [random(), random() & 15]
            const response = master.write(address, value, strobe)
            expect(response, `seed ${seed}`).toBe([8, 12, 0x20].includes(address) ? 'okay' : 'slverr')
            if (address === 8) {
              gain = merge(gain << 4, value, strobe, 0xff0) >> 4
              many &= ~(merge(0, value, strobe, 0xf00000) >>> 20)
            }
            if (address === 12) enable = merge(enable, value, strobe, 2 ** 31)
            if (address === 0x20) wide = merge(wide, value, strobe, 2 ** 32 - 1)
          } else {
            const known: Record<number, number> = {
              0: 0xfedcba98,
              8: (0x5a << 24) | (many << 20) | (gain << 4),
              12: enable,
              32: wide,
              36: 0,
            }
            const value = known[address]
            expect(master.read(address), `seed ${seed}`).toEqual(
              value === undefined ? { value: 0, response: 'slverr' } : { value: value >>> 0, response: 'okay' },
            )
          }
        }
        expect([checker.finish(0), bench.engine.failures]).toEqual([[], []])
        bench.engine.close()
      }
    },
    240_000,
  )

  it('answers everything that is asked at once, in order', () => {
    for (const pause of [0, 0.5]) {
      const { bench, master, checker } = open('wasm', pause, 4)
      bench.step({ hardware: quiet })
      for (let k = 0; k < 50; k++) {
        master.postWrite(k % 5 === 4 ? 4 : 0x20, k)
        master.postRead(k % 3 === 2 ? 4 : 0)
      }
      bench.until(() => master.answered.writes.length === 50 && master.answered.reads.length === 50, 5000)
      expect(master.answered.writes).toEqual(Array.from({ length: 50 }, (_, k) => (k % 5 === 4 ? 'slverr' : 'okay')))
      expect(master.answered.reads.map(({ response }) => response)).toEqual(
        Array.from({ length: 50 }, (_, k) => (k % 3 === 2 ? 'slverr' : 'okay')),
      )
      expect(master.read(0x20).value).toBe(48)
      expect(checker.finish(0)).toEqual([])
    }
  })

  it('may be asked from the first cycle on, without a valid in it', () => {
    const { master, checker } = open()
    expect([master.read(0).response, checker.violations]).toEqual(['okay', []])
  })

  it('comes back from a reset with its reset values', () => {
    const { bench, master, checker } = open()
    bench.step({ hardware: quiet })
    master.write(0x20, 5)
    bench.reset()
    bench.step()
    expect([master.read(0x20).value, checker.violations]).toEqual([0, []])
  })

  it('prints Verilog that linters and Yosys read without a word, with ports that FPGA tools know', async () => {
    const { module, name } = registerFile({ map })
    expect([name, warningsUnder(module)]).toEqual(['sample_registers', []])
    const text = printVerilog(module)
    for (const port of ['awvalid', 'awready', 'wstrb', 'bresp', 'araddr', 'rdata'])
      expect(text).toMatch(new RegExp(`put wire (\\[\\d+:0\\] )?s_axi_${port}\\b`))
    for (const { complaints } of await lintVerilog(text, name)) expect(complaints).toEqual([])
    expect(await yosysComplaints(text, name)).toEqual([])
  })
})

describe('a register map', () => {
  const changed = (field: object, register: object = {}): RegisterMap => ({
    ...map,
    registers: [
      ...map.registers,
      {
        name: 'more',
        offset: 0x30,
        doc: '',
        fields: [{ name: 'value', low: 0, width: 8, access: 'rw', doc: '', ...field }],
        ...register,
      },
    ],
  })
  it.each([
    [changed({}, { offset: 0x32 }), /register 'more' lies at 50; offsets are multiples of 4/],
    [changed({}, { offset: 8 }), /the offset 8 is there twice/],
    [changed({}, { name: 'wide' }), /the register wide is there twice/],
    [changed({}, { name: 'More' }), /register 'More' is no name/],
    [changed({}, { fields: [] }), /register 'more' has no field/],
    [changed({ name: 'a-b' }), /field 'a-b' is no name/],
    [changed({ low: 28 }), /has 8 bits from bit 28; fields lie in bits 0 to 31/],
    [changed({ reset: 256 }), /has 8 bits and cannot be reset to 256/],
    [changed({ width: 1, values: ['a', 'b', 'c'] }), /has 1 bits and cannot have 3 values/],
    [changed({ values: ['a', 'a'] }), /the value of field 'more' a is there twice/],
    [changed({ values: ['mask'] }), /cannot be called shift or mask/],
    [changed({ values: ['not this'] }), /value of field 'more' 'not this' is no name/],
    [changed({ access: 'ro', reset: 1 }), /is ro and has no reset value/],
    [changed({ lockedBy: 'seen' }), /asks for 'seen', which is no ro field of one bit/],
    [changed({ lockedBy: 'enable_done' }), /asks for 'enable_done', which is no ro field of one bit/],
    [changed({ access: 'w1c', lockedBy: 'mixed_busy' }), /is w1c and cannot be locked/],
    [changed({ access: 'w1c', interruptEnabledBy: 'enable_done' }), /makes no interrupt; a w1c field of one bit does/],
    [
      changed({ access: 'w1c', width: 1, interruptEnabledBy: 'mixed_busy' }),
      /asks for 'mixed_busy', which is no rw field/,
    ],
    [
      changed({}, { fields: [0, 7].map((low) => ({ name: `f${low}`, low, width: 8, access: 'rw', doc: '' })) }),
      /field 'more.f7' lies over another/,
    ],
    [{ ...map, registers: map.registers.slice(0, 1) }, /hardware neither says nor reads anything/],
  ])('is refused with one sentence: %#', (wrong, message) => {
    expect(() => checkedMap(wrong)).toThrow(UserError)
    expect(() => registerFile({ map: wrong })).toThrow(message)
  })

  it('refuses fewer address bits than it needs', () => {
    expect(() => registerFile({ map, addressBits: 11 })).toThrow(/need 12 to 64 bits of address, got 11/)
    expect(registerFile({ map, addressBits: 40 }).in.s_axi.fields.awaddr.width).toBe(40)
  })
})

const maps = [
  map,
  coprocessorMap(
    coreDescription({
      array: computeArray([elementOf('mixpe')], { rows: 8, columns: 16 }),
      transfers: { busBits: 64, addressBits: 40, mostBeats: 4095 },
    }),
  ),
]
/** What every text must say: C names with their values. */
const valuesOf = (of: RegisterMap): [string, number][] =>
  of.registers.flatMap((register) => [
    [`${register.name}_offset`, register.offset],
    [`${register.name}_reset`, resetOf(register)],
    ...register.fields.flatMap((field): [string, number][] => [
      [`${register.name}_${field.name}_shift`, field.low],
      [`${register.name}_${field.name}_mask`, maskOf(field)],
      ...(field.values ?? []).map((value, code): [string, number] => [`${register.name}_${field.name}_${value}`, code]),
    ]),
  ])

describe('the texts of a register map', () => {
  it.each(maps)('are a C header that compiles with every warning, and has the values: $name', (of) => {
    const names = valuesOf(of)
    const lines = names.map(
      ([name]) => `  printf("%lu\\n", (unsigned long)${of.name.toUpperCase()}_${name.toUpperCase()});`,
    )
    const program = `#include "${of.name}.h"\n#include "${of.name}.h"\n#include <stdio.h>\nint main(void) {\n${lines.join('\n')}\n  return 0;\n}\n`
    writeFileSync(join(folder, `${of.name}.h`), registerHeader(of))
    writeFileSync(join(folder, `${of.name}.c`), program)
    const executable = join(folder, of.name)
    const strict = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic']
    execFileSync('gcc', [...strict, '-o', executable, join(folder, `${of.name}.c`)])
    const printed = execFileSync(executable, { encoding: 'utf8' }).trim().split('\n').map(Number)
    expect(printed).toEqual(names.map(([, value]) => value))
  })

  it.each(maps)('are TypeScript constants that say the same: $name', async (of) => {
    const file = join(folder, `${of.name}.ts`)
    writeFileSync(file, registerConstants(of))
    const loaded = Object.values((await import(file)) as object)[0] as Record<string, Record<string, unknown>>
    const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    expect(Object.keys(loaded)).toEqual(of.registers.map(({ name }) => camel(name)))
    for (const register of of.registers) {
      const { offset, ...fields } = loaded[camel(register.name)]!
      expect(offset).toBe(register.offset)
      expect(fields).toEqual(
        Object.fromEntries(
          register.fields.map((field) => [
            camel(field.name),
            {
              low: field.low,
              width: field.width,
              mask: maskOf(field),
              ...(field.values && { values: Object.fromEntries(field.values.map((value, code) => [value, code])) }),
            },
          ]),
        ),
      )
    }
  })

  it('are a Markdown table, a row a field, whose cells no text breaks', () => {
    const rows = registerTable(map).trimEnd().split('\n')
    expect(rows).toHaveLength(2 + fieldsOf(map).length)
    for (const row of rows) expect(row.replaceAll('\\|', '').match(/\|/g)).toHaveLength(8)
    expect(rows[3]).toBe('| `0x08` | `mixed` | 1:0 | `start` | w1s |  | Pulses. Locked while `mixed_busy`. |')
    expect(rows[4]).toBe('|  |  | 11:4 | `gain` | rw | 0xa5 | A \\| number. |')
  })

  it('end no comment early', () => {
    const sly = { ...map, doc: 'ends */ here\n# and there' }
    for (const text of [registerHeader(sly), registerConstants(sly)])
      expect(text).toContain('ends * / here # and there')
  })
})

describe('the map of the co-processor', () => {
  it('says what was built, runs and counts, and nothing can be written while it is busy but control and status', () => {
    const component = registerFile({ map: maps[1]! })
    const bench = testbench(component)
    const master = axiLiteMaster(bench, 's_axi')
    const hardware = Object.fromEntries(Object.keys(component.in.hardware.fields).map((path) => [path, 0]))
    bench.step({ hardware })
    expect([master.read(0).value, master.read(8).value]).toEqual([coprocessorId, 0x08_10_08])
    expect(master.write(0x30, 300)).toBe('okay')
    expect(bench.step().software.tokens).toBe(300n)
    bench.step({ hardware: { ...hardware, status_busy: 1, bytes_read_high: 5 } })
    const refused = maps[1]!.registers
      .filter(({ offset }) => master.write(offset, 1) === 'slverr')
      .map(({ name }) => name)
    const open = maps[1]!.registers.map(({ name }) => name).filter((name) => !refused.includes(name))
    expect(open).toEqual(['status'])
    expect([master.write(0x20, 2), master.write(0x20, 0x300)]).toEqual(['okay', 'okay'])
    expect(master.read(0xa4).value).toBe(5)
    expect(registerTable(maps[1]!)).toContain('How the last run ended. Values: 0 `none`, 1 `dimensions`, 2 `mode`, ')
    const done = { ...hardware, status_done: 1 }
    expect([bench.step().irq, bench.step({ hardware: done }, 2).irq]).toEqual([false, true])
  })

  it('prints Verilog that linters and Yosys read without a word', async () => {
    const { module, name } = registerFile({ map: maps[1]! })
    expect(warningsUnder(module)).toEqual([])
    for (const { complaints } of await lintVerilog(printVerilog(module), name)) expect(complaints).toEqual([])
    expect(await yosysComplaints(printVerilog(module), name)).toEqual([])
  })
})
