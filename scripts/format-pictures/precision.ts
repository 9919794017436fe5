import { at, colours, line, picture, text } from './svg.ts'
import { gridOf } from './values.ts'

const width = 920
const [left, right, top, bottom] = [70, 780, 66, 420]
const [lowPower, highPower, mostBits] = [-32, 32, 14]

/** Precision over magnitude: for each power of two the bits that are right of the worst rounded number up to the next one. */
export const precisionPicture = (title: string, formats: readonly string[]): string => {
  const x = (power: number): number => left + ((power - lowPower) / (highPower - lowPower)) * (right - left)
  const y = (bits: number): number => bottom - (bits / mostBits) * (bottom - top)
  const content = [
    text([24, 28], title, { size: 16, style: 'font-weight="600"' }),
    text([24, 46], 'bits of precision: -log2 of the largest relative rounding error between 2^e and 2^(e+1)', {
      colour: colours.soft,
    }),
  ]
  for (let power = lowPower; power <= highPower; power += 8) {
    content.push(line([x(power), top], [x(power), bottom], '#eef0f3'))
    content.push(
      text([x(power), bottom + 17], `2^${power}`, { size: 11, colour: colours.soft, style: 'text-anchor="middle"' }),
    )
  }
  for (let bits = 0; bits <= mostBits; bits += 2) {
    content.push(line([left, y(bits)], [right, y(bits)], '#eef0f3'))
    content.push(
      text([left - 8, y(bits) + 4], String(bits), { size: 11, colour: colours.soft, style: 'text-anchor="end"' }),
    )
  }
  for (const [k, id] of formats.entries()) {
    const colour = colours.series[k % colours.series.length]!
    const points = precisionOf(id)
    const path = points.flatMap(([power, bits], n) => [
      `${points[n - 1]?.[0] === power - 1 ? 'L' : 'M'}${at(x(power))} ${at(y(Math.min(bits, mostBits)))}`,
      `L${at(x(power + 1))} ${at(y(Math.min(bits, mostBits)))}`,
    ])
    content.push(
      `<path d="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`,
    )
    const place = top + 10 + 24 * k
    content.push(line([right + 20, place], [right + 40, place], colour, 2.5))
    content.push(text([right + 48, place + 4], id, { size: 12 }))
  }
  return picture(width, bottom + 34, title, content)
}

/** The bits of precision, where there is at least one, at each power of two from `lowPower` to `highPower` and up to the largest number. */
export const precisionOf = (id: string): readonly (readonly [number, number])[] => {
  const values = gridOf(id)
    .values.map(({ x }) => x)
    .filter((x) => x >= 0)
  const largest = values.at(-1)!
  const points: [number, number][] = []
  let from = 0
  for (let power = lowPower; power < highPower && 2 ** power <= largest; power++) {
    const [low, high] = [2 ** power, Math.min(2 ** (power + 1), largest)]
    while (values[from + 1] !== undefined && values[from + 1]! <= low) from++
    let gap = 0
    for (let k = from; values[k + 1] !== undefined && values[k]! < high; k++)
      gap = Math.max(gap, values[k + 1]! - values[k]!)
    const bits = gap === 0 ? undefined : -Math.log2(gap / 2 / low)
    if (bits !== undefined && bits >= 1) points.push([power, bits])
  }
  return points
}
