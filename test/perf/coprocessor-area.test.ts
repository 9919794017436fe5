import { expect, it } from 'vitest'
import { computeArray } from '../../src/accel/coprocessor/compute-array.ts'
import { coprocessor } from '../../src/accel/coprocessor/coprocessor.ts'
import { usualTransfers } from '../../src/accel/coprocessor/usual-transfers.ts'
import { areaText } from '../../src/cli/synth-coprocessor.ts'
import { type Module, widthOf } from '../../src/dsl/ir.ts'
import { elementOf } from '../../src/pe/catalogue.ts'
import { coprocessorArea, coprocessorPart, type ModuleArea } from '../../src/perf/coprocessor-area.ts'
import { generic7 } from '../../src/synth/library/generic7.ts'
import { generic45 } from '../../src/synth/library/generic45.ts'
import { sramFigures } from '../../src/synth/memory/sram.ts'

const rows = 3
const columns = 2
const coprocessorOf = (spec: string): Module => {
  const [pe, size] = [elementOf(spec), { rows, columns }]
  return coprocessor({ array: computeArray([pe], size), transfers: usualTransfers(pe, size) }).module
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const registerBits = (module: Module): number =>
  total([...module.registers.map(({ node }) => widthOf(node)), ...module.instances.map(({ of }) => registerBits(of))])
const memoryBits = (module: Module): number =>
  total([
    ...module.memories.map(({ depth, word }) => depth * widthOf(word)),
    ...module.instances.map(({ of }) => memoryBits(of)),
  ])

/** In place of Yosys: a square micrometre for each bit of a register. */
const asBits = () => {
  const asked: string[] = []
  const map = async (module: Module, verilog: string): Promise<ModuleArea> => {
    asked.push(verilog)
    const area_um2 = registerBits(module)
    return { area_um2, sequential_area_um2: area_um2, cells: 1, recipe: 'none', versions: { yosys: 'Yosys 0' } }
  }
  return { asked, map }
}

it.each(['mac(w=int4, a=int4)', 'mixpe(output=fp32)', 'bitmod(w=fp4)'])(
  'counts every register and every memory of a co-processor of %s once, and asks for each module once',
  async (spec) => {
    const module = coprocessorOf(spec)
    const { asked, map } = asBits()
    const area = await coprocessorArea(module, generic45, map)
    expect(area.area_um2).toBe(registerBits(module))
    expect(area.sequential_area_um2).toBe(area.area_um2)
    expect(area.memory_bits).toBe(memoryBits(module))
    expect(new Set(asked).size).toBe(asked.length)
    expect(asked.length).toBeGreaterThan(15)
    expect(total(area.parts.map((part) => part.area_um2))).toBe(area.area_um2)
    expect(total(area.parts.map((part) => part.share))).toBeCloseTo(1, 2)
    expect(total(area.parts.map((part) => part.memory_bits))).toBe(area.memory_bits)
    expect(total(area.parts.map((part) => part.memory_area_um2))).toBeCloseTo(area.memory_area_um2, 2)
    for (const { part, area_um2 } of area.parts) expect(area_um2, part).toBeGreaterThan(0)
    const cells = area.modules.filter(({ part }) => part === 'array cells')
    expect(total(cells.map(({ count }) => count))).toBe(rows * columns)
  },
)

it('gives memories the area of a macro where the node has a model and the memory is large enough for it', async () => {
  const module = coprocessorOf('mac')
  const { parts, memories, ...area } = await coprocessorArea(module, generic45, asBits().map)
  const buffers = memories.filter(({ part, words }) => part === 'operand buffers' && words === 512)
  const { area_mm2 } = sramFigures({ technology: 'cacti45-hp', kilobytes: 4, wordBits: 64 })
  expect(buffers).toEqual([
    {
      part: 'operand buffers',
      place: expect.stringMatching(/^core\.core\.activation_buffers\./),
      ...{ words: 512, bits: 64, count: rows + columns },
      area_um2: expect.closeTo(area_mm2! * 1e6, 1),
      extrapolated: false,
    },
  ])
  const small = memories.filter(({ words, bits }) => words * bits < 2048)
  expect(small.length).toBeGreaterThan(0)
  for (const { area_um2 } of small) expect(area_um2).toBeNull()
  expect(area.memory_bits_without_area).toBe(total(small.map(({ count, words, bits }) => count * words * bits)))
  const other = await coprocessorArea(module, generic7, asBits().map)
  expect(other).toMatchObject({ memory_area_um2: 0, memory_bits_without_area: area.memory_bits })
  expect(other.provenance.memories).toMatch(/no model/)
})

it('says which part an instance belongs to', () => {
  const part = (path: string) => coprocessorPart(path === '' ? [] : path.split('.'))
  expect(part('')).toBe('top')
  expect(part('core')).toBe('top')
  expect(part('core.registers')).toBe('registers')
  expect(part('core.core')).toBe('core')
  expect(part('core.core.tags')).toBe('core')
  expect(part('core.core.array')).toBe('array edges')
  expect(part('core.core.array.column_edge_0')).toBe('array edges')
  expect(part('core.core.array.pe_1_0')).toBe('array cells')
  expect(part('core.core.weight_buffers.codes_0')).toBe('operand buffers')
  expect(part('core.core.plan.weight_room')).toBe('plan')
  expect(part('core.core.writer.column_1')).toBe('result writer')
  expect(part('dma.reader')).toBe('bus masters')
})

it('shows parts, memories and what was left out', async () => {
  const text = areaText(await coprocessorArea(coprocessorOf('mac'), generic45, asBits().map))
  expect(text).toMatch(/^array cells +\d+ +\d+\.\d % *$/m)
  expect(text).toMatch(/^operand buffers +\d+ +\d+\.\d % +20 KB +\d+$/m)
  expect(text).toMatch(/^5 x +512 x 64 +operand buffers +\d+$/m)
  expect(text).toMatch(/bits alone$/m)
  expect(text).toMatch(/nothing is optimised across modules/)
})
