import { isSigned, type Range, widthOf } from '../../dsl/ir.ts'
import type { FlatValue } from '../flatten.ts'

/**
 * How a value is held while JavaScript runs, by its bounds alone: `i32` in 32-bit integers, `f64` in doubles (exact to
 * 2^53), `big` in bigints (any width, slow).
 */
export type Representation = 'i32' | 'f64' | 'big'

export const representationOf = ({ min, max }: Range): Representation => {
  if (min >= -(2n ** 31n) && max < 2n ** 31n) return 'i32'
  return min >= -(2n ** 53n) && max <= 2n ** 53n ? 'f64' : 'big'
}

export const literal = (value: bigint, as: Representation): string =>
  as === 'big' ? `${value}n` : value < 0n ? `(${value})` : `${value}`

/** The JavaScript expression of an operation, given its argument values and their texts. */
export const expression = (of: FlatValue, args: readonly FlatValue[], texts: readonly string[]): string => {
  const to = representationOf(of)
  const from = args.map(representationOf)
  const wide = to === 'big' || from.includes('big')
  /** Argument k as a bigint, or as a number where everything is one. */
  const at = (k: number): string => (wide && from[k] !== 'big' ? `BigInt(${texts[k]})` : texts[k]!)
  /** A bigint result in the representation of the value. */
  const back = (text: string): string => (wide && to !== 'big' ? `Number(${text})` : text)
  const truncated = (text: string): string => (to === 'i32' && !wide ? `(${text}) | 0` : back(text))
  const unsignedWidth = widthOf(of)

  switch (of.op) {
    case 'add':
      return truncated(`${at(0)} + ${at(1)}`)
    case 'sub':
      return truncated(`${at(0)} - ${at(1)}`)
    case 'mul':
      return to === 'i32' && from.every((kind) => kind === 'i32')
        ? `Math.imul(${at(0)}, ${at(1)})`
        : truncated(`${at(0)} * ${at(1)}`)
    case 'shl':
      if (wide) return back(`${at(0)} << ${of.amount}n`)
      return to === 'i32' && of.amount < 32 ? `${at(0)} << ${of.amount}` : truncated(`${at(0)} * ${2 ** of.amount}`)
    case 'shr':
      if (wide) return back(`${at(0)} >> ${of.amount}n`)
      if (from[0] === 'i32') return `${at(0)} >> ${Math.min(of.amount, 31)}`
      // No double is larger than 2^53: further places change nothing, and 2^1024 would be infinite.
      return truncated(`Math.floor(${at(0)} / ${2 ** Math.min(of.amount, 60)})`)
    case 'shlBy':
      if (wide) return back(`${at(0)} << ${at(1)}`)
      return to === 'i32' ? `${at(0)} << ${at(1)}` : `${at(0)} * 2 ** ${at(1)}`
    case 'shrBy': {
      if (wide) return back(`${at(0)} >> ${at(1)}`)
      const most = from[0] === 'i32' ? 31 : 60
      const places = args[1]!.max > BigInt(most) ? `Math.min(${at(1)}, ${most})` : at(1)
      return from[0] === 'i32' ? `${at(0)} >> ${places}` : truncated(`Math.floor(${at(0)} / 2 ** ${places})`)
    }
    case 'wrap':
      return wrapped(of, args[0]!, texts[0]!)
    case 'sat': {
      const a = at(0)
      const kind = wide ? 'big' : to
      const low = args[0]!.min < of.min ? `${a} < ${literal(of.min, kind)} ? ${literal(of.min, kind)} : ` : ''
      const high = args[0]!.max > of.max ? `${a} > ${literal(of.max, kind)} ? ${literal(of.max, kind)} : ` : ''
      return truncated(`${low}${high}${a}`)
    }
    case 'mux': {
      // A choice may have tighter bounds than its arms, where its condition says so.
      const arm = (k: number): string => {
        if ((to === 'big') === (from[k] === 'big')) return texts[k]!
        return `${to === 'big' ? 'BigInt' : 'Number'}(${texts[k]})`
      }
      // Data decides most choices, and a branch on data is mispredicted half of the time: masks are quicker.
      if (to === 'i32' && from[1] === 'i32' && from[2] === 'i32') {
        if (isZero(args[2]!)) return `-${texts[0]} & ${texts[1]}`
        if (isZero(args[1]!)) return `(${texts[0]} - 1) & ${texts[2]}`
        return `${texts[2]} ^ ((${texts[1]} ^ ${texts[2]}) & -${texts[0]})`
      }
      return `${texts[0]} ? ${arm(1)} : ${arm(2)}`
    }
    case 'eq':
      return `${at(0)} === ${at(1)} ? 1 : 0`
    case 'lt':
      return `${at(0)} < ${at(1)} ? 1 : 0`
    case 'and':
    case 'or':
    case 'xor': {
      const sign = { and: '&', or: '|', xor: '^' }[of.op]
      if (to === 'i32' && !wide) return `${at(0)} ${sign} ${at(1)}`
      if (wide) return back(`${at(0)} ${sign} ${at(1)}`)
      if (unsignedWidth === 32) return `(${at(0)} ${sign} ${at(1)}) >>> 0`
      return `Number(BigInt(${at(0)}) ${sign} BigInt(${at(1)}))`
    }
    case 'not':
      return to === 'i32' ? `${at(0)} ^ ${of.max}` : `${literal(of.max, to)} - ${at(0)}`
    case 'cat': {
      const low = of.amount
      if (wide) return back(`(${at(0)} << ${low}n) | ${at(1)}`)
      return to === 'i32' ? `(${at(0)} << ${low}) | ${at(1)}` : `${at(0)} * ${2 ** low} + ${at(1)}`
    }
    case 'slice':
      if (wide) return back(`(${at(0)} >> ${of.amount}n) & ${of.max}n`)
      if (from[0] === 'i32') return `(${at(0)} >> ${Math.min(of.amount, 31)}) & ${of.max}`
      return truncated(`Math.floor(${at(0)} / ${2 ** of.amount}) % ${2 ** unsignedWidth}`)
    default:
      throw new TypeError(`${of.op} is not an operation`)
  }
}

const isZero = (value: FlatValue): boolean => value.op === 'const' && value.value === 0n

const wrapped = (of: FlatValue, arg: FlatValue, text: string): string => {
  const width = widthOf(of)
  const signed = isSigned(of)
  const to = representationOf(of)
  // Beyond 53 bits a residue would be rounded on its way, even where both ends are exact doubles.
  if (to === 'big' || representationOf(arg) === 'big' || width > 53) {
    const big = representationOf(arg) === 'big' ? text : `BigInt(${text})`
    const cut = `BigInt.as${signed ? 'Int' : 'Uint'}N(${width}, ${big})`
    return to === 'big' ? cut : `Number(${cut})`
  }
  // Bitwise operators take a double modulo 2^32, exactly, as long as it is an exact integer.
  if (signed && width <= 32) return width === 32 ? `${text} | 0` : `${text} << ${32 - width} >> ${32 - width}`
  if (!signed && width < 32) return `${text} & ${2 ** width - 1}`
  if (!signed && width === 32) return `${text} >>> 0`
  const modulus = 2 ** width
  const residue = `${text} - Math.floor(${text} / ${modulus}) * ${modulus}`
  return signed ? `((m) => m >= ${modulus / 2} ? m - ${modulus} : m)(${residue})` : residue
}
