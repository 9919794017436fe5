import { colours, line, picture, text } from './svg.ts'
import { type Grid, gridOf, short } from './values.ts'

const width = 920
const left = 160
const right = 880
const top = 58

export interface NumberLines {
  readonly title: string
  readonly subtitle: string
  /** Texts of formats, with another name to show where the text is long. */
  readonly formats: readonly (string | readonly [text: string, name: string])[]
  /**
   * `linear`: the values themselves. `largest`: each format divided by its largest magnitude, as a scale would do. `logarithmic`: the
   * positive values.
   */
  readonly axis: 'linear' | 'largest' | 'logarithmic'
}

/** Number lines of formats under each other, on one axis. */
export const numberLines = ({ title, subtitle, formats, axis }: NumberLines): string => {
  const grids = formats.map((format) => gridOf(typeof format === 'string' ? format : format[0]))
  const names = formats.map((format) => (typeof format === 'string' ? format : format[1]))
  const shown = grids.map((grid) => shownValues(grid, axis))
  const all = shown.flat().map(({ at }) => at)
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const x = (value: number): number => left + ((value - low) / (high - low)) * (right - left)
  const content = [
    text([24, 28], title, { size: 16, style: 'font-weight="600"' }),
    text([24, 46], subtitle, { size: 12, colour: colours.soft }),
  ]
  let y = top
  const heights = shown.map((values) => (labelled(values, axis) ? 58 : 44))
  const bottom = top + heights.reduce((a, b) => a + b, 0) + 6
  for (const tick of ticksOf(low, high, axis)) {
    content.push(line([x(tick), top], [x(tick), bottom], '#eef0f3'))
    content.push(
      text([x(tick), bottom + 16], axis === 'logarithmic' ? `2^${tick}` : short(tick), {
        size: 11,
        colour: colours.soft,
        style: 'text-anchor="middle"',
      }),
    )
  }
  for (const [k, { format, values }] of grids.entries()) {
    const row = shown[k]!
    const middle = y + 24
    content.push(text([24, middle], names[k]!, { size: 13, style: 'font-weight="600"' }))
    content.push(
      text([24, middle + 15], `${format.bits} bits, ${values.length} values`, { size: 11, colour: colours.soft }),
    )
    content.push(line([x(row[0]!.at), middle], [x(row.at(-1)!.at), middle], colours.line, 1.5))
    const dense = row.length > 40
    const [thick, style] = row.length > 80 ? [0.8, 'opacity="0.8"'] : [dense ? 1 : 2, '']
    for (const { at, x: value, subnormal } of row) {
      const colour = value === 0 ? colours.zero : subnormal ? colours.subnormal : colours.normal
      content.push(line([x(at), middle - 10], [x(at), middle + 10], colour, thick, style))
    }
    content.push(...labels(row, axis, x, middle + 23))
    y += heights[k]!
  }
  content.push(line([left, bottom], [right, bottom], colours.line))
  const explained: readonly (readonly [string, string])[] = [
    ['value', colours.normal],
    ...(grids.some(({ values }) => values.some(({ subnormal, x }) => subnormal && x !== 0))
      ? [['subnormal', colours.subnormal] as const]
      : []),
    ...(axis === 'logarithmic' ? [] : [['zero', colours.zero] as const]),
  ]
  let from = right
  for (const [word, colour] of explained.toReversed()) {
    from -= 24 + 6.2 * word.length
    content.push(line([from, 18], [from, 32], colour, 2))
    content.push(text([from + 8, 29], word, { size: 11, colour: colours.soft }))
  }
  return picture(width, bottom + 30, title, content)
}

interface Shown {
  readonly x: number
  readonly at: number
  readonly subnormal: boolean
}

const shownValues = ({ format, values }: Grid, axis: NumberLines['axis']): readonly Shown[] => {
  const largest = Math.max(...values.map(({ x }) => Math.abs(x)))
  const shown = axis === 'logarithmic' ? values.filter(({ x }) => x > 0) : values
  if (shown.length === 0) throw new Error(`${format.id} has nothing to show`)
  return shown.map(({ x, subnormal }) => ({
    x,
    subnormal,
    at: axis === 'logarithmic' ? Math.log2(x) : axis === 'largest' ? x / largest : x,
  }))
}

/** Every value has its label in formats of at most 4 bits; else only the ends of a logarithmic line. */
const labelled = (values: readonly Shown[], axis: NumberLines['axis']): boolean =>
  values.length <= 16 || axis === 'logarithmic'

const labels = (
  row: readonly Shown[],
  axis: NumberLines['axis'],
  x: (value: number) => number,
  y: number,
): readonly string[] => {
  if (!labelled(row, axis)) return []
  const few = row.length <= 16
  const wanted = few ? row : [row[0]!, row.at(-1)!]
  // The ends and zero first, so that they keep theirs where there is no room for all.
  const rank = ({ x: value }: Shown): number =>
    value === row[0]!.x || value === row.at(-1)!.x ? -2 : value === 0 ? -1 : 1 / Math.abs(value)
  const taken: { readonly place: number; readonly half: number }[] = []
  return [...wanted]
    .sort((a, b) => rank(a) - rank(b) || a.x - b.x)
    .flatMap((value) => {
      const content = short(value.x)
      const [place, half] = [x(value.at), content.length * 2.7 + 1]
      if (taken.some((other) => Math.abs(other.place - place) < other.half + half)) return []
      taken.push({ place, half })
      return [text([place, y], content, { size: 10, colour: colours.soft, style: 'text-anchor="middle"' })]
    })
}

const ticksOf = (low: number, high: number, axis: NumberLines['axis']): readonly number[] => {
  const span = high - low
  const step =
    [0.25, 0.5, 1, 2, 4, 5, 10, 20, 40].find((size) => span / size <= (axis === 'logarithmic' ? 14 : 17)) ?? 80
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => (first + k) * step)
}
