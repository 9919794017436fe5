import { widthOf } from '../../dsl/ir.ts'
import { type CheckFailure, type Port, readPort } from '../engine.ts'
import { unknownIn } from './look-up.ts'
import { matcher, type SignalPattern, selected } from './select.ts'
import { rowOf, signalsOf, type WaveScope, type WaveSignal, type Waves } from './waves.ts'

/** How numbers are written: decimal with a sign, or two's complement as `0xff` or `0b11`. */
export type Radix = 'decimal' | 'hexadecimal' | 'binary'

export interface TextWaveOptions {
  /** First cycle to draw; default the first one recorded. */
  readonly from?: number
  /** Cycles to draw; default all from there on. */
  readonly cycles?: number
  /** Signals to draw; default all that were recorded. */
  readonly signals?: readonly SignalPattern[]
  /** Number base by signal, the first pattern that fits; decimal where none does. */
  readonly radix?: Readonly<Record<SignalPattern, Radix>>
  /** Columns of a cycle; by default as many as the widest value of any signal can take, from 4 to 12. */
  readonly cycleWidth?: number
  /** Columns of a line, default 120; cycles that do not fit go on below. */
  readonly width?: number
  /** `ascii` draws with `_ - / \ |` alone. */
  readonly characters?: 'unicode' | 'ascii'
}

interface Characters {
  readonly low: string
  readonly high: string
  readonly rise: string
  readonly fall: string
  readonly bar: string
  readonly cut: string
  readonly failed: string
  readonly reset: string
}
const characterSets: Readonly<Record<'unicode' | 'ascii', Characters>> = {
  unicode: { low: '▁', high: '▔', rise: '╱', fall: '╲', bar: '│', cut: '…', failed: '✗', reset: '↺' },
  ascii: { low: '_', high: '-', rise: '/', fall: '\\', bar: '|', cut: '~', failed: '!', reset: 'R' },
}

/** What stands in one line: a signal, the tick of a clock, or the name of an instance. */
interface Line {
  readonly label: string
  readonly signal?: Shown
}
type Shown = Port & Pick<WaveSignal, 'encoding'> & { readonly path?: string }

/**
 * Waves as text for terminals and snapshots: a line a signal, a column a cycle, names for values of enumerations. Widths
 * follow from the signals' shapes, never from their values, so that a change of one signal changes its line only. A value
 * longer than its box is cut in the middle. Failed checks are marked in their cycles and listed below.
 */
export const textWave = (waves: Waves, options: TextWaveOptions = {}): string => {
  const characters = characterSets[options.characters ?? 'unicode']
  const { from, to } = rangeOf(waves, options)
  const all = signalsOf(waves.top)
  const shown = options.signals ? selected(all, options.signals, (pattern) => unknownIn(waves, pattern)) : all
  const radix = radixOf(waves, all, options.radix ?? {})
  const failures = waves.failures.filter(({ cycle }) => cycle >= from && cycle < to)
  const resets = waves.resets.filter((cycle) => cycle >= from && cycle < to)
  const ticks = waves.clocks.flatMap(({ tick }) => (tick ? [{ label: tick.name, signal: tick }] : []))
  const lines: readonly Line[] = [...ticks, ...linesOf(waves.top, new Set(shown))]

  const cell = cellWidth(shown, radix, options.cycleWidth)
  const margin = Math.max(...['failed', ...lines.map(({ label }) => label)].map(({ length }) => length)) + 2
  const perBlock = Math.max(1, Math.floor(((options.width ?? 120) - margin) / cell))

  const blocks: string[] = []
  for (let first = from; first < to; first += perBlock) {
    const block: Block = { from: first, to: Math.min(to, first + perBlock), cell, characters }
    const marks = (label: string, cycles: readonly number[], mark: string): string[] =>
      cycles.some((cycle) => cycle >= block.from && cycle < block.to)
        ? [label.padEnd(margin) + placed(block, (cycle) => (cycles.includes(cycle) ? mark : ''))]
        : []
    const rows = [
      'cycle'.padEnd(margin) + header(block, to),
      ...marks('reset', resets, characters.reset),
      ...lines.map(({ label, signal }) => {
        if (!signal) return label
        const values = (cycle: number): bigint => readPort(waves.rows, signal, rowOf(waves, cycle))
        const drawn = isLine(signal)
          ? drawLine(block, values, from)
          : drawBoxes(block, (cycle) => textOf(signal, values(cycle), radix(signal)))
        return label.padEnd(margin) + drawn
      }),
      ...marks(
        'failed',
        failures.map(({ cycle }) => cycle),
        characters.failed,
      ),
    ]
    blocks.push(rows.join('\n'))
  }
  return [...blocks, ...(failures.length > 0 ? [listed(failures, characters)] : [])].join('\n\n')
}

const rangeOf = (waves: Waves, options: TextWaveOptions): { readonly from: number; readonly to: number } => {
  const { firstCycle, cycles } = waves
  const end = firstCycle + cycles
  const from = options.from ?? firstCycle
  const to = options.cycles === undefined ? end : from + options.cycles
  if (from < firstCycle || to > end || from >= to || !Number.isInteger(from) || !Number.isInteger(to))
    throw new RangeError(
      cycles === 0
        ? 'no cycle has been recorded; step the trace before drawing it'
        : `cycles ${firstCycle} to ${end - 1} are recorded, cannot draw cycles ${from} to ${to - 1}`,
    )
  return { from, to }
}

