/** Look-up tables of a Liberty file: templates, axes given anew by a table, both orders of axes. */
import { constantTable, type Table } from '../library/table.ts'
import { type Attribute, attributeOf, type Group, groupsOf, libertyError } from './syntax.ts'

/** What an axis stands for: the slew that leads, the slew at the constrained pin, or the load. */
type Axis = 'slew' | 'constrained' | 'load' | 'other'

const axisNames: Readonly<Record<string, Axis>> = {
  input_net_transition: 'slew',
  input_transition_time: 'slew',
  related_pin_transition: 'slew',
  constrained_pin_transition: 'constrained',
  total_output_net_capacitance: 'load',
}

interface Template {
  readonly axes: readonly Axis[]
  readonly points: readonly (readonly number[])[]
}
export type Templates = ReadonlyMap<string, Template>

/** Points of a table; real ones have hundreds. */
const mostPoints = 1 << 20

/** The numbers in an attribute's strings. */
export const numbersOf = ({ values, name, line }: Attribute, file: string): number[] => {
  const numbers: number[] = []
  for (const text of values)
    for (const piece of text.split(/[\s,]+/)) {
      if (piece === '') continue
      const value = Number(piece)
      if (!Number.isFinite(value))
        throw libertyError(file, line, `${name} holds ${JSON.stringify(piece.slice(0, 30))}, which is no number`)
      numbers.push(value)
    }
  return numbers
}

const indexOf = (group: Group, which: number, file: string): number[] | undefined => {
  const attribute = group.attributes.find(({ name }) => name === `index_${which}`)
  if (!attribute) return undefined
  const points = numbersOf(attribute, file)
  if (points.some((point, k) => k > 0 && point <= points[k - 1]!))
    throw libertyError(file, attribute.line, `index_${which} does not ascend`)
  return points
}

/** The templates of a library by name. */
export const readTemplates = (library: Group, file: string): Templates => {
  const templates = new Map<string, Template>()
  for (const group of [...groupsOf(library, 'lu_table_template'), ...groupsOf(library, 'power_lut_template')]) {
    const axes: Axis[] = []
    const points: number[][] = []
    for (let k = 1; ; k++) {
      const variable = attributeOf(group, `variable_${k}`)
      if (variable === undefined) break
      axes.push(axisNames[variable] ?? 'other')
      points.push(indexOf(group, k, file) ?? [])
    }
    templates.set(group.names[0] ?? '', { axes, points })
  }
  return templates
}

export interface TableUnits {
  /** Of the axes, in ps and fF, and of the values. */
  readonly slew: number
  readonly load: number
  readonly value: number
}

const scaled = (points: readonly number[], unit: number): Float64Array => Float64Array.from(points, (x) => x * unit)

/**
 * Reads a table group. Rows are the slew that leads, columns the load or the slew at the constrained pin. Undefined where it is
 * over something else, or over more than two axes; a table that does not fit its axes is an error.
 */
export const readTable = (group: Group, templates: Templates, units: TableUnits, file: string): Table | undefined => {
  const attribute = group.attributes.find(({ name }) => name === 'values')
  if (!attribute) throw libertyError(file, group.line, `${group.kind} has no values`)
  const values = numbersOf(attribute, file)
  const name = group.names[0] ?? 'scalar'
  const template = templates.get(name)
  if (!template) {
    if (name !== 'scalar') throw libertyError(file, group.line, `there is no table template ${JSON.stringify(name)}`)
    if (values.length !== 1)
      throw libertyError(file, attribute.line, `a scalar table holds one value, and this one ${values.length}`)
    return constantTable(values[0]! * units.value)
  }
  const { axes } = template
  if (axes.length > 2 || axes.includes('other') || axes.length !== new Set(axes).size) return undefined
  const points = axes.map((_, k) => indexOf(group, k + 1, file) ?? template.points[k]!)
  const wanted = points.reduce((product, axis) => product * axis.length, 1)
  if (wanted !== values.length || wanted === 0 || wanted > mostPoints)
    throw libertyError(
      file,
      attribute.line,
      `a table of ${points.map((axis) => axis.length).join(' x ')} points holds ${values.length} values`,
    )
  const at = axes.indexOf('slew')
  const lead = at >= 0 ? scaled(points[at]!, units.slew) : Float64Array.of(0)
  const other = axes.findIndex((axis) => axis !== 'slew')
  const follow =
    other >= 0 ? scaled(points[other]!, axes[other] === 'load' ? units.load : units.slew) : Float64Array.of(0)
  // Row by row the first axis is the slower one; where it is not the one that leads, the table is turned.
  const turned = at === 1
  const own = new Float64Array(values.length)
  for (let row = 0; row < lead.length; row++)
    for (let column = 0; column < follow.length; column++)
      own[row * follow.length + column] =
        values[turned ? column * lead.length + row : row * follow.length + column]! * units.value
  return { rows: lead, columns: follow, values: own }
}
