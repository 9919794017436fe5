import { own, parsedJson, plainReader } from '../../base/plain-data.ts'
import { UserError } from '../../base/user-error.ts'

/** What a design did in one run or in several: plain data that JSON can hold. */
export interface Coverage {
  readonly format: 'bitloom-coverage'
  readonly version: 1
  /** Name of the top module, and `designDigest` of it. */
  readonly design: string
  readonly digest: string
  /** Cycles of all runs. */
  readonly cycles: number
  /** By hierarchical name. */
  readonly signals: Readonly<Record<string, SignalToggles>>
  /** Signals of enumerations and state machines, by hierarchical name. */
  readonly values: Readonly<Record<string, ValueCoverage>>
}

/** How often the bits of a signal turned. */
export interface SignalToggles {
  /** Cycles in which it was looked at. */
  readonly cycles: number
  /** Turns from 0 to 1 and from 1 to 0 of each bit, bit 0 first; there are as many as the signal has bits. */
  readonly rises: readonly number[]
  readonly falls: readonly number[]
}

/** Which values of an enumeration, or states, a signal had, and which came after which. */
export interface ValueCoverage {
  /** Names of the values 0, 1, 2, ... */
  readonly names: readonly string[]
  /** Cycles in each value that was seen, in the order of the values; a value without a name is its number. */
  readonly seen: readonly (readonly [value: string, cycles: number])[]
  readonly transitions: readonly (readonly [from: string, to: string, times: number])[]
  /** Transitions that the register's logic has, where that can be told. */
  readonly possible?: readonly (readonly [from: string, to: string])[]
}

/** What both identify themselves by. */
export const coverageFormat = { format: 'bitloom-coverage', version: 1 } as const

/** Adds up runs of one design, in any order; signals that only some of them looked at are there as well. */
export const mergeCoverage = (runs: readonly Coverage[]): Coverage => {
  const [first, ...others] = runs
  if (!first) throw new RangeError('to merge coverage takes at least one run')
  const other = others.find(({ digest }) => digest !== first.digest)
  if (other)
    throw new UserError(
      'E-COVERAGE',
      first.design === other.design
        ? `these runs are of two designs called '${first.design}' with different logic, registers or parts; merge runs of one`
        : `these runs are of designs '${first.design}' and '${other.design}'; merge runs of one design`,
    )
  return {
    ...first,
    cycles: runs.reduce((sum, { cycles }) => sum + cycles, 0),
    signals: joined(
      runs.map(({ signals }) => signals),
      addToggles,
    ),
    values: joined(
      runs.map(({ values }) => values),
      addValues,
    ),
  }
}

