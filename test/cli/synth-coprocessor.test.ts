import { expect, it } from 'vitest'
import { fpgaText } from '../../src/cli/synth-text.ts'
import { bitloom } from './bitloom.ts'

const refused = (args: readonly string[]): string => {
  const { status, stderr } = bitloom(['synth', ...args])
  expect(status).toBe(2)
  expect(stderr).not.toMatch(/\n {4}at /)
  return stderr
}

it('refuses an array without a co-processor, another accelerator, and options of PEs', () => {
  expect(refused(['mac', '--array', '2x2'])).toMatch(/add --accel axi, or leave --array out/)
  expect(refused(['mac', '--accel', 'axis'])).toMatch(/did you mean 'axi'/)
  expect(refused(['mac', '--accel', 'axi', '--max-delay', '900'])).toMatch(/--max-delay is not for --accel axi/)
  expect(refused(['mac', 'mixpe', '--accel', 'axi'])).toMatch(/--accel is for one design, and this is a table/)
  expect(refused(['design.v', '--accel', 'axi'])).toMatch(/design\.v/)
})

it('shows memories of an FPGA by cell, block RAMs apart from distributed ones', () => {
  const text = fpgaText({
    ...{ luts: 8, ffs: 5, dsps: 1, target: 'ecp5' },
    memory_cells: { DP16KD: 2, TRELLIS_DPR16X4: 3 },
    versions: { yosys: 'Yosys 0' },
    provenance: { family: 'f', counts: 'before place and route', search: 'mapped once', script: '' },
  })
  expect(text).toBe(
    '8 LUTs, 5 FFs, 1 DSPs, 2 DP16KD, 3 TRELLIS_DPR16X4 on ecp5 (before place and route)\nYosys 0; mapped once',
  )
})

interface Document {
  readonly area_um2: number
  readonly parts: readonly { readonly part: string; readonly area_um2: number }[]
  readonly modules: readonly { readonly module: string; readonly count: number; readonly area_um2: number }[]
}
interface OfPe {
  readonly parts: readonly { readonly name: string; readonly area_um2: number }[]
}

/** Where no netlist is known, every module goes through Yosys up to six times. */
const minutes = 1_800_000

it.runIf(process.env.BITLOOM_FULL)(
  'maps a whole co-processor whose cells have the area that synth gives for them alone',
  () => {
    const json = (args: readonly string[]): string => {
      const { status, stdout, stderr } = bitloom(['synth', ...args, '--json'], { timeout: minutes })
      expect(status, stderr).toBe(0)
      return stdout
    }
    const whole = JSON.parse(json(['mac', '--array', '2x2', '--accel', 'axi'])) as Document
    const alone = JSON.parse(json(['mac'])) as OfPe
    const area = (name: string) => alone.parts.find((part) => part.name === name)!.area_um2
    const passing = whole.modules.find(({ module }) => module.endsWith('_passing_cell'))!
    expect(passing).toMatchObject({ count: 2, area_um2: area('passing cell') })
    const cells = whole.parts.find(({ part }) => part === 'array cells')!
    expect(cells.area_um2).toBeCloseTo(2 * (area('cell') + area('passing cell')), 3)
    expect(whole.parts.reduce((sum, part) => sum + part.area_um2, 0)).toBeCloseTo(whole.area_um2, 2)
    for (const { part, area_um2 } of whole.parts) expect(area_um2, part).toBeGreaterThan(0)
  },
  2 * minutes,
)
