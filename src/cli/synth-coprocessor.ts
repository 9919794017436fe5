/** `synth --accel axi`: a whole co-processor, its area by parts on standard cells, or its counts on an FPGA. */

import { computeArray } from '../accel/coprocessor/compute-array.ts'
import { coprocessor } from '../accel/coprocessor/coprocessor.ts'
import { usualTransfers } from '../accel/coprocessor/usual-transfers.ts'
import type { ArraySize } from '../accel/output-stationary.ts'
import { printVerilog } from '../dsl/verilog/print.ts'
import { elementOf } from '../pe/catalogue.ts'
import { type CoprocessorArea, coprocessorArea } from '../perf/coprocessor-area.ts'
import { synthesise } from '../synth/synthesise.ts'
import { findTarget } from '../synth/targets.ts'
import { openYosys } from '../synth/yosys.ts'
import { withCache } from '../synth/yosys-cache.ts'
import { columns, type Output } from './context.ts'
import type { Cells } from './pe-synthesis.ts'
import { fpgaText } from './synth-text.ts'

/** The array of a co-processor where none is said, as `generate` has it. */
const usualSize: ArraySize = { rows: 8, columns: 8 }

export const synthesiseCoprocessor = async (
  spec: string,
  { target, array = usualSize, cells }: { readonly target: string; readonly array?: ArraySize; readonly cells: Cells },
  output: Output,
): Promise<void> => {
  const pe = elementOf(spec)
  const { module } = coprocessor({ array: computeArray([pe], array), transfers: usualTransfers(pe, array) })
  const named = findTarget(target)
  const library = cells.library ?? (named.kind === 'asic' ? named.library : undefined)
  const yosys = withCache(openYosys())
  const request = { target, sourceName: pe.spec, yosys, progress: output.progress, ...cells }
  const size = `${array.rows}x${array.columns}`
  const title = `${pe.spec}, co-processor with a ${array.rows} x ${array.columns} array`
  try {
    if (library) {
      const area = await coprocessorArea(module, library, async ({ name }, verilog) => {
        const result = await synthesise({ ...request, verilog, top: name })
        if (result.kind !== 'asic') throw new Error(`${target} has no area`)
        return result
      })
      output.result({ spec: pe.spec, array: size, ...area })
      output.print(`${title}\n${areaText(area)}`)
    } else {
      const verilog = printVerilog(module, { gates: false })
      const result = await synthesise({ ...request, verilog, top: module.name, once: true })
      if (result.kind !== 'fpga') throw new Error(`${target} is no FPGA`)
      output.result({ spec: pe.spec, array: size, ...result })
      output.print(`${title}\n${fpgaText(result)}`)
    }
  } finally {
    output.progress.stop()
    await yosys.close()
  }
}

const kilobytes = (bits: number): string => `${Math.round((bits / 8192) * 100) / 100} KB`
const whole = (area_um2: number): string => String(Math.round(area_um2))

/** The area by parts, memories below. */
export const areaText = (area: CoprocessorArea): string => {
  const { provenance } = area
  const parts = area.parts.map((each) => [
    each.part,
    whole(each.area_um2),
    `${(100 * each.share).toFixed(1)} %`,
    each.memory_bits === 0 ? '' : kilobytes(each.memory_bits),
    each.memory_bits === 0 ? '' : whole(each.memory_area_um2),
  ])
  const memories = area.memories.map(({ part, count, words, bits, area_um2, extrapolated }) => [
    `${count} x`,
    `${words} x ${bits}`,
    part,
    area_um2 === null ? 'bits alone' : `${whole(area_um2)}${extrapolated ? ', beyond the sizes measured' : ''}`,
  ])
  const without = area.memory_bits_without_area
  return [
    `${whole(area.area_um2)} um2 of logic, ${whole(area.ge)} GE on ${area.target} (${provenance.library_source})`,
    `memories: ${kilobytes(area.memory_bits)}, ${whole(area.memory_area_um2)} um2${without > 0 ? ` without ${kilobytes(without)} that have no area` : ''}`,
    columns([['part', 'um2', 'of all logic', 'memories', 'um2'], ...parts]),
    columns([['', 'words x bits', 'memories of', 'um2 each'], ...memories]),
    `${area.versions.yosys}; ${area.modules.length} modules; ${provenance.area}`,
    `memories: ${provenance.memories}`,
  ].join('\n')
}