/** Records of runs in one, sorted by name so that the order of the runs does not show. */
const joined = <T>(records: readonly Readonly<Record<string, T>>[], add: (name: string, a: T, b: T) => T) => {
  const all = new Map<string, T>()
  for (const record of records)
    for (const [name, value] of Object.entries(record)) {
      const known = all.get(name)
      all.set(name, known === undefined ? value : add(name, known, value))
    }
  return Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const addToggles = (name: string, a: SignalToggles, b: SignalToggles): SignalToggles => {
  if (a.rises.length !== b.rises.length) throw fault(`signals.${name}`, `a signal of one width in all runs`)
  const sums = (one: readonly number[], two: readonly number[]): readonly number[] =>
    one.map((count, k) => count + two[k]!)
  return { cycles: a.cycles + b.cycles, rises: sums(a.rises, b.rises), falls: sums(a.falls, b.falls) }
}

const addValues = (name: string, a: ValueCoverage, b: ValueCoverage): ValueCoverage => {
  if (a.names.join() !== b.names.join()) throw fault(`values.${name}`, 'an enumeration of the same names in all runs')
  const place = (value: string): number =>
    a.names.includes(value) ? a.names.indexOf(value) : a.names.length + Number(value)
  const seen = new Map<string, number>()
  for (const [value, cycles] of [...a.seen, ...b.seen]) seen.set(value, (seen.get(value) ?? 0) + cycles)
  const transitions = new Map<string, readonly [string, string, number]>()
  for (const [from, to, times] of [...a.transitions, ...b.transitions]) {
    const key = JSON.stringify([from, to])
    transitions.set(key, [from, to, times + (transitions.get(key)?.[2] ?? 0)])
  }
  return {
    ...a,
    seen: [...seen].sort(([one], [two]) => place(one) - place(two)),
    transitions: [...transitions.values()].sort(
      ([from, to], [otherFrom, otherTo]) => place(from) - place(otherFrom) || place(to) - place(otherTo),
    ),
  }
}

/** Coverage as the text of a file; `coverageOfText` reads it. */
export const coverageText = (coverage: Coverage): string => `${JSON.stringify(coverage, undefined, 1)}\n`

/** Longest text that is read as coverage, in characters. */
export const maximumCoverageText = 2 ** 28

/** The coverage that a text holds; a UserError for any other text. */
export const coverageOfText = (json: string): Coverage => {
  if (json.length > maximumCoverageText)
    throw new UserError(
      'E-COVERAGE',
      `a coverage file has ${json.length} characters; at most ${maximumCoverageText} are read, so look at fewer signals`,
    )
  const value = parsedJson(json)
  const found = typeof value === 'object' && value !== null ? (value as Partial<Record<keyof Coverage, unknown>>) : {}
  if (found.format !== coverageFormat.format)
    throw new UserError(
      'E-COVERAGE',
      `this is no coverage: its format is not '${coverageFormat.format}'; give a file that coverageText made`,
    )
  if (found.version !== coverageFormat.version)
    throw new UserError(
      'E-COVERAGE',
      `the coverage has version ${String(found.version).slice(0, 20)}; this bitloom reads version ${coverageFormat.version}: ${cure}, or use the bitloom that wrote it`,
    )
  return {
    ...coverageFormat,
    design: text(found.design, 'design'),
    digest: text(found.digest, 'digest'),
    cycles: whole(found.cycles, 'cycles'),
    signals: eachOf(found.signals, 'signals', togglesOf),
    values: eachOf(found.values, 'values', valuesOf),
  }
}

const cure = 'run the design again'
const fault = (path: string, belongs: string): UserError =>
  new UserError('E-COVERAGE', `the coverage has a fault in ${path.slice(0, 80)}, where ${belongs} belongs; ${cure}`)
const { record, list, whole, text } = plainReader(fault)

const eachOf = <T>(value: unknown, path: string, read: (value: unknown, path: string) => T) =>
  Object.fromEntries(
    Object.entries(record(value, path)).map(([name, found]) => [name, read(found, `${path}.${name}`)] as const),
  )

const togglesOf = (value: unknown, path: string): SignalToggles => {
  const found = record(value, path)
  const counts = (name: 'rises' | 'falls'): readonly number[] =>
    list(own(found, name), `${path}.${name}`).map((count, bit) => whole(count, `${path}.${name}[${bit}]`))
  const [rises, falls] = [counts('rises'), counts('falls')]
  if (rises.length !== falls.length || rises.length === 0)
    throw fault(`${path}.falls`, 'a count for each bit that rises')
  return { cycles: whole(own(found, 'cycles'), `${path}.cycles`), rises, falls }
}

const valuesOf = (value: unknown, path: string): ValueCoverage => {
  const found = record(value, path)
  const rows = <T>(name: string, read: (row: readonly unknown[], path: string) => T): readonly T[] =>
    list(own(found, name), `${path}.${name}`).map((row, k) =>
      read(list(row, `${path}.${name}[${k}]`), `${path}.${name}[${k}]`),
    )
  return {
    names: list(own(found, 'names'), `${path}.names`).map((name, k) => text(name, `${path}.names[${k}]`)),
    seen: rows('seen', ([name, cycles], at) => [text(name, at), whole(cycles, at)] as const),
    transitions: rows(
      'transitions',
      ([from, to, times], at) => [text(from, at), text(to, at), whole(times, at)] as const,
    ),
    ...(own(found, 'possible') !== undefined && {
      possible: rows('possible', ([from, to], at) => [text(from, at), text(to, at)] as const),
    }),
  }
}
