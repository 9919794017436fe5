import { type BlockFormat, bitsPerElement, blockFormatOf } from '../../src/formats/index.ts'
import { colours, picture, rectangle, text } from './svg.ts'

const width = 920
const left = 330
const pixelsPerBit = 4
const rowHeight = 60
/** Elements drawn of a block. */
const drawn = 10

const fills = { outer: '#ede9fe', scale: '#dbeafe', zero: '#fef3c7', element: '#f3f4f6' }

/** The parts of blocks, their widths by their bits, and the bits a value costs. */
export const blockLayouts = (title: string, ids: readonly string[]): string => {
  const content = [
    text([24, 28], title, { size: 16, style: 'font-weight="600"' }),
    text([24, 46], 'one block of each format, widths by bits; the scale of a tensor or channel stands apart', {
      colour: colours.soft,
    }),
  ]
  for (const [k, id] of ids.entries()) content.push(...layout(blockFormatOf(id), 64 + rowHeight * k))
  return picture(width, 64 + rowHeight * ids.length + 10, title, content)
}

const layout = (format: BlockFormat, y: number): readonly string[] => {
  const { block, element, scale, zero, outer } = format
  const bits = block * element.bits + scale.bits + (zero?.bits ?? 0)
  const parts = [
    text([24, y + 17], format.id.replace(/\(.*/, ''), { size: 13, style: 'font-weight="600"' }),
    text([24, y + 33], /\(.*\)/.exec(format.id)?.[0].slice(1, -1) ?? `${block} values`, {
      size: 10.5,
      colour: colours.soft,
    }),
  ]
  let x = left
  const cell = (fill: string, name: string, cellBits: number): void => {
    const size = cellBits * pixelsPerBit
    parts.push(rectangle([x, y], [size, 26], fill, `stroke="${colours.line}"`))
    if (name !== '') parts.push(text([x + size / 2, y + 17], name, { size: 10, style: 'text-anchor="middle"' }))
    x += size
  }
  if (outer) {
    const size = outer.bits * pixelsPerBit * 0.7
    parts.push(
      rectangle([x - size - 14, y], [size, 26], fills.outer, `stroke="${colours.line}" stroke-dasharray="3 2"`),
    )
    parts.push(text([x - 14 - size / 2, y + 17], outer.id, { size: 10, style: 'text-anchor="middle"' }))
  }
  cell(fills.scale, short(scale.id), scale.bits)
  if (zero) cell(fills.zero, zero.bits >= 8 ? zero.id : 'zp', zero.bits)
  for (let k = 0; k < Math.min(drawn, block); k++) cell(fills.element, String(k), element.bits)
  parts.push(text([x + 8, y + 17], `… ${block - 1}`, { size: 11, colour: colours.soft }))
  parts.push(
    text([width - 24, y + 13], `${bitsPerElement(format)} bits a value`, {
      size: 12,
      style: 'text-anchor="end" font-weight="600"',
    }),
    text([width - 24, y + 29], `${block} × ${element.id} + ${bits - block * element.bits} = ${bits} bits`, {
      size: 10.5,
      colour: colours.soft,
      style: 'text-anchor="end"',
    }),
  )
  return parts
}

const short = (id: string): string => (id.startsWith('fp(') ? '2^e' : id)
