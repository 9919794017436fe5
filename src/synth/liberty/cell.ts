/** The cells of a Liberty file. */
import type { ArcTables, DelayArc, InternalPower, StateLeakage, TimingCheck } from '../library/library.ts'
import type { Table } from '../library/table.ts'
import { type Formula, namesIn, printFormula, readFormula, senseOf } from './formula.ts'
import type { LibertyCell, LibertyPin, Sequential } from './model.ts'
import { attributeOf, type Group, groupsOf, libertyError } from './syntax.ts'
import { readTable, type Templates } from './tables.ts'

/** Factors from the file's units to ours. */
export interface Units {
  /** To ps. */
  readonly time: number
  /** To fF. */
  readonly capacitance: number
  /** To fJ: the unit of internal power is that of capacitance times volts squared. */
  readonly energy: number
  /** To nW. */
  readonly leakage: number
}

/** What a file says before its cells. */
export interface LibertyContext {
  readonly file: string
  readonly units: Units
  readonly templates: Templates
  /** Bits of a bus type, the lowest first. */
  readonly busTypes: ReadonlyMap<string, readonly number[]>
  readonly defaultCapacitance: { readonly input: number; readonly output: number; readonly inout: number }
  /** Takes what was not read; the subject is counted with others of its kind. */
  readonly note: (what: string, subject: string) => void
}

/** A decimal number, with its unit applied; an absent attribute gives undefined. */
export const numberOf = (group: Group, name: string, file: string, unit = 1): number | undefined => {
  const attribute = group.attributes.find((each) => each.name === name)
  if (!attribute) return undefined
  const value = Number(attribute.values[0])
  if (!Number.isFinite(value) || attribute.values[0] === '')
    throw libertyError(file, attribute.line, `${name} is ${JSON.stringify(attribute.values[0])}, which is no number`)
  return value * unit
}

const isTrue = (group: Group, name: string): boolean => attributeOf(group, name)?.toLowerCase() === 'true'

/** Groups of a cell that concern its ground: energy is counted at the supply alone. */
const concernsGround = (group: Group, grounds: ReadonlySet<string>): boolean =>
  grounds.has(attributeOf(group, 'related_pg_pin') ?? '')

const readCellFormula = (
  { note }: LibertyContext,
  cell: string,
  group: Group,
  attribute: string,
): Formula | undefined => {
  const text = attributeOf(group, attribute)
  if (text === undefined || text === '') return undefined
  const formula = readFormula(text)
  if (!formula) note(`${attribute} is no Boolean function and was left out`, `${cell}: ${text.slice(0, 40)}`)
  return formula
}

/** The condition of a group of powers; one that cannot be read is noted and holds always. */
const readWhen = (context: LibertyContext, cell: string, group: Group): { readonly when?: string } => {
  const formula = readCellFormula(context, cell, group, 'when')
  return formula ? { when: printFormula(formula) } : {}
}

/** The pins that a group of several names, a bus or a bundle stands for, each as a group of its own. */
const pinGroups = (cell: Group, { busTypes, file, note }: LibertyContext): { name: string; group: Group }[] =>
  cell.groups.flatMap((group) => {
    if (group.kind === 'pin') return group.names.map((name) => ({ name, group }))
    if (group.kind === 'bundle') note('bundles of pins are not read', cell.names[0] ?? '')
    if (group.kind !== 'bus') return []
    const type = attributeOf(group, 'bus_type') ?? ''
    const bits = busTypes.get(type)
    if (!bits) throw libertyError(file, group.line, `there is no bus type ${JSON.stringify(type)}`)
    return group.names.flatMap((bus) =>
      bits.map((bit) => {
        const own = groupsOf(group, 'pin').filter((pin) => pin.names.some((name) => covers(name, bus, bit)))
        const groups = [...group.groups.filter(({ kind }) => kind !== 'pin'), ...own.flatMap((pin) => pin.groups)]
        const attributes = [...own.flatMap((pin) => pin.attributes), ...group.attributes]
        return { name: `${bus}[${bit}]`, group: { ...group, attributes, groups } }
      }),
    )
  })

/** Whether `A[3]` or `A[7:0]` holds a bit of bus `A`. */
const covers = (name: string, bus: string, bit: number): boolean => {
  const match = /^(.*)\[(\d+)(?::(\d+))?\]$/.exec(name)
  if (!match || match[1] !== bus) return false
  const [from, to] = [Number(match[2]), Number(match[3] ?? match[2])]
  return bit >= Math.min(from, to) && bit <= Math.max(from, to)
}

const relatedPins = (group: Group): (string | undefined)[] => {
  const pins = (attributeOf(group, 'related_pin') ?? '').split(/\s+/).filter(Boolean)
  return pins.length === 0 ? [undefined] : pins
}

