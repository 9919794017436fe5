/**
 * What a cell computes and remembers, as truth tables over its input pins and its state, so that its whole situation is one
 * number: bit k is variable k.
 */
import { UserError } from '../../base/user-error.ts'
import type { Placed } from '../connectivity.ts'
import { type Formula, namesIn, readFormula, truthTable } from '../liberty/formula.ts'
import { type Cell, storageOf } from '../library/library.ts'

/** 0 or 1 by situation. */
export type Situations = Uint8Array

export interface CellLogic {
  /** Input pins, and last the state `IQ` of a cell that remembers. */
  readonly variables: readonly string[]
  /** By output, in the order of the cell's; undefined where the library says no function. */
  readonly outputs: readonly (Situations | undefined)[]
  readonly storage?: {
    readonly kind: 'flip-flop' | 'latch'
    readonly clock: Situations
    readonly next: Situations
    readonly clear: Situations | undefined
    readonly preset: Situations | undefined
    readonly both: 0 | 1 | undefined
  }
  /** A function or condition of the cell by situation; undefined where it names what is not there. */
  readonly situations: (text: string) => Situations | undefined
}

/** The state of a cell among its variables. */
export const stateName = 'IQ'
/** Most variables of which every situation is told apart. */
export const mostVariables = 10

/** What a formula names. */
export const pinsIn = (formula: string): string[] => formula.match(/[A-Za-z_][\w.$]*(?:\[\d+\])?/g) ?? []

/** The formula with names of outputs replaced by what drives them. */
const overInputs = (formula: Formula, outputs: ReadonlyMap<string, Formula>, depth = 0): Formula => {
  if (formula.kind === 'constant') return formula
  if (formula.kind === 'name') {
    const driven = depth < 4 ? outputs.get(formula.name) : undefined
    return driven ? overInputs(driven, outputs, depth + 1) : formula
  }
  if (formula.kind === 'not') return { kind: 'not', of: overInputs(formula.of, outputs, depth) }
  return {
    kind: formula.kind,
    left: overInputs(formula.left, outputs, depth),
    right: overInputs(formula.right, outputs, depth),
  }
}

const logicOf = (cell: Cell): CellLogic => {
  const storage = storageOf(cell)
  const variables = [...cell.inputs.map(({ name }) => name), ...(storage ? [stateName] : [])]
  const functions = cell.outputs.map((output) => readFormula(output.function))
  const byOutput = new Map<string, Formula>()
  cell.outputs.forEach(({ name }, k) => {
    const formula = functions[k]
    if (formula) byOutput.set(name, formula)
  })
  const known = new Map<string, Situations | undefined>()
  const situations = (text: string): Situations | undefined => {
    if (known.has(text)) return known.get(text)
    const formula = readFormula(text)
    const full = formula && overInputs(formula, byOutput)
    const fits = full && variables.length <= mostVariables && namesIn(full).every((name) => variables.includes(name))
    const table = fits ? truthTable(full, variables) : undefined
    const found = table && Uint8Array.from(table, Number)
    known.set(text, found)
    return found
  }
  const outputs = cell.outputs.map((output) => situations(output.function))
  if (!storage) return { variables, outputs, situations }
  const [clock, next] = [situations(storage.clock), situations(storage.next)]
  if (!clock || !next) return { variables, outputs: outputs.map(() => undefined), situations }
  const optional = (text: string | undefined) => (text === undefined ? undefined : situations(text))
  return {
    variables,
    outputs,
    situations,
    storage: {
      kind: storage.kind,
      clock,
      next,
      clear: optional(storage.clear),
      preset: optional(storage.preset),
      both: storage.both,
    },
  }
}

/** The logic of cells, each worked out once. */
export const cellLogics = (): ((cell: Cell) => CellLogic) => {
  const known = new Map<Cell, CellLogic>()
  return (cell) => {
    const found = known.get(cell) ?? logicOf(cell)
    known.set(cell, found)
    return found
  }
}

/** A cell without known logic in a netlist that is to be simulated. */
export const refuseUnknown = ({ instance, cell }: Placed): never => {
  throw new UserError(
    'E-POWER-CELL',
    `${instance.name} cannot be simulated: the library does not say in functions of at most ${mostVariables} pins what cell ` +
      `${cell.name} does; give a value change dump with all nets`,
  )
}
