/** Liberty text as a typed library: units, templates and wires first, then the cells. */
import { isDeepStrictEqual } from 'node:util'
import { UserError } from '../../base/user-error.ts'
import type { WireLoad } from '../library/library.ts'
import { type LibertyContext, numberOf, readCell, type Units } from './cell.ts'
import type { LibertyLibrary } from './model.ts'
import { attributeOf, type Group, groupsOf, libertyError, readGroups } from './syntax.ts'
import { readTemplates } from './tables.ts'

export interface LibertySource {
  /** How the user knows it, e.g. its path; for messages. */
  readonly name: string
  readonly text: string
}

/** Powers of ten; sums of them stay exact where quotients of small numbers do not. */
const prefixes: Readonly<Record<string, number>> = { '': 0, m: -3, u: -6, n: -9, p: -12, f: -15 }

/** A text such as `10ps` as a number of the unit times 10 to `power`, e.g. 10 of those of seconds and -12. */
const readUnit = (library: Group, name: string, unit: string, power: number, absent: string, file: string): number => {
  const attribute = library.attributes.find((each) => each.name === name)
  const text = attribute?.values.join('') ?? absent
  const match = new RegExp(`^\\s*([\\d.]+(?:[eE][-+]?\\d+)?)\\s*,?\\s*([munpf]?)${unit}\\s*$`, 'i').exec(text)
  const value = match ? Number(match[1]) * 10 ** (prefixes[match[2]!.toLowerCase()]! - power) : Number.NaN
  if (!(value > 0) || !Number.isFinite(value))
    throw libertyError(
      file,
      attribute?.line ?? library.line,
      `${name} is ${JSON.stringify(text.slice(0, 30))}; give a number and its unit, e.g. ${JSON.stringify(absent)}`,
    )
  return value
}

const readUnits = (library: Group, file: string): Units & { readonly volt: number; readonly kohm: number } => {
  const volt = readUnit(library, 'voltage_unit', 'v', 0, '1V', file)
  const capacitance = readUnit(library, 'capacitive_load_unit', 'f', -15, '1pf', file)
  const kohm = /k/i.test(attributeOf(library, 'pulling_resistance_unit') ?? '1kohm') ? 1 : 1e-3
  return {
    time: readUnit(library, 'time_unit', 's', -12, '1ns', file),
    capacitance,
    energy: capacitance * volt ** 2,
    leakage: readUnit(library, 'leakage_power_unit', 'w', -9, '1nW', file),
    volt,
    kohm,
  }
}

const readBusTypes = (library: Group, file: string): Map<string, readonly number[]> => {
  const types = new Map<string, readonly number[]>()
  for (const group of groupsOf(library, 'type')) {
    const [from, to] = [numberOf(group, 'bit_from', file) ?? 0, numberOf(group, 'bit_to', file) ?? 0]
    const [low, high] = [Math.min(from, to), Math.max(from, to)]
    if (!(Number.isInteger(low) && Number.isInteger(high) && low >= 0 && high - low < widestBus))
      throw libertyError(
        file,
        group.line,
        `a bus goes from bit ${from} to bit ${to}; at most ${widestBus} bits are read`,
      )
    types.set(
      group.names[0] ?? '',
      Array.from({ length: high - low + 1 }, (_, k) => low + k),
    )
  }
  return types
}

const widestBus = 4096

const readWireLoads = (library: Group, file: string, units: Units, kohm: number): WireLoad[] => {
  const conditions = conditionsOf(library)
  const said = (conditions && attributeOf(conditions, 'tree_type')) ?? 'balanced_tree'
  const tree = said === 'best_case_tree' ? 'best_case' : said === 'worst_case_tree' ? 'worst_case' : 'balanced'
  return groupsOf(library, 'wire_load').map((group) => ({
    name: group.names[0] ?? '',
    capacitance_fF_per_length: numberOf(group, 'capacitance', file, units.capacitance) ?? 0,
    resistance_kohm_per_length: numberOf(group, 'resistance', file, kohm) ?? 0,
    slope: numberOf(group, 'slope', file) ?? 0,
    lengths: group.attributes
      .filter(({ name }) => name === 'fanout_length')
      .map(({ values, line }): [number, number] => {
        const [fanout, length] = [Number(values[0]), Number(values[1])]
        if (!Number.isFinite(fanout) || !Number.isFinite(length))
          throw libertyError(file, line, 'fanout_length holds a number of pins and a length')
        return [fanout, length]
      })
      .sort(([a], [b]) => a - b),
    tree,
  }))
}