/** The tables of a pin, in ps or fJ; what is over other axes is noted. */
const tableReader =
  ({ file, templates, units, note }: LibertyContext, cell: string, pin: string, value: number) =>
  (group: Group | undefined): Table | undefined => {
    if (!group) return undefined
    const read = readTable(group, templates, { slew: units.time, load: units.capacitance, value }, file)
    if (!read) note('tables over more than slew and load were left out', `${cell}.${pin}`)
    return read
  }

/** Timing of a pin: delays into it and checks on it. */
const readTiming = (
  context: LibertyContext,
  cell: string,
  pin: string,
  group: Group,
  formula: Formula | undefined,
): { readonly delays: DelayArc[]; readonly checks: TimingCheck[] } => {
  const { units, note } = context
  const read = tableReader(context, cell, pin, units.time)
  const table = (timing: Group, kind: string) => read(timing.groups.find((each) => each.kind === kind))
  const tables = (timing: Group, edge: 'rise' | 'fall'): { readonly [E in typeof edge]?: ArcTables } => {
    const delay = table(timing, `cell_${edge}`)
    const slew = table(timing, `${edge}_transition`)
    return delay && slew ? { [edge]: { delay, slew } } : {}
  }
  const delays: DelayArc[] = []
  const checks: TimingCheck[] = []
  for (const timing of groupsOf(group, 'timing')) {
    const type = attributeOf(timing, 'timing_type') ?? 'combinational'
    for (const related of relatedPins(timing)) {
      if (related === undefined) continue
      const check = /^(setup|hold)_(rising|falling)$/.exec(type)
      if (check) {
        const [rise, fall] = [table(timing, 'rise_constraint'), table(timing, 'fall_constraint')]
        checks.push({
          pin,
          clock: related,
          kind: check[1] === 'setup' ? 'setup' : 'hold',
          edge: check[2] === 'rising' ? 'rising' : 'falling',
          ...(rise ? { rise } : {}),
          ...(fall ? { fall } : {}),
        })
      } else if (/^combinational(_rise|_fall)?$/.test(type) || type === 'rising_edge' || type === 'falling_edge') {
        const edges = {
          ...(type === 'combinational_fall' ? {} : tables(timing, 'rise')),
          ...(type === 'combinational_rise' ? {} : tables(timing, 'fall')),
        }
        if (!edges.rise && !edges.fall) {
          note('delays without tables of slew and load were left out', `${cell}.${pin}`)
          continue
        }
        const edge = type === 'rising_edge' ? 'rising' : type === 'falling_edge' ? 'falling' : undefined
        const sense = edge ? 'both' : readSense(timing, related, formula)
        delays.push({ from: related, to: pin, sense, ...(edge ? { edge } : {}), ...edges })
      }
    }
  }
  return { delays, checks }
}

const senses: Readonly<Record<string, DelayArc['sense']>> = {
  positive_unate: 'positive',
  negative_unate: 'negative',
  non_unate: 'both',
}

/** As the file says, else as the function moves. */
const readSense = (timing: Group, from: string, formula: Formula | undefined): DelayArc['sense'] =>
  senses[attributeOf(timing, 'timing_sense') ?? ''] ??
  (formula && namesIn(formula).includes(from) ? senseOf(formula, from) : 'both')

const readPower = (
  context: LibertyContext,
  cell: string,
  pin: string,
  group: Group,
  grounds: ReadonlySet<string>,
): InternalPower[] => {
  const read = tableReader(context, cell, pin, context.units.energy)
  const edge = (power: Group, kind: string) =>
    read(power.groups.find((each) => each.kind === kind || each.kind === 'power'))
  return groupsOf(group, 'internal_power').flatMap((power) => {
    if (concernsGround(power, grounds)) return []
    const [rise, fall] = [edge(power, 'rise_power'), edge(power, 'fall_power')]
    return relatedPins(power).map((relatedPin) => ({
      ...(relatedPin === undefined ? {} : { relatedPin }),
      ...readWhen(context, cell, power),
      ...(rise ? { rise } : {}),
      ...(fall ? { fall } : {}),
    }))
  })
}

const gateRoles = {
  clock_gate_clock_pin: 'clock',
  clock_gate_enable_pin: 'enable',
  clock_gate_test_pin: 'test',
  clock_gate_out_pin: 'out',
} as const

