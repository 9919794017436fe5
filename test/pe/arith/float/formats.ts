import { type FloatFormat, scalarFormatOf, type Value } from '../../../../src/formats/index.ts'

export const floatNamed = (text: string): FloatFormat => {
  const format = scalarFormatOf(text)
  if (format.kind !== 'float') throw new Error(`${text} is no floating-point format`)
  return format
}

/** The values of codes, each decoded once where there are few of them. */
export const decoder = (format: FloatFormat): ((code: bigint) => Value) => {
  if (format.bits > 16) return format.decode
  const known: (Value | undefined)[] = new Array(2 ** format.bits)
  return (code) => {
    const index = Number(code)
    known[index] ??= format.decode(code)
    return known[index]
  }
}

/** Codes at which arithmetic tends to break: zeros, subnormals, ones, neighbours of powers, the largest, infinity, NaN. */
export const cornersOf = (format: FloatFormat): readonly bigint[] => {
  const { exponentBits, mantissaBits, bias } = format
  const hidden = 1n << BigInt(mantissaBits)
  const fields = [0, 1, 2, bias - mantissaBits - 1, bias - 1, bias, bias + mantissaBits, 2 ** exponentBits - 2]
  const fractions = [0n, 1n, hidden / 2n, hidden - 1n]
  const magnitudes = fields.flatMap((field) => fractions.map((fraction) => BigInt(field) * hidden + fraction))
  const special = [format.infinity, format.nan, format.nan && format.nan + 1n].flatMap((code) => code ?? [])
  const all = [...new Set([...magnitudes, ...special])]
  return all.flatMap((code) => [code, code | (1n << BigInt(format.bits - 1))])
}