/** The operating conditions that hold by default. */
const conditionsOf = (library: Group): Group | undefined => {
  const all = groupsOf(library, 'operating_conditions')
  const named = attributeOf(library, 'default_operating_conditions')
  return all.find(({ names }) => names[0] === named) ?? all[0]
}

/** What was left out, by kind, each with how often and one example. */
const collectNotes = () => {
  const kinds = new Map<string, string[]>()
  return {
    note: (what: string, subject: string): void => {
      const subjects = kinds.get(what)
      if (!subjects) kinds.set(what, [subject])
      else if (subjects.at(-1) !== subject) subjects.push(subject)
    },
    sentences: (): string[] =>
      [...kinds].map(([what, [first, ...more]]) =>
        more.length === 0 ? `${what}: ${first}` : `${what}: ${first} and ${more.length} more`,
      ),
  }
}

const readOne = (
  { name: file, text }: LibertySource,
  note: LibertyContext['note'],
): Omit<LibertyLibrary, 'files' | 'notes'> => {
  const library = readGroups(text, file)
  const model = attributeOf(library, 'delay_model')
  if (model !== undefined && model !== 'table_lookup')
    throw libertyError(
      file,
      library.line,
      `the delay model is ${JSON.stringify(model)}; only table_lookup, tables of slew and load, is read`,
    )
  const { volt, kohm, ...units } = readUnits(library, file)
  const conditions = conditionsOf(library)
  const setting = (name: string) =>
    (conditions && numberOf(conditions, name, file)) ?? numberOf(library, `nom_${name}`, file)
  const voltage = setting('voltage')
  if (voltage === undefined)
    throw libertyError(file, library.line, 'the library has no voltage; give nom_voltage or operating_conditions')
  const pinDefault = (direction: string) =>
    numberOf(library, `default_${direction}_pin_cap`, file, units.capacitance) ?? 0
  const context: LibertyContext = {
    file,
    units,
    templates: readTemplates(library, file),
    busTypes: readBusTypes(library, file),
    defaultCapacitance: { input: pinDefault('input'), output: pinDefault('output'), inout: pinDefault('inout') },
    note,
  }
  return {
    name: library.names[0] ?? file,
    voltage_V: voltage * volt,
    temperature_C: setting('temperature') ?? 25,
    corner: conditions?.names[0] ?? library.names[0] ?? file,
    cells: groupsOf(library, 'cell').map((cell) => readCell(cell, context)),
    wireLoads: readWireLoads(library, file, units, kohm),
  }
}

/**
 * Reads the files of one library, e.g. ASAP7's five. They have to be of one supply voltage; of cells with one name the first is
 * taken, and so of wire loads. A `UserError` says file and line of a mistake.
 */
export const readLiberty = (sources: readonly LibertySource[]): LibertyLibrary => {
  const { note, sentences } = collectNotes()
  const parts = sources.map((source) => readOne(source, note))
  const [first] = parts
  if (!first) throw new UserError('E-LIBERTY', 'no Liberty file is given; give at least one')
  parts.forEach(({ voltage_V }, k) => {
    if (voltage_V !== first.voltage_V)
      throw new UserError(
        'E-LIBERTY',
        `${sources[k]!.name} is for ${voltage_V} V and ${sources[0]!.name} for ${first.voltage_V} V; give files of one corner`,
      )
  })
  const firstOfName = <T extends { readonly name: string }>(all: readonly T[], what: string): T[] => {
    const found = new Map<string, T>()
    for (const each of all)
      if (!found.has(each.name)) found.set(each.name, each)
      else if (!isDeepStrictEqual(found.get(each.name), each))
        note(`${what} of a name that is taken were left out`, each.name)
    return [...found.values()]
  }
  const cells = firstOfName(
    parts.flatMap((part) => part.cells),
    'cells',
  )
  const wireLoads = firstOfName(
    parts.flatMap((part) => part.wireLoads),
    'wire loads',
  )
  if (cells.length === 0)
    throw new UserError('E-LIBERTY', `${sources[0]!.name} holds no cells; give a library of standard cells`)
  return { ...first, files: sources.map(({ name }) => name), cells, wireLoads, notes: sentences() }
}
