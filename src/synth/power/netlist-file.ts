/**
 * Reads a mapped netlist that somebody else made: structural Verilog, flattened. Yosys reads it (`ours`): it is there for synthesis
 * already, and knows hierarchy, concatenations, slices, escaped names and aliases as Verilog has them. It is given empty modules
 * in place of the library's cells, so that it neither needs the library nor looks into models of cells.
 */
import { UserError } from '../../base/user-error.ts'
import { elaborationError, refuseConflicts } from '../elaboration-error.ts'
import { cellsByName, type Library } from '../library/library.ts'
import { type Bit, type Instance, type NamedNetlist, parseNamedNetlist } from '../netlist.ts'
import { checkTopName } from '../search.ts'
import type { Yosys } from '../yosys.ts'

export interface NetlistSource {
  readonly verilog: string
  readonly top: string
  /** How the user knows it, e.g. its path; for messages. */
  readonly sourceName: string
}

const [sourceFile, cellsFile, netlistFile] = ['netlist.v', 'cells.v', 'netlist.json']

interface StubPort {
  readonly name: string
  readonly direction: 'input' | 'output'
  /** Highest bit of a bus; undefined of a single pin. */
  readonly high: number | undefined
}

/** The ports of a cell; pins `A[0]` and `A[1]` are one bus. */
const portsOf = (pins: readonly { readonly name: string }[], direction: StubPort['direction']): StubPort[] => {
  const ports = new Map<string, StubPort>()
  for (const { name } of pins) {
    const match = /^(.*)\[(\d+)\]$/.exec(name)
    const base = match?.[1] ?? name
    const high = match ? Math.max(ports.get(base)?.high ?? 0, Number(match[2])) : undefined
    ports.set(base, { name: base, direction, high })
  }
  return [...ports.values()]
}

/** Empty modules of the library's cells. */
const stubs = ({ cells }: Library): string =>
  cells
    .map((cell) => {
      const ports = [...portsOf(cell.inputs, 'input'), ...portsOf(cell.outputs, 'output')]
      const list = ports.map(
        ({ name, direction, high }) => `${direction} ${high === undefined ? '' : `[${high}:0] `}\\${name} `,
      )
      return `module \\${cell.name} (${list.join(', ')});\nendmodule\n`
    })
    .join('')

const script = (top: string, models: readonly string[]): string =>
  [
    `read_verilog ${sourceFile}`,
    // A file may bring models of the cells, and with them the order of their pins; what they do is in the library.
    `read_verilog -lib -nooverwrite ${cellsFile}`,
    ...(models.length > 0 ? [`blackbox ${models.join(' ')}`] : []),
    `hierarchy -check -top ${top}`,
    'flatten -noscopeinfo',
    'check',
    `write_json ${netlistFile}`,
  ].join('\n')

const plainName = /^[A-Za-z_]\w*$/

/** A Liberty file says nothing of the order of pins, so that a library cell must not be connected by position. */
const refusePositions = ({ verilog, sourceName }: NetlistSource, cells: ReadonlySet<string>): void => {
  const text = verilog.replace(/\/\/.*|\/\*[\s\S]*?\*\/|\(\*[\s\S]*?\*\)/g, '')
  for (const [, cell, instance] of text.matchAll(/(?:^|;)\s*([A-Za-z_]\w*)\s+(\\\S+|[A-Za-z_][\w$]*)\s*\(\s*[^.)\s]/g))
    if (cells.has(cell!))
      throw new UserError(
        'E-NETLIST-CELL',
        `${sourceName} connects ${cell} ${instance} by position, and a Liberty file does not say in what order pins stand; ` +
          'connect it by name, or put a module of the cell into the file',
      )
}

/** Pins of a bus one by one, as the library names them. */
const singlePins = (instance: Instance): Instance => {
  const pins = Object.entries(instance.connections)
  if (pins.every(([, bits]) => bits.length === 1)) return instance
  const connections = pins.flatMap(([pin, bits]): [string, readonly Bit[]][] =>
    bits.length === 1 ? [[pin, bits]] : bits.map((bit, k) => [`${pin}[${k}]`, [bit]]),
  )
  return { ...instance, connections: Object.fromEntries(connections) }
}

/** Reads and flattens; a `UserError` where it is not made of the library's cells alone. */
export const readNetlist = async (
  { verilog, top, sourceName }: NetlistSource,
  library: Library,
  yosys: Yosys,
): Promise<NamedNetlist> => {
  checkTopName(top)
  const cells = cellsByName(library)
  const models = [...verilog.matchAll(/^\s*module\s+(\w+)/gm)]
    .map((match) => match[1]!)
    .filter((name) => cells.has(name))
  refusePositions({ verilog, top, sourceName }, new Set([...cells.keys()].filter((name) => !models.includes(name))))
  const outcome = await yosys.run({
    script: script(
      top,
      models.filter((name) => plainName.test(name)),
    ),
    files: { [sourceFile]: verilog, [cellsFile]: stubs(library) },
  })
  if (!outcome.ok) {
    const missing = /Module `\\?(.+?)' referenced in module `\\?(.+?)' in cell `\\?(.+?)' is not part/.exec(
      outcome.error,
    )
    if (missing)
      throw new UserError(
        'E-NETLIST-CELL',
        `${sourceName}: ${missing[3]} in module ${missing[2]} is a ${missing[1]}, which neither the file nor ${library.name} has; ` +
          'give all Liberty files with --liberty',
      )
    throw elaborationError(outcome.error, { verilog, top, sourceName, sourceFile })
  }
  refuseConflicts(outcome.warnings, sourceName)
  const { netlist, bits } = parseNamedNetlist(outcome.files.get(netlistFile) ?? '', top)
  for (const { cell, name } of netlist.instances)
    if (!cells.has(cell))
      throw new UserError(
        'E-NETLIST-CELL',
        `${sourceName} is no mapped netlist: it computes ${cell.replace(/^\$/, '')} (${name}); give what synthesis wrote, cells and ` +
          'wires alone, or bitloom synth for a design',
      )
  if (netlist.instances.length === 0)
    throw new UserError('E-NETLIST-CELL', `${sourceName} has no cells in module ${top}; give a mapped netlist`)
  return { netlist: { ...netlist, instances: netlist.instances.map(singlePins) }, bits }
}