/** The base of each signal's numbers. A pattern that means no signal is a UserError. */
const radixOf = (
  waves: Waves,
  all: readonly WaveSignal[],
  bases: Readonly<Record<SignalPattern, Radix>>,
): ((signal: Shown) => Radix) => {
  const rules = Object.entries(bases).map(([pattern, radix]) => {
    selected(all, [pattern], (unknown) => unknownIn(waves, unknown))
    return { means: matcher(pattern), radix }
  })
  return ({ path = '' }) => rules.find(({ means }) => means(path))?.radix ?? 'decimal'
}

/** The lines of an instance and of what is in it; instances without a signal to show have none. */
const linesOf = (scope: WaveScope, shown: ReadonlySet<WaveSignal>, indent = ''): Line[] => [
  ...scope.signals.filter((signal) => shown.has(signal)).map((signal) => ({ label: indent + signal.name, signal })),
  ...scope.scopes.flatMap((child) => {
    const inside = linesOf(child, shown, `${indent}  `)
    return inside.length > 0 ? [{ label: indent + child.name }, ...inside] : []
  }),
]

/** True for what is drawn high and low. */
const isLine = ({ range, encoding }: Shown): boolean => !encoding && range.min >= 0n && range.max <= 1n

const textOf = ({ range, encoding }: Shown, value: bigint, radix: Radix): string => {
  const name = encoding?.values[Number(value)]
  if (name !== undefined) return name
  if (radix === 'decimal') return value.toString()
  const width = widthOf(range)
  const bits = BigInt.asUintN(width, value)
  return radix === 'binary'
    ? `0b${bits.toString(2).padStart(width, '0')}`
    : `0x${bits.toString(16).padStart(Math.ceil(width / 4), '0')}`
}

const cellWidth = (
  shown: readonly WaveSignal[],
  radix: (signal: Shown) => Radix,
  chosen: number | undefined,
): number => {
  if (chosen !== undefined) {
    if (!Number.isInteger(chosen) || chosen < 2 || chosen > 1000)
      throw new RangeError(`a cycle takes 2 to 1000 columns, got ${chosen}`)
    return chosen
  }
  const widest = shown.flatMap((signal) => {
    if (isLine(signal)) return []
    const { range, encoding } = signal
    const texts = [range.min, range.max].map((value) => textOf(signal, value, radix(signal)))
    return [...texts, ...(encoding?.values ?? [])].map(({ length }) => length)
  })
  return Math.min(12, Math.max(3, ...widest) + 1)
}

/** Cycles drawn side by side. */
interface Block {
  readonly from: number
  /** The first cycle no more in it. */
  readonly to: number
  readonly cell: number
  readonly characters: Characters
}

/** Numbers of cycles, every one or every second, fifth, tenth, ... as there is room; the same in every block. */
const header = (block: Block, end: number): string => {
  const room = String(end - 1).length + 1
  let every = 1
  for (let k = 0; every * block.cell < room; k++) every = [1, 2, 5][k % 3]! * 10 ** Math.floor(k / 3)
  return placed(block, (cycle) => (cycle % every === 0 ? String(cycle) : ''))
}

/** Short texts, each where its cycle begins. */
const placed = ({ from, to, cell }: Block, textIn: (cycle: number) => string): string => {
  let text = ''
  for (let cycle = from; cycle < to; cycle++) {
    const mark = textIn(cycle)
    if (mark !== '') text = text.padEnd((cycle - from) * cell) + mark
  }
  return text
}

/** High and low with edges; the cycle before a block tells whether it begins with one. */
const drawLine = ({ from, to, cell, characters }: Block, value: (cycle: number) => bigint, first: number): string => {
  const { low, high, rise, fall } = characters
  let before = value(from > first ? from - 1 : from)
  let text = ''
  for (let cycle = from; cycle < to; cycle++) {
    const now = value(cycle)
    const level = now === 0n ? low : high
    text += (now === before ? level : now > before ? rise : fall) + level.repeat(cell - 1)
    before = now
  }
  return text
}

/** A box for each run of equal values. */
const drawBoxes = ({ from, to, cell, characters }: Block, textIn: (cycle: number) => string): string => {
  const { bar, cut } = characters
  let text = ''
  for (let start = from; start < to; ) {
    const content = textIn(start)
    let end = start + 1
    while (end < to && textIn(end) === content) end++
    const room = (end - start) * cell - 1
    text += bar + shortened(content, room, cut).padEnd(room)
    start = end
  }
  return text + bar
}

/** Cut in the middle: the first and last digits tell most. */
const shortened = (text: string, room: number, cut: string): string => {
  if (text.length <= room) return text
  const head = Math.ceil((room - 1) / 2)
  return text.slice(0, head) + cut + text.slice(text.length - (room - 1 - head))
}

const listed = (failures: readonly CheckFailure[], { failed }: Characters): string =>
  failures.map(({ cycle, message }) => `${failed} cycle ${cycle}: ${message}`).join('\n')
