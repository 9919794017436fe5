import type { ParameterSchema } from '../spec/index.ts'
import { built, nameOf, readArguments } from './arguments.ts'
import { type FormatFamily, numbered } from './family.ts'
import type { FloatLayout } from './format.ts'
import { integerFormat, integerPrefixes, integerWidths } from './integer.ts'
import { floatOf, knownFloats, layoutOf, layoutText, usualRules } from './known-floats.ts'
import { positFormat, positRange } from './posit.ts'

const integers: readonly FormatFamily[] = [
  {
    examples: ['int2', 'int3', 'int4', 'int6', 'int8', 'int16', 'int32'],
    read: numbered(integerPrefixes['twos-complement'], integerWidths.leastSigned, integerWidths.most, (n) =>
      integerFormat(n),
    ),
  },
  {
    examples: ['uint1', 'uint2', 'uint3', 'uint4', 'uint8', 'uint16'],
    read: numbered(integerPrefixes.unsigned, integerWidths.least, integerWidths.most, (n) =>
      integerFormat(n, 'unsigned'),
    ),
  },
  {
    examples: ['sm4', 'sm8'],
    read: numbered(integerPrefixes['sign-magnitude'], integerWidths.leastSigned, integerWidths.most, (n) =>
      integerFormat(n, 'sign-magnitude'),
    ),
  },
]

const namedFloats: FormatFamily = {
  examples: knownFloats.map(({ id }) => id),
  read: (format) => {
    const { text } = nameOf(format)
    const found = knownFloats.find((known) => known.id === text || layoutText(known) === text)
    if (found) readArguments(format, {})
    return found
  },
}

const layoutTexts = [true, false].flatMap((signed) =>
  Array.from({ length: 11 * 53 }, (_, k) =>
    layoutText({ signed, exponentBits: 1 + Math.floor(k / 53), mantissaBits: k % 53 }),
  ),
)

/** `fp(e4m3)`; the rules of the layout's named format, or IEEE's, hold unless given. */
const floatSchema = (usual: Pick<FloatLayout, 'bias' | 'special' | 'lowest'>) =>
  ({
    layout: { kind: 'choice', allowed: layoutTexts, default: 'e4m3', summary: 'exponent and mantissa bits' },
    bias: { kind: 'integer', min: -2048, max: 2048, default: usual.bias, summary: 'taken from the exponent field' },
    special: {
      kind: 'choice',
      allowed: ['ieee', 'fn', 'fnuz', 'finite'],
      default: usual.special,
      summary: 'codes of infinity and NaN',
    },
    lowest: {
      kind: 'choice',
      allowed: ['subnormal', 'flush', 'normal'],
      default: usual.lowest,
      summary: 'what exponent field 0 holds',
    },
  }) as const satisfies ParameterSchema

const anyFloat: FormatFamily = {
  examples: ['fp(e4m3,special=fnuz)'],
  read: (format) => {
    if (nameOf(format).text !== 'fp') return undefined
    const first = readArguments(format, floatSchema({ bias: 0, special: 'ieee', lowest: 'subnormal' }))
    const fields = layoutOf(first.layout)!
    const { bias, special, lowest } = readArguments(format, floatSchema(usualRules(fields)))
    return built(format, () => floatOf({ ...fields, bias, special, lowest }))
  },
}

const { leastBits, mostBits, mostEs } = positRange
const positSchema = {
  bits: { kind: 'integer', min: leastBits, max: mostBits, default: 16, summary: 'bits' },
  es: { kind: 'integer', min: 0, max: mostEs, default: 2, summary: 'exponent bits, 2 in the standard of 2022' },
} as const satisfies ParameterSchema

const posits: FormatFamily = {
  examples: ['posit(4,1)', 'posit(8,0)', 'posit(8,2)', 'posit(16,1)', 'posit(16,2)', 'posit(32,2)'],
  read: (format) => {
    if (nameOf(format).text !== 'posit') return undefined
    const { bits, es } = readArguments(format, positSchema)
    return positFormat(bits, es)
  },
}

/** Every family of formats there is; a new one is a line here. */
export const formatFamilies: readonly FormatFamily[] = [...integers, namedFloats, anyFloat, posits]
