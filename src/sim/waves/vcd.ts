import { widthOf } from '../../dsl/ir.ts'
import { NameTable } from '../../dsl/names.ts'
import { type Port, readPort } from '../engine.ts'
import { rowOf, type WaveScope, type WaveSignal, type Waves } from './waves.ts'

export interface VcdOptions {
  /** Text of `$date`; without it, equal waves are equal files. */
  readonly date?: string
}

/** Units of 1 ns of a cycle: cycle k begins at 10 k ns, where clocks rise; they fall in its middle. */
const cycleTime = 10
/** Characters of a piece of text; a file is written piece by piece. */
const pieceSize = 2 ** 16

/**
 * A value change dump (IEEE 1364-2005, section 18) for GTKWave, Surfer and the like: a scope an instance, names as in the
 * printed Verilog, cycle k at 10 k ns. Clocks rise where cycles begin, and with several clocks only where they tick. An
 * enumeration is there twice: its bits, and a string variable `control_name` (an extension both viewers read). Resets are
 * drawn as pulses of `rst` before the edge. For more than some thousand cycles, `writeVcd` holds less at once.
 */
export const vcdText = (waves: Waves, options: VcdOptions = {}): string => [...vcdPieces(waves, options)].join('')

/** One variable of the dump, under one or more names. */
interface Variable {
  readonly offset: number
  readonly words: number
  /** The line that says its value in the row that begins at a word. */
  readonly change: (row: number) => string
}
interface Clock {
  readonly tick: Port | undefined
  readonly clk: string
  readonly rst: string
}

/** The text of a dump in pieces of about `pieceSize` characters. */
export function* vcdPieces(waves: Waves, options: VcdOptions): Generator<string> {
  const { header, clocks, variables } = declared(waves, options)
  yield header
  const { rows, firstCycle, cycles } = waves
  const resets = new Set(waves.resets)
  let before: number | undefined
  /** Clocks that rose at the last edge. The one before the first cycle is that of the reset, or not known with several clocks. */
  const risen = (): readonly Clock[] =>
    clocks.filter(({ tick }) => tick === undefined || (before !== undefined && rows[before + tick.offset] === 1))
  let text = ''
  for (let cycle = firstCycle; cycle < firstCycle + cycles; cycle++) {
    const row = rowOf(waves, cycle)
    const up = risen()
    text += `#${cycle * cycleTime}\n`
    if (before === undefined) {
      text += '$dumpvars\n'
      for (const clock of clocks) text += `${up.includes(clock) ? 1 : 0}${clock.clk}\n0${clock.rst}\n`
      for (const { change } of variables) text += change(row)
      text += '$end\n'
    } else {
      for (const { clk } of up) text += `1${clk}\n`
      if (resets.has(cycle)) for (const { rst } of clocks) text += `0${rst}\n`
      for (const { offset, words, change } of variables) {
        let k = 0
        while (k < words && rows[row + offset + k] === rows[before + offset + k]) k++
        if (k < words) text += change(row)
      }
    }
    const resetNext = resets.has(cycle + 1)
    if (up.length > 0 || resetNext) text += `#${cycle * cycleTime + cycleTime / 2}\n`
    for (const { clk } of up) text += `0${clk}\n`
    if (resetNext) for (const { rst } of clocks) text += `1${rst}\n`
    before = row
    if (text.length >= pieceSize) {
      yield text
      text = ''
    }
  }
  // The edge that ends the last cycle, so that it is drawn as long as the others.
  text += `#${(firstCycle + cycles) * cycleTime}\n`
  for (const { clk } of risen()) text += `1${clk}\n`
  yield text
}

/** The header, and the variables it declares. Names that always have one value in one width share a variable. */
const declared = (waves: Waves, { date }: VcdOptions) => {
  const code = codeMaker()
  const clocks = waves.clocks.map(({ tick }): Clock => ({ tick, clk: code(), rst: code() }))
  const variables = new Map<string, Variable & { readonly code: string }>()
  const variable = (key: string, signal: WaveSignal, valueText: (row: number) => string): string => {
    const { offset, words } = signal
    const known = variables.get(`${offset} ${key}`)
    if (known) return known.code
    const made = code()
    const change = (row: number): string => `${valueText(row)}${made}\n`
    variables.set(`${offset} ${key}`, { offset, words, change, code: made })
    return made
  }
  const variablesOf = (signal: WaveSignal, names: NameTable): string[] => {
    const { name, kind, range, encoding } = signal
    const width = widthOf(range)
    const bits = variable(String(width), signal, bitsOf(waves, signal))
    const lines = [
      `$var ${kind === 'register' ? 'reg' : 'wire'} ${width} ${bits} ${name}${width > 1 ? ` [${width - 1}:0]` : ''} $end`,
    ]
    if (encoding) {
      const word = variable(`${encoding.name} ${encoding.values.join()}`, signal, (row) => {
        const value = readPort(waves.rows, signal, row)
        return `s${encoding.values[Number(value)] ?? value} `
      })
      lines.push(`$var string 1 ${word} ${names.fresh(`${name}_name`)} $end`)
    }
    return lines
  }
  const scope = ({ name, clocks: ports, signals, scopes }: WaveScope): string[] => {
    const names = new NameTable()
    for (const { name } of [...signals, ...scopes]) names.take(name, 'a signal or an instance')
    return [
      `$scope module ${name} $end`,
      ...ports.flatMap(({ clk, rst, clock }) => [
        `$var wire 1 ${clocks[clock]!.clk} ${clk} $end`,
        ...(rst === undefined ? [] : [`$var wire 1 ${clocks[clock]!.rst} ${rst} $end`]),
      ]),
      ...signals.flatMap((signal) => variablesOf(signal, names)),
      ...scopes.flatMap(scope),
      '$upscope $end',
    ]
  }
  const header = [
    ...(date === undefined ? [] : [`$date ${date} $end`]),
    '$version bitloom $end',
    '$timescale 1 ns $end',
    ...scope(waves.top),
    '$enddefinitions $end',
    '',
  ].join('\n')
  return { header, clocks, variables: [...variables.values()] }
}

/** Short codes of printable characters: `!`, `"`, ..., `~`, `!!`, ... */
const codeMaker = (): (() => string) => {
  const [first, count] = [33, 94]
  let made = 0
  return () => {
    let code = ''
    for (let rest = ++made; rest > 0; rest = Math.floor((rest - 1) / count))
      code += String.fromCharCode(first + ((rest - 1) % count))
    return code
  }
}

/** Bits of a signal, two's complement without leading zeros, as they stand before a variable's code. */
const bitsOf = ({ rows }: Waves, signal: WaveSignal): ((row: number) => string) => {
  const width = widthOf(signal.range)
  const { offset } = signal
  if (width === 1) return (row) => `${rows[row + offset]! & 1}`
  if (width <= 32) {
    const mask = 2 ** width - 1
    return (row) => `b${((rows[row + offset]! & mask) >>> 0).toString(2)} `
  }
  return (row) => `b${BigInt.asUintN(width, readPort(rows, signal, row)).toString(2)} `
}
