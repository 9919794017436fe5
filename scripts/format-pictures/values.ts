import { type ScalarFormat, scalarFormatOf, toNumber } from '../../src/formats/index.ts'

/** One value of a format; -0 and codes that repeat a value are left out. */
export interface GridValue {
  readonly x: number
  readonly subnormal: boolean
}

export interface Grid {
  readonly format: ScalarFormat
  /** Ascending. */
  readonly values: readonly GridValue[]
}

export const gridOf = (id: string): Grid => {
  const format = scalarFormatOf(id)
  const found = new Map<number, GridValue>()
  for (let code = 0; code < 2 ** format.bits; code++) {
    const x = toNumber(format.decode(BigInt(code))) + 0
    if (Number.isFinite(x) && !found.has(x)) found.set(x, { x, subnormal: isSubnormal(format, code) })
  }
  return { format, values: [...found.values()].sort((a, b) => a.x - b.x) }
}

const isSubnormal = (format: ScalarFormat, code: number): boolean =>
  format.kind === 'float' &&
  format.lowest === 'subnormal' &&
  code % 2 ** (format.exponentBits + format.mantissaBits) < 2 ** format.mantissaBits

/** A short text of a number: up to three digits after the point, or a power of two where that is long. */
export const short = (x: number): string => {
  const power = Math.log2(Math.abs(x))
  if (x !== 0 && Number.isInteger(power) && (power >= 7 || power <= -4)) return `${x < 0 ? '-' : ''}2^${power}`
  if (x !== 0 && (Math.abs(x) >= 1e5 || Math.abs(x) < 0.001)) return x.toExponential(2).replace('e+', 'e')
  return String(Number(x.toFixed(3)))
}