const readPin = (
  context: LibertyContext,
  cell: string,
  name: string,
  group: Group,
  grounds: ReadonlySet<string>,
): LibertyPin => {
  const { file, units, defaultCapacitance } = context
  const said = attributeOf(group, 'direction')
  const direction = said === 'input' || said === 'inout' || said === 'internal' ? said : 'output'
  const capacitance = (attribute: string) => numberOf(group, attribute, file, units.capacitance)
  const common =
    capacitance('capacitance') ??
    capacitance('rise_capacitance') ??
    (direction === 'internal' ? 0 : defaultCapacitance[direction])
  const maxCapacitance = capacitance('max_capacitance')
  const formula = readCellFormula(context, cell, group, 'function')
  const role = Object.entries(gateRoles).find(([attribute]) => isTrue(group, attribute))?.[1]
  return {
    name,
    direction,
    capacitance_fF: common,
    rise_fF: capacitance('rise_capacitance') ?? common,
    fall_fF: capacitance('fall_capacitance') ?? common,
    ...(maxCapacitance === undefined ? {} : { maxCapacitance_fF: maxCapacitance }),
    ...(formula ? { function: formula } : {}),
    threeState: attributeOf(group, 'three_state') !== undefined,
    clock: isTrue(group, 'clock'),
    ...(role ? { clockGate: role } : {}),
    ...readTiming(context, cell, name, group, formula),
    power: readPower(context, cell, name, group, grounds),
  }
}

const readSequential = (context: LibertyContext, cell: string, group: Group): Sequential | undefined => {
  const found = group.groups.find(({ kind }) => kind === 'ff' || kind === 'latch')
  if (!found) return undefined
  const flipFlop = found.kind === 'ff'
  const formula = (name: string) => readCellFormula(context, cell, found, name)
  const clock = formula(flipFlop ? 'clocked_on' : 'enable')
  const next = formula(flipFlop ? 'next_state' : 'data_in')
  const [clear, preset] = [formula('clear'), formula('preset')]
  return {
    kind: flipFlop ? 'ff' : 'latch',
    state: found.names[0] ?? 'IQ',
    ...(found.names[1] === undefined ? {} : { inverse: found.names[1] }),
    ...(clock ? { clock } : {}),
    ...(next ? { next } : {}),
    ...(clear ? { clear } : {}),
    ...(preset ? { preset } : {}),
    ...readBoth(attributeOf(found, 'clear_preset_var1')),
  }
}

const readBoth = (text: string | undefined): Pick<Sequential, 'both'> =>
  text === 'L' ? { both: 0 } : text === 'H' ? { both: 1 } : {}

/** Attributes of cells that logic must not be mapped onto, and what that means. */
const withheld = {
  dont_use: 'dont_use',
  is_isolation_cell: 'an isolation cell',
  is_level_shifter: 'a level shifter',
  always_on: 'a cell that is always on',
  pad_cell: 'a pad',
} as const

/** Of the cell as a whole, what it says or else the mean of its states, and of each state. */
const readLeakage = (
  context: LibertyContext,
  name: string,
  cell: Group,
  grounds: ReadonlySet<string>,
): Pick<LibertyCell, 'leakage_nW' | 'leakages'> => {
  const { file, units } = context
  const leakages = groupsOf(cell, 'leakage_power')
    .filter((group) => !concernsGround(group, grounds))
    .map(
      (group): StateLeakage => ({
        ...readWhen(context, name, group),
        leakage_nW: numberOf(group, 'value', file, units.leakage) ?? 0,
      }),
    )
  const mean = leakages.reduce((sum, state) => sum + state.leakage_nW, 0) / Math.max(1, leakages.length)
  return { leakage_nW: numberOf(cell, 'cell_leakage_power', file, units.leakage) ?? mean, leakages }
}

/** Reads a `cell` group. */
export const readCell = (group: Group, context: LibertyContext): LibertyCell => {
  const { file, note } = context
  const name = group.names[0] ?? ''
  if (name === '') throw libertyError(file, group.line, 'a cell has no name')
  const grounds = new Set(
    groupsOf(group, 'pg_pin')
      .filter((pin) => /ground|pwell/.test(attributeOf(pin, 'pg_type') ?? ''))
      .flatMap(({ names }) => names),
  )
  const clockGating = attributeOf(group, 'clock_gating_integrated_cell')
  const sequential = readSequential(context, name, group)
  const unused = Object.entries(withheld).find(([attribute]) => isTrue(group, attribute))?.[1]
  if (groupsOf(group, 'statetable').length > 0)
    note('state tables are not read; clock gates are known by their attribute', name)
  if (group.groups.some(({ kind }) => kind === 'ff_bank' || kind === 'latch_bank'))
    note('banks of flip-flops or latches are not read', name)
  return {
    name,
    area_um2: numberOf(group, 'area', file) ?? 0,
    ...readLeakage(context, name, group, grounds),
    pins: pinGroups(group, context).map((pin) => readPin(context, name, pin.name, pin.group, grounds)),
    ...(sequential ? { sequential } : {}),
    ...(clockGating === undefined ? {} : { clockGating }),
    ...(unused === undefined ? {} : { unused }),
  }
}
