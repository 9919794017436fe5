/** Colours that stand on white and keep apart in grey. */
export const colours = {
  ink: '#1f2937',
  soft: '#6b7280',
  line: '#d1d5db',
  normal: '#1d4ed8',
  subnormal: '#d97706',
  zero: '#111827',
  series: ['#1d4ed8', '#d97706', '#047857', '#be123c', '#7c3aed', '#0e7490', '#4b5563', '#a16207'],
}

/** A coordinate with at most two digits, so that files are the same on every machine. */
export const at = (x: number): string => String(Number(x.toFixed(2)))

export const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

export const line = (
  from: readonly [number, number],
  to: readonly [number, number],
  colour: string,
  width = 1,
  style = '',
): string =>
  `<line x1="${at(from[0])}" y1="${at(from[1])}" x2="${at(to[0])}" y2="${at(to[1])}" stroke="${colour}" stroke-width="${at(width)}"${style === '' ? '' : ` ${style}`}/>`

/** Text at a point; `style` is more attributes, such as `text-anchor="end"`. */
export const text = (
  [x, y]: readonly [number, number],
  content: string,
  { size = 12, colour = colours.ink, style = '' }: { size?: number; colour?: string; style?: string } = {},
): string =>
  `<text x="${at(x)}" y="${at(y)}" font-size="${size}" fill="${colour}"${style === '' ? '' : ` ${style}`}>${escaped(content)}</text>`

export const rectangle = (
  [x, y]: readonly [number, number],
  [width, height]: readonly [number, number],
  fill: string,
  style = '',
): string =>
  `<rect x="${at(x)}" y="${at(y)}" width="${at(width)}" height="${at(height)}" fill="${fill}"${style === '' ? '' : ` ${style}`}/>`

/** A whole picture on white; `title` is read out in place of it. */
export const picture = (width: number, height: number, title: string, content: readonly string[]): string =>
  `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${at(height)}" width="${width}" height="${at(height)}" role="img" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif">`,
    `<title>${escaped(title)}</title>`,
    rectangle([0, 0], [width, height], '#ffffff', 'rx="8"'),
    ...content,
    '</svg>',
  ].join('\n')}\n`
