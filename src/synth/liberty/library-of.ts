/**
 * A library that was read from Liberty as mapping, timing and energy take it. Timing keeps its tables. Energies become one
 * figure a pin, the mean over edges, conditions and related pins, at the slew of an inverter that drives four (FO4) and the
 * load of four inverters, as those of the libraries written by hand.
 */
import { UserError } from '../../base/user-error.ts'
import type { Cell, ClockGate, FlipFlop, FullAdder, InputPin, Library, OutputPin, Storage } from '../library/library.ts'
import { lookUp, type Table } from '../library/table.ts'
import { type Formula, namesIn, printFormula, truthTable } from './formula.ts'
import { mappingAreas } from './mapping-areas.ts'
import { mappingText } from './mapping-text.ts'
import type { LibertyCell, LibertyLibrary, LibertyPin } from './model.ts'

/** Inverters that an inverter drives at the point where figures are taken. */
const fanout = 4
/** Of the load at output ports, in inputs of the smallest inverter: `ours`. */
const outputInverters = 3
/** Steps after which the slew of a chain of inverters stands still. */
const slewSteps = 20

/** The point at which energies are taken, in ps and fF. */
interface Point {
  readonly slew: number
  readonly load: number
}

const inputsOf = ({ pins }: LibertyCell): LibertyPin[] => pins.filter(({ direction }) => direction === 'input')
const outputsOf = ({ pins }: LibertyCell): LibertyPin[] => pins.filter(({ direction }) => direction === 'output')

/** The cells of one output whose truth table over their inputs is `wanted`, the smallest first. */
const gatesOf = (cells: readonly LibertyCell[], wanted: readonly boolean[]): LibertyCell[] =>
  cells
    .filter((cell) => {
      const [inputs, [output, ...more]] = [inputsOf(cell), outputsOf(cell)]
      if (!output?.function || more.length > 0 || cell.sequential || cell.unused || output.threeState) return false
      if (2 ** inputs.length !== wanted.length) return false
      const table = tableOver(output.function, inputs)
      return table?.every((value, k) => value === wanted[k]) ?? false
    })
    .sort((a, b) => a.area_um2 - b.area_um2 || (a.name < b.name ? -1 : 1))

