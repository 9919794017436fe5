import { readLimited } from '../base/files.ts'
import { UserError } from '../base/user-error.ts'
import { piecesOf } from '../sim/waves/read-vcd.ts'
import { openCells } from '../synth/liberty/index.ts'
import { wireLoadOf } from '../synth/map.ts'
import { powerDesign } from '../synth/power/design.ts'
import { measureDump } from '../synth/power/measure.ts'
import { readNetlist } from '../synth/power/netlist-file.ts'
import { powerReport } from '../synth/power/report.ts'
import { yosysVersion } from '../synth/synthesise.ts'
import { openYosys } from '../synth/yosys.ts'
import type { Output } from './context.ts'
import { asicLibrary, complainOf, ofNetlist, ofSpec, type PowerOptions, refuseOption } from './power-options.ts'
import { powerOfSpec } from './power-pe.ts'
import { reportText, verdict } from './power-text.ts'

/** Largest netlist that is read. */
const mostNetlistBytes = 64 * 2 ** 20

/** `bitloom power`: of a PE, or of a netlist with a value change dump. 1 where outputs are not those expected. */
export const powerCommand = async (
  spec: string | undefined,
  options: PowerOptions,
  output: Output,
): Promise<number> => {
  if (spec === undefined) return powerOfNetlist(options, output)
  refuseOption(options, ofNetlist, `is for a netlist, and ${spec} is a spec`)
  return powerOfSpec(spec, options, output)
}

const needed = (options: PowerOptions, name: 'netlist' | 'top' | 'vcd', what: string): string => {
  const value = options[name]
  if (value !== undefined) return value
  const given = ofNetlist.some((each) => options[each] !== undefined)
  throw new UserError(
    'E-OPTION',
    given
      ? `--${name} is missing: give ${what}`
      : 'there is nothing to measure: give a spec, e.g. bitloom power mac, or --netlist, --top, --liberty and --vcd',
  )
}

const powerOfNetlist = async (options: PowerOptions, output: Output): Promise<number> => {
  const file = needed(options, 'netlist', 'the Verilog file of the netlist')
  const top = needed(options, 'top', 'the name of its top module')
  const vcd = needed(options, 'vcd', 'a value change dump of a simulation of it')
  refuseOption(options, ofSpec, 'is for the PE of a spec, and --netlist is given')
  const library = options.liberty ? openCells(options.liberty) : asicLibrary(options.target)
  complainOf(library, output)
  const verilog = readLimited(file, 'the netlist', mostNetlistBytes).toString('utf8')
  const wires = options.wireLoad === undefined ? {} : { wireLoad: wireLoadOf(library, options.wireLoad) }
  const yosys = openYosys()
  try {
    output.progress.start(`power of ${top}`, 2, 'steps')
    output.progress.update(0, 'reading the netlist')
    const named = await readNetlist({ verilog, top, sourceName: file }, library, yosys)
    const { netlist } = named
    if (options.clock) refuseNoInput(options.clock, netlist.ports, file)
    const design = powerDesign(netlist, library, { ...wires, ...(options.clock ? { clocks: options.clock } : {}) })
    output.progress.update(1, 'reading the dump and simulating')
    const ps = (ns: number | undefined, name: 'begin_ps' | 'end_ps') => (ns === undefined ? {} : { [name]: 1000 * ns })
    const measured = measureDump(design, named, piecesOf(vcd), vcd, {
      ...(options.scope === undefined ? {} : { scope: options.scope }),
      ...ps(options.begin, 'begin_ps'),
      ...ps(options.end, 'end_ps'),
    })
    output.progress.update(2)
    output.progress.stop()
    const { scope, nets, seen, unsimulated } = measured
    const clocks = netlist.ports
      .filter(({ bits }) => bits.some((bit) => typeof bit === 'number' && design.clocks.roots.has(bit)))
      .map(({ name }) => name)
    const made = {
      netlist: `${file}, module ${top}, ${netlist.instances.length} cells; made elsewhere, read with Yosys`,
      recipe: 'none, the netlist was given',
      yosys: yosysVersion(netlist.creator),
      activity: `${vcd}, scope ${scope === '' ? '(none)' : scope}: ${seen} of ${nets} nets`,
    }
    const report = powerReport(design, measured, made)
    if (unsimulated !== undefined) output.complain(`without a band: ${unsimulated}`)
    output.result({ netlist: file, top, vcd, scope, nets, nets_in_dump: seen, clocks, ...report })
    output.print(`${top} of ${file}\n${reportText(report, options.instances)}`)
    return verdict(report, output)
  } finally {
    output.progress.stop()
    await yosys.close()
  }
}

const refuseNoInput = (
  names: readonly string[],
  ports: readonly { readonly name: string; readonly direction: string }[],
  file: string,
): void => {
  const inputs = ports.filter(({ direction }) => direction === 'input').map(({ name }) => name)
  const wrong = names.find((name) => !inputs.includes(name))
  if (wrong !== undefined)
    throw new UserError('E-OPTION', `--clock ${wrong} is no input of ${file}: it has ${inputs.slice(0, 20).join(', ')}`)
}
