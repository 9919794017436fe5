import { type ParameterSchema, SpecError } from '../spec/index.ts'
import { built, type FormatText, nameOf, readArguments } from './arguments.ts'
import { mostInBlock, powerRules } from './block-format.ts'
import type { FormatFamily } from './family.ts'
import type { Format } from './format.ts'
import { integerFormat } from './integer.ts'
import {
  dualGrained,
  dynamicFixedPoint,
  groupFormat,
  groupScales,
  type MxName,
  mxBlock,
  mxElements,
  mxFormat,
  nvBlock,
  nvFormat,
  outerScales,
} from './known-blocks.ts'

const blockRule = (usual: number) =>
  ({ kind: 'integer', min: 1, max: mostInBlock, default: usual, summary: 'elements that share a scale' }) as const

const ruleRule = { kind: 'choice', allowed: powerRules, default: 'floor', summary: 'how the scale is chosen' } as const

const mx = <N extends MxName>(name: N, examples: readonly string[]): FormatFamily => {
  const elements = mxElements[name] as readonly (typeof mxElements)[MxName][number][]
  const tail = { block: blockRule(mxBlock), rule: ruleRule }
  const schema = {
    element: { kind: 'format', allowed: elements, default: elements[0]!, summary: 'format of an element' },
    ...tail,
  } as const satisfies ParameterSchema
  return {
    examples,
    read: (format) => {
      if (nameOf(format).text !== name) return undefined
      if (elements.length === 1) {
        const { block, rule } = readArguments(format, tail)
        return mxFormat(name, elements[0], { block, rule })
      }
      const { element, block, rule } = readArguments(format, schema)
      return mxFormat(name, element, { block, rule })
    },
  }
}

const nv = (name: 'nvfp4' | 'nvint4'): FormatFamily => ({
  examples: [name],
  read: (format) =>
    nameOf(format).text === name
      ? nvFormat(name, readArguments(format, { block: blockRule(nvBlock) }).block)
      : undefined,
})

/** `int4` is 4 and signed. */
const integerOf = (text: string): { readonly bits: number; readonly signed: boolean } => ({
  bits: Number(/\d+$/.exec(text)![0]),
  signed: text.startsWith('int'),
})
const signedTexts = Array.from({ length: 15 }, (_, k) => `int${k + 2}`)
const integerTexts = [...signedTexts, ...Array.from({ length: 16 }, (_, k) => `uint${k + 1}`)]

const dfpSchema = {
  element: { kind: 'format', allowed: signedTexts, default: 'int8', summary: 'format of an element' },
  block: blockRule(mxBlock),
  exponent: { kind: 'integer', min: 2, max: 8, default: 8, summary: 'bits of the shared exponent' },
} as const satisfies ParameterSchema

const dfp: FormatFamily = {
  examples: ['dfp(int8,block=32,exponent=8)'],
  read: (format) => {
    if (nameOf(format).text !== 'dfp') return undefined
    const { element, block, exponent } = readArguments(format, dfpSchema)
    return dynamicFixedPoint(integerOf(element).bits, { block, exponent })
  },
}

const elementRule = { kind: 'format', allowed: integerTexts, default: 'int4', summary: 'format of an element' } as const
const zeroRule = {
  kind: 'format',
  allowed: ['none', ...integerTexts],
  default: 'none',
  summary: 'format of the zero point, as wide as an element; an unsigned one makes the codes unsigned',
} as const

const groupSchema = {
  element: elementRule,
  g: blockRule(128),
  scale: { kind: 'format', allowed: groupScales, default: 'fp16', summary: 'format of a scale' },
  zero: zeroRule,
} as const satisfies ParameterSchema

const dualSchema = {
  element: elementRule,
  g: blockRule(128),
  zero: zeroRule,
  outer: { kind: 'format', allowed: outerScales, default: 'fp16', summary: 'format of the scale of a channel' },
} as const satisfies ParameterSchema

/**
 * Element and zero point of a text: `int4` with a zero point `uint4`, as INT4 with a zero point is often written, has unsigned codes.
 * `keys` are the arguments in their order.
 */
const asymmetric = ({ text, value }: FormatText, keys: readonly string[], element: string, zero: string) => {
  const { bits, signed } = integerOf(element)
  if (zero === 'none') return { element: integerFormat(bits, signed ? 'twos-complement' : 'unsigned'), zero: false }
  const { bits: zeroBits, signed: zeroSigned } = integerOf(zero)
  if (zeroBits !== bits) {
    const given = value.kind === 'call' ? value.arguments : []
    const place = given.find(({ key }, k) => (key ? key.text : keys[k]) === 'zero')?.value ?? value
    const sentence = `a zero point is as wide as its elements, ${bits} bits of ${element}`
    throw new SpecError('E-SPEC-VALUE', sentence, text, place, `write 'uint${bits}', 'int${bits}' or 'none'`)
  }
  return { element: integerFormat(bits, zeroSigned ? 'twos-complement' : 'unsigned'), zero: true }
}

const group: FormatFamily = {
  examples: ['group(int4,g=128,scale=fp16,zero=none)', 'group(uint4,g=128,scale=fp16,zero=uint4)'],
  read: (format): Format | undefined => {
    if (nameOf(format).text !== 'group') return undefined
    const { element: text, g, scale, zero: zeroText } = readArguments(format, groupSchema)
    const { element, zero } = asymmetric(format, Object.keys(groupSchema), text, zeroText)
    return built(format, () => groupFormat(element, { group: g, scale, zero }))
  },
}

const dual: FormatFamily = {
  examples: ['dual(uint4,g=128,zero=uint4,outer=fp16)'],
  read: (format) => {
    if (nameOf(format).text !== 'dual') return undefined
    const { element: text, g, zero: zeroText, outer } = readArguments(format, dualSchema)
    const { element, zero } = asymmetric(format, Object.keys(dualSchema), text, zeroText)
    return built(format, () => dualGrained(element, { group: g, zero, outer }))
  },
}

/** The families of block formats. */
export const blockFamilies: readonly FormatFamily[] = [
  mx('mxfp4', ['mxfp4', 'mxfp4(block=16,rule=rceil)']),
  mx('mxfp6', ['mxfp6(e3m2)', 'mxfp6(e2m3)']),
  mx('mxfp8', ['mxfp8(e4m3)', 'mxfp8(e5m2)']),
  mx('mxint8', ['mxint8']),
  nv('nvfp4'),
  nv('nvint4'),
  dfp,
  group,
  dual,
]