const tableOver = (formula: Formula, inputs: readonly LibertyPin[]): boolean[] | undefined => {
  const names = inputs.map(({ name }) => name)
  return namesIn(formula).every((name) => names.includes(name)) ? truthTable(formula, names) : undefined
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/** Load of four inverters, and the slew at which a chain of inverters with that load runs. */
const pointOf = (inverter: LibertyCell): Point => {
  const load = fanout * inputsOf(inverter)[0]!.capacitance_fF
  const arcs = outputsOf(inverter).flatMap(({ delays }) => delays)
  const slews = arcs.flatMap(({ rise, fall }) => [rise?.slew, fall?.slew].filter((table) => table !== undefined))
  let slew = 0
  for (let k = 0; k < slewSteps; k++) slew = mean(slews.map((table) => lookUp(table, slew, load)))
  return { slew, load }
}

/** The mean energy of a toggle over conditions and edges; an edge without a table costs nothing. */
const energyOf = (pin: LibertyPin, hidden: boolean, { slew, load }: Point): number => {
  const at = (table: Table | undefined): number => (table ? lookUp(table, slew, load) : 0)
  return mean(
    pin.power
      .filter(({ relatedPin }) => (relatedPin === undefined) === hidden)
      .map(({ rise, fall }) => (at(rise) + at(fall)) / 2),
  )
}

const singleName = (formula: Formula | undefined): { readonly name: string; readonly inverted: boolean } | undefined =>
  formula?.kind === 'name'
    ? { name: formula.name, inverted: false }
    : formula?.kind === 'not' && formula.of.kind === 'name'
      ? { name: formula.of.name, inverted: true }
      : undefined

/** Setup and hold of a pin at the point's slew, the longer edge. */
const constraints = (pin: LibertyPin | undefined, { slew }: Point) => {
  const worst = (wanted: 'setup' | 'hold'): number => {
    const tables = (pin?.checks ?? []).filter(({ kind }) => kind === wanted).flatMap(({ rise, fall }) => [rise, fall])
    return Math.max(0, ...tables.filter((table) => table !== undefined).map((table) => lookUp(table, slew, slew)))
  }
  return { setup_ps: worst('setup'), hold_ps: worst('hold') }
}

const flipFlopOf = ({ sequential, pins }: LibertyCell, point: Point): FlipFlop | undefined => {
  if (sequential?.kind !== 'ff') return undefined
  const clock = singleName(sequential.clock)
  if (!clock) return undefined
  const data = singleName(sequential.next)
  const clear = singleName(sequential.clear)
  const name = data?.name ?? pins.find(({ checks }) => checks.length > 0)?.name ?? ''
  const special = [
    ...(clock.inverted ? ['falling edge'] : []),
    ...(!data || data.inverted ? ['data through logic'] : []),
    ...(sequential.clear && !clear?.inverted ? ['clear that is not one low pin'] : []),
    ...(sequential.preset ? ['preset'] : []),
  ]
  return {
    clock: clock.name,
    data: name,
    ...constraints(
      pins.find((pin) => pin.name === name),
      point,
    ),
    ...(clear?.inverted ? { clearLow: clear.name } : {}),
    ...(special.length > 0 ? { special: special.join(', ') } : {}),
  }
}

/** A latch that is open while the clock is low, and an AND: what `clockgate` of Yosys puts in. */
const clockGateOf = (cell: LibertyCell, point: Point): ClockGate | undefined => {
  if (cell.clockGating === undefined || !/^latch_posedge(_precontrol)?$/.test(cell.clockGating)) return undefined
  const pin = (role: LibertyPin['clockGate']) => cell.pins.find(({ clockGate }) => clockGate === role)
  const [clock, enable, out] = [pin('clock'), pin('enable'), pin('out')]
  if (!clock || !enable || !out) return undefined
  return {
    clock: clock.name,
    enable: enable.name,
    ...constraints(enable, point),
    maxLoad_fF: out.maxCapacitance_fF ?? Number.POSITIVE_INFINITY,
  }
}

/** A function over the cell's pins; its state, whatever it is called, is `IQ`. */
const overPins = (formula: Formula, { sequential }: LibertyCell): string =>
  printFormula(formula, (name) => (name === sequential?.state ? 'IQ' : name === sequential?.inverse ? '!IQ' : name))

const functionText = (cell: LibertyCell, pin: LibertyPin, clock: string | undefined): string => {
  if (cell.clockGating === undefined) return pin.function ? overPins(pin.function, cell) : ''
  return cell.clockGating.startsWith('latch_negedge') ? `${clock ?? ''} | !IQ` : `${clock ?? ''} & IQ`
}

const byRole = ({ pins }: LibertyCell, role: LibertyPin['clockGate']): string | undefined =>
  pins.find(({ clockGate }) => clockGate === role)?.name

/** What the cell remembers. A clock gate's latch has the enable, or the test pin's, while its output stands still. */
const storageOf = (cell: LibertyCell): Storage | undefined => {
  const { sequential, clockGating } = cell
  const [clock, enable, test] = (['clock', 'enable', 'test'] as const).map((role) => byRole(cell, role))
  if (
    clockGating !== undefined &&
    clock !== undefined &&
    enable !== undefined &&
    /^latch_(pos|neg)edge/.test(clockGating)
  )
    return {
      kind: 'latch',
      clock: clockGating.startsWith('latch_posedge') ? `!${clock}` : clock,
      next: test === undefined ? enable : `${enable} | ${test}`,
    }
  if (!sequential?.clock || !sequential.next) return undefined
  const { clear, preset, both } = sequential
  return {
    kind: sequential.kind === 'ff' ? 'flip-flop' : 'latch',
    clock: overPins(sequential.clock, cell),
    next: overPins(sequential.next, cell),
    ...(clear ? { clear: overPins(clear, cell) } : {}),
    ...(preset ? { preset: overPins(preset, cell) } : {}),
    ...(both === undefined ? {} : { both }),
  }
}

const cellOf = (cell: LibertyCell, point: Point): Cell => {
  const flipFlop = flipFlopOf(cell, point)
  const clockGate = clockGateOf(cell, point)
  const checks = cell.pins.flatMap((pin) => pin.checks)
  const storage = storageOf(cell)
  const powerOf = ({ power }: LibertyPin) => (power.length === 0 ? {} : { power })
  return {
    name: cell.name,
    area_um2: cell.area_um2,
    leakage_nW: cell.leakage_nW,
    ...(cell.leakages.some(({ when }) => when !== undefined) ? { leakages: cell.leakages } : {}),
    inputs: inputsOf(cell).map((pin): InputPin => {
      const energy_fJ = energyOf(pin, true, point)
      const { name, capacitance_fF, rise_fF, fall_fF } = pin
      const same = rise_fF === capacitance_fF && fall_fF === capacitance_fF
      return {
        name,
        capacitance_fF,
        ...(same ? {} : { edges_fF: { rise: rise_fF, fall: fall_fF } }),
        ...(energy_fJ === 0 ? {} : { energy_fJ }),
        ...powerOf(pin),
      }
    }),
    outputs: outputsOf(cell).map(
      (pin): OutputPin => ({
        name: pin.name,
        function: functionText(cell, pin, clockGate?.clock),
        delay: { kind: 'tables', arcs: pin.delays },
        energy_fJ: energyOf(pin, false, point),
        ...powerOf(pin),
      }),
    ),
    ...(flipFlop ? { flipFlop } : {}),
    ...(clockGate ? { clockGate } : {}),
    ...(cell.sequential?.kind === 'latch' && !clockGate ? { latch: true } : {}),
    ...(checks.length > 0 ? { checks } : {}),
    ...(storage ? { storage } : {}),
  }
}

/** Sum and carry of three inputs: by the number of ones. */
const sumTable = [0, 1, 1, 0, 1, 0, 0, 1].map(Boolean)
const carryTable = [0, 0, 0, 1, 0, 1, 1, 1].map(Boolean)

const fullAdderOf = (cells: readonly LibertyCell[]): FullAdder | undefined => {
  const found = cells.flatMap((cell) => {
    const [inputs, outputs] = [inputsOf(cell), outputsOf(cell)]
    if (inputs.length !== 3 || outputs.length !== 2 || cell.unused) return []
    const output = (wanted: readonly boolean[]) =>
      outputs.find((pin) => {
        const table = pin.function && tableOver(pin.function, inputs)
        return table?.every((value, k) => value === wanted[k])
      })?.name
    return [false, true].flatMap((inverted) => {
      const [sum, carry] = [sumTable, carryTable].map((table) => output(table.map((value) => value !== inverted)))
      return sum === undefined || carry === undefined ? [] : [{ cell, inputs, sum, carry, inverted }]
    })
  })
  const [best] = found.sort((a, b) => a.cell.area_um2 - b.cell.area_um2 || (a.cell.name < b.cell.name ? -1 : 1))
  if (!best) return undefined
  const [a, b, c] = best.inputs.map(({ name }) => name)
  return {
    cell: best.cell.name,
    inputs: [a!, b!, c!],
    sum: best.sum,
    carry: best.carry,
    ...(best.inverted ? { inverted: true } : {}),
  }
}

const lacking = ({ files }: LibertyLibrary, what: string): UserError =>
  new UserError(
    'E-LIBERTY-CELLS',
    `${files.join(', ')} has no ${what}, which mapping needs; give all files of the library`,
  )

const needed = (liberty: LibertyLibrary, gate: LibertyCell | undefined, what: string): LibertyCell => {
  if (gate) return gate
  throw lacking(liberty, what)
}

/**
 * The same for netlists that are there already: with the cells that mapping leaves alone, and without asking for any. Where the
 * files have no inverter, figures are taken at no slew and no load.
 */
export const cellLibraryOf = (liberty: LibertyLibrary): Library => {
  const inverter = gatesOf(liberty.cells, [true, false])[0]
  const point = inverter ? pointOf(inverter) : { slew: 0, load: 0 }
  const { name, files, voltage_V, temperature_C, corner, wireLoads, notes } = liberty
  return {
    name,
    summary: `${liberty.cells.length} cells, ${voltage_V} V, ${corner}`,
    voltage_V,
    temperature_C,
    corner,
    source: `Liberty ${files.join(', ')}`,
    gateEquivalent: '',
    drivingCell: '',
    outputLoad_fF: 0,
    slew_ps: point.slew,
    cells: liberty.cells.map((cell) => cellOf(cell, point)),
    wireLoads,
    notes,
  }
}

/**
 * The library that a Liberty file describes. Needs an inverter, a buffer, a two-input NAND and a rising-edge flip-flop, else a
 * `UserError`. The driving cell is the smallest buffer of the second drive, the smaller of two that there are.
 */
export const libraryOf = (liberty: LibertyLibrary): Library => {
  const { cells } = liberty
  const inverter = needed(liberty, gatesOf(cells, [true, false])[0], 'inverter')
  const nand = needed(liberty, gatesOf(cells, [true, true, true, false])[0], 'two-input NAND')
  const buffers = gatesOf(cells, [false, true])
  const smallest = needed(liberty, buffers[0], 'buffer')
  const point = pointOf(inverter)
  const usable = cells.filter(({ unused }) => unused === undefined).map((cell) => cellOf(cell, point))
  if (!usable.some(({ flipFlop }) => flipFlop && !flipFlop.special?.includes('falling edge')))
    throw lacking(liberty, 'rising-edge flip-flop')
  const fullAdder = fullAdderOf(cells)
  return {
    name: liberty.name,
    summary: `${usable.length} cells, ${liberty.voltage_V} V, ${liberty.corner}`,
    voltage_V: liberty.voltage_V,
    temperature_C: liberty.temperature_C,
    corner: liberty.corner,
    source: `Liberty ${liberty.files.join(', ')}`,
    gateEquivalent: nand.name,
    ...(fullAdder ? { fullAdder } : {}),
    drivingCell: (buffers.find(({ area_um2 }) => area_um2 > smallest.area_um2) ?? smallest).name,
    outputLoad_fF: outputInverters * inputsOf(inverter)[0]!.capacitance_fF,
    slew_ps: point.slew,
    cells: usable,
    wireLoads: liberty.wireLoads,
    notes: liberty.notes,
    liberty: mappingText(liberty, mappingAreas(usable, nand.name)),
  }
}
