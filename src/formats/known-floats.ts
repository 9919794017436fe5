import { floatFormat, usualBias } from './float.ts'
import type { FloatFormat, FloatLayout } from './format.ts'

const MX = 'OCP Microscaling Formats (MX) Specification v1.0, section 5.3'
const OFP8 = 'OCP 8-bit Floating Point Specification (OFP8) v1.0'

interface Known {
  readonly layout: string
  readonly special: FloatLayout['special']
  readonly lowest?: FloatLayout['lowest']
  readonly source: string
}

/** Floating-point formats that have a name of their own, by id. */
const known: Readonly<Record<string, Known>> = {
  fp3: { layout: 'e2m0', special: 'finite', source: 'BitMoD, HPCA 2025, Table IV (basic values of FP3)' },
  fp4: { layout: 'e2m1', special: 'finite', source: MX },
  e3m0: {
    layout: 'e3m0',
    special: 'finite',
    source: 'E3M0 with bias 3 as in Bhasha-Rupantarika (arXiv 2510.10676); ties: ours',
  },
  e1m2: { layout: 'e1m2', special: 'finite', source: 'ours: bias 0 by the IEEE rule, steps of 1/2' },
  e2m2: { layout: 'e2m2', special: 'finite', source: 'BitMoD, HPCA 2025 (FP5 of its accuracy study)' },
  e3m1: { layout: 'e3m1', special: 'finite', source: 'BitMoD, HPCA 2025 (FP5 of its accuracy study)' },
  e2m3: { layout: 'e2m3', special: 'finite', source: MX },
  e3m2: { layout: 'e3m2', special: 'finite', source: MX },
  e4m3: { layout: 'e4m3', special: 'fn', source: OFP8 },
  e5m2: { layout: 'e5m2', special: 'ieee', source: OFP8 },
  ue5m3: {
    layout: 'ue5m3',
    special: 'fn',
    source: 'ours: E5M3 without a sign, as proposed for block scales; NaN as in E4M3',
  },
  e8m0: { layout: 'ue8m0', special: 'fn', lowest: 'normal', source: `${MX.replace('5.3', '5.4')} (scale data type)` },
  fp16: { layout: 'e5m10', special: 'ieee', source: 'IEEE Std 754-2019, 3.6 (binary16)' },
  bf16: { layout: 'e8m7', special: 'ieee', source: 'bfloat16: the upper half of IEEE binary32' },
  fp32: { layout: 'e8m23', special: 'ieee', source: 'IEEE Std 754-2019, 3.6 (binary32)' },
}

/** The fields of a layout text such as `e4m3` or `ue5m3`, or undefined where it is none. */
export const layoutOf = (text: string): Pick<FloatLayout, 'signed' | 'exponentBits' | 'mantissaBits'> | undefined => {
  const match = /^(u?)e(\d{1,2})m(\d{1,2})$/.exec(text)
  return match ? { signed: match[1] === '', exponentBits: Number(match[2]), mantissaBits: Number(match[3]) } : undefined
}

const build = (id: string, { layout, special, lowest = 'subnormal', source }: Known): FloatFormat => {
  const fields = layoutOf(layout)!
  return floatFormat({ ...fields, bias: usualBias(fields.exponentBits), special, lowest }, { id, source })
}

/** The named floating-point formats, small ones first. */
export const knownFloats: readonly FloatFormat[] = Object.entries(known).map(([id, entry]) => build(id, entry))

/** The rules that a layout has unless said otherwise: those of its named format, else IEEE's from 8 bits on (ours). */
export const usualRules = (
  fields: Pick<FloatLayout, 'signed' | 'exponentBits' | 'mantissaBits'>,
): Pick<FloatLayout, 'bias' | 'special' | 'lowest'> => {
  const named = knownFloats.find((format) => sameFields(format, fields))
  if (named) return { bias: named.bias, special: named.special, lowest: named.lowest }
  const large = fields.exponentBits >= 2 && fields.exponentBits + fields.mantissaBits >= 7
  return { bias: usualBias(fields.exponentBits), special: large ? 'ieee' : 'finite', lowest: 'subnormal' }
}

const sameFields = (
  a: Pick<FloatLayout, 'signed' | 'exponentBits' | 'mantissaBits'>,
  b: Pick<FloatLayout, 'signed' | 'exponentBits' | 'mantissaBits'>,
): boolean => a.signed === b.signed && a.exponentBits === b.exponentBits && a.mantissaBits === b.mantissaBits

/** A floating-point format by its layout; the one with a name where all its rules are those. */
export const floatOf = (layout: FloatLayout): FloatFormat => {
  const named = knownFloats.find(
    (format) =>
      sameFields(format, layout) &&
      format.bias === layout.bias &&
      format.special === layout.special &&
      format.lowest === layout.lowest,
  )
  return named ?? floatFormat(layout, { id: floatId(layout), source: 'ours: IEEE 754 rules with these parameters' })
}

/** The canonical text: `fp(e4m3)`, with the rules that are not the usual ones: `fp(e2m1,bias=2,special=fn)`. */
export const floatId = (layout: FloatLayout): string => {
  const usual = usualRules(layout)
  const rules = [
    layout.bias === usual.bias ? '' : `,bias=${layout.bias}`,
    layout.special === usual.special ? '' : `,special=${layout.special}`,
    layout.lowest === usual.lowest ? '' : `,lowest=${layout.lowest}`,
  ]
  return `fp(${layoutText(layout)}${rules.join('')})`
}

/** The layout as text: `e4m3`, `ue5m3`. */
export const layoutText = ({
  signed,
  exponentBits,
  mantissaBits,
}: Pick<FloatLayout, 'signed' | 'exponentBits' | 'mantissaBits'>): string =>
  `${signed ? '' : 'u'}e${exponentBits}m${mantissaBits}`
